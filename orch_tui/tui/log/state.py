"""Everything a log view knows and does that needs no screen: the file, the part in view, search, selection."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from orch_tui.runs.log.index import Change, LineCount, LogFile
from orch_tui.runs.log.search import ERRORS, Pattern, Tally, pattern
from orch_tui.tui.log.background import Counting, Finding
from orch_tui.tui.log.rows import Viewport
from orch_tui.tui.log.selection import Selection, lines_text

_UNITS = ("B", "KB", "MB", "GB", "TB")


def show_size(size: int) -> str:
    """``"512 B"``, ``"1.2 GB"``; thousands as disks count them."""
    value, unit = float(size), 0
    while value >= 999.5 and unit < len(_UNITS) - 1:
        value, unit = value / 1000, unit + 1
    return f"{value:.0f} {_UNITS[unit]}" if unit == 0 or value >= 99.5 else f"{value:.1f} {_UNITS[unit]}"


def show_lines(count: int) -> str:
    return f"{count:,} line" if count == 1 else f"{count:,} lines"


class LogState:
    """One log at a time; ``found`` is told, from another thread, where a search has arrived.

    ``ended``: nobody writes into the log any more, so that there is nothing to follow.
    """

    def __init__(self, found: Callable[[int | None, bool], object]) -> None:
        self.view = Viewport()
        self.log: LogFile | None = None
        self.pattern: Pattern | None = None
        self.tally: Tally | None = None
        self.count = LineCount()
        self.selection: Selection | None = None
        self.note = ""
        self.ended = False
        self._found = found
        self._counting: Counting | None = None
        self._searching: Counting | None = None
        self._finding: Finding | None = None
        self._left_at = 0
        self._steps = 0
        self._rank: tuple[int, int | None] = (-1, None)

    # --- the file ---

    def open(self, path: Path | None) -> None:
        """Show another log from its end; the search goes on in it."""
        self.close()
        self.log = LogFile(path) if path is not None else None
        self.note = ""
        if self.log is not None:
            self.log.poll()
        self._begin()

    def _begin(self) -> None:
        log = self.log
        self.selection, self.count, self._left_at, self._rank = None, LineCount(), 0, (-1, None)
        self.view.show(log.blocks if log is not None else type(self.view.blocks)())
        self._stop_all()
        if log is not None and log.problem is None:
            self._counting = Counting(self.count, log.blocks)
        if self.pattern is not None:
            self._start_tally(self.pattern)

    def poll(self) -> bool:
        """Look at the file; True when there is something else to show."""
        if self.log is None:
            return False
        had = self.view.blocks.size
        change = self.log.poll()
        if change is Change.REPLACED:
            if had:
                self.note = "the log was cut or replaced: this is the new one"
            self._begin()
        return change is not Change.NONE

    def close(self) -> None:
        """Stop what works in the background. The state can be opened again."""
        self._stop_all()

    def _stop_all(self) -> None:
        for worker in (self._counting, self._searching, self._finding):
            if worker is not None:
                worker.stop()
        self._counting = self._searching = self._finding = None

    # --- following ---

    def hold(self) -> None:
        """Remember where the log was when it was no longer followed, for the number of lines since."""
        self._left_at = self.view.blocks.size

    @property
    def news(self) -> str:
        """``"+123 lines"`` since the log was no longer followed; empty when there are none."""
        blocks, size = self.view.blocks, self.view.blocks.size
        if self.view.follow or size <= self._left_at:
            return ""
        lines = self.count.between(self._left_at, size, blocks)
        return f"+{show_lines(lines)}" if lines else "" if lines == 0 else f"+{show_size(size - self._left_at)}"

    # --- searching ---

    def search(self, text: str) -> None:
        """Count lines with ``text`` and go to the nearest one from here upwards; empty text ends the search.

        Raises: ValueError with a sentence when it is a wrong expression.
        """
        if not text:
            self.end_search()
            return
        self._set(pattern(text))
        self._find(self.view.cursor + 1, forward=False)

    def search_at(self, text: str, offset: int) -> None:
        """Count lines with ``text``, and go to the one that begins at ``offset``. Raises: ValueError as above."""
        self._set(pattern(text))
        self._arrive_at(offset)

    def jump(self, *, forward: bool) -> bool:
        """Go to the next match; False when nothing is searched for."""
        if self.pattern is None:
            return False
        if self._finding is not None and self._finding.forward is forward:
            # Pressed faster than it is found: one more, from there.
            self._steps += 1
        else:
            self._find(self.view.cursor, forward=forward)
        return True

    def jump_to_error(self, *, forward: bool) -> None:
        if self.pattern is not ERRORS:
            self._set(ERRORS)
        self.jump(forward=forward)

    def arrive(self, offset: int | None, around: bool) -> None:
        """What a search has found, in the thread of the screen; ``around``: on the other side of the end."""
        before, self._finding = self._finding, None
        if before is None:
            return
        if offset is None:
            self.note = "nothing found"
            return
        self.note = "went on at the other end" if around else ""
        self._arrive_at(offset)
        if self._steps > 0:
            steps = self._steps - 1
            self._find(offset, forward=before.forward)
            self._steps = steps

    def _arrive_at(self, offset: int) -> None:
        self.go(offset)
        if self.pattern is not None and (spans := self.pattern.spans(self.view.line(offset).shown)):
            self.view.reveal(offset, *spans[0])

    def go(self, offset: int) -> None:
        if self.view.follow:
            self.hold()
        self.view.go(offset)

    def end_search(self) -> None:
        for worker in (self._searching, self._finding):
            if worker is not None:
                worker.stop()
        self.pattern = self.tally = self._searching = self._finding = None
        self.note = ""

    def clear(self) -> None:
        """Forget the selection, or else the search."""
        if self.selection is not None:
            self.selection = None
        else:
            self.end_search()

    @property
    def looking(self) -> bool:
        return self._finding is not None

    @property
    def progress(self) -> tuple[int, int, int]:
        """What has been counted in the background; another value is worth a look."""
        tally = self.tally
        return self.count.counted, tally.searched if tally else 0, tally.found if tally else 0

    def _set(self, wanted: Pattern) -> None:
        self.end_search()
        self.pattern = wanted
        self._start_tally(wanted)

    def _start_tally(self, wanted: Pattern) -> None:
        self.tally, self._rank = Tally(wanted), (-1, None)
        if self.log is not None and self.log.problem is None:
            self._searching = Counting(self.tally, self.view.blocks)

    def _find(self, offset: int, *, forward: bool) -> None:
        if self._finding is not None:
            self._finding.stop()
        if self.pattern is None or self.tally is None:
            return
        self.note, self._steps = "", 0
        self._finding = Finding(
            self.view.blocks,
            self.pattern,
            offset,
            forward=forward,
            may_have=self.tally.may_have,
            done=self._found,
        )

    @property
    def matches(self) -> str:
        """``"17 of 1,204"`` with how far the log was searched; empty without a search."""
        if self.pattern is None or self.tally is None:
            return ""
        if self.pattern.too_slow:
            return "given up: one line took too long with this expression"
        size, found = self.view.blocks.size, self.tally.found
        if self._rank[0] != self.view.cursor or self._rank[1] is None:
            self._rank = (self.view.cursor, self._rank_here())
        place = f"{self._rank[1]:,} of " if self._rank[1] else ""
        so_far = "" if self.tally.searched * 20 >= size * 19 else f", {100 * self.tally.searched // size} % searched"
        return f"{place}{show_lines(found)}{so_far}"

    def _rank_here(self) -> int | None:
        view, tally = self.view, self.tally
        if view.follow or tally is None or not tally.pattern.spans(view.line(view.cursor).shown):
            return None
        return tally.rank(view.cursor, view.blocks)

    # --- copying ---

    def toggle_lines(self) -> None:
        """Begin to select lines at the cursor, or end the selection."""
        if self.selection is not None:
            self.selection = None
        elif self.view.blocks.size:
            at = (self.view.cursor, 0)
            if self.view.follow:
                self.go(self.view.cursor)
            self.selection = Selection(at, at, whole_lines=True)

    def stretch(self) -> None:
        """A selection of lines goes as far as the cursor."""
        if self.selection is not None and self.selection.whole_lines:
            self.selection = self.selection._replace(head=(self.view.cursor, 0))

    @property
    def selected(self) -> str:
        """``"3 lines selected"``; empty without a selection."""
        if self.selection is None:
            return ""
        first, last = sorted((self.selection.anchor[0], self.selection.head[0]))
        lines = self.count.between(first, last, self.view.blocks)
        return "selected" if lines is None else f"{show_lines(lines + 1)} selected"

    def copied(self) -> str:
        """The selection, or the line with the cursor. Raises: TooMuch, OSError."""
        if self.selection is not None:
            return self.selection.text(self.view.blocks)
        start = self.view.cursor
        return lines_text(self.view.blocks, start, self.view.blocks.end_of(start)).removesuffix("\n")

    # --- where ---

    @property
    def place(self) -> str:
        """``"line 12 of 20 · 61 %"``; without numbers of lines as long as they are not counted."""
        blocks, size = self.view.blocks, self.view.blocks.size
        if not size:
            return "empty"
        percent = f"{100 * min(self.view.seen, size) // size} %"
        total = self.count.before(size, blocks)
        if total is None:
            return percent
        lines = total + (blocks.read(size - 1, size) != b"\n")
        at = self.count.before(self.view.cursor, blocks)
        shown = show_lines(lines) if self.view.follow or at is None else f"line {at + 1:,} of {lines:,}"
        return f"{shown} · {percent}"

    @property
    def position(self) -> str:
        """:attr:`place` and the size of the log."""
        size = self.view.blocks.size
        return f"{self.place} · {show_size(size)}" if size else self.place
