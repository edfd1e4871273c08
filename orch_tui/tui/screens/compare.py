"""Two runs beside each other."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from time import localtime, strftime

from textual.app import ComposeResult

from orch_tui.model.durations import show_duration
from orch_tui.model.runstate import RunState
from orch_tui.model.status import Status
from orch_tui.model.text import counted, safe_line
from orch_tui.project.journal.file import BrokenJournal, read_run
from orch_tui.runs.compare import Difference, compare
from orch_tui.tui.actions import bindings
from orch_tui.tui.actions import run as actions
from orch_tui.tui.run_rows import style_of
from orch_tui.tui.screens import look
from orch_tui.tui.screens.dialog import FullScreen
from orch_tui.tui.text import line
from orch_tui.tui.widgets.bars import KeyBar, TitleBar
from orch_tui.tui.widgets.line_tree import LineList, Part, Row

_BAD = ("fails now", "slower")
_GOOD = ("repaired", "succeeded now", "faster")


class CompareList(LineList):
    """A heading, then a line for each task."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.differences: Sequence[Difference] = ()
        self._heading = ("", "")

    def show(self, differences: Sequence[Difference], older: str, newer: str) -> None:
        self.differences, self._heading = differences, (older, newer)
        self.reload()

    def count(self) -> int:
        return len(self.differences) + 1 if self.differences else 0

    def selectable(self, index: int) -> bool:
        return index > 0

    def row(self, index: int) -> Row:
        if index == 0:
            old, new = self._heading
            return Row((Part(" task", "heading"),), (Part(f"{old:<24}{new:<24}{'change':>9}  {'':<14}", "heading"),))
        one = self.differences[index - 1]
        right = [*self._cell(one.before, one.seconds_before), *self._cell(one.after, one.seconds_after)]
        change = one.change
        shown = (
            "" if change is None or abs(change) < 0.05 else f"{'+' if change > 0 else '−'}{show_duration(abs(change))}"
        )
        style = "error" if one.verdict in _BAD else "success" if one.verdict in _GOOD else "dim"
        words = f"{one.verdict}{', ' if one.verdict and one.edited else ''}{'edited' if one.edited else ''}"
        right += [Part(f"{shown:>9}  "), Part(f"{words:<14}", style)]
        return Row((Part(f" {safe_line(one.name, 120)}"),), tuple(right))

    @staticmethod
    def _cell(status: Status | None, seconds: float | None) -> tuple[Part, Part]:
        word = f"{status.style.glyph} {status.style.word}" if status is not None else "not in it"
        return Part(f"{word:<14}", style_of(status) if status is not None else "dim"), Part(
            f"{show_duration(seconds):<10}", "dim"
        )


class CompareScreen(FullScreen[None]):
    """The older run on the left, the newer on the right."""

    CSS_PATH = look.RUN
    BINDINGS = bindings(actions.DIALOGS, "compare")

    def __init__(self, older: Path, newer: Path) -> None:
        super().__init__()
        self._older, self._newer = older, newer

    def compose(self) -> ComposeResult:
        yield TitleBar(line(f"Runs {self._older.name} and {self._newer.name}", "bold"))
        yield CompareList(id="table")
        yield KeyBar()

    def on_mount(self) -> None:
        self.set_focus(self.query_one(CompareList))
        self.run_worker(self._read(), description="read both runs")

    async def _read(self) -> None:
        try:
            older = await asyncio.to_thread(read_run, self._older)
            newer = await asyncio.to_thread(read_run, self._newer)
        except (OSError, BrokenJournal) as error:
            self.notify(f"They cannot be compared: {safe_line(str(error))}", severity="error", markup=False)
            return
        found = compare(older, newer)
        table = self.query_one(CompareList)
        table.show(found, _when(older), _when(newer))
        told = sum(bool(one.verdict or one.edited) for one in found)
        table.border_title = line("Task by task")
        table.border_subtitle = line(f"{counted(told, 'task')} of {len(found)} with a difference")

    def action_leave(self) -> None:
        self.dismiss(None)


def _when(state: RunState) -> str:
    return strftime("%m-%d %H:%M:%S", localtime(state.header.created))
