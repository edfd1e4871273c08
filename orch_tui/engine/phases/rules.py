"""Where a run goes on after a phase that has rules."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

from orch_tui.engine.record.recorder import Pen
from orch_tui.model.events import events
from orch_tui.model.events.reasons import Cause, Reason
from orch_tui.model.orchestration.rules import END, RuleDecision, decide
from orch_tui.model.run.phase_state import PhaseState
from orch_tui.model.run.plan import PlannedPhase, RunPlan
from orch_tui.model.run.promises import values_now
from orch_tui.model.status import Status

if TYPE_CHECKING:
    from orch_tui.conditions.condition import Condition
    from orch_tui.conditions.facts import Facts


Holds = Callable[[str], tuple[bool, Mapping[str, Any]]]


class Way(NamedTuple):
    """``to`` is the id of the phase that a run goes on with, None for its end; ``because`` says why those before it
    are passed over."""

    to: str | None
    because: Reason


class Rules:
    """Decides after each phase, once: what the journal has of a decision holds, whoever executes the run now."""

    def __init__(self, plan: RunPlan, pen: Pen) -> None:
        self._names = {phase.id: phase.name for phase in plan.phases}
        self._variables = plan.variables
        self._pen = pen

    def after(self, phase: PlannedPhase) -> Way | None:
        """The way that a rule shows after a phase that has run, now or in the run that this one continues; None where
        none does: then all is as without rules."""
        state = self._pen.state.phases[phase.id]
        # A phase of which nothing runs is passed over; what is reused of it has succeeded.
        outcome = state.status if state.started is not None else Status.SUCCESS
        if not phase.rules or (state.started is None and not self._is_reused(state)):
            return None
        if state.decision is None:
            decision = decide(phase.rules, outcome, self._question())
            self._pen.record(events.decided(self._pen.now(), phase.id, decision), durable=True)
        return self._way(phase, state)

    def _is_reused(self, phase: PhaseState) -> bool:
        return any(self._pen.state.tasks[task].reused for task in phase.tasks)

    def _way(self, phase: PlannedPhase, state: PhaseState) -> Way | None:
        if (undecided := why_undecided(state)) is not None:
            return Way(None, undecided)
        rule = state.taken
        if rule is None:
            return None
        if rule.goto == END or rule.goto not in self._names:
            return Way(None, Reason.of(Cause.ENDED_BY_RULE, phase=phase.id, name=phase.name, rule=rule.title))
        to = self._names[rule.goto]
        because = Reason.of(Cause.PASSED_OVER, phase=phase.id, name=phase.name, to=to, rule=rule.title)
        return Way(rule.goto, because)

    def _question(self) -> Holds:
        """Whether a condition holds, with the facts that it saw, all of one moment."""
        facts: list[Facts] = []

        def holds(text: str) -> tuple[bool, Mapping[str, Any]]:
            condition = condition_of(text)
            if not facts:
                facts.append(self._facts())
            verdict = condition.verdict(facts[0].of(condition.asked))
            return verdict.holds, verdict.seen

        return holds

    def _facts(self) -> Facts:
        from orch_tui.conditions.facts import Facts

        state = self._pen.state
        return Facts(state, self._pen.now(), values_now(state, self._variables))


@cache
def condition_of(text: str) -> Condition:
    """The condition with this text, compiled once. Raises: ConditionError."""
    # Only runs whose definition has a condition wait for the library.
    from orch_tui.conditions.condition import Condition

    return Condition(text)


def why_undecided(phase: PhaseState) -> Reason | None:
    """Why the run could not go on after the phase; None where its rules could be decided, or there are none."""
    decision = phase.decision
    if decision is None or not decision.error:
        return None
    tried = _last_tried(decision)
    title = phase.rules[tried].title if tried < len(phase.rules) else ""
    return Reason.of(Cause.UNDECIDED, phase=phase.id, name=phase.name, rule=title, why=decision.error)


def _last_tried(decision: RuleDecision) -> int:
    return decision.tried[-1].rule if decision.tried else 0


def ending_of(phases: Mapping[str, PhaseState]) -> tuple[Status, Reason | None] | None:
    """What rules say that a run has ended as, and why; None where they leave it to what its tasks gave."""
    for phase in phases.values():
        if (undecided := why_undecided(phase)) is not None:
            return Status.ERROR, undecided
        rule = phase.taken
        if rule is not None and rule.goto == END and rule.ends_as is not None:
            status = Status(rule.ends_as.value)
            because = Reason.of(Cause.ENDED_BY_RULE, phase=phase.id, name=phase.name, rule=rule.title)
            return status, None if status is Status.SUCCESS else because
    return None
