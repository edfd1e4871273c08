"""Orchestrations: phases that run one after another, tasks of a phase in parallel."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Backoff(StrEnum):
    CONSTANT = "constant"
    DOUBLING = "doubling"


@dataclass(frozen=True, slots=True)
class Retry:
    """``attempts`` more tries after a failed one, ``delay`` seconds apart (each time twice as long if doubling).

    ``total`` is how many seconds all attempts of the task may take together, with the waits between them.
    """

    attempts: int
    delay: float = 10.0
    backoff: Backoff = Backoff.CONSTANT
    total: float | None = None

    def wait_before(self, attempt: int) -> float:
        """Seconds to wait before attempt number ``attempt`` (2 is the first retry)."""
        factor = 2 ** min(attempt - 2, 30) if self.backoff is Backoff.DOUBLING else 1
        return min(self.delay * factor, 86400.0)

    @property
    def longest_wait(self) -> float:
        """Seconds before the last attempt."""
        return self.wait_before(self.attempts + 1)


@dataclass(frozen=True, slots=True)
class TaskOptions:
    """What a task may set, and what an orchestration or project may set for all its tasks; None is "not set".

    ``timeout``, ``delay`` and ``grace`` are seconds; ``max_log_mb`` is the size in MiB at which a log is too long.
    """

    retry: Retry | None = None
    timeout: float | None = None
    delay: float | None = None
    grace: float | None = None
    max_log_mb: float | None = None

    def over(self, default: TaskOptions) -> TaskOptions:
        """These options, with ``default`` where one is not set."""
        return TaskOptions(
            retry=self.retry if self.retry is not None else default.retry,
            timeout=self.timeout if self.timeout is not None else default.timeout,
            delay=self.delay if self.delay is not None else default.delay,
            grace=self.grace if self.grace is not None else default.grace,
            max_log_mb=self.max_log_mb if self.max_log_mb is not None else default.max_log_mb,
        )


NO_OPTIONS = TaskOptions()


@dataclass(frozen=True, slots=True)
class Task:
    """A configuration to run. The id is stable: renames, moves and regrouping never change it.

    ``max_parallel``: it runs only together with fewer than this many others (1: alone).
    """

    id: str
    configuration: str
    enabled: bool = True
    continue_on_failure: bool = False
    options: TaskOptions = NO_OPTIONS
    max_parallel: int | None = None
    variables: Mapping[str, str] = field(default_factory=dict, hash=False)


@dataclass(frozen=True, slots=True)
class Phase:
    id: str
    name: str
    tasks: tuple[Task, ...] = ()
    max_parallel: int | None = None


@dataclass(frozen=True, slots=True)
class Variable:
    """A declared variable; without a value it must be given when a run starts."""

    name: str
    value: str | None = None
    description: str = ""


@dataclass(frozen=True, slots=True)
class Schedule:
    """When it is to be started: ``cron`` is five fields as in crontab, or a word like ``@daily``.

    ``timezone`` is an IANA name; empty for that of the project, or else of the machine.
    """

    cron: str
    enabled: bool = True
    timezone: str = ""


@dataclass(frozen=True, slots=True)
class Orchestration:
    id: str
    name: str
    description: str = ""
    phases: tuple[Phase, ...] = ()
    max_parallel: int | None = None
    defaults: TaskOptions = NO_OPTIONS
    variables: tuple[Variable, ...] = ()
    schedules: tuple[Schedule, ...] = ()

    def tasks(self) -> Iterator[Task]:
        """All tasks, in the order of the phases."""
        for phase in self.phases:
            yield from phase.tasks

    def locate(self) -> dict[str, tuple[Phase, Task]]:
        """Every task with its phase, by task id."""
        return {task.id: (phase, task) for phase in self.phases for task in phase.tasks}

    def phase(self, phase_id: str) -> Phase:
        """Raises: KeyError when there is no such phase."""
        for phase in self.phases:
            if phase.id == phase_id:
                return phase
        raise KeyError(phase_id)
