"""What people do to a run while it goes on: hold it, skip a task, try one again, and so on. Pure.

Each is one event with its author and why; what follows from it is in the fold (:mod:`runstate`), and what can be done
when in :mod:`intervening`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import field, replace
from enum import StrEnum
from typing import Any, NamedTuple

from orch_tui.model.dataclass import dataclass
from orch_tui.model.events.reasons import Cause, Reason
from orch_tui.model.status import Status
from orch_tui.model.variables.values import Value, encode_all, recall_all


class InterventionKind(StrEnum):
    HOLD = "hold"
    RELEASE = "release"
    SKIP = "skip"
    RETRY = "retry"
    MARK_DONE = "mark-done"
    LIMIT = "limit"
    APPROVE = "approve"
    REJECT = "reject"


ANSWERS = (InterventionKind.APPROVE, InterventionKind.REJECT)
"""The answers to an approval."""
REJECTED = "rejected"
"""The kind of failure of an approval that was rejected."""
OF_A_TASK = (InterventionKind.SKIP, InterventionKind.RETRY, InterventionKind.MARK_DONE, *ANSWERS)
"""What can be done to a task only."""


@dataclass(frozen=True, slots=True)
class Intervention:
    """``id`` is that of the request: one that is delivered twice is carried out once. ``by`` is who asked, ``note``
    why, in their words. ``task`` or ``phase`` is what it is about, neither for the whole run; ``limit`` is how many
    tasks may run at once; ``given`` are the values of an answer, by name. ``at`` is when it was carried out, in seconds
    since the epoch.
    """

    id: str
    kind: InterventionKind
    by: str
    note: str = ""
    task: str | None = None
    phase: str | None = None
    limit: int | None = None
    at: float = 0.0
    given: Mapping[str, Value] = field(default_factory=dict, hash=False)

    @property
    def values(self) -> dict[str, Any]:
        """Its fields for a record; None for those that it does not have."""
        return {
            "id": self.id,
            "kind": self.kind.value,
            "by": self.by,
            "note": self.note or None,
            "task": self.task,
            "phase": self.phase,
            "limit": self.limit,
            "values": encode_all(self.given),
        }

    @classmethod
    def of(cls, values: Mapping[str, Any], at: float = 0.0) -> Intervention | None:
        """What :attr:`values` gave; None for a kind that this program does not know."""
        try:
            kind = InterventionKind(values["kind"])
        except ValueError:
            return None
        task, phase, limit = (values.get(key) for key in ("task", "phase", "limit"))
        given = recall_all(values["values"]) if values.get("values") else {}
        return cls(values["id"], kind, values["by"], values.get("note") or "", task, phase, limit, at, given)


class Effect(NamedTuple):
    """What becomes of a task by an intervention. ``kind`` is that of a failure."""

    status: Status
    because: Reason | None
    kind: str | None = None


def effect_of(one: Intervention, *, why: str, tolerated: bool) -> Effect:
    """For one of :data:`OF_A_TASK`. ``why`` is the reason that the task has up to now; ``tolerated``: the run goes on
    after its failure."""
    match one.kind:
        case InterventionKind.SKIP:
            return Effect(Status.SKIPPED, Reason.of(Cause.SKIPPED_BY, by=one.by, note=one.note))
        case InterventionKind.MARK_DONE:
            return Effect(Status.WARNING, Reason.of(Cause.MARKED_DONE, by=one.by, note=one.note, why=why))
        case InterventionKind.APPROVE:
            return Effect(Status.SUCCESS, Reason.of(Cause.APPROVED, by=one.by, note=one.note))
        case InterventionKind.REJECT:
            status = Status.WARNING if tolerated else Status.ERROR
            return Effect(status, Reason.of(Cause.REJECTED, by=one.by, note=one.note), REJECTED)
        case _:
            return Effect(Status.WAITING, None)


class Interventions:
    """Those of one run, in order, and what is held by them now."""

    def __init__(self) -> None:
        self.all: list[Intervention] = []
        self._ids: set[str] = set()
        self._holds: dict[tuple[str | None, str | None], Intervention] = {}

    def __contains__(self, request: str) -> bool:
        """Whether the one with this id was carried out."""
        return request in self._ids

    def add(self, one: Intervention) -> bool:
        """False for one that stands twice in a journal."""
        if one.id in self._ids:
            return False
        self.all.append(one)
        self._ids.add(one.id)
        if one.kind is InterventionKind.HOLD:
            self._holds[one.phase, one.task] = one
        elif one.kind is InterventionKind.RELEASE:
            self._holds.pop((one.phase, one.task), None)
        return True

    def hold(self, *, phase: str | None = None, task: str | None = None) -> Intervention | None:
        """By what exactly this is held: a task, a phase, or without either the run."""
        return self._holds.get((phase, task))

    def hold_over(self, phase: str) -> Intervention | None:
        """What keeps tasks of a phase from starting: it is held, or all of the run is."""
        return (self.hold(phase=phase) or self.hold()) if self._holds else None

    def held_tasks(self) -> Iterator[str]:
        """Ids of the tasks that are held themselves."""
        return (task for _, task in self._holds if task is not None)

    def why_held(self, task: str, phase: str, *, reached: bool) -> Reason | None:
        """Why a task that waits is not started; of a phase that is not ``reached`` only what is about it alone."""
        if not self._holds:
            return None
        one = self.hold(task=task) or (self.hold_over(phase) if reached else self.hold(phase=phase))
        if one is None:
            return None
        what = "task" if one.task is not None else "phase" if one.phase is not None else "run"
        return Reason.of(Cause.HELD, what=what, by=one.by, note=one.note)


def with_id(one: Intervention, request: str) -> Intervention:
    """The same as a request of this id."""
    return replace(one, id=request)
