"""What can be done with one attempt of a task: see the text that it ran, copy the command that starts it by hand."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from rich.cells import chop_cells
from textual.app import ComposeResult
from textual.containers import Vertical

from orch_tui.engine.attempts.attempt_text import AttemptText, NoText, attempt_text
from orch_tui.engine.attempts.reproduce import CannotReproduce, reproduce
from orch_tui.model.run.runstate import RunState, TaskState
from orch_tui.model.texts.text import safe_line
from orch_tui.project.project import Project
from orch_tui.tui.actions import app as actions
from orch_tui.tui.actions import bindings
from orch_tui.tui.clipboard import copy
from orch_tui.tui.dialogs.base import Dialog
from orch_tui.tui.task_names import name_first
from orch_tui.tui.text import line
from orch_tui.tui.widgets.line_tree import Part, Row
from orch_tui.tui.widgets.row_list import RowList

if TYPE_CHECKING:
    from orch_tui.tui.application import Application

_STYLES = {"+": "success", "-": "error", "@": "accent"}
_SECONDS = 12.0


@dataclass(frozen=True, slots=True)
class Which:
    """An attempt: its run's directory and state, its task, its number (None: the last one)."""

    directory: Path
    state: RunState
    task: TaskState
    number: int | None = None


class AttemptTextScreen(Dialog[None]):
    """What was edited since, and below it the configuration as the attempt ran it."""

    CSS_PATH = "runs.tcss"
    BINDINGS = bindings(actions.ACTIONS, "dialog")

    def __init__(self, title: str, found: AttemptText) -> None:
        super().__init__()
        self._title, self._found = title, found

    def compose(self) -> ComposeResult:
        with Vertical(id="dialog") as dialog:
            dialog.border_title = line(self._title, limit=90)
            dialog.border_subtitle = line(f"{self._found.now}, Esc closes", limit=90)
            yield RowList(id="text")

    def on_mount(self) -> None:
        self.set_focus(self.query_one(RowList))

    def on_resize(self) -> None:
        self.call_after_refresh(self._show)

    def _show(self) -> None:
        shown = self.query_one(RowList)
        shown.show(text_rows(self._found, shown.size.width), shown.cursor)


def text_rows(found: AttemptText, width: int) -> list[Row]:
    """The difference first, if there is one. A line that is longer than the row goes on in the next."""
    rows: list[Row] = []

    def add(text: str, style: str = "text") -> None:
        rows.extend(
            Row((Part(f" {piece}", style),)) for piece in chop_cells(safe_line(text), max(10, width - 2)) or [""]
        )

    if found.difference:
        add(found.between, "heading")
        # Its first two lines are names of files, which there are none of.
        for one in found.difference[2:]:
            add(one, _STYLES.get(one[:1], "text"))
        add("")
        add("As it ran:", "heading")
    for one in found.text.splitlines():
        add(one)
    return rows


def copy_command(app: Application, which: Which) -> None:
    """Copy the command that starts the attempt by hand, and say what to know of it."""
    try:
        found = reproduce(which.directory, which.task, which.number)
    except CannotReproduce as error:
        app.say(f"There is no command to copy: {error}.", "warning", _SECONDS)
        return
    # That it needs no more than a shell is what it is for; what must be set there is not to be missed.
    said = "; ".join(found.notes)
    app.say(f"The command that starts {name_first(which.task.name, 60)} by hand: {said}.", seconds=_SECONDS)
    app.say(copy(found.command, app), seconds=_SECONDS)


async def show_text(app: Application, which: Which) -> None:
    """Open the text of the attempt, compared with what is on disk now; say so when it is not there."""
    task = which.task
    number = which.number if which.number is not None else task.attempts[-1].number if task.attempts else None
    if number is None:
        app.say("This task has not begun in the run, so it ran no text.", "warning")
        return

    def read() -> AttemptText:
        # Read anew: the file may have been edited by another program.
        return attempt_text(Project(app.project.root, tolerant=True), which.directory, which.state, task, number)

    try:
        found = await asyncio.to_thread(read)
    except NoText as error:
        app.say(f"The text is not there: {error}.", "warning", _SECONDS)
        return
    app.push_screen(AttemptTextScreen(f"{task.configuration} as attempt {number} ran it", found))
