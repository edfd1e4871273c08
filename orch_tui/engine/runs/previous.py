"""What a run that is gone on with has done already."""

from __future__ import annotations

from pathlib import Path

from orch_tui.model.failure import FailureKind
from orch_tui.model.run.plan import PreviousRun, PreviousTask
from orch_tui.model.run.runstate import RunState, TaskState
from orch_tui.model.status import Status
from orch_tui.project.attempt_dir import attempt_directory
from orch_tui.project.decided import DecidedAs, decided_of
from orch_tui.project.paths import ProjectPaths


def to_previous(paths: ProjectPaths, state: RunState) -> PreviousRun:
    """A task that was itself reused counts as what it was reused from: a success. So does one whose tables a check
    refused and somebody accepted. Raises: OSError: what was accepted cannot be read now."""
    # What conditions see is not needed by a run that continues none.
    from orch_tui.conditions.facts import phase_facts, task_facts

    tasks, directory = {}, paths.run(state.header.orchestration, state.header.id)
    for task in state.tasks.values():
        accepted = _accepted(task, directory)
        held = task.succeeded or task.reused or accepted
        known = task_facts(task) | ({"status": Status.SUCCESS.value, "error": None} if accepted else {}) if held else {}
        tasks[task.id] = PreviousTask(task.configuration, task.digest, held, _word(task.status), task.values, known)
    decisions = {name: (phase.rules, phase.decision) for name, phase in state.phases.items() if phase.decision}
    ended = (phase for phase in state.phases.values() if phase.status.final)
    return PreviousRun(state.header.id, tasks, decisions, {phase.id: phase_facts(state, phase) for phase in ended})


def _accepted(task: TaskState, directory: Path) -> bool:
    if task.kind != FailureKind.CHECK or task.attempt is None:
        return False
    decided = decided_of(attempt_directory(directory, task.id, task.attempt.number))
    return decided is not None and decided.verdict is DecidedAs.ACCEPTED


def _word(status: Status) -> str:
    return {Status.ERROR: "failed", Status.WARNING: "failed (tolerated)"}.get(
        status, status.value if status.final else f"left {status.value}"
    )
