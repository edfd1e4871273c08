"""What people do to a run while it goes on: hold it, skip a task, try one again, and so on. Pure.

Each is one event with its author and why; what follows from it is in the fold (:mod:`runstate`), and what can be done
when in :mod:`intervening`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from orch_tui.model.reasons import Cause, Reason


class InterventionKind(StrEnum):
    HOLD = "hold"
    RELEASE = "release"
    SKIP = "skip"
    RETRY = "retry"
    MARK_DONE = "mark-done"
    LIMIT = "limit"


OF_A_TASK = (InterventionKind.SKIP, InterventionKind.RETRY, InterventionKind.MARK_DONE)
"""What can be done to a task only."""


@dataclass(frozen=True, slots=True)
class Intervention:
    """``id`` is that of the request: one that is delivered twice is carried out once. ``by`` is who asked, ``note``
    why, in their words. ``task`` or ``phase`` is what it is about, neither for the whole run; ``limit`` is how many
    tasks may run at once. ``at`` is when it was carried out, in seconds since the epoch.
    """

    id: str
    kind: InterventionKind
    by: str
    note: str = ""
    task: str | None = None
    phase: str | None = None
    limit: int | None = None
    at: float = 0.0

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
        }

    @classmethod
    def of(cls, values: Mapping[str, Any], at: float = 0.0) -> Intervention | None:
        """What :attr:`values` gave; None for a kind that this program does not know."""
        try:
            kind = InterventionKind(values["kind"])
        except ValueError:
            return None
        task, phase, limit = (values.get(key) for key in ("task", "phase", "limit"))
        return cls(values["id"], kind, values["by"], values.get("note") or "", task, phase, limit, at)


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
