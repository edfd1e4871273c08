"""The state of one try of a task within a run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from orch_tui.model.orchestration.approval import Question
from orch_tui.model.status import Status
from orch_tui.model.variables.values import Value


@dataclass(slots=True)
class AttemptState:
    """One try of a task. Times are seconds since the epoch. ``counts`` is False when it never did any work of its own
    (its executor was gone before it began), so that it uses up no retry. ``executor`` is the index in
    ``RunState.executors`` of the process that started it, -1 if the journal names none. ``question`` is what an
    approval asks: it has no process."""

    number: int
    spawned: float
    started: float | None = None
    ended: float | None = None
    status: Status = Status.PROCESSING
    reason: str = ""
    kind: str | None = None
    exit_code: int | None = None
    pid: int | None = None
    start: tuple[int, int] | None = None
    killing: str | None = None
    killing_at: float | None = None
    leftovers: int = 0
    counts: bool = True
    executor: int = -1
    results: Mapping[str, Any] = field(default_factory=dict)
    values: Mapping[str, Value] = field(default_factory=dict)
    question: Question | None = None

    @property
    def seconds(self) -> float | None:
        """How long it took; None while it runs."""
        return None if self.ended is None else max(0.0, self.ended - (self.started or self.spawned))
