"""A rehearsal of an orchestration as it stands in the project, for command line and screen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from orch_tui.engine.record.run_clock import new_clock
from orch_tui.engine.runs.start import RunRequest, plan_run
from orch_tui.engine.trials.assumptions import assume
from orch_tui.engine.trials.rehearsal import Rehearsal, outcomes_of, rehearse, replayed_plan
from orch_tui.model.orchestration.rules import END, Rule, TriedRule
from orch_tui.model.run.phase_state import PhaseState
from orch_tui.model.run.runstate import RunState
from orch_tui.project.journal.file import read_run
from orch_tui.project.project import Project


def rehearse_run(
    project: Project, request: RunRequest, assumptions: Sequence[str] = (), replay: Path | None = None
) -> Rehearsal:
    """Walk the flow; with ``replay`` as that run went, by today's rules.

    Raises: as :func:`plan_run`; AssumptionFault; BrokenJournal.
    """
    replayed = None if replay is None else read_run(replay)
    plan = plan_run(project, request)
    outcomes = {}
    if replayed is not None:
        plan, outcomes = replayed_plan(replayed, plan), outcomes_of(replayed)
    return rehearse(plan, assume(plan, assumptions, outcomes), new_clock().now(), replayed)


def replay_request(project: Project, directory: Path) -> RunRequest:
    """The request for today's plan of the orchestration that a recorded run was of."""
    header = read_run(directory).header
    return RunRequest(header.orchestration, variables=dict(header.variables))


@dataclass(frozen=True, slots=True)
class RuleStep:
    """One rule of a phase in a rehearsal. ``tried`` is None where it was not asked: another one held before, or it
    counts after another outcome. ``to`` is the name of the phase that it leads to, None for the end."""

    rule: Rule
    tried: TriedRule | None
    taken: bool
    to: str | None


def rule_steps(state: RunState, phase: PhaseState) -> list[RuleStep]:
    """The rules of a phase that was left, in order."""
    decision = phase.decision
    tried = {} if decision is None else {one.rule: one for one in decision.tried}
    steps = []
    for number, rule in enumerate(phase.rules):
        to = None if rule.goto == END or rule.goto not in state.phases else state.phases[rule.goto].name
        steps.append(RuleStep(rule, tried.get(number), decision is not None and decision.taken == number, to))
    return steps


def unreached(rehearsal: Rehearsal, assumed: Sequence[str]) -> list[str]:
    """Tasks about which something was assumed, and that the way does not come to."""
    state = rehearsal.state
    named = {task for task in state.tasks if any(_names(text, task) for text in assumed)}
    return [task for task in state.tasks if task in named and not state.tasks[task].attempts]


def _names(text: str, task: str) -> bool:
    return text.startswith((f"task.{task}.", f'task["{task}"]'))
