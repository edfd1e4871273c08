"""What is typed to find something: words, all of which have to be in what is found."""

from __future__ import annotations

from collections.abc import Iterable


def filter_words(text: str) -> tuple[str, ...]:
    """The words of a filter, small and large letters alike."""
    return tuple(text.casefold().split())


def matches(text: str, words: Iterable[str]) -> bool:
    """Whether all words are in the text."""
    folded = text.casefold()
    return all(word in folded for word in words)
