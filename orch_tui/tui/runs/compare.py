"""Two runs beside each other."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from time import localtime, strftime

from textual.app import ComposeResult

from orch_tui.engine.attempts.attempt_text import NoText, edited_between
from orch_tui.model.run.runstate import RunState
from orch_tui.model.status import Status
from orch_tui.model.texts.durations import show_duration
from orch_tui.model.texts.text import counted, safe_line
from orch_tui.project.history import clock_of
from orch_tui.project.journal.file import BrokenJournal, read_run
from orch_tui.runs.past.compare import Difference, compare
from orch_tui.tui.actions import bindings
from orch_tui.tui.actions import run as actions
from orch_tui.tui.background import in_background
from orch_tui.tui.dialogs.base import FullScreen
from orch_tui.tui.runs.attempt_text import AttemptTextScreen
from orch_tui.tui.status_look import REUSED_GLYPH, REUSED_STYLE, style_of
from orch_tui.tui.task_names import component_of, name_first, own_name
from orch_tui.tui.text import line
from orch_tui.tui.widgets.bars import KeyBar, TitleBar
from orch_tui.tui.widgets.line_tree import LineList, Part, Row, ScreenList

_BAD = ("fails now", "slower")
_GOOD = ("repaired", "succeeded now", "faster")
_WIDE = 100
"""Columns from which every status has its word."""
_WORD, _DURATION, _CHANGE = 14, 10, 9


class CompareList(ScreenList):
    """A heading, then a line for each task."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.differences: Sequence[Difference] = ()
        self._heading = ("", "")
        self._words = 0

    def show(self, differences: Sequence[Difference], older: str, newer: str) -> None:
        self.differences, self._heading = differences, (older, newer)
        self._words = max((len(_words(one)) for one in differences), default=0)
        self.cursor = 1 if differences else 0
        self.reload()

    @property
    def chosen(self) -> Difference | None:
        """The task under the cursor."""
        return self.differences[self.cursor - 1] if 0 < self.cursor < self.count() else None

    def count(self) -> int:
        return len(self.differences) + 1 if self.differences else 0

    def selectable(self, index: int) -> bool:
        return index > 0

    def row(self, index: int) -> Row:
        # Where there is not much room, glyphs tell the states.
        wide = self.size.width >= _WIDE
        if index == 0:
            old, new = self._heading
            column = _WORD + _DURATION if wide else 2 + _DURATION
            told = (
                f"{old[: column - 1]:<{column}}{new[: column - 1]:<{column}}{'change':>{_CHANGE}}  {'':<{self._words}} "
            )
            return Row((Part(" task", "heading"),), (Part(told, "heading"),))
        one = self.differences[index - 1]
        right = [
            *_cell(one.before, one.seconds_before, one.reused_before, wide),
            *_cell(one.after, one.seconds_after, one.reused_after, wide),
            Part(f"{_change(one.change):>{_CHANGE}}  "),
        ]
        style = "error" if one.verdict in _BAD else "success" if one.verdict in _GOOD else "dim"
        right.append(Part(f"{_words(one):<{self._words}} ", style))
        return Row((Part(f" {own_name(one.name)}"), Part(component_of(one.name), "dim")), tuple(right))


def _cell(status: Status | None, seconds: float | None, reused: bool, wide: bool) -> tuple[Part, Part]:
    if status is None:
        glyph, word, style = "·", "not in it", "dim"
    elif reused:
        glyph, word, style = REUSED_GLYPH, "reused", REUSED_STYLE
    else:
        glyph, word, style = status.style.glyph, status.style.word, style_of(status)
    told = f"{f'{glyph} {word}' if status is not None else word:<{_WORD}}" if wide else f"{glyph} "
    return Part(told, style), Part(f"{show_duration(seconds):<{_DURATION}}", "dim")


def _change(seconds: float | None) -> str:
    if seconds is None or abs(seconds) < 0.05:
        return ""
    return f"{'+' if seconds > 0 else '−'}{show_duration(abs(seconds))}"


def _words(one: Difference) -> str:
    return ", ".join(word for word in (one.verdict, "edited" if one.edited else "") if word)


class CompareScreen(FullScreen[None]):
    """The older run on the left, the newer on the right."""

    CSS_PATH = "runs.tcss"
    BINDINGS = bindings(actions.DIALOGS, "compare")

    def __init__(self, older: Path, newer: Path) -> None:
        super().__init__()
        self._older, self._newer = older, newer
        self._states: tuple[RunState, RunState] | None = None

    def compose(self) -> ComposeResult:
        yield TitleBar(
            line(f"Runs of {clock_of(self._older.name, None)} and {clock_of(self._newer.name, None)}", "bold")
        )
        yield CompareList(id="table")
        yield KeyBar()

    def on_mount(self) -> None:
        self.set_focus(self.query_one(CompareList))
        in_background(self, self._read, "read", "read both runs")

    async def _read(self) -> None:
        try:
            older = await asyncio.to_thread(read_run, self._older)
            newer = await asyncio.to_thread(read_run, self._newer)
        except (OSError, BrokenJournal) as error:
            self.notify(f"They cannot be compared: {safe_line(str(error))}", severity="error", markup=False)
            return
        self._states = older, newer
        found = compare(older, newer)
        table = self.query_one(CompareList)
        table.show(found, _when(older), _when(newer))
        told = sum(bool(one.verdict or one.edited) for one in found)
        table.border_title = line("Task by task")
        table.border_subtitle = line(f"{counted(told, 'task')} of {len(found)} with a difference")

    async def on_line_list_chosen(self, event: LineList.Chosen) -> None:
        event.stop()
        await self.action_edited()

    async def action_edited(self) -> None:
        """Show what was edited in the configuration of the task under the cursor."""
        chosen = self.query_one(CompareList).chosen
        if chosen is None or self._states is None:
            return
        before, after = (state.tasks.get(chosen.task) for state in self._states)
        if before is None or after is None:
            self._say(f"{name_first(chosen.name)} is in one of the two runs only.")
        elif not chosen.edited:
            self._say(f"The configuration of {name_first(chosen.name)} is the same in both runs.")
        else:
            try:
                found = await asyncio.to_thread(edited_between, (self._older, before), (self._newer, after))
            except NoText as error:
                self._say(f"What was edited cannot be told: {error}.")
            else:
                self.app.push_screen(AttemptTextScreen(f"{after.configuration} in both runs", found))

    def _say(self, text: str) -> None:
        self.notify(safe_line(text, 300), severity="warning", markup=False)

    def action_leave(self) -> None:
        self.dismiss(None)


def _when(state: RunState) -> str:
    return strftime("%m-%d %H:%M:%S", localtime(state.header.created))
