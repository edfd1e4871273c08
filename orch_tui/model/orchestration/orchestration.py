"""Orchestrations: phases that run one after another, tasks of a phase in parallel."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import Field, field, fields
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from orch_tui.model.dataclass import dataclass
from orch_tui.model.orchestration.retry import Retry
from orch_tui.model.orchestration.rules import Rule

if TYPE_CHECKING:
    from orch_tui.model.orchestration.alerts import AlertRule
    from orch_tui.model.orchestration.each import Each
    from orch_tui.model.orchestration.resources import Resources
    from orch_tui.model.orchestration.starts import Schedule
    from orch_tui.model.orchestration.triggers import Trigger


class ValueKind(StrEnum):
    """What a field of a task holds: from it follow its checks, its form in files and journals, and its text in forms.

    ``LENGTH`` is seconds from 0 on, ``LIMIT`` seconds and ``SIZE`` MiB above 0, ``MEMORY`` bytes from
    :data:`LEAST_MEMORY` on, ``COUNT`` a whole number from 1 on, ``NAMES`` names of variables, ``ID`` an id,
    ``IDS`` several, ``RESOURCES`` what it needs of its machine, ``EACH`` what it has its parts for.
    """

    FLAG = "flag"
    LENGTH = "length"
    LIMIT = "limit"
    SIZE = "size"
    MEMORY = "memory"
    COUNT = "count"
    RETRY = "retry"
    OPTIONS = "options"
    VARIABLES = "variables"
    NAMES = "names"
    ID = "id"
    IDS = "ids"
    RESOURCES = "resources"
    EACH = "each"


LEAST_MEMORY = 10_000_000
"""Bytes: with less not even a shell and the interpreter of a script come up."""


def _of(kind: ValueKind, words: str) -> dict[str, Any]:
    return {"kind": kind, "words": words}


def kind_of(task_field: Field[Any]) -> ValueKind | None:
    """The kind of a field of a task or of its options; None of those that say which task it is."""
    kind: ValueKind | None = task_field.metadata.get("kind")
    return kind


def words_for(task_field: Field[Any]) -> str:
    """What a field of a task is called in sentences."""
    return str(task_field.metadata["words"])


@dataclass(frozen=True, slots=True)
class TaskOptions:
    """What a task may set, and what an orchestration or project may set for all its tasks; None is "not set".

    ``timeout``, ``delay`` and ``grace`` are seconds; ``max_log_mb`` is the size in MiB at which a log is too long.
    ``weight`` is how many slots of the ``pool`` it takes, ``memory`` how many bytes it may have. ``runs_on`` names the
    backend that carries it.
    """

    retry: Retry | None = field(default=None, metadata=_of(ValueKind.RETRY, "retry"))
    timeout: float | None = field(default=None, metadata=_of(ValueKind.LIMIT, "timeout"))
    delay: float | None = field(default=None, metadata=_of(ValueKind.LENGTH, "delay"))
    grace: float | None = field(default=None, metadata=_of(ValueKind.LENGTH, "grace time"))
    max_log_mb: float | None = field(default=None, metadata=_of(ValueKind.SIZE, "log limit"))
    pool: str | None = field(default=None, metadata=_of(ValueKind.ID, "pool"))
    weight: int | None = field(default=None, metadata=_of(ValueKind.COUNT, "weight in its pool"))
    memory: int | None = field(default=None, metadata=_of(ValueKind.MEMORY, "memory limit"))
    runs_on: str | None = field(default=None, metadata=_of(ValueKind.ID, "backend"))
    resources: Resources | None = field(default=None, metadata=_of(ValueKind.RESOURCES, "resources"))

    def over(self, default: TaskOptions) -> TaskOptions:
        """These options, with ``default`` where one is not set."""
        if self == NO_OPTIONS:
            return default
        own = ((option.name, getattr(self, option.name)) for option in fields(self))
        return TaskOptions(**{name: getattr(default, name) if value is None else value for name, value in own})


NO_OPTIONS = TaskOptions()


@dataclass(frozen=True, slots=True)
class Task:
    """A configuration to run. The id is stable: renames, moves and regrouping never change it.

    ``max_parallel``: it runs only together with fewer than this many others (1: alone). ``sets`` are the names of the
    variables that its program leaves to later tasks. ``rows`` are ids of rows of the configuration: it runs these, also
    those that are disabled there; without any all that are enabled.

    With ``each`` it is an array: when its turn has come it unfolds to parts, of which ``max_parallel`` run at once.
    With ``allow_empty`` having none is a success.
    """

    id: str
    configuration: str
    enabled: bool = field(default=True, metadata=_of(ValueKind.FLAG, "enabled"))
    continue_on_failure: bool = field(default=False, metadata=_of(ValueKind.FLAG, "continue on failure"))
    options: TaskOptions = field(default=NO_OPTIONS, metadata=_of(ValueKind.OPTIONS, "options"))
    max_parallel: int | None = field(default=None, metadata=_of(ValueKind.COUNT, "parallel limit"))
    variables: Mapping[str, str] = field(
        default_factory=dict, hash=False, metadata=_of(ValueKind.VARIABLES, "variables")
    )
    sets: tuple[str, ...] = field(default=(), metadata=_of(ValueKind.NAMES, "names of variables that it sets"))
    rows: tuple[str, ...] = field(default=(), metadata=_of(ValueKind.IDS, "rows"))
    each: Each | None = field(default=None, metadata=_of(ValueKind.EACH, "each"))
    allow_empty: bool = field(default=False, metadata=_of(ValueKind.FLAG, "allow empty"))


@dataclass(frozen=True, slots=True)
class Phase:
    """``rules`` say where a run goes on when the phase has ended; without any to the next one. ``retry``, ``runs_on``
    and ``resources`` are those of its tasks without one of their own."""

    id: str
    name: str
    tasks: tuple[Task, ...] = ()
    max_parallel: int | None = None
    rules: tuple[Rule, ...] = ()
    retry: Retry | None = None
    runs_on: str | None = None
    resources: Resources | None = None

    @property
    def options(self) -> TaskOptions:
        """What the phase sets for its tasks."""
        return TaskOptions(retry=self.retry, runs_on=self.runs_on, resources=self.resources)

    def options_over(self, defaults: TaskOptions) -> TaskOptions:
        """What the phase sets for its tasks, with ``defaults`` where it sets nothing."""
        return self.options.over(defaults)


@dataclass(frozen=True, slots=True)
class Variable:
    """A declared variable; without a value it must be given when a run starts."""

    name: str
    value: str | None = None
    description: str = ""


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
    alerts: tuple[AlertRule, ...] = ()
    triggers: tuple[Trigger, ...] = ()

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
