"""What would make an orchestration quicker: changes tried one by one on the durations of earlier runs.

What a change saves is not reckoned by a formula: the run is played with it and without it by the executor's own rules
(:mod:`orch_tui.engine.trials.simulation`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from enum import StrEnum
from typing import NamedTuple

from orch_tui.engine.runs.start import RunRequest, plan_run
from orch_tui.engine.trials.simulation import simulate
from orch_tui.model.dataclass import dataclass
from orch_tui.model.errors import OrchError
from orch_tui.model.orchestration.orchestration import Orchestration
from orch_tui.model.problem import Problem, Severity
from orch_tui.model.run.plan import Decision, PlannedPhase, RunPlan
from orch_tui.model.texts.durations import show_duration
from orch_tui.project.data_order import earlier_tasks, through_gates
from orch_tui.project.project import Project
from orch_tui.runs.planning.estimates import read_estimates

LEAST_SHARE = 0.02
"""Of the whole run: what saves less is not worth an edit."""
NOTED_SECONDS = 10.0
"""What saves less is no hint on the screen."""
_NEARLY = 0.98


class Shared(NamedTuple):
    """What all runs of a project share: the sizes of its pools, and bytes of memory (None for any)."""

    pools: Mapping[str, int]
    memory: int | None = None


class AdviceKind(StrEnum):
    MOVE = "move"
    LIMIT = "limit"


@dataclass(frozen=True, slots=True)
class Advice:
    """A change, and what it would save: ``before`` and ``after`` are seconds of the whole run.

    MOVE: the task ``task`` (called ``name``) from its phase to ``phase``, whose number is ``number`` (from 1).
    LIMIT: ``wanted`` tasks at once instead of ``limit``, in ``phase`` or, where that is empty, in all phases without a
    limit of their own.
    """

    kind: AdviceKind
    before: float
    after: float
    task: str = ""
    name: str = ""
    phase: str = ""
    phase_name: str = ""
    number: int = 0
    limit: int = 0
    wanted: int = 0

    @property
    def saves(self) -> float:
        return self.before - self.after

    @property
    def sentence(self) -> str:
        """For people, without a full stop."""
        would = f"would save {show_duration(self.saves)} of {show_duration(self.before)}"
        if self.kind is AdviceKind.MOVE:
            return f'{self.name} in phase {self.number} "{self.phase_name}" {would}'
        where = f' in phase {self.number} "{self.phase_name}"' if self.phase else ""
        return f"{self.wanted} at once instead of {self.limit}{where} {would}"


@dataclass(frozen=True, slots=True)
class Advising:
    """``seconds`` is how long the run takes as it is. ``unknown`` are tasks of which no run tells how long they take:
    then nothing is advised. ``refusal`` is why no run can be played."""

    advice: tuple[Advice, ...] = ()
    seconds: float = 0.0
    unknown: tuple[str, ...] = ()
    refusal: str = ""


def advise(
    project: Project, value: Orchestration, least: float = 0.0, known: Mapping[str, float] | None = None
) -> Advising:
    """Changes that would save ``least`` seconds or more, the best one first.

    ``known`` are seconds by task; without them they are read from the history.
    """
    try:
        plan = plan_run(project, RunRequest(value.id), value)
    except OrchError as error:
        return Advising(refusal=str(error))
    running = [task for task in plan.tasks() if task.decision is Decision.RUN]
    seconds = read_estimates(project.paths, value.id).task_medians if known is None else known
    if not running or (unknown := tuple(task.id for task in running if task.id not in seconds)):
        return Advising(unknown=unknown if running else ())
    limits = Shared(project.settings.pools, project.settings.memory)
    return advise_on(plan, seconds, limits, earlier_tasks(project, value), least)


def advise_on(
    plan: RunPlan,
    seconds: Mapping[str, float],
    shared: Shared,
    earlier: Mapping[str, Iterable[str]],
    least: float = 0.0,
) -> Advising:
    """The same for a plan, durations by task, and the tasks that have to come before each."""
    as_it_is = simulate(plan, seconds, *shared)
    before = as_it_is.seconds
    least = max(least, LEAST_SHARE * before)
    found: list[Advice] = []
    for task in as_it_is.last:
        moves = _moves(plan, task, earlier)
        best = max(moves, key=lambda one: -simulate(one[1], seconds, *shared).seconds, default=None)
        if best is not None:
            number, changed = best
            to = changed.phases[number]
            name = next(one.name for one in changed.tasks() if one.id == task)
            after = simulate(changed, seconds, *shared).seconds
            kind = AdviceKind.MOVE
            found.append(Advice(kind, before, after, task, name, to.id, to.name, number + 1))
    found += _limits(plan, seconds, shared, before)
    worth = [one for one in found if one.saves >= least and one.saves > 0]
    return Advising(tuple(sorted(worth, key=lambda one: -one.saves)), before)


def _moves(plan: RunPlan, task: str, earlier: Mapping[str, Iterable[str]]) -> Iterator[tuple[int, RunPlan]]:
    """The plan with the task in an earlier phase, for each that its data allows, with the phase's index; the latest
    first, so that of two that save as much the smaller move is taken."""
    place = {one.id: number for number, phase in enumerate(plan.phases) for one in phase.tasks}
    first = max((place[one] + 1 for one in through_gates(earlier, task) if one in place), default=0)
    for number in range(place[task] - 1, first - 1, -1):
        yield number, moved(plan, task, number)


def moved(plan: RunPlan, task: str, number: int) -> RunPlan:
    """The plan with a task at the end of another phase, by its index."""
    to = plan.phases[number]
    one = replace(next(one for one in plan.tasks() if one.id == task), phase=to.id)

    def changed(phase: PlannedPhase) -> PlannedPhase:
        left = tuple(other for other in phase.tasks if other.id != task)
        return replace(phase, tasks=(*left, one) if phase.id == to.id else left)

    return replace(plan, phases=tuple(map(changed, plan.phases)))


def limited(plan: RunPlan, wanted: int, phase_id: str = "") -> RunPlan:
    """The plan with another limit of one phase, or of all that have none of their own."""

    def changed(phase: PlannedPhase) -> PlannedPhase:
        mine = phase.id == phase_id if phase_id else not phase.own_limit
        return replace(phase, max_parallel=wanted) if mine else phase

    return replace(plan, phases=tuple(map(changed, plan.phases)))


def _limits(plan: RunPlan, seconds: Mapping[str, float], shared: Shared, before: float) -> Iterator[Advice]:
    """For each limit the least one that saves nearly as much as none at all."""
    places = [(phase.id, phase.max_parallel, number) for number, phase in enumerate(plan.phases, 1) if phase.own_limit]
    others = [phase.max_parallel for phase in plan.phases if not phase.own_limit]
    if others:
        places.insert(0, ("", others[0], 0))
    for phase_id, limit, number in places:
        most = max((len(phase.tasks) for phase in plan.phases if not phase_id or phase.id == phase_id), default=0)
        if most <= limit:
            continue

        def after(wanted: int, phase_id: str = phase_id) -> float:
            return simulate(limited(plan, wanted, phase_id), seconds, *shared).seconds

        without = after(most)
        low, high = limit + 1, most
        while low < high:
            middle = (low + high) // 2
            if before - after(middle) >= _NEARLY * (before - without):
                high = middle
            else:
                low = middle + 1
        name = plan.phases[number - 1].name if phase_id else ""
        found = Advice(AdviceKind.LIMIT, before, after(low), limit=limit, wanted=low)
        yield replace(found, phase=phase_id, phase_name=name, number=number)


def advice_problems(advising: Advising, value: Orchestration) -> list[Problem]:
    """What is advised as notes among the problems of an orchestration."""
    place = {task.id: phase.id for phase in value.phases for task in phase.tasks}
    return [
        Problem(
            Severity.NOTE,
            "quicker",
            one.sentence,
            "move it with m" if one.kind is AdviceKind.MOVE else "raise the limit",
            orchestration=value.id,
            phase=place.get(one.task, one.phase or None),
            task=one.task or None,
        )
        for one in advising.advice
        if not one.task or one.task in place
    ]
