"""The workbench of an orchestration, or what stands in its place while its file cannot be read."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from orch_tui.project.project import DefinitionError
from orch_tui.runs.past.again import Again
from orch_tui.tui.draft_keeper import DraftKeeper
from orch_tui.tui.workbench.broken import BrokenScreen
from orch_tui.tui.workbench.model import Workbench
from orch_tui.tui.workbench.screen import WorkbenchScreen

if TYPE_CHECKING:
    from textual.screen import Screen

    from orch_tui.tui.application import Application


def workbench_screen(
    app: Application,
    orchestration_id: str,
    *,
    focus: str | None = None,
    run: Path | None = None,
    again: Again | None = None,
) -> Screen[Any]:
    """Read the file and make the screen.

    ``focus`` is the task or phase to begin at; ``run`` is the directory of a run to show, ``again``: prepare to run
    again what did not succeed in it.
    """
    try:
        bench = Workbench.open(app.project, orchestration_id)
    except DefinitionError as error:
        return BrokenScreen(orchestration_id, error, lambda: workbench_screen(app, orchestration_id))
    # Not call_from_thread: while the screen waits for the last draft, it could not take what that is told.
    drafts = DraftKeeper(app.project, orchestration_id, lambda text: app.call_later(app.say, text, "error"))
    return WorkbenchScreen(bench, drafts, app.runs, focus=focus, run=run, again=again)
