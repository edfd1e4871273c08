"""What the executor asks of a back end: place an attempt, wait for its end, stop it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, Protocol

from orch_tui.model.dataclass import dataclass
from orch_tui.model.failure import FailureKind
from orch_tui.model.memory import MemoryEnd
from orch_tui.model.usage import Usage

if TYPE_CHECKING:
    from orch_tui.model.orchestration.resources import Resources

PYTHON = (sys.executable, "-P", "-m")
_BUILT_IN = "orch_tui.components."


@dataclass(frozen=True, slots=True)
class AttemptSpec:
    """One try of a task, ready to start. ``directory`` exists; the log and the exit file go into it.

    ``timeout`` and ``grace`` are seconds, ``max_log`` bytes. ``total``: the timeout is what is left of so many seconds
    for all attempts together. ``nested``: the program executes a run of this orchestration. ``memory`` are the bytes
    that it may have; None for any. ``resources`` are what else a queue is asked for.
    """

    argv: tuple[str, ...]
    environment: Mapping[str, str]
    cwd: str
    directory: Path
    timeout: float | None = None
    grace: float = 10.0
    max_log: int | None = None
    total: float | None = None
    nested: str | None = None
    memory: int | None = None
    resources: Resources | None = None

    @property
    def built_in(self) -> str | None:
        """The module of this program that it starts as a program, with this interpreter; None for anything else."""
        if self.argv[: len(PYTHON)] != PYTHON or not self.argv[len(PYTHON)].startswith(_BUILT_IN):
            return None
        return self.argv[len(PYTHON)]


class Identity(NamedTuple):
    """A process started between two times in clock ticks since boot, see :mod:`orch_tui.engine.processes.process`."""

    pid: int
    after: int
    before: int


@dataclass(frozen=True, slots=True)
class Exit:
    """How an attempt ended. ``code`` is the program's, or minus the signal that ended it; None when unknown.

    ``stopped`` says why it was stopped, ``seconds_to_stop`` how long that took after the first signal, if known,
    ``killed`` that it needed SIGKILL. ``leftovers`` counts processes it left behind that had to be ended. ``begun`` is
    False when the program was never reached. ``oom``: it was killed, and the kernel counted an out-of-memory kill while
    it ran. ``lost`` is why its answer will never be known. ``unstarted`` is why nothing of it ever ran although it was
    asked for, ``again`` how often that may be tried again. ``oom_by`` is who said that it took too much memory, if not
    the kernel. ``ended`` is when it ended, on the run's clock, if that was before now. ``usage`` is what the kernel
    counted, where it did. ``memory`` is what is known of its limit of memory; None without one.
    """

    code: int | None
    stopped: FailureKind | None = None
    killed: bool = False
    seconds_to_stop: float | None = None
    leftovers: int = 0
    unkillable: bool = False
    begun: bool = True
    oom: bool = False
    lost: str = ""
    unstarted: str = ""
    again: int = 0
    oom_by: str = ""
    ended: float | None = None
    usage: Usage | None = None
    memory: MemoryEnd | None = None


class StopRequest:
    """Asks a running attempt to stop; a second request with ``now`` leaves out the rest of the grace time."""

    def __init__(self) -> None:
        self.why: FailureKind | None = None
        self.now = False
        self._listener: Callable[[], None] | None = None

    def ask(self, why: FailureKind, *, now: bool = False) -> None:
        self.why = self.why or why
        self.now = self.now or now
        if self._listener is not None:
            self._listener()

    def listen(self, listener: Callable[[], None] | None) -> None:
        """Whom to tell of every request; at once, if one was made already."""
        self._listener = listener
        if listener is not None and self.why is not None:
            listener()


class Running(Protocol):
    """A started attempt."""

    @property
    def identity(self) -> Identity: ...

    async def wait(self, stop: StopRequest, killing: Callable[[FailureKind, float], None]) -> Exit:
        """Until nothing of it is left; ``killing`` is called with why and the grace time before the first signal."""


class Launcher(Protocol):
    """A back end. It places and carries; retries, limits and order stay with the executor."""

    def start(self, spec: AttemptSpec, inherit: tuple[int, ...] = ()) -> Running:
        """Start now; the task holds the descriptors in ``inherit`` open as long as it lives.

        Raises:
            OSError: the process or its log cannot be made.
        """
