"""What the executor asks of a backend: place an attempt, follow and stop it, find it again after a takeover.

A backend carries attempts; retries, limits and order stay with the executor. An attempt is found again by its
*handle*, which stands in the journal before and after it was asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import StrEnum
from pathlib import Path
from typing import Any, Protocol

from orch_tui.engine.processes.launcher import AttemptSpec, Exit, Identity, StopRequest
from orch_tui.model.dataclass import dataclass
from orch_tui.model.failure import FailureKind
from orch_tui.model.run.attempt_state import AttemptState


class Verdict(StrEnum):
    """``UNSTARTED``: the executor was gone before the task began. ``OTHER_HOST``: recorded by another machine, about
    which nothing can be said here. ``QUEUED``: its backend was asked for it, and it has not begun."""

    FINISHED = "finished"
    RUNNING = "running"
    QUEUED = "queued"
    DESCENDANTS = "descendants"
    OTHER_HOST = "other-host"
    LOST = "lost"
    UNSTARTED = "unstarted"


@dataclass(frozen=True, slots=True)
class Finding:
    """``exit_code`` belongs to FINISHED; ``text`` says it in words."""

    verdict: Verdict
    exit_code: int | None
    text: str


@dataclass(frozen=True, slots=True)
class Left:
    """An attempt that an earlier executor left under way.

    ``known`` is what the journal has of it, ``starter`` the identity of the process that started it (empty when the
    journal does not say), ``finding`` what was found of it now. ``when`` turns the time of a file into the run's;
    ``in_use``: something still holds its configuration.
    """

    known: AttemptState
    starter: Mapping[str, Any]
    finding: Finding
    when: Callable[[float], float]
    in_use: bool = False


class NotStarted(OSError):
    """The system that was to carry an attempt refused what its start needs; nothing of it has begun."""


class Told(Protocol):
    """What a backend tells of an attempt while it carries it; each is written down before the call returns."""

    def queued(self, job: str, reason: str) -> None:
        """It waits at the backend as ``job`` (its id there, empty before it has one) for this reason, in words."""

    def started(self, *, process: Identity | None = None, node: str = "", job: str = "") -> None:
        """It has begun: as a process of this machine, or on a node."""

    def killing(self, why: FailureKind, grace: float) -> None:
        """It is about to get its first signal, and has ``grace`` seconds from then on."""

    def note(self, level: str, text: str) -> None:
        """Something that people should know of the backend; ``level`` as in :func:`events.note`."""


class Job(Protocol):
    """An attempt that a backend carries."""

    async def wait(self, stop: StopRequest, told: Told) -> Exit:
        """Until nothing of it is left. When this is cancelled, the attempt goes on, to be adopted by another.

        Raises: NotStarted.
        """


class Backend(Protocol):
    """Carries attempts. All of it is called on the executor's loop, which it must not hold up."""

    @property
    def key(self) -> str:
        """What the journal calls it; empty for processes of this machine."""

    def name_job(self) -> str:
        """A new name for an attempt, written down before anything is asked for; empty where none is needed."""

    async def start(self, spec: AttemptSpec, name: str, inherit: tuple[int, ...] = ()) -> Job:
        """Start it, or get it so far that ``wait`` does; it holds the descriptors in ``inherit`` open while it lives,
        where it can.

        Raises:
            OSError: what it needs cannot be made; nothing of it has begun.
        """

    def inspect(self, directory: Path, known: AttemptState, starter: Mapping[str, Any]) -> Finding:
        """What became of an attempt whose executor is gone; see :class:`Left`."""

    def adopt(self, spec: AttemptSpec, left: Left) -> Job:
        """Follow an attempt that another executor started, to its end or to the record of what is known of it."""
