"""The plan of a run that repeats an earlier one as it ran: its texts, variables and versions of tables.

The phases, the options of tasks, the rules and the variables are those of the earlier run's journal; what each task
works on is in its attempt (:mod:`orch_tui.engine.attempts.earlier`). The programs themselves are today's.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from orch_tui.engine.attempts.earlier import EarlierRun
from orch_tui.engine.attempts.programs import PrepareError
from orch_tui.engine.attempts.task_facts import start_problem
from orch_tui.engine.runs.start import RunRefused, find_ended
from orch_tui.model.components.component import APPROVAL_COMPONENT, ORCHESTRATION_COMPONENT, ComponentType
from orch_tui.model.components.configuration import split_ref
from orch_tui.model.dataclass import dataclass
from orch_tui.model.events.reasons import Cause, Reason
from orch_tui.model.run.plan import Decision, PlannedTask, RunPlan
from orch_tui.model.run.run_start import plan_of
from orch_tui.model.run.runstate import RunState
from orch_tui.model.variables.references import secrets_of
from orch_tui.project.project import Project
from orch_tui.project.secrets import Secrets

_NOTIFICATION = "notification"


@dataclass(frozen=True, slots=True)
class AsItRan:
    """``run`` is the id of the run that is repeated, or the beginning of it, or ``last``. ``only`` and ``phases`` are
    names as people type them: of a part of it. ``shadow``: nothing is published, and nothing is sent to the outside."""

    orchestration: str
    run: str
    only: Sequence[str] = ()
    phases: Sequence[str] = ()
    shadow: bool = False


def plan_as_it_ran(project: Project, request: AsItRan) -> RunPlan:
    """What would be repeated; it may be blocked: see ``RunPlan.refusal``.

    Raises:
        RunRefused: there is no such run, it has not ended, or it has no such task or phase.
    """
    state = find_ended(project, request.orchestration, request.run)
    plan = replace(plan_of(state), rerun_of=None, as_it_ran=state.header.id, shadow=request.shadow)
    tasks, phases = _tasks(state, request.only), _phases(state, request.phases)
    repeating = _Repeating(project, plan)

    def decided(task: PlannedTask) -> PlannedTask:
        if (tasks and task.id not in tasks) or (phases and task.phase not in phases):
            return replace(task, decision=Decision.SKIPPED, because=Reason(Cause.NOT_SELECTED))
        return repeating.decided(task)

    parts = tuple(
        replace(phase, tasks=tuple(map(decided, phase.tasks)), decision=None, known={}) for phase in plan.phases
    )
    return replace(plan, phases=parts, partial=bool(tasks or phases))


class _Repeating:
    """Decides for each task of a run whether it is repeated."""

    def __init__(self, project: Project, plan: RunPlan) -> None:
        self._project = project
        self._plan = plan
        self._run = plan.as_it_ran or ""
        self._earlier = EarlierRun(project.paths, project.paths.run(plan.orchestration, self._run))
        self._secrets = Secrets(project.root)

    def decided(self, task: PlannedTask) -> PlannedTask:
        task = replace(task, left={}, known={}, continues=None)
        because = self._set_aside(task)
        if because is not None:
            return replace(task, decision=Decision.SKIPPED, because=because)
        why = self._obstacle(task)
        if why is not None:
            return replace(task, decision=Decision.BLOCKED, because=Reason.of(Cause.BLOCKED, why=why))
        return replace(task, decision=Decision.RUN, because=None)

    def _set_aside(self, task: PlannedTask) -> Reason | None:
        """Why it is not repeated, although nothing hinders it."""
        component_id = split_ref(task.configuration)[0]
        if component_id == APPROVAL_COMPONENT:
            return Reason.of(Cause.ASKS_PEOPLE, run=self._run)
        if not any(self._earlier.last_attempt(one) is not None for one in self._earlier.repeated(task)):
            return Reason.of(Cause.NOT_RUN_THEN, run=self._run)
        component = self._project.component(component_id)
        sends = component is not None and (component.type is ComponentType.WRITER or component.id == _NOTIFICATION)
        return Reason(Cause.SENDS_OUT) if self._plan.shadow and sends else None

    def _obstacle(self, task: PlannedTask) -> str | None:
        component_id = split_ref(task.configuration)[0]
        component = self._project.component(component_id)
        if component is None:
            return f'there is no component "{component_id}" any more'
        try:
            if component_id == ORCHESTRATION_COMPONENT:
                self._earlier.nested(task)
                return None
            # The parts of an array have one configuration.
            configuration = self._earlier.configuration(self._earlier.repeated(task)[0])
        except PrepareError as error:
            return str(error)
        missing = sorted(self._secrets.missing(secrets_of(component, configuration)))
        if missing:
            return f"secret {', '.join(missing)} is not set; put it into the environment or into .env"
        return start_problem(self._project, component, configuration)


def _tasks(state: RunState, wanted: Sequence[str]) -> frozenset[str]:
    """Ids, by id, configuration or the configuration's own id. Raises: RunRefused."""
    found = set()
    for name in wanted:
        fits = [one.id for one in state.tasks.values() if name == one.id] or [
            one.id for one in state.tasks.values() if name in (one.configuration, one.configuration.partition("/")[2])
        ]
        if len(fits) != 1:
            known = ", ".join(fits or state.tasks)
            what = f"fits {len(fits)} tasks" if fits else "is no task"
            raise RunRefused(f'"{name}" {what} of run {state.header.id}; name one by its id: {known}')
        found.add(fits[0])
    return frozenset(found)


def _phases(state: RunState, wanted: Sequence[str]) -> frozenset[str]:
    """Ids, by id, name in any case, or number from 1. Raises: RunRefused."""
    found = set()
    phases = list(state.phases.values())
    for name in wanted:
        fits = [
            one.id
            for number, one in enumerate(phases, 1)
            if name in (one.id, str(number)) or one.name.casefold() == name.casefold()
        ]
        if not fits:
            known = "; ".join(f'{number} "{one.name}"' for number, one in enumerate(phases, 1))
            raise RunRefused(f'there is no phase "{name}" in run {state.header.id}; its phases: {known}')
        found.add(fits[0])
    return frozenset(found)
