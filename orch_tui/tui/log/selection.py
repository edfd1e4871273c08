"""What is selected in a log, by places in the file: it stays on its text however the view moves."""

from __future__ import annotations

from typing import NamedTuple

from orch_tui.runs.log.index import Blocks
from orch_tui.runs.log.lines import clean, plain

MOST = 1 << 24
"""Bytes of a log that are copied at once."""


class TooMuch(Exception):
    """More is selected than is copied at once; the sentence says what to do."""


class Selection(NamedTuple):
    """From one (offset of a line, character in it as shown) to another, in any order."""

    anchor: tuple[int, int]
    head: tuple[int, int]
    whole_lines: bool = False

    def part(self, offset: int, length: int) -> tuple[int, int] | None:
        """The characters of a line of ``length`` that are selected; one more at its end stands for the line end."""
        first, last = sorted((self.anchor, self.head))
        if not first[0] <= offset <= last[0]:
            return None
        if self.whole_lines:
            return 0, length + 1
        start = first[1] if offset == first[0] else 0
        end = last[1] + 1 if offset == last[0] else length + 1
        return min(start, length), end

    def text(self, blocks: Blocks) -> str:
        """What is copied. Raises: TooMuch; OSError when the log cannot be read."""
        first, last = sorted((self.anchor, self.head))
        end = blocks.end_of(last[0])
        if end - first[0] > MOST:
            raise TooMuch(f"More than {MOST >> 20} MiB is selected; select less, or open the log in a pager.")
        if self.whole_lines:
            return lines_text(blocks, first[0], end)
        parts, at = [], first[0]
        while at < end:
            line_end = blocks.end_of(at)
            shown = clean(blocks.read(at, line_end)).shown
            start, stop = self.part(at, len(shown)) or (0, 0)
            parts.append(shown[start:stop])
            at = line_end
        return "\n".join(parts)


def lines_text(blocks: Blocks, start: int, end: int) -> str:
    """Whole lines as text, each with its end."""
    data = blocks.read(start, end)
    return "".join(f"{plain(line)}\n" for line in data.removesuffix(b"\n").split(b"\n")) if data else ""
