"""An orchestration whose file cannot be read: what is wrong, where, and the way to the editor."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, cast

from textual.app import ComposeResult

from orch_tui.model.problem import Problem
from orch_tui.model.status import Status
from orch_tui.model.texts.text import safe_line
from orch_tui.project.project import DefinitionError
from orch_tui.tui.actions import bindings
from orch_tui.tui.actions import workbench as actions
from orch_tui.tui.dialogs.base import FullScreen
from orch_tui.tui.text import line
from orch_tui.tui.widgets.bars import KeyBar
from orch_tui.tui.widgets.line_tree import Part, Row
from orch_tui.tui.widgets.row_list import RowList
from orch_tui.tui.workbench.layout import look

if TYPE_CHECKING:
    from textual.screen import Screen

    from orch_tui.tui.application import Application

_AROUND = 3


class BrokenScreen(FullScreen[None]):
    """Read only; ``e`` opens the file in the editor, and ``reopened`` makes what follows once it is whole."""

    CSS_PATH = look.OWN
    BINDINGS = bindings(actions.DIALOGS, "broken")

    def __init__(self, orchestration_id: str, error: DefinitionError, reopened: Callable[[], Screen[Any]]) -> None:
        super().__init__()
        self._reopened = reopened
        self.orchestration_id = orchestration_id
        self._error = error

    @property
    def _app(self) -> Application:
        return cast("Application", self.app)

    def compose(self) -> ComposeResult:
        yield RowList(id="broken")
        yield KeyBar()

    def on_mount(self) -> None:
        shown = self.query_one(RowList)
        shown.border_title = line(f"{self.orchestration_id} cannot be read")
        self._show()
        shown.focus()

    def _show(self) -> None:
        rows = [
            Row((Part(" Nothing was changed. Press e to correct the file in $EDITOR.", "text"),)),
            Row((Part(""),)),
        ]
        text = self._text()
        for problem in self._error.problems:
            rows += _problem_rows(problem, text)
        self.query_one(RowList).show(rows)

    def _text(self) -> list[str]:
        project = self._app.project
        try:
            return project.source(project.paths.orchestration(self.orchestration_id)).text.splitlines()
        except DefinitionError:
            # The problem itself says that the file cannot be read.
            return []

    def action_edit(self) -> None:
        self._app.edit_file(self._app.project.paths.orchestration(self.orchestration_id))
        self.action_reload()

    def action_reload(self) -> None:
        project = self._app.project
        project.forget(project.paths.orchestration(self.orchestration_id))
        try:
            project.orchestration(self.orchestration_id)
        except DefinitionError as error:
            self._error = error
            self._show()
            self._app.say("The file still cannot be read.", "warning")
            return
        self.app.switch_screen(self._reopened())

    def action_leave(self) -> None:
        self.dismiss(None)


def _problem_rows(problem: Problem, text: list[str]) -> list[Row]:
    status = Status.ERROR.style
    rows = [Row((Part(f" {status.glyph} {status.word}  ", "error"), Part(safe_line(problem.message, 500), "strong")))]
    if problem.place:
        rows.append(Row((Part(f"   in {safe_line(problem.place, 300)}", "dim"),)))
    if problem.remedy:
        rows.append(Row((Part(f"   → {safe_line(problem.remedy, 300)}"),)))
    if problem.line is not None and text:
        first = max(1, problem.line - _AROUND)
        for number in range(first, min(len(text), problem.line + _AROUND) + 1):
            here = number == problem.line
            style = "error" if here else "dim"
            rows.append(Row((Part(f" {'▶' if here else ' '} {number:>5}  {safe_line(text[number - 1], 400)}", style),)))
    rows.append(Row((Part(""),)))
    return rows
