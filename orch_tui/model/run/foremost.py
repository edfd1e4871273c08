"""Which of many is the foremost, kept while they change one by one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

T = TypeVar("T")
Key = tuple[float, int]


class Foremost(Generic[T]):
    """The one with the least key among those that have one. Looked for among all when it is asked for, and kept from
    then on while others change: which costs nothing until the foremost itself falls behind."""

    __slots__ = ("_found", "_key", "_known")

    def __init__(self, key: Callable[[T], Key | None]) -> None:
        """No two have the same key."""
        self._key = key
        self._known = False
        self._found: tuple[Key, T] | None = None

    def changed(self, one: T) -> None:
        """Its key may be another one now."""
        if not self._known:
            return
        key = self._key(one)
        if self._found is not None and self._found[1] is one:
            self._known = key is not None and key <= self._found[0]
            self._found = None if key is None else (key, one)
        elif key is not None and (self._found is None or key < self._found[0]):
            self._found = (key, one)

    def of(self, them: Sequence[T]) -> T | None:
        """The foremost of them all; None where none has a key."""
        if not self._known:
            keys = ((key, one) for one in them if (key := self._key(one)) is not None)
            self._found, self._known = min(keys, key=lambda pair: pair[0], default=None), True
        return None if self._found is None else self._found[1]
