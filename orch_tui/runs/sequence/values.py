"""What a picture of the sequence shows: phases and tasks with their states and times. Pure: no files."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from enum import StrEnum

from orch_tui.model.clocks.run_time import RunTime
from orch_tui.model.dataclass import dataclass
from orch_tui.model.orchestration.orchestration import Orchestration, Phase, Task
from orch_tui.model.orchestration.rules import END, After, goes_on, rule_id
from orch_tui.model.run.phase_state import PhaseState
from orch_tui.model.run.runstate import TaskState
from orch_tui.model.status import Status
from orch_tui.model.texts.durations import show_duration
from orch_tui.model.texts.text import safe_line
from orch_tui.runs.live.view import RUNNING, RunModel
from orch_tui.runs.words.rule_words import RuleFate, RuleStanding, goal_of, label_of, standings

_NAME = 200


@dataclass(frozen=True, slots=True)
class SequenceTask:
    """``name`` is safe to show. ``seconds`` is what it took or takes; with ``expected`` what earlier runs let expect.

    ``interrupted``: it was running when its executor vanished. ``reused``: it is not run, what it did before counts.
    ``parts`` is how many an array has, 0 where that is not known yet; None for what is no array.
    """

    id: str
    name: str
    status: Status = Status.CREATED
    seconds: float | None = None
    expected: bool = False
    interrupted: bool = False
    reused: bool = False
    parts: int | None = None

    @property
    def mark(self) -> str:
        """What stands behind the name of an array: that it has parts, or how many."""
        return "" if self.parts is None else f" ×{self.parts or 'n'}"

    @property
    def time(self) -> str:
        """``6.2 s``, ``~12 s`` where it is expected, whole seconds while it runs; empty where nothing is known."""
        if self.seconds is None:
            return ""
        if self.status in RUNNING and self.seconds < 60:
            return f"{int(self.seconds)} s"
        return f"~{show_duration(self.seconds)}" if self.expected else show_duration(self.seconds)


class Passage(StrEnum):
    """Whether a run goes along a way: that is not known yet, it has, or it went elsewhere."""

    OPEN = "open"
    TAKEN = "taken"
    NOT_TAKEN = "not taken"


@dataclass(frozen=True, slots=True)
class SequenceRule:
    """``name`` and ``goal`` are safe to show. ``to`` is the id of the phase that it leads to, None for the end."""

    id: str
    name: str
    goal: str
    to: str | None = None
    fate: RuleFate = RuleFate.OPEN

    @property
    def passage(self) -> Passage:
        """Whether the run went this way."""
        if self.fate is RuleFate.OPEN:
            return Passage.OPEN
        return Passage.TAKEN if self.fate is RuleFate.TAKEN else Passage.NOT_TAKEN


@dataclass(frozen=True, slots=True)
class SequencePhase:
    """``at_once`` is how many of its tasks may run together; ``skipped`` how many of them will not run at all.

    ``onward`` is whether a run goes on to the next phase where no rule holds; None where one always does.
    """

    id: str
    name: str
    tasks: tuple[SequenceTask, ...] = ()
    status: Status = Status.CREATED
    at_once: int = 1
    skipped: int = 0
    rules: tuple[SequenceRule, ...] = ()
    onward: Passage | None = Passage.OPEN

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
        parts = None if one.each is None else 0
        if not one.enabled:
            return SequenceTask(one.id, name, Status.SKIPPED, parts=parts)
        return SequenceTask(one.id, name, Status.CREATED, seconds.get(one.id), expected=True, parts=parts)

    goals = _Goals([(phase.id, phase.name) for phase in value.phases])

    def phase(one: Phase) -> SequencePhase:
        tasks = tuple(map(task, one.tasks))
        rules = goals.rules(one.id, [RuleStanding(rule) for rule in one.rules])
        onward = Passage.OPEN if goes_on(one.rules) else None
        at_once = one.max_parallel or value.max_parallel or max_parallel
        skipped = sum(not each.enabled for each in one.tasks)
        name = safe_line(one.name, _NAME)
        return SequencePhase(one.id, name, tasks, Status.CREATED, at_once, skipped, rules, onward)

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
        lost = running and model.interrupted
        return SequenceTask(one.id, name, one.status, seconds, expected, lost, one.reused, _parts_of(one))

    goals = _Goals([(phase.id, phase.name) for phase in state.phases.values()])

    def phase(one: PhaseState) -> SequencePhase:
        tasks = tuple(task(state.tasks[each]) for each in one.tasks)
        skipped = sum(each.status is Status.SKIPPED and not each.reused for each in tasks)
        rules = goals.rules(one.id, standings(one))
        name = safe_line(one.name, _NAME)
        return SequencePhase(one.id, name, tasks, one.status, one.max_parallel, skipped, rules, _onward(one))

    return Sequence(safe_line(state.header.name, _NAME), tuple(map(phase, state.phases.values())), timed=True)


def _parts_of(task: TaskState) -> int | None:
    if task.planned.each is None:
        return None
    return len(task.parts.states) if task.parts is not None else 0


class _Goals:
    """What the phases that rules lead to are called: by number and name."""

    def __init__(self, phases: list[tuple[str, str]]) -> None:
        self._names = {id: f"{number} {safe_line(name, _NAME)}" for number, (id, name) in enumerate(phases, 1)}

    def rules(self, phase: str, found: Iterable[RuleStanding]) -> tuple[SequenceRule, ...]:
        """The rules of a phase, as they stand."""
        return tuple(
            SequenceRule(
                rule_id(phase, number),
                label_of(one.rule, brief=True),
                goal_of(one.rule, self._names),
                None if one.rule.goto == END else one.rule.goto,
                one.fate,
            )
            for number, one in enumerate(found)
        )


def _onward(phase: PhaseState) -> Passage | None:
    """Whether the run went on from the phase to the next one, as it does where no rule holds."""
    if not goes_on(phase.rules):
        return None
    if phase.decision is None:
        return Passage.OPEN
    after = not phase.decision.error and phase.decision.taken is None and phase.outcome is After.SUCCESS
    return Passage.TAKEN if after else Passage.NOT_TAKEN
