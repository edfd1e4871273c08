"""A plan becomes the state of a run, and the state of a run tells the plan that it was started with."""

from __future__ import annotations

from dataclasses import replace

from orch_tui.model.run.phase_state import PhaseState
from orch_tui.model.run.plan import Decision, PlannedPhase, PlannedTask, RunPlan
from orch_tui.model.run.runstate import RunHeader, RunState, TaskState
from orch_tui.model.status import Status


def initial_state(header: RunHeader, plan: RunPlan) -> RunState:
    """The state before the first event: what the plan skips or reuses is skipped already."""
    phases = [
        PhaseState(
            p.id,
            p.name,
            [task.id for task in p.tasks],
            p.max_parallel,
            rules=p.rules,
            decision=p.decision,
            own_limit=p.own_limit,
            known=p.known,
        )
        for p in plan.phases
    ]
    return RunState(header, phases, map(TaskState.of, plan.tasks()))


def plan_of(state: RunState) -> RunPlan:
    """The plan that a run was started with, from its journal alone: definitions may have changed since."""
    phases = []
    for phase in state.phases.values():
        tasks = tuple(_planned(state.tasks[task]) for task in phase.tasks)
        own = (phase.rules, phase.decision, phase.own_limit, phase.known)
        phases.append(PlannedPhase(phase.id, phase.name, tasks, phase.max_parallel, *own))
    header = state.header
    return RunPlan(
        header.orchestration,
        header.name,
        tuple(phases),
        header.variables,
        header.partial,
        header.rerun_of,
        header.as_it_ran,
        header.shadow,
    )


def _planned(task: TaskState) -> PlannedTask:
    # What people skipped was to run: it counts when the run is judged.
    if task.status is Status.SKIPPED and not task.attempts and not task.set_aside:
        return replace(task.planned, decision=Decision.SKIPPED, because=task.because)
    return task.planned
