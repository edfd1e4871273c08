"""Finding lines in a log: how many match, and the next one, in bounded memory.

A search counts the matching lines of each block and keeps the number only: 4 bytes for each 256 KiB, however many
match. The next match is looked for where the counts say that there is one.
"""

from __future__ import annotations

import re
from array import array
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from orch_tui.runs.log.index import BLOCK, Blocks
from orch_tui.runs.log.lines import ESCAPE_BYTES, plain

if TYPE_CHECKING:
    import regex

_MOST_SPANS = 200
_PATIENCE = 0.25
"""Seconds for one line; a person's expression with nested repetitions may take years."""
_PATIENCE_SHOWN = 0.03
"""Seconds for one line that the screen is about to paint."""


class Pattern:
    """What is looked for. ``needles``: lines without any of them, in lower case when ``fold``, cannot match.

    ``too_slow`` becomes true when one line took too long; from then on nothing matches.
    """

    def __init__(
        self,
        text: str,
        expression: re.Pattern[str] | regex.Pattern[str],
        needles: tuple[bytes, ...],
        fold: bool,
        literal: bool = False,
    ) -> None:
        """``literal``: a line with a needle matches."""
        self.text = text
        self.too_slow = False
        self._literal = literal
        self._expression = expression
        self._needles = needles
        self._fold = fold

    def spans(self, text: str) -> list[tuple[int, int]]:
        """Where it is in a line as it is shown: characters from, to."""
        found: list[tuple[int, int]] = []
        if self.too_slow:
            return found
        try:
            for match in self._finditer(text):
                if match.end() > match.start():
                    found.append(match.span())
                if len(found) >= _MOST_SPANS:
                    break
        except TimeoutError:
            self.too_slow = True
        return found

    def _finditer(self, text: str) -> Iterator[re.Match[str]] | Iterator[regex.Match[str]]:
        if isinstance(self._expression, re.Pattern):
            return self._expression.finditer(text)
        return self._expression.finditer(text, timeout=_PATIENCE_SHOWN)

    def matches(self, raw: bytes) -> bool:
        """Whether a line, given as its bytes, has it."""
        if isinstance(self._expression, re.Pattern):
            return self._expression.search(plain(raw)) is not None
        if self.too_slow:
            return False
        try:
            # Concurrent: the screen's thread goes on meanwhile.
            return self._expression.search(plain(raw), concurrent=True, timeout=_PATIENCE) is not None
        except TimeoutError:
            self.too_slow = True
            return False

    def lines(self, data: bytes) -> Iterator[int]:
        """Offsets of the matching lines in whole lines of a log, in order."""
        # Colours may stand in the middle of a word: those lines are found by their numbers.
        bare = ESCAPE_BYTES.sub(b"", data) if b"\x1b" in data else data
        if bare is data:
            yield from (start for start, _ in self._hits(data))
            return
        offset = at = 0
        for start, _ in self._hits(bare):
            for _ in range(bare.count(b"\n", at, start)):
                offset = data.index(b"\n", offset) + 1
            at = start
            yield offset

    def _hits(self, data: bytes) -> Iterator[tuple[int, int]]:
        # What a carriage return has overwritten does not count.
        sure = self._literal and b"\r" not in data
        for start, end in self._candidates(data):
            if sure or self.matches(data[start:end]):
                yield start, end

    def _candidates(self, data: bytes) -> Iterator[tuple[int, int]]:
        if not self._needles:
            at = 0
            while at < len(data):
                end = data.find(b"\n", at) + 1 or len(data)
                yield at, end
                at = end
            return
        folded = data.lower() if self._fold else data
        nexts = {needle: folded.find(needle) for needle in self._needles}
        while nexts := {needle: found for needle, found in nexts.items() if found >= 0}:
            at = min(nexts.values())
            start, end = data.rfind(b"\n", 0, at) + 1, data.find(b"\n", at) + 1 or len(data)
            yield start, end
            for needle, found in nexts.items():
                if found < end:
                    nexts[needle] = folded.find(needle, end)


def pattern(text: str) -> Pattern:
    """What a person typed: text as it is, or a regular expression after a ``/``. Capitals count if there are any.

    Expressions are those of the library ``regex`` (https://github.com/mrabarnett/mrab-regex), a superset of Python's:
    it can give up after a time, and does not stop other threads.

    Raises:
        ValueError: a sentence about what is wrong with the expression.
    """
    return expression(text[1:], text) if text.startswith("/") and len(text) > 1 else literal(text)


def expression(text: str, typed: str = "") -> Pattern:
    """A regular expression; ``typed`` is how a person wrote it. Raises: ValueError, see :func:`pattern`."""
    import regex

    fold = text == text.lower()
    try:
        return Pattern(typed or text, regex.compile(text, regex.IGNORECASE if fold else 0), (), fold)
    except (regex.error, OverflowError, RecursionError) as error:
        raise ValueError(f"This is no regular expression: {error}.") from error


def literal(text: str) -> Pattern:
    """Text as it is; capitals count if there are any."""
    fold = text == text.lower()
    flags = re.IGNORECASE if fold else re.NOFLAG
    # Letters outside ASCII have capitals of other lengths: every line is looked at then.
    needles = (text.encode(),) if text.isascii() or not fold else ()
    return Pattern(text, re.compile(re.escape(text), flags), needles, fold, bool(needles))


_ERROR_WORDS = ("error", "exception", "traceback", "fatal", "failed")
# At the edges of a word, or where one begins inside another: KeyError.
_ERROR = "|".join(rf"\b(?i:{word})\b|(?<=[a-z0-9]){word.capitalize()}\b" for word in _ERROR_WORDS)
ERRORS = Pattern("errors", re.compile(_ERROR), tuple(word.encode() for word in _ERROR_WORDS), True)
"""Lines that look like errors."""


class Tally:
    """Matching lines of each block of a log; a line belongs to the block in which it begins."""

    def __init__(self, pattern: Pattern, block: int = BLOCK) -> None:
        self.pattern = pattern
        self.total = 0
        self._block = block
        self._counts = array("I")
        self._tail = (0, 0)

    @property
    def searched(self) -> int:
        """Bytes from the beginning that were searched."""
        return max(len(self._counts) * self._block, self._tail[0])

    @property
    def found(self) -> int:
        """Matching lines so far, those of the end that still grows included."""
        return self.total + self._tail[1]

    def done(self, size: int) -> bool:
        """Whether all of a log of this size was searched."""
        return self._tail[0] >= size

    def step(self, blocks: Blocks) -> bool:
        """Search one more block; False when all was searched up to ``blocks.size``."""
        number = len(self._counts)
        if self.done(blocks.size):
            return False
        _, data, whole = lines_of_block(blocks, number)
        count = sum(1 for _ in self.pattern.lines(data))
        if whole:
            self.total += count
            self._counts.append(count)
            self._tail = (0, 0)
        else:
            self._tail = (blocks.size, count)
        return True

    def may_have(self, number: int) -> bool:
        """False when a block is known to have no match."""
        return number >= len(self._counts) or self._counts[number] > 0

    def rank(self, offset: int, blocks: Blocks) -> int | None:
        """How many matches there are up to the line at ``offset``, it included; None as long as nobody knows."""
        number = offset // self._block
        if number > len(self._counts) or (number == len(self._counts) and not self._tail[0]):
            return None
        start, data, _ = lines_of_block(blocks, number)
        inside = sum(1 for one in self.pattern.lines(data) if start + one <= offset)
        return sum(self._counts[:number]) + inside


def lines_of_block(blocks: Blocks, number: int) -> tuple[int, bytes, bool]:
    """The lines that begin in a block: offset of the first, all their bytes, whether the last one has its end."""
    base, end = number * blocks.block_size, (number + 1) * blocks.block_size
    if base >= blocks.size:
        return base, b"", False
    start = base
    if base and blocks.start_at(base) != base:
        start = blocks.end_of(blocks.start_at(base))
    if start >= min(end, blocks.size):
        # A long line covers all of it.
        return start, b"", blocks.size > end
    stop = blocks.end_of(blocks.start_at(min(end, blocks.size) - 1))
    return start, blocks.read(start, stop), end <= blocks.size and stop < blocks.size


def find(
    blocks: Blocks,
    pattern: Pattern,
    offset: int,
    *,
    forward: bool,
    may_have: Callable[[int], bool] = lambda _: True,
    cancelled: Callable[[], bool] = lambda: False,
) -> int | None:
    """Where the nearest matching line begins after (before) the one at ``offset``; None when there is none.

    ``may_have`` says which blocks are worth a look, ``cancelled`` is asked between two of them.
    """
    number = max(0, offset) // blocks.block_size
    last = max(0, blocks.size - 1) // blocks.block_size
    for one in range(number, last + 1) if forward else range(number, -1, -1):
        if cancelled():
            return None
        if not may_have(one):
            continue
        start, data, _ = lines_of_block(blocks, one)
        hits = (start + hit for hit in pattern.lines(data))
        if forward:
            found = next((hit for hit in hits if hit > offset), None)
        else:
            found = max((hit for hit in hits if hit < offset), default=None)
        if found is not None:
            return found
    return None
