"""The facts that conditions see: what the journal of a run knows, by root, and nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

from orch_tui.model.dataclass import dataclass
from orch_tui.model.events.events import write_time
from orch_tui.model.run.phase_state import PhaseState
from orch_tui.model.run.runstate import RunState, TaskState

TASK_FACTS = (
    "status",
    "seconds",
    "attempts",
    "exit_code",
    "error",
    "rows",
    "tables",
    "files",
    "metrics",
    "variables",
)
"""The fields of ``task["id"]``; all but the status are null for a task that did not run."""
RESULT_FACTS = ("rows", "tables", "files", "metrics")
"""Those of them that the task's program tells."""
PHASE_FACTS = ("status", "seconds", "error")
"""The fields of ``phase["id"]``."""
RUN_FACTS = ("id", "orchestration", "name", "by", "seconds", "partial")


@dataclass(frozen=True, slots=True)
class Asked:
    """The tasks and phases, by id, that facts are needed of; None for all: a condition goes through them."""

    tasks: frozenset[str] | None = None
    phases: frozenset[str] | None = None


_ALL = Asked()


class Facts:
    """What conditions see at one moment of a run. Costs go with what is asked for, not with the size of the run."""

    def __init__(self, state: RunState, now: float, variables: Mapping[str, Any]) -> None:
        """``now`` is in seconds since the epoch; ``variables`` are those of the run, with what tasks have set up to
        now."""
        header = state.header
        self._state = state
        self._tasks: dict[str, dict[str, Any]] = {}
        self._phases: dict[str, dict[str, Any]] = {}
        self._common = {
            "vars": {name: _cel(value) for name, value in variables.items()},
            "run": {
                "id": header.id,
                "orchestration": header.orchestration,
                "name": header.name,
                "by": header.by,
                "seconds": max(0.0, now - (state.started or now)),
                "partial": header.partial,
            },
            "now": datetime.fromtimestamp(now, UTC),
        }

    def of(self, asked: Asked = _ALL) -> dict[str, Any]:
        """By root: texts, numbers, bools, lists, maps, None."""
        tasks, phases = self._state.tasks, self._state.phases
        return {
            "task": {id: self._of_task(id) for id in (tasks if asked.tasks is None else asked.tasks) if id in tasks},
            "phase": {
                id: self._of_phase(id) for id in (phases if asked.phases is None else asked.phases) if id in phases
            },
            **self._common,
        }

    def _of_task(self, id: str) -> dict[str, Any]:
        if id not in self._tasks:
            self._tasks[id] = task_facts(self._state.tasks[id])
        return self._tasks[id]

    def _of_phase(self, id: str) -> dict[str, Any]:
        if id not in self._phases:
            self._phases[id] = phase_facts(self._state, self._state.phases[id])
        return self._phases[id]


def _cel(value: Any) -> Any:
    """A value of a variable as CEL has it: dates and times are texts, for which it has the function timestamp."""
    if isinstance(value, tuple):
        return [_cel(item) for item in value]
    if isinstance(value, datetime):
        return write_time(value.timestamp())
    return value.isoformat() if isinstance(value, date) else value


def task_facts(task: TaskState) -> dict[str, Any]:
    """The fields that :data:`TASK_FACTS` names. What the program told of counts from its last attempt alone. Of a task
    that is reused they are those of the run that it is reused from."""
    last = task.attempt
    facts: dict[str, Any] = dict.fromkeys(TASK_FACTS)
    facts["status"] = task.status.value
    if task.reused:
        facts |= {name: value for name, value in task.planned.known.items() if name in facts}
    if last is not None:
        facts |= {
            "seconds": last.seconds,
            "attempts": len(task.attempts) - task.uncounted,
            "exit_code": last.exit_code,
            "error": (last.reason or None) if not task.succeeded else None,
            **{name: last.results[name] for name in RESULT_FACTS if name in last.results},
        }
    if task.values:
        facts["variables"] = {name: _cel(value) for name, value in task.values.items()}
    return facts


def phase_facts(state: RunState, phase: PhaseState) -> dict[str, Any]:
    """The fields that :data:`PHASE_FACTS` names; ``error`` is that of its first task that failed."""
    seconds = None if phase.started is None or phase.ended is None else max(0.0, phase.ended - phase.started)
    failed = (state.tasks[id] for id in phase.tasks if not state.tasks[id].succeeded and state.tasks[id].attempt)
    error = next((task.reason for task in failed if task.reason), None)
    return {"status": phase.status.value, "seconds": seconds, "error": error, **phase.known}
