"""The state of one try of a task within a run."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import field
from sys import intern
from typing import TYPE_CHECKING, Any

from orch_tui.model.dataclass import dataclass
from orch_tui.model.failure import FailureKind
from orch_tui.model.orchestration.approval import Question
from orch_tui.model.status import Status
from orch_tui.model.usage import Usage, decode_usage
from orch_tui.model.variables.values import Value, recall_all

if TYPE_CHECKING:
    from orch_tui.model.checks.values import CheckResult
    from orch_tui.model.events.row_results import RowResult

_NOTHING: Mapping[str, Any] = {}
"""One for all: most of a run's attempts, which may be tens of thousands, tell of nothing."""


@dataclass(slots=True)
class AttemptState:
    """One try of a task. Times are seconds since the epoch. ``counts`` is False when it never did any work of its own
    (its executor was gone before it began), so that it uses up no retry. ``executor`` is the index in
    ``RunState.executors`` of the process that started it, -1 if the journal names none. ``question`` is what an
    approval asks: it has no process.

    ``backend`` carries it, empty for a process of this machine; there it is called ``job_name`` and has the id ``job``,
    and runs on ``node`` once it has begun."""

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
    results: Mapping[str, Any] = field(default_factory=lambda: _NOTHING)
    values: Mapping[str, Value] = field(default_factory=lambda: _NOTHING)
    question: Question | None = None
    checks: tuple[CheckResult, ...] = ()
    usage: Usage | None = None
    rows: tuple[RowResult, ...] = ()
    backend: str = ""
    job_name: str = ""
    job: str = ""
    node: str = ""

    @classmethod
    def spawned_by(cls, executor: int, at: float, data: Mapping[str, Any]) -> AttemptState:
        """Out of the event that it is about to be started."""
        backend, name = data.get("backend", ""), data.get("name", "")
        return cls(data["attempt"], at, executor=executor, backend=backend, job_name=name)

    def begin(self, at: float, data: Mapping[str, Any]) -> None:
        """Take in the event of its beginning."""
        self.started, self.pid = at, data.get("pid")
        self.start = (data["start"][0], data["start"][1]) if "start" in data else None
        self.node, self.job = data.get("node", ""), data.get("job", self.job)

    @property
    def place(self) -> str:
        """Where it runs or ran: ``n17 · job 4711``; empty for this machine, and while nobody knows."""
        return " · ".join(part for part in (self.node, f"job {self.job}" if self.job else "") if part)

    @property
    def seconds(self) -> float | None:
        """How long it took; None while it runs."""
        return None if self.ended is None else max(0.0, self.ended - (self.started or self.spawned))

    def end(self, at: float, data: Mapping[str, Any]) -> None:
        """Take in the event of its end."""
        ended = data.get("ended_at")
        self.ended, self.status = at if ended is None else ended, Status(data["status"])
        # Thousands of attempts that end for one reason share its text.
        self.reason, self.exit_code = intern(data.get("reason", "")), data.get("exit")
        self.kind = intern(data["kind"]) if "kind" in data else None
        self.leftovers = data.get("leftovers", 0)
        self.results = json.loads(data["results"]) if "results" in data else _NOTHING
        # Older programs tried nothing again that was lost, unless it never began: they said no more than that.
        never_began = self.kind == FailureKind.LOST and "retry_at" in data
        self.counts = not data.get("uncounted", never_began)
        self.values = recall_all(data["variables"]) if "variables" in data else _NOTHING
        self.checks = _checks(data["checks"]) if data.get("checks") else ()
        self.usage = decode_usage(data.get("usage"))
        self.rows = _rows(data["rows"]) if data.get("rows") else ()


def _rows(values: Any) -> tuple[RowResult, ...]:
    # Few configurations have any.
    from orch_tui.model.events.row_results import decode_rows

    return decode_rows(values)


def _checks(values: Any) -> tuple[CheckResult, ...]:
    # Few attempts have any.
    from orch_tui.model.checks.encoding import decode_results

    return decode_results(values)
