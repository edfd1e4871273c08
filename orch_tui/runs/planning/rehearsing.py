"""A rehearsal of an orchestration as it stands in the project, for command line and screen."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Self

from orch_tui.engine.phases.rules import condition_of
from orch_tui.engine.record.run_clock import new_clock
from orch_tui.engine.runs.start import RunRequest, plan_run
from orch_tui.engine.trials.assumptions import AssumptionFault, assume
from orch_tui.engine.trials.rehearsal import Rehearsal, outcomes_of, rehearse, replayed_plan
from orch_tui.model.errors import OrchError
from orch_tui.model.orchestration.orchestration import Orchestration
from orch_tui.model.run.plan import PlannedTask, RunPlan
from orch_tui.model.run.runstate import RunState
from orch_tui.project.journal.file import read_run
from orch_tui.project.project import Project

if TYPE_CHECKING:
    from orch_tui.conditions.condition import Reference


class Flow:
    """What is walked, as often as one likes, with other assumptions: the plan of today, or a recorded run."""

    def __init__(self, plan: RunPlan, replayed: RunState | None = None) -> None:
        """With ``replayed`` as that run went, by the rules of ``plan``."""
        self.plan = plan if replayed is None else replayed_plan(replayed, plan)
        self.replayed = replayed
        self._outcomes = {} if replayed is None else outcomes_of(replayed)
        self._at = new_clock().now()

    @classmethod
    def read(
        cls, project: Project, request: RunRequest, replay: Path | None = None, value: Orchestration | None = None
    ) -> Self:
        """``value`` is the orchestration as it is edited. Raises: as :func:`plan_run`; BrokenJournal."""
        return cls(plan_run(project, request, value), None if replay is None else read_run(replay))

    def walk(self, assumptions: Sequence[str] = ()) -> Rehearsal:
        """Raises: AssumptionFault."""
        outcomes = assume(self.plan, assumptions, self._outcomes)
        return rehearse(self.plan, outcomes, self._at, self.replayed)

    def complaint(self, text: str) -> str | None:
        """Why this cannot be assumed; None if it can."""
        try:
            assume(self.plan, [text], self._outcomes)
        except AssumptionFault as error:
            return error.sentence
        return None

    def asked_of(self, task: str) -> list[str]:
        """The facts of a task that rules ask for, as they are assumed: ``task.load.rows``."""
        texts = [rule.when for phase in self.plan.phases for rule in phase.rules if rule.when is not None]
        found = [facts_text(one) for text in texts for one in _references(text) if one.keys[:1] == (task,)]
        own = [f"vars.{name}" for name in self.plan_task(task).sets]
        return list(dict.fromkeys([*(one for one in found if one), *own]))

    def plan_task(self, task: str) -> PlannedTask:
        """Raises: StopIteration when there is none."""
        return next(one for one in self.plan.tasks() if one.id == task)


def facts_text(reference: Reference) -> str:
    """``task.load.rows`` of a reference; empty where it names no fact that can be assumed."""
    if reference.root != "task" or len(reference.keys) < 2:
        return ""
    task, *fact = reference.keys
    return f"task.{task}.{'.'.join(fact)}"


def _references(text: str) -> Sequence[Reference]:
    try:
        return condition_of(text).references
    except OrchError:
        # What is no condition is told when it is to be decided.
        return ()


def rehearse_run(
    project: Project, request: RunRequest, assumptions: Sequence[str] = (), replay: Path | None = None
) -> Rehearsal:
    """Walk the flow; with ``replay`` as that run went, by today's rules.

    Raises: as :func:`plan_run`; AssumptionFault; BrokenJournal.
    """
    return Flow.read(project, request, replay).walk(assumptions)


def replay_request(project: Project, directory: Path) -> RunRequest:
    """The request for today's plan of the orchestration that a recorded run was of."""
    header = read_run(directory).header
    return RunRequest(header.orchestration, variables=dict(header.variables))


def unreached(rehearsal: Rehearsal, assumed: Sequence[str]) -> list[str]:
    """Tasks about which something was assumed, and that the way does not come to."""
    state = rehearsal.state
    named = {task for task in state.tasks if any(_names(text, task) for text in assumed)}
    return [task for task in state.tasks if task in named and not state.tasks[task].attempts]


def _names(text: str, task: str) -> bool:
    return text.startswith((f"task.{task}.", f'task["{task}"]'))
