"""The intervals of an orchestration as a heat map: which are done, missing, failed, changed since; and running some."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from textual import work
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Static

from orch_tui.model.texts.text import counted, safe_line
from orch_tui.project.project import DefinitionError, open_project
from orch_tui.scheduling.backfill import Backfill, Every, Interval, IntervalState, TooMany, intervals
from orch_tui.scheduling.interval_grid import Cell, cell_of, counts, grid_of
from orch_tui.scheduling.processes import start_detached
from orch_tui.scheduling.store import scheduling_directory
from orch_tui.tui.actions import bindings
from orch_tui.tui.actions import starts as actions
from orch_tui.tui.dialogs.base import FullScreen
from orch_tui.tui.dialogs.confirm import Confirm
from orch_tui.tui.dialogs.prompt import Prompt
from orch_tui.tui.starts.heat_grid import HeatGrid
from orch_tui.tui.starts.look import SHEET
from orch_tui.tui.text import line
from orch_tui.tui.widgets.bars import KeyBar, TitleBar
from orch_tui.tui.widgets.line_tree import LineList
from orch_tui.tui.widgets.list_head import ListHead

if TYPE_CHECKING:
    from orch_tui.tui.application import Application

_TICK = 2.0
"""Seconds between two looks while something goes on."""
_BACK = {Every.HOUR: 13, Every.DAY: 334, Every.WEEK: 364, Every.MONTH: 1065}
"""Days that are shown at first."""
_COLORS = {
    Cell.DONE: "$text-success",
    Cell.CHANGED: "$text-warning",
    Cell.FAILED: "$text-error",
    Cell.GOING: "$text-primary",
    Cell.INTERRUPTED: "$text-warning",
    Cell.MISSING: "$text-muted",
}


class BackfillScreen(FullScreen[None]):
    """Files are read in threads, by a project of its own."""

    CSS_PATH = SHEET
    BINDINGS = bindings(actions.BACKFILL)
    HELP = (
        "What became of each interval: done, failed, missing, or done as it was defined before. Space marks, R runs "
        "what is marked, each interval once."
    )
    app: Application

    def __init__(self, root: Path, orchestration: str) -> None:
        super().__init__()
        self._root, self._orchestration = root, orchestration
        self._every = Every.DAY
        self._span: tuple[datetime, datetime] | None = None
        self._backfill: Backfill | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._last_mark: int | None = None
        self._reading = False
        self._grid = HeatGrid(id="grid")
        self._head = ListHead(self._grid)
        self._title_bar = TitleBar()

    def compose(self) -> ComposeResult:
        yield self._title_bar
        with Vertical(id="map"):
            yield self._head
            yield self._grid
        yield Static(id="about")
        yield KeyBar()

    def on_mount(self) -> None:
        self.set_focus(self._grid)
        self._look()
        self.set_interval(_TICK, self._tick)

    # --- reading ---

    def _tick(self) -> None:
        if self._reading:
            # One that takes longer than a tick must come to its end.
            return
        if self._process is not None and self._process.poll() is not None:
            self._process = None
            self._look()
        elif self._process is not None or any(one.state is IntervalState.GOING for one in self._grid.intervals):
            self._look()

    @work(group="look", exclusive=True, description="what became of the intervals")
    async def _look(self) -> None:
        every, span = self._every, self._span
        self._reading = True
        try:
            backfill, found = await asyncio.to_thread(self._read, every, span)
        except (DefinitionError, TooMany) as error:
            self.app.say(str(error), "error")
            return
        except OSError as error:
            self.app.say(f"What became of them cannot be read: {error.strerror or error}.", "error")
            return
        finally:
            self._reading = False
        another = self._backfill is None or len(found) != len(self._grid.intervals)
        self._backfill = backfill
        chosen = len(found) - 1 if another else self._grid.chosen
        self._grid.show(found, grid_of(found, every, backfill.zone), chosen)
        self._head.refresh()
        self._tell()

    def _read(self, every: Every, span: tuple[datetime, datetime] | None) -> tuple[Backfill, list[Interval]]:
        known = self._backfill
        same = known is not None and known.watched.id.endswith(every.value)
        backfill = (
            known if known is not None and same else Backfill(open_project(self._root), self._orchestration, every)
        )
        begin, end = span or _usual_span(every, datetime.fromtimestamp(self.app.clock.wall(), backfill.zone))
        return backfill, backfill.look(intervals(begin, end, every, backfill.zone), changes=True)

    # --- showing ---

    def _tell(self) -> None:
        grid, backfill = self._grid, self._backfill
        if backfill is None:
            return
        left = Content.assemble(
            ("◆ orch-tui", "bold $text-primary"), "  ", line(f"Backfill of {backfill.name}", "bold")
        )
        marks = f"{counted(len(grid.marks), 'interval')} marked · " if grid.marks else ""
        self._title_bar.show(left, Content.styled(f"{marks}each {self._every.value}", "$text-muted"))
        parts = [
            Content.assemble((cell.sign, _COLORS[cell]), f" {number} {cell.value}")
            for cell, number in counts(grid.intervals)
        ]
        lines = [Content("   ").join(parts)]
        if grid.intervals:
            lines.insert(0, line(self._words(grid.intervals[grid.chosen], backfill), "bold"))
        if self._process is not None:
            lines.append(Content.styled("Intervals are being run; they go on when this is left.", "$text-muted"))
        self.query_one("#about", Static).update(Content("\n").join(lines))

    def _words(self, one: Interval, backfill: Backfill) -> str:
        begin, end = (datetime.fromtimestamp(at, backfill.zone) for at in (one.begin, one.end))
        state = cell_of(one)
        told = {
            Cell.CHANGED: "done, but what runs now is defined otherwise",
            Cell.GOING: "its run goes on",
            Cell.INTERRUPTED: "its run was interrupted; R goes on with it",
        }.get(state, state.value)
        run = f" · run {one.run}" if one.run else ""
        return safe_line(f"{begin:%a %Y-%m-%d %H:%M} to {end:%Y-%m-%d %H:%M}: {told}{run}", 200)

    def on_line_list_moved(self, event: LineList.Moved) -> None:
        event.stop()
        self._tell()

    def on_line_list_chosen(self, event: LineList.Chosen) -> None:
        event.stop()
        self.action_open()

    # --- what can be done ---

    def action_left(self) -> None:
        self._grid.choose(self._grid.chosen - 1)

    def action_right(self) -> None:
        self._grid.choose(self._grid.chosen + 1)

    def action_mark(self) -> None:
        grid = self._grid
        if grid.intervals:
            grid.marks ^= {grid.chosen}
            self._last_mark = grid.chosen
            self._marked()

    def action_mark_range(self) -> None:
        grid = self._grid
        first = self._last_mark if self._last_mark is not None else grid.chosen
        if grid.intervals:
            grid.marks |= set(range(min(first, grid.chosen), max(first, grid.chosen) + 1))
            self._marked()

    def action_mark_open(self) -> None:
        """All that are open; where all of these are marked, none."""
        grid = self._grid
        found = {at for at, one in enumerate(grid.intervals) if cell_of(one).open}
        grid.marks = set() if found <= grid.marks else grid.marks | found
        self._marked()

    def _marked(self) -> None:
        self._grid.refresh()
        self._tell()

    def action_reload(self) -> None:
        self._look()

    def action_every(self) -> None:
        known = list(Every)
        self._every = known[(known.index(self._every) + 1) % len(known)]
        self._grid.marks.clear()
        self._backfill = None
        self._look()

    @work(group="do", description="ask for a span")
    async def action_span(self) -> None:
        def wrong(text: str) -> str | None:
            try:
                _span_of(text)
            except ValueError as error:
                return str(error)
            return None

        now = f"{self._span[0]:%Y-%m-%d} {self._span[1]:%Y-%m-%d}" if self._span is not None else ""
        hint = "Two dates; the second is not among them. Enter takes it, Esc changes nothing"
        text = await self.app.push_screen_wait(Prompt("From when to when", now, wrong, "2026-01-01 2026-02-01", hint))
        if text is not None:
            self._span = _span_of(text)
            self._grid.marks.clear()
            self._backfill = None
            self._look()

    @work(group="do", description="show a run")
    async def action_open(self) -> None:
        grid = self._grid
        run = grid.intervals[grid.chosen].run if grid.intervals else ""
        directory = self.app.project.paths.run(self._orchestration, run) if run else None
        if directory is None or not directory.exists():
            self.app.say("It has no run to show; R runs it.", "warning")
            return
        await self.app.visit_run(self._orchestration, directory)

    @work(group="do", description="run intervals")
    async def action_run(self) -> None:
        grid, backfill = self._grid, self._backfill
        if backfill is None or not grid.intervals:
            return
        if self._process is not None and self._process.poll() is None:
            self.app.say("Intervals are being run already; wait for their end.", "warning")
            return
        chosen = [grid.intervals[at] for at in sorted(grid.marks or {grid.chosen})]
        again = sum(one.state is IntervalState.DONE for one in chosen)
        detail = f"{counted(again, 'interval')} of them done before: run again as defined now." if again else ""
        choices = [("1", "One after another", 1), ("2", "Two together", 2), ("4", "Four together", 4)]
        at_once = await self.app.push_screen_wait(
            Confirm(f"Run {counted(len(chosen), 'interval')}", choices[: 1 if len(chosen) == 1 else 3], detail)
        )
        if at_once is None:
            return
        try:
            log = scheduling_directory(self.app.project.paths) / "starts.log"
            self.app.project.paths.make_state()
            log.parent.mkdir(mode=0o700, exist_ok=True)
            command = self._command(chosen, backfill, at_once)
            self._process = start_detached(command, self._root, log)
        except OSError as error:
            self.app.say(f"They cannot be run: {error.strerror or error}.", "error")
            return
        grid.marks.clear()
        self._look()

    def _command(self, chosen: Sequence[Interval], backfill: Backfill, at_once: int) -> list[str]:
        shown = [datetime.fromtimestamp(one.begin, backfill.zone).isoformat() for one in chosen]
        last = datetime.fromtimestamp(chosen[-1].end, backfill.zone)
        program = [
            sys.executable,
            "-P",
            "-m",
            "orch_tui",
            "backfill",
            self._orchestration,
            "--every",
            self._every.value,
        ]
        only = [word for begin in shown for word in ("--only", begin)]
        again = ["--again"] if any(one.state is IntervalState.DONE for one in chosen) else []
        span = ["--every", self._every.value, "--from", shown[0], "--to", last.isoformat(), "--at-once", str(at_once)]
        return [*program, *span, *only, "--keep-going", "--retry-failed", *again, "--project", os.fspath(self._root)]

    def action_leave(self) -> None:
        if self._grid.marks:
            self._grid.marks.clear()
            self._marked()
            return
        if self._process is not None and self._process.poll() is None:
            # It goes on by itself.
            self._process.returncode = 0
        self.dismiss(None)


def _usual_span(every: Every, now: datetime) -> tuple[datetime, datetime]:
    """From some time ago up to the last whole interval."""
    end = now.replace(tzinfo=None, minute=0, second=0, microsecond=0)
    begin = end - timedelta(days=_BACK[every])
    if every is Every.HOUR:
        return begin.replace(hour=0), end
    if every is Every.WEEK:
        monday = begin.replace(hour=0) - timedelta(days=begin.weekday())
        return monday, end.replace(hour=0)
    return begin.replace(day=1, hour=0), end.replace(hour=0)


def _span_of(text: str) -> tuple[datetime, datetime]:
    """Raises: ValueError, with a sentence."""
    words = text.replace(" to ", " ").split()
    try:
        begin, end = (datetime.fromisoformat(word).replace(tzinfo=None) for word in words)
    except ValueError as error:
        raise ValueError("Write two dates, like 2026-01-01 2026-02-01.") from error
    if begin >= end:
        raise ValueError("The second date must be later than the first.")
    return begin, end
