"""The plan of a run: for every task whether it will run, and if not, why."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import field, fields
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from orch_tui.model.dataclass import dataclass
from orch_tui.model.events.reasons import Cause, Reason
from orch_tui.model.orchestration.orchestration import NO_OPTIONS, Orchestration, Phase, Task, TaskOptions, kind_of
from orch_tui.model.orchestration.rules import Rule, RuleDecision
from orch_tui.model.status import Status
from orch_tui.model.variables.values import Value

if TYPE_CHECKING:
    from orch_tui.model.orchestration.each import Each, Item

_FAILED = (Status.ERROR.value, Status.TERMINATED.value, Status.CANCELLED.value)


class Decision(StrEnum):
    RUN = "will run"
    REUSED = "reused"
    SKIPPED = "skipped"
    BLOCKED = "blocked"


@dataclass(frozen=True, slots=True)
class TaskFacts:
    """What the project knows of a task's configuration. ``blocked`` says in words why it cannot run; ``options`` are
    those that its component brings along, ``sets`` the variables that its configuration says it sets;
    ``asks``: it has expressions, for which it is written down what tasks tell."""

    name: str
    digest: str = ""
    blocked: str | None = None
    options: TaskOptions = NO_OPTIONS
    sets: tuple[str, ...] = ()
    asks: bool = False


@dataclass(frozen=True, slots=True)
class PreviousTask:
    """A task of an earlier run. ``succeeded`` means that its last attempt did; ``left`` are the variables that it
    set, ``known`` what conditions could ask of it."""

    configuration: str
    digest: str
    succeeded: bool
    status: str
    left: Mapping[str, Value] = field(default_factory=dict, hash=False)
    known: Mapping[str, Any] = field(default_factory=dict, hash=False)


@dataclass(frozen=True, slots=True)
class PreviousRun:
    """``decisions`` are the rules of its phases with what was decided by them, ``phases`` what conditions could ask of
    each phase that ended, by the phase's id."""

    id: str
    tasks: Mapping[str, PreviousTask] = field(hash=False)
    decisions: Mapping[str, tuple[tuple[Rule, ...], RuleDecision]] = field(default_factory=dict, hash=False)
    phases: Mapping[str, Mapping[str, Any]] = field(default_factory=dict, hash=False)


@dataclass(frozen=True, slots=True)
class Standing:
    """How a task stands to what it did last: ``stale`` is why it has to run again, None where ``last`` still holds,
    which it did in ``run``."""

    stale: Reason | None
    run: str = ""
    last: PreviousTask | None = None


@dataclass(frozen=True, slots=True)
class Selection:
    """What part of an orchestration to run; the default is all of it. The parts are joined by "and".

    ``tasks`` and ``phases`` are ids; ``from_phase`` means that phase and all after it; ``rerun`` takes the tasks that
    did not succeed in that run, or whose configuration was edited since; ``changed`` those that are stale, by the ids
    of all.
    """

    tasks: frozenset[str] | None = None
    phases: frozenset[str] | None = None
    from_phase: str | None = None
    rerun: PreviousRun | None = None
    changed: Mapping[str, Standing] | None = field(default=None, hash=False)

    @property
    def partial(self) -> bool:
        return self != Selection()


@dataclass(frozen=True, slots=True)
class PlannedTask:
    """A task as one run has it. Fields that are called as those of a task are its own, with defaults filled in.

    ``continues`` is the run of a nested orchestration of which only what did not succeed will run. ``left`` are the
    variables that a reused task set in the run that it is reused from, ``known`` is what conditions may ask of it, as
    it was there. ``asks`` is that of :class:`TaskFacts`. ``item`` is what a part of an array is run for.
    """

    id: str
    configuration: str
    name: str
    phase: str
    decision: Decision
    because: Reason | None = None
    digest: str = ""
    continue_on_failure: bool = False
    options: TaskOptions = NO_OPTIONS
    max_parallel: int | None = None
    variables: Mapping[str, str] = field(default_factory=dict, hash=False)
    sets: tuple[str, ...] = ()
    rows: tuple[str, ...] = ()
    continues: str | None = None
    left: Mapping[str, Value] = field(default_factory=dict, hash=False)
    asks: bool = False
    known: Mapping[str, Any] = field(default_factory=dict, hash=False)
    each: Each | None = None
    allow_empty: bool = False
    item: Item | None = None

    @property
    def array(self) -> str:
        """The id of the task that it is a part of; empty for a task."""
        return self.item.task if self.item is not None else ""

    @property
    def own_limit(self) -> int | None:
        """With fewer than this many others it runs, and no others beside it beyond; the limit of an array is about its
        parts among themselves."""
        return self.max_parallel if self.each is None and self.item is None else None

    @property
    def reason(self) -> str:
        """The decision's reason in words; empty where there is none."""
        words = [self.because.sentence] if self.because is not None else []
        if self.continues is not None:
            words.append(f"runs what did not succeed in its run {self.continues}")
        return "; ".join(words)


RUN_SETTINGS = tuple(
    own.name for own in fields(Task) if kind_of(own) is not None and own.name in PlannedTask.__dataclass_fields__
)
"""The fields that a planned task has from its task: a journal keeps them."""


@dataclass(frozen=True, slots=True)
class PlannedPhase:
    """``max_parallel`` is what holds for the phase: its own limit (``own_limit``), or else the orchestration's, or the
    project's.

    ``decision``: what was decided by its rules in the run that this one continues, where all of it is reused and that
    holds;
    ``known``: what conditions may ask of it then, as it was there.
    """

    id: str
    name: str
    tasks: tuple[PlannedTask, ...]
    max_parallel: int
    rules: tuple[Rule, ...] = ()
    decision: RuleDecision | None = None
    own_limit: bool = False
    known: Mapping[str, Any] = field(default_factory=dict, hash=False)

    @property
    def reused(self) -> bool:
        """Nothing of it runs again, since what an earlier run gave still holds."""
        return _is_reused(self.tasks)


@dataclass(frozen=True, slots=True)
class RunPlan:
    """``rerun_of`` is the id of the run whose failed tasks this one repeats. ``as_it_ran`` is that of the run whose
    tasks this one repeats with their own texts, variables and versions of tables; ``shadow``: it publishes nothing."""

    orchestration: str
    name: str
    phases: tuple[PlannedPhase, ...]
    variables: Mapping[str, str] = field(default_factory=dict, hash=False)
    partial: bool = False
    rerun_of: str | None = None
    as_it_ran: str | None = None
    shadow: bool = False

    def tasks(self) -> Iterator[PlannedTask]:
        for phase in self.phases:
            yield from phase.tasks

    def with_decision(self, decision: Decision) -> list[PlannedTask]:
        return [task for task in self.tasks() if task.decision is decision]

    @property
    def all_reused(self) -> bool:
        """Nothing is to be run because everything succeeded in the run that this one continues."""
        decisions = {task.decision for task in self.tasks()}
        return Decision.REUSED in decisions and not decisions & {Decision.RUN, Decision.BLOCKED}

    @property
    def nothing_changed(self) -> bool:
        """Nothing is to be run because what all tasks did last still holds."""
        held = (task.because is not None and task.because.cause is Cause.UNCHANGED for task in self.tasks())
        return any(held) and not (self.with_decision(Decision.RUN) or self.with_decision(Decision.BLOCKED))

    @property
    def refusal(self) -> str | None:
        """A sentence that says why this plan cannot be started, or None."""
        blocked = self.with_decision(Decision.BLOCKED)
        if blocked:
            lines = "".join(f"\n  {task.name} ({task.id}): {task.reason}" for task in blocked)
            count = "1 task is" if len(blocked) == 1 else f"{len(blocked)} tasks are"
            return f"{count} blocked; nothing was started:{lines}"
        if not self.with_decision(Decision.RUN):
            if self.nothing_changed:
                return "nothing to do: what every task did last still holds"
            if not any(phase.tasks for phase in self.phases):
                return f'orchestration "{self.name}" has no tasks; add one first'
            if self.rerun_of is not None:
                return f"no task to run: every task succeeded in run {self.rerun_of}"
            what = "the selected part has" if self.partial else f'orchestration "{self.name}" has'
            return f"no task to run: {what} only tasks that are disabled or not selected"
        return None


def make_plan(
    orchestration: Orchestration,
    facts: Callable[[Task], TaskFacts],
    *,
    defaults: TaskOptions,
    max_parallel: int,
    selection: Selection | None = None,
    variables: Mapping[str, str] | None = None,
) -> RunPlan:
    """Decide for every task. ``defaults`` and ``max_parallel`` are the project's.

    Raises:
        KeyError: the selection names a phase or task that does not exist.
    """
    selection = selection or Selection()
    _check_selection(orchestration, selection)
    options = orchestration.defaults.over(defaults)
    limit = orchestration.max_parallel or max_parallel
    phases, reached = [], selection.from_phase is None
    for phase in orchestration.phases:
        reached, own = reached or phase.id == selection.from_phase, phase.options_over(options)
        tasks = tuple(_plan_task(task, phase, facts, own, selection, reached) for task in phase.tasks)
        before = selection.rerun if _is_reused(tasks) else None
        decision, known = _known_before(phase, before)
        most, has_own = phase.max_parallel or limit, phase.max_parallel is not None
        phases.append(PlannedPhase(phase.id, phase.name, tasks, most, phase.rules, decision, has_own, known))
    return RunPlan(
        orchestration.id,
        orchestration.name,
        tuple(phases),
        dict(variables or {}),
        selection.partial,
        selection.rerun.id if selection.rerun else None,
    )


def _is_reused(tasks: Sequence[PlannedTask]) -> bool:
    """Nothing of a phase with these tasks runs again, since what an earlier run gave still holds."""
    decisions = {task.decision for task in tasks}
    return Decision.REUSED in decisions and not decisions & {Decision.RUN, Decision.BLOCKED}


def _known_before(phase: Phase, before: PreviousRun | None) -> tuple[RuleDecision | None, Mapping[str, Any]]:
    """What is decided already after a phase that is reused, and what conditions may ask of it.

    It is decided anew, by what is reused, where its rules were edited since, could not be decided, or were asked after
    a failure that does not stand any more: what a check had refused was accepted.
    """
    if before is None:
        return None, {}
    rules, decision = before.decisions.get(phase.id, ((), None))
    known = before.phases.get(phase.id, {})
    if known.get("status") in _FAILED:
        return None, {**known, "status": Status.SUCCESS.value, "error": None}
    # Of one that asked no rule nothing stands in the journal of the next run.
    holds = decision is not None and decision.tried and rules == phase.rules and not decision.error
    return decision if holds else None, known


def _check_selection(orchestration: Orchestration, selection: Selection) -> None:
    phases = {phase.id for phase in orchestration.phases}
    wanted = set(selection.phases or ()) | ({selection.from_phase} if selection.from_phase else set())
    if unknown := wanted - phases:
        raise KeyError(f'no phase "{min(unknown)}" in "{orchestration.name}"; it has: {", ".join(sorted(phases))}')
    ids = {task.id for task in orchestration.tasks()}
    if unknown := set(selection.tasks or ()) - ids:
        raise KeyError(f'no task "{min(unknown)}" in "{orchestration.name}"; it has: {", ".join(sorted(ids))}')


def _plan_task(
    task: Task,
    phase: Phase,
    facts: Callable[[Task], TaskFacts],
    options: TaskOptions,
    selection: Selection,
    reached: bool,
) -> PlannedTask:
    known = facts(task)
    decision, because = _decide(task, phase, known, selection, reached)
    settings = {name: getattr(task, name) for name in RUN_SETTINGS} | {
        "options": task.options.over(known.options).over(options),
        "asks": known.asks,
        "sets": tuple(dict.fromkeys((*task.sets, *known.sets))),
    }
    if decision is Decision.REUSED and (before := _held(task, selection)) is not None:
        settings["left"], settings["known"] = before.left, before.known
    return PlannedTask(task.id, task.configuration, known.name, phase.id, decision, because, known.digest, **settings)


def _held(task: Task, selection: Selection) -> PreviousTask | None:
    """What is reused of a task."""
    if selection.rerun is not None:
        return selection.rerun.tasks[task.id]
    return selection.changed[task.id].last if selection.changed is not None else None


def _decide(
    task: Task, phase: Phase, facts: TaskFacts, selection: Selection, reached: bool
) -> tuple[Decision, Reason | None]:
    if not task.enabled:
        return Decision.SKIPPED, Reason(Cause.DISABLED)
    chosen = reached and (selection.phases is None or phase.id in selection.phases)
    if not chosen or (selection.tasks is not None and task.id not in selection.tasks):
        return Decision.SKIPPED, Reason(Cause.NOT_SELECTED)
    because = None
    if selection.rerun is not None:
        because = _since(task, facts, selection.rerun)
        if because.cause is Cause.REUSED:
            return Decision.REUSED, because
    if selection.changed is not None and (standing := selection.changed.get(task.id)) is not None:
        because = standing.stale or Reason.of(Cause.UNCHANGED, run=standing.run)
        if standing.stale is None:
            return Decision.REUSED, because
    if facts.blocked is not None:
        return Decision.BLOCKED, Reason.of(Cause.BLOCKED, why=facts.blocked)
    return Decision.RUN, because


def _since(task: Task, facts: TaskFacts, run: PreviousRun) -> Reason:
    """Whether what the task did in that run still holds, or why it has to run again."""
    before = run.tasks.get(task.id)
    if before is None:
        return Reason.of(Cause.NOT_IN_RUN, run=run.id)
    if before.configuration != task.configuration:
        return Reason.of(Cause.OTHER_CONFIGURATION, configuration=before.configuration, run=run.id)
    if not before.succeeded:
        return Reason.of(Cause.UNSUCCESSFUL, status=before.status, run=run.id)
    if before.digest and facts.digest and before.digest != facts.digest:
        return Reason.of(Cause.EDITED, run=run.id)
    return Reason.of(Cause.REUSED, run=run.id)
