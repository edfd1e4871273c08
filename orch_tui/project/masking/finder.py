"""Fixed texts looked for all at once, and the beginnings of them at the end of what has arrived so far."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ahocorasick_rs import BytesAhoCorasick, Implementation, MatchKind

_GROUP = 60
"""Texts of one automaton. Up to some 64 the library compares many bytes at a time (its packed searcher, "Teddy"), which
is twenty times as fast as a step of an automaton for each byte; it does so for the kind ``LeftmostFirst`` only."""
_PROBE = 8
"""Bytes by which texts are told apart at the end of what has arrived."""


class Finder:
    """Finds the texts, which are not empty."""

    def __init__(self, texts: Sequence[bytes]) -> None:
        self._groups: list[BytesAhoCorasick] = []
        self._texts = texts
        self._all: BytesAhoCorasick | None = None

    def any_in(self, data: bytes) -> bool:
        """True when one of the texts is there."""
        return any(group.find_matches_as_indexes(data) for group in self._built())

    def _built(self) -> list[BytesAhoCorasick]:
        if not self._groups:
            self._groups = [
                BytesAhoCorasick(self._texts[at : at + _GROUP], MatchKind.LeftmostFirst, Implementation.ContiguousNFA)
                for at in range(0, len(self._texts), _GROUP)
            ]
        return self._groups

    def begins(self, data: bytes) -> list[int]:
        """Where one of the texts begins, the leftmost ones of those that overlap; for few short texts."""
        found = [begin for group in self._built() for _, begin, _ in group.find_matches_as_indexes(data)]
        return sorted(found) if len(self._groups) > 1 else found

    def places(self, data: bytes) -> list[tuple[int, int, int]]:
        """Number of the text, begin and end, for all of them, whether they overlap or not."""
        if self._all is None:
            self._all = BytesAhoCorasick(self._texts)
        return self._all.find_matches_as_indexes(data, overlapping=True)


class Beginnings:
    """Finds the ends of data that begin one of the texts."""

    def __init__(self, texts: Sequence[bytes]) -> None:
        self._short: dict[bytes, list[int]] = {}
        probes: dict[bytes, list[int]] = {}
        self.longest = max(map(len, texts))
        for number, text in enumerate(texts):
            for size in range(1, min(_PROBE, len(text))):
                self._short.setdefault(text[:size], []).append(number)
            if len(text) > _PROBE:
                probes.setdefault(text[:_PROBE], []).append(number)
        self._texts = texts
        self._probes = [*probes.values()]
        self._probe_finder = Finder([*probes]) if probes else None

    def at_end_of(self, data: bytes) -> Iterator[tuple[int, list[int]]]:
        """Where in ``data`` something begins that may become one of the texts, and the numbers of these."""
        size = len(data)
        first = max(0, size - self.longest + 1)
        if self._probe_finder is not None and self._probe_finder.any_in(data[first:]):
            for number, at, _ in self._probe_finder.places(data[first:]):
                begun = data[first + at :]
                longer = [each for each in self._probes[number] if len(self._texts[each]) > len(begun)]
                if numbers := [each for each in longer if self._texts[each].startswith(begun)]:
                    yield first + at, numbers
        for at in range(max(0, size - _PROBE + 1), size):
            numbers = self._short.get(data[at:], [])
            if numbers:
                yield at, numbers
