"""What a picture of the sequence shows: phases and tasks with their states and times. Pure: no files."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from orch_tui.model.clocks.run_time import RunTime
from orch_tui.model.orchestration.orchestration import Orchestration, Phase, Task
from orch_tui.model.run.phase_state import PhaseState
from orch_tui.model.run.runstate import TaskState
from orch_tui.model.status import Status
from orch_tui.model.texts.text import safe_line
from orch_tui.runs.view import RUNNING, RunModel

_NAME = 200


@dataclass(frozen=True, slots=True)
class SequenceTask:
    """``name`` is safe to show. ``seconds`` is what it took or takes; with ``expected`` what earlier runs let expect.

    ``interrupted``: it was running when its executor vanished. ``reused``: it is not run, what it did before counts.
    """

    id: str
    name: str
    status: Status = Status.CREATED
    seconds: float | None = None
    expected: bool = False
    interrupted: bool = False
    reused: bool = False


@dataclass(frozen=True, slots=True)
class SequencePhase:
    """``at_once`` is how many of its tasks may run together; ``skipped`` how many of them will not run at all."""

    id: str
    name: str
    tasks: tuple[SequenceTask, ...] = ()
    status: Status = Status.CREATED
    at_once: int = 1
    skipped: int = 0

    @property
    def to_run(self) -> int:
        """How many tasks run, or ran."""
        return len(self.tasks) - self.skipped


@dataclass(frozen=True, slots=True)
class Sequence:
    """``timed``: tasks have times, or will have them, so that there is room for them from the beginning."""

    name: str
    phases: tuple[SequencePhase, ...] = ()
    timed: bool = False

    @property
    def tasks(self) -> int:
        return sum(len(phase.tasks) for phase in self.phases)


def sequence_of_plan(
    value: Orchestration, name_of: Callable[[str], str], seconds: Mapping[str, float], max_parallel: int
) -> Sequence:
    """The sequence that a run would follow.

    ``name_of`` gives the name of a configuration by its reference, ``seconds`` what each task usually takes by its id;
    ``max_parallel`` is the project's limit.
    """

    def task(one: Task) -> SequenceTask:
        name = safe_line(name_of(one.configuration), _NAME)
        if not one.enabled:
            return SequenceTask(one.id, name, Status.SKIPPED)
        return SequenceTask(one.id, name, Status.CREATED, seconds.get(one.id), expected=True)

    def phase(one: Phase) -> SequencePhase:
        tasks = tuple(map(task, one.tasks))
        at_once = one.max_parallel or value.max_parallel or max_parallel
        skipped = sum(not each.enabled for each in one.tasks)
        return SequencePhase(one.id, safe_line(one.name, _NAME), tasks, Status.CREATED, at_once, skipped)

    phases = tuple(map(phase, value.phases))
    timed = any(task.seconds is not None for one in phases for task in one.tasks)
    return Sequence(safe_line(value.name, _NAME), phases, timed)


def sequence_of_run(model: RunModel, now: RunTime) -> Sequence:
    """The sequence of a run as it stands at ``now``."""
    state = model.state

    def task(one: TaskState) -> SequenceTask:
        running = one.status in RUNNING
        seconds, expected = model.seconds(one, now), False
        if seconds is None and not one.status.final:
            seconds, expected = model.estimates.task_medians.get(one.id), True
        name = safe_line(one.name.partition(" · ")[2] or one.name, _NAME)
        return SequenceTask(one.id, name, one.status, seconds, expected, running and model.interrupted, one.reused)

    def phase(one: PhaseState) -> SequencePhase:
        tasks = tuple(task(state.tasks[each]) for each in one.tasks)
        skipped = sum(each.status is Status.SKIPPED and not each.reused for each in tasks)
        return SequencePhase(one.id, safe_line(one.name, _NAME), tasks, one.status, one.max_parallel, skipped)

    return Sequence(safe_line(state.header.name, _NAME), tuple(map(phase, state.phases.values())), timed=True)
