"""Running, stopping and looking into the run of the orchestration under the cursor, without opening it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

from orch_tui.engine.runs.start import RunRequest, forget_old_runs
from orch_tui.model.run.plan import Decision, RunPlan
from orch_tui.model.run.runstate import RunState, TaskState
from orch_tui.model.texts.text import safe_line
from orch_tui.project.history import RunSummary
from orch_tui.project.journal.file import BrokenJournal, read_run
from orch_tui.runs.live.control import CannotRun, plan_words
from orch_tui.runs.people.responding import asked_words
from orch_tui.runs.words.ending import first_failure
from orch_tui.tui.background import in_background
from orch_tui.tui.dialogs.confirm import Confirm
from orch_tui.tui.dialogs.pick import Choice, Pick
from orch_tui.tui.task_names import name_first, own_name

if TYPE_CHECKING:
    from orch_tui.engine.runs.start import ActiveRun
    from orch_tui.model.orchestration.orchestration import Variable
    from orch_tui.tui.application import Application
    from orch_tui.tui.home.state.live import Progress
    from orch_tui.tui.home.state.model import Entry

_PHASES, _NAMES = 8, 6
_SECONDS = 12.0
_LOOK_SECONDS = 1.0


async def run(app: Application, entry: Entry) -> bool:
    """Show what would happen, and start it once that was confirmed; True when it runs."""
    try:
        # What is run is what the files say now.
        app.project.reload()
        plan = await app.runs.plan_asking(RunRequest(entry.id), lambda missing: _ask(app, missing))
        if plan is None:
            return False
        answer = await app.push_screen_wait(_question(entry, plan))
        if answer == "open":
            app.open_workbench(entry.id)
        if answer != "start":
            return False
        active = await asyncio.to_thread(app.runs.start, plan)
    except CannotRun as error:
        app.say(str(error), "error", _SECONDS)
        return False
    in_background(app, partial(_forget_old, app, entry.id, active), "forget", "wait for the end of a run")
    return True


async def _ask(app: Application, missing: Sequence[Variable]) -> dict[str, str] | None:
    from orch_tui.tui.workbench.dialogs.variables import Variables

    return await app.push_screen_wait(Variables(missing))


def _question(entry: Entry, plan: RunPlan) -> Confirm[str]:
    choices = [("o", "Open it", "open"), ("c", "Cancel", "cancel")]
    if plan.refusal is None:
        choices.insert(0, ("s", "Start", "start"))
    lines = [plan.refusal or f"{plan_words(plan)}."]
    if plan.variables:
        lines.append("with " + ", ".join(f"{name} = {value}" for name, value in plan.variables.items()))
    lines += _phase_lines(plan)
    if entry.draft:
        lines.append("It has unsaved edits, which a run does not see.")
    return Confirm(f'Run "{safe_line(entry.name, 60)}"?', choices, "\n".join(safe_line(one, 300) for one in lines))


def _phase_lines(plan: RunPlan) -> list[str]:
    lines = []
    for number, phase in enumerate(plan.phases[:_PHASES], 1):
        names = [own_name(task.name) for task in phase.tasks if task.decision is Decision.RUN]
        more = f" and {len(names) - _NAMES} more" if len(names) > _NAMES else ""
        lines.append(f"{number} {phase.name}: {', '.join(names[:_NAMES])}{more}" if names else f"{number} {phase.name}")
    if len(plan.phases) > _PHASES:
        lines.append(f"and {len(plan.phases) - _PHASES} more phases")
    return lines


async def _forget_old(app: Application, orchestration: str, active: ActiveRun) -> None:
    """The project's retention is applied as after ``orch-tui run``."""
    while active.alive:
        await asyncio.sleep(_LOOK_SECONDS)
    try:
        await asyncio.to_thread(forget_old_runs, app.project, orchestration)
    except OSError as error:
        app.say(f"Old runs could not be deleted: {error.strerror}.", "warning")


async def stop(app: Application, entry: Entry, going: RunSummary, progress: Progress | None) -> None:
    """Ask, and then ask whoever executes the run to stop it."""
    grace = progress.grace if progress is not None else ""
    detail = f"Running tasks get {grace} to end by themselves, then they are killed." if grace else ""
    choices = [("r", "Stop the run", "run"), ("n", "At once", "now"), ("c", "Go on", "no")]
    answer = await app.push_screen_wait(Confirm(f'Stop "{safe_line(entry.name, 60)}"?', choices, detail))
    if answer in ("run", "now"):
        try:
            silent = await asyncio.to_thread(app.runs.cancel, going.directory, now=answer == "now")
        except CannotRun as error:
            app.say(str(error), "error")
            return
        if silent is not None:
            app.say(asked_words(silent), "error", seconds=20)


async def open_log(app: Application, run: RunSummary) -> bool:
    """The log of the task that failed first, or of one to be picked of those that have begun; True when it is shown."""
    from orch_tui.tui.log.viewer import LogViewerScreen

    try:
        state = await asyncio.to_thread(read_run, run.directory)
    except (OSError, BrokenJournal) as error:
        app.say(f"Run {run.id} cannot be read: {safe_line(str(error), 200)}", "error", _SECONDS)
        return False
    task = await _task_to_show(app, state)
    if task is None:
        return False
    app.push_screen(LogViewerScreen.open_for_task(run.directory, task, state))
    return True


async def _task_to_show(app: Application, state: RunState) -> TaskState | None:
    failed = first_failure(state)
    begun = [task for task in state.tasks.values() if task.attempts]
    if failed is not None or len(begun) == 1:
        return failed or begun[0]
    if not begun:
        app.say("No task of the run has begun: there is no log yet.", "warning")
        return None
    # What goes on first, then what began last.
    begun.sort(key=lambda task: (task.status.final, -task.attempts[-1].spawned))
    chosen = await app.push_screen_wait(Pick("Log of which task?", _choices(begun), "Type a part of a name"))
    return state.tasks.get(chosen) if chosen is not None else None


def _choices(tasks: Sequence[TaskState]) -> list[Choice]:
    return [
        Choice(
            task.id, name_first(task.name), task.configuration, f"{task.status.style.glyph} {task.status.style.word}"
        )
        for task in tasks
    ]
