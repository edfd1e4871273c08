"""An import from the list of orchestrations: where from, the report, then writing it."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

from orch_tui.model.errors import OrchError
from orch_tui.model.texts.text import counted, safe_line

if TYPE_CHECKING:
    from orch_tui.keboola.importing import Plan
    from orch_tui.project.project import Project
    from orch_tui.tui.application import Application

_HINT = "A directory that kbc pulled, or a JSON file of an orchestrator, a flow or the API; relative to the project"


async def bring_in(app: Application) -> str | None:
    """Ask for the source, show the report and write it; the id of the first orchestration that came, or None."""
    from orch_tui.tui.dialogs.prompt import Prompt

    project = app.project
    given = await app.push_screen_wait(
        Prompt("Import from Keboola", "", lambda text: _fault(project, text), "pulled/ or daily.json", _HINT)
    )
    if given is None:
        return None
    app.say("Reading what is to be imported…", seconds=2)
    # Of a large project it takes seconds, and it asks the disk for every file.
    plan = await asyncio.to_thread(_plan, project.root, _path(project, given))
    # What has come to its end need not be read any more; behind the report it would stay for as long as that does.
    app.clear_notifications()
    if isinstance(plan, OrchError):
        app.say(str(plan), "error")
        return None
    from orch_tui.keboola.report import report_lines, written_by
    from orch_tui.tui.importing.report import ImportReport

    number = written_by(plan)
    title = f"Import from {plan.source}"
    if not await app.push_screen_wait(ImportReport(title, report_lines(plan, done=False), writes=number > 0)):
        return None
    error = await asyncio.to_thread(_carried_out, project.root, plan)
    if error is not None:
        app.say(f"{error} What was written before stays; the same import again goes on.", "error")
    else:
        app.say(f"{counted(number, 'definition')} came from {plan.source}.")
    return next((item.ref.partition("/")[2] for item in plan.orchestrations), None)


def _path(project: Project, text: str) -> Path:
    return project.root / Path(text.strip()).expanduser()


def _fault(project: Project, text: str) -> str | None:
    if not text.strip() or "\0" in text:
        return "Name a directory or a file."
    path = _path(project, text)
    if not path.exists():
        return f"There is no {safe_line(text.strip(), 60)} here."
    if path.is_dir():
        from orch_tui.keboola.reading.directory import MANIFEST, is_pulled

        return None if is_pulled(path) else f"It has no {MANIFEST}: name the directory that kbc pulled into."
    return None


def _plan(root: Path, source: Path) -> Plan | OrchError:
    """In a thread, on a project of its own: the screen's is read by others meanwhile."""
    from orch_tui.keboola.importing import plan_import
    from orch_tui.project.project import open_project

    try:
        return plan_import(open_project(root), source)
    except OrchError as error:
        return error


def _carried_out(root: Path, plan: Plan) -> OrchError | None:
    from orch_tui.keboola.importing import carry_out
    from orch_tui.project.project import open_project

    try:
        carry_out(open_project(root), plan)
    except OrchError as error:
        return error
    return None
