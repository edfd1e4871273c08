"""The table of orchestrations: name, phases, tasks, last run and a spark of the last twenty."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, NamedTuple

from rich.cells import cell_len, set_cell_size

from orch_tui.model.status import STYLES, Status
from orch_tui.model.texts.durations import clock, show_duration
from orch_tui.tui.dates import show_when
from orch_tui.tui.home.state.board import Look
from orch_tui.tui.home.state.model import Entry, Runs, spark
from orch_tui.tui.status_look import look_of, style_of
from orch_tui.tui.widgets.line_tree import Part, Row, ScreenList

if TYPE_CHECKING:
    from orch_tui.project.history import RunSummary
    from orch_tui.tui.home.state.live import Progress

_WIDE = 104
_WIDEST = 110
_APART, _LEAST = 3, 12
"""Blank columns around a description; so many of its own are worth reading."""
_APART_WIDE = 150
"""Columns from which descriptions have a column of their own at the end: how a run ended stands beside its name."""


class Columns(NamedTuple):
    """Cells of the columns to the right of the name, each with a gap of two before it; 0 leaves one out."""

    phases: int
    tasks: int
    status: int
    when: int
    took: int
    spark: int
    next: int = 0


def name_column(width: int) -> int:
    """Cells of the names with their marks, where descriptions stand behind all else; 0 where these follow the names."""
    return 0 if width < _APART_WIDE else 44


def columns(width: int) -> Columns:
    """What fits into a list of this many cells beside a name worth reading."""
    if width >= _WIDEST:
        return Columns(6, 5, 13, 10, 8, 20, 10)
    if width >= _WIDE:
        return Columns(6, 5, 13, 10, 8, 20)
    if width >= 90:
        return Columns(0, 5, 13, 10, 8, 20)
    if width >= 70:
        # Names tell orchestrations apart; how many earlier runs there is room for does not.
        return Columns(0, 5, 13, 9, 7, 6)
    return Columns(0, 0, 13, 9, 0, 0)


class OrchestrationList(ScreenList):
    """Shows what it is given; ``look`` and ``runs`` are asked about the rows in view only."""

    def __init__(
        self,
        look: Callable[[str], Entry | None],
        runs: Callable[[str], Runs | None],
        now: Callable[[], float],
        *,
        board: Callable[[], Look] = Look,
        id: str | None = None,
    ) -> None:
        """``look`` has no answer for a file that was not read yet: its row is the name of the file. ``board`` is asked
        for how runs stand that go on, and which failed since they were looked at."""
        super().__init__(id=id)
        self._look, self._runs_of, self._now, self._board = look, runs, now, board
        self.ids: Sequence[str] = ()

    def show(self, ids: Sequence[str], go_to: str | None = None) -> None:
        """Show these; the cursor goes to ``go_to`` or stays on its orchestration while it is there."""
        here = go_to or self.chosen
        self.ids = ids
        if here is not None and here in ids:
            self.cursor = list(ids).index(here)
        self.reload()

    @property
    def chosen(self) -> str | None:
        """The id under the cursor."""
        return self.ids[self.cursor] if self.cursor < len(self.ids) else None

    def go_to(self, orchestration_id: str) -> None:
        """Put the cursor on it, unless it is not in the list."""
        if orchestration_id in self.ids:
            self.go(list(self.ids).index(orchestration_id))

    def in_view(self) -> Sequence[str]:
        """The ids whose rows can be seen."""
        top = round(self.scroll_y)
        return self.ids[top : top + max(1, self.size.height)]

    def refresh_id(self, orchestration_id: str) -> None:
        """Draw one row again."""
        if orchestration_id in self.ids:
            self.refresh_rows(list(self.ids).index(orchestration_id))

    def count(self) -> int:
        return len(self.ids)

    def head(self, width: int) -> Row:
        """The titles of the columns."""
        sizes = columns(width)
        titles = (
            "Phases",
            "Tasks",
            "Last run",
            "When",
            "Took",
            f"Last {sizes.spark} runs" if sizes.spark >= 16 else "Runs",
            "Next",
        )
        right = [
            _cell(title, size, "dim", left=index in (2, 5))
            for index, (title, size) in enumerate(zip(titles, sizes, strict=True))
        ]
        titles_shown = [part for part in right if part.text]
        if names := name_column(width):
            return Row((Part(f"{'   Name':<{names}}", "dim"), *titles_shown, Part("   What it is for", "dim")))
        return Row((Part("   Name", "dim"),), (*titles_shown, Part(" ")))

    def row(self, index: int) -> Row:
        entry = self._look(self.ids[index])
        if entry is None:
            return Row((Part("   "), Part(self.ids[index], "dim")))
        if entry.value is None:
            reason = entry.problems[0].message if entry.problems else "it cannot be read"
            return Row(
                (
                    Part(f" {STYLES[Status.ERROR].glyph} ", "error"),
                    Part(entry.name, "error"),
                    Part(f"  {reason}", "dim"),
                )
            )
        sizes = columns(self.size.width)
        failed = self._board().is_new_failure(entry.id)
        left = Part(" ! ", "error") if failed else Part(" ● ", "warning") if entry.draft else Part("   ")
        numbers = (
            _cell(str(entry.phases), sizes.phases, "text"),
            _cell(str(entry.tasks), sizes.tasks, "text" if entry.tasks else "dim"),
        )
        name = [left, Part(entry.name, "strong"), *((Part("  unsaved", "warning"),) if entry.draft else ())]
        runs = self._runs_of(entry.id)
        now = self._now()
        following = self._next(entry, sizes, now)
        progress = self._board().progress.get(entry.id)
        run = self._run_cells(runs, sizes) if progress is None else progress_cells(progress, sizes)
        if names := name_column(self.size.width):
            return Row((*_fitted(name, names), *numbers, *run, following, Part(f"   {entry.description}", "dim")))
        right = (*numbers, *run, following, Part(" "))
        free = self.size.width - sum(cell_len(part.text) for part in (*name, *right)) - _APART
        if self.size.width >= _WIDEST and entry.description and free >= min(_LEAST, cell_len(entry.description)):
            name.append(Part(f"  {entry.description}", "dim"))
        return Row(tuple(name), right)

    def _next(self, entry: Entry, sizes: Columns, now: float) -> Part:
        """When a schedule starts it next; of one that a pause keeps back for good, that it is paused."""
        when = entry.next_start(now)
        if when is None and entry.pause(now) is not None:
            return _cell("paused", sizes.next, "warning")
        return _cell(show_when(when, now), sizes.next, "warning" if entry.pause(now) is not None else "text")

    def _run_cells(self, runs: Runs | None, sizes: Columns) -> tuple[Part, ...]:
        if runs is None or runs.last is None:
            text = "…" if runs is None else "unreadable" if runs.problem else "never run"
            blank = sum(size + 2 for size in sizes[3:6] if size)
            return (_cell(text, sizes.status, "dim", left=True), Part(" " * blank))
        last = runs.last
        beats = spark(runs.summaries, sizes.spark)
        return (
            _cell(run_word(last), sizes.status, run_part(last), left=True),
            _cell(show_when(last.started, self._now()), sizes.when, "text"),
            _cell(show_duration(last.seconds), sizes.took, "text"),
            Part("  " if sizes.spark else ""),
            *(Part(beat.glyph, style_of(beat.status) if beat.status else "warning", picture=True) for beat in beats),
            Part(" " * (sizes.spark - len(beats)), picture=True),
        )


def _fitted(parts: Sequence[Part], cells: int) -> list[Part]:
    """The parts in exactly so many cells: blanks behind them, or an ellipsis where they end."""
    fitted, room = list[Part](), cells
    for part in parts:
        size = cell_len(part.text)
        if size > room:
            fitted.append(part._replace(text=f"{set_cell_size(part.text, max(0, room - 1))}…"[: max(0, room)]))
            return fitted
        fitted.append(part)
        room -= size
    return [*fitted, Part(" " * room)]


def progress_cells(progress: Progress, sizes: Columns) -> tuple[Part, ...]:
    """A run that goes on, in the columns of the last run: how much is done, since when, a bar, and the time left."""
    head = progress.head
    glyph, style = look_of(head)
    share = head.done / head.total if head.total else 0.0
    left = f" ~{clock(head.left)}" if head.left is not None else f" {share:.0%}"
    room = max(0, sizes.spark - len(left))
    full = min(room, int(share * room))
    bar = (
        Part("  " if sizes.spark else ""),
        Part("━" * full, style, picture=True),
        Part("━" * (room - full), "dim", picture=True),
        Part(left.rjust(sizes.spark - room) if sizes.spark else ""),
    )
    return (
        _cell(f"{glyph} {head.word}", sizes.status, style, left=True),
        _cell(f"{head.done}/{head.total}", sizes.when, "strong"),
        _cell(clock(head.elapsed), sizes.took, "text"),
        *bar,
    )


def run_word(run: RunSummary) -> str:
    """Glyph and word."""
    if run.broken or run.interrupted:
        return f"? {run.state}"
    return f"{run.status.style.glyph} {run.status.style.word}"


def run_part(run: RunSummary) -> str:
    """The style of :func:`run_word` in a row."""
    return "warning" if run.broken or run.interrupted else style_of(run.status)


def _cell(text: str, size: int, style: str, *, left: bool = False) -> Part:
    """Two blanks and the text in its column, at the right edge unless ``left``."""
    if not size:
        return Part("")
    if cell_len(text) > size:
        text = set_cell_size(text, size - 1) + "…"
    fill = " " * (size - cell_len(text))
    return Part(f"  {text}{fill}" if left else f"  {fill}{text}", style)
