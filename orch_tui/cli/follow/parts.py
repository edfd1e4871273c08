"""What is told of the parts of arrays while a run goes on: a bounded number of lines, however many they are."""

from __future__ import annotations

from orch_tui.model.run.phase_state import Parts
from orch_tui.model.run.runstate import RunState, TaskState

_TOLD = 5
"""Parts of an array that are told one by one when they go wrong."""
_STEPS = 10
"""Lines that tell how many have ended, at most."""


class PartsTold:
    """What was told already, by the id of an array."""

    def __init__(self) -> None:
        self._bad: dict[str, int] = {}
        self._steps: dict[str, int] = {}
        self._over: set[str] = set()

    def tells(self, state: RunState, part: TaskState) -> TaskState | None:
        """Whom a line is to be about now that something ended for a part: the part itself, its array, or nobody."""
        array = state.tasks[part.planned.array]
        if array.status.final:
            first = array.id not in self._over
            self._over.add(array.id)
            return array if first else None
        self._over.discard(array.id)
        failed = part.attempt is not None and part.attempt.kind is not None
        if failed and self._bad.get(array.id, 0) < _TOLD:
            self._bad[array.id] = self._bad.get(array.id, 0) + 1
            return part
        return array if array.parts is not None and self._next_step(array.id, array.parts) else None

    def _next_step(self, array: str, parts: Parts) -> bool:
        step = parts.ended * _STEPS // len(parts.states)
        if step <= self._steps.get(array, 0):
            return False
        self._steps[array] = step
        return True
