"""How a run ended, in words: the first failure, what it took with it, what tasks wrote. For every kind of output."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from orch_tui.engine.attempts.results import read_result
from orch_tui.model.events.reasons import Cause, Reason
from orch_tui.model.run.phase_state import PhaseState
from orch_tui.model.run.plan import Decision
from orch_tui.model.run.runstate import RunState, TaskState
from orch_tui.model.status import Status
from orch_tui.model.texts.durations import show_duration
from orch_tui.model.texts.text import safe_line

_NAMES = 8

_COUNTS = 6
_FINDINGS = 50
"""Numbers that one line can tell."""


def first_failure(state: RunState) -> TaskState | None:
    """The task that failed first, of an array the part that did; None when none did."""
    return state.tasks[state.first_failure].telling if state.first_failure is not None else None


def skipped_because(state: RunState, failed: TaskState) -> list[TaskState]:
    """Tasks of later phases that never ran because the phase of ``failed`` did not succeed."""
    phase = state.phases[failed.phase]
    wanted = Reason.of(Cause.PHASE_BEFORE, phase=phase.id, name=phase.name, status=Status.ERROR.value)
    # A journal of an older program has the name alone.
    older = Reason.of(Cause.PHASE_BEFORE, phase="", name=phase.name, status=Status.ERROR.value)
    return [task for task in state.tasks.values() if task.status is Status.SKIPPED and task.because in (wanted, older)]


def how_to_go_on(state: RunState) -> str | None:
    """What a run that continues this one is for, as the beginning of a sentence; None when nothing is left for one."""
    left = any(task.planned.decision is Decision.RUN and not task.succeeded for task in state.tasks.values())
    if any(phase.decision is not None and phase.decision.error for phase in state.phases.values()):
        return "Once the rule is mended, go on from it" if left else None
    return "Go on with what is left" if left or first_failure(state) is not None else None


def failed_as_well(state: RunState, failed: TaskState) -> list[TaskState]:
    """The other tasks that ended in an error."""
    mine = (failed.id, failed.planned.array)
    return [task for task in state.tasks.values() if task.status is Status.ERROR and task.id not in mine]


def names_of(tasks: Sequence[TaskState]) -> str:
    """Some names and how many more there are."""
    shown = "; ".join(safe_line(task.name, 80) for task in tasks[:_NAMES])
    return f"{shown}; and {len(tasks) - _NAMES} more" if len(tasks) > _NAMES else shown


def exit_in_words(task: TaskState) -> str:
    """``exit code 1: no such file, after 3.1 s, attempt 2 of 2``; where it ran, if elsewhere."""
    attempt = task.attempt
    parts = [safe_line(task.reason, 600) or task.status.value]
    if attempt is not None:
        if attempt.seconds is not None:
            parts.append(f"after {show_duration(attempt.seconds)}")
        if attempt.place:
            parts.append(f"on {safe_line(attempt.place, 200)}")
        if task.max_attempts > 1:
            parts.append(task.attempt_words(attempt.number))
    return ", ".join(parts)


def phase_of(state: RunState, task: TaskState) -> tuple[int, PhaseState]:
    """The phase of a task and its number from 1."""
    return list(state.phases).index(task.phase) + 1, state.phases[task.phase]


def tables_written(directory: Path) -> list[tuple[str, int]]:
    """Name and rows of the tables that an attempt wrote, from its ``result.json``, which may hold anything."""
    return _written(directory, "tables", "table")


def files_written(directory: Path) -> list[tuple[str, int]]:
    """Path and rows of the files that an attempt wrote."""
    return _written(directory, "files", "path")


def counts_told(directory: Path) -> str:
    """``111 accepted, 2 rejected``: the numbers that an attempt tells of its work (``metrics``), noughts left out."""
    metrics = read_result(directory).get("metrics")
    told = []
    for name, value in metrics.items() if isinstance(metrics, dict) else ():
        if isinstance(value, int | float) and not isinstance(value, bool) and value:
            number = f"{value:,}".replace(",", " ") if isinstance(value, int) else f"{value:g}"
            told.append(f"{number} {safe_line(name, 40).replace('_', ' ')}")
    return ", ".join(told[:_COUNTS])


def findings_told(directory: Path) -> list[str]:
    """What an attempt found that people should know, a sentence each: a column of a table has another type now."""
    items = read_result(directory).get("findings")
    texts = [item.get("text") for item in items if isinstance(item, dict)] if isinstance(items, list) else []
    return [safe_line(text, 400) for text in texts if isinstance(text, str) and text.strip()][:_FINDINGS]


def _written(directory: Path, key: str, name: str) -> list[tuple[str, int]]:
    items = read_result(directory).get(key)
    found = []
    for item in items if isinstance(items, list) else ():
        if isinstance(item, dict) and isinstance(item.get(name), str):
            rows = item.get("written", item.get("rows"))
            known = isinstance(rows, int) and not isinstance(rows, bool) and rows >= 0
            found.append((safe_line(item[name], 200), int(rows) if known and rows is not None else 0))
    return found
