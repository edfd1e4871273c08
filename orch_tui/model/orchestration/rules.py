"""Rules after a phase: where a run goes on when the phase has ended. A rule only goes forward."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import field
from enum import StrEnum
from typing import Any

from orch_tui.model.dataclass import dataclass
from orch_tui.model.errors import OrchError
from orch_tui.model.status import Status

END = "end"
"""The ``goto`` of a rule that ends the run."""


class After(StrEnum):
    """The outcome of its phase after which a rule counts."""

    SUCCESS = "success"
    FAILURE = "failure"
    ANY = "any"

    def covers(self, outcome: After) -> bool:
        """``outcome`` is what came of the phase: success or failure."""
        return self is After.ANY or self is outcome

    @classmethod
    def of(cls, status: Status) -> After:
        """What the final status of a phase is for rules: a failure that was to be tolerated is none."""
        return cls.SUCCESS if status in (Status.SUCCESS, Status.WARNING) else cls.FAILURE


class EndAs(StrEnum):
    """What a rule that ends the run may say that the run was."""

    SUCCESS = "success"
    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Rule:
    """``goto`` is the id of a later phase or :data:`END`; ``when`` a condition, None holds always; ``ends_as`` belongs
    to :data:`END` alone: None for what the tasks gave."""

    goto: str
    when: str | None = None
    on: After = After.SUCCESS
    name: str = ""
    ends_as: EndAs | None = None

    @property
    def title(self) -> str:
        """What it is called where there is no more room than for a few words."""
        return self.name or self.when or "otherwise"


def rule_id(phase: str, index: int) -> str:
    """What a rule is called among the ids of tasks and phases, of which none has a ``#``."""
    return f"{phase}#{index}"


def phase_of_id(item_id: str) -> str:
    """The id of the phase that a rule's id has in it; any other id as it is."""
    return item_id.partition("#")[0]


def goes_on(rules: Sequence[Rule]) -> bool:
    """Whether a run may come to the next phase after a success because none of the rules holds."""
    return not any(rule.when is None and rule.on.covers(After.SUCCESS) for rule in rules)


class RuleFault(StrEnum):
    """What can be wrong with rules before anything runs."""

    UNKNOWN_PHASE = "unknown-phase"
    BACKWARD = "backward"
    NEVER_TRIED = "never-tried"
    ENDS_NOTHING = "ends-nothing"
    UNREACHABLE = "unreachable"


@dataclass(frozen=True, slots=True)
class FaultyRule:
    """``phase`` is the id of the phase that has the rule, ``rule`` its index; a phase that cannot be reached has None.
    ``other`` is what the fault is about: the phase that is meant, or the index of the rule before."""

    fault: RuleFault
    phase: str
    rule: int | None = None
    other: str = ""


def faults_of(phases: Sequence[tuple[str, Sequence[Rule]]]) -> Iterator[FaultyRule]:
    """What is wrong with the rules of an orchestration; ``phases`` are its ids and rules, in order."""
    places = {phase: number for number, (phase, _) in enumerate(phases)}
    for number, (phase, rules) in enumerate(phases):
        for index, rule in enumerate(rules):
            if rule.goto != END and rule.goto not in places:
                yield FaultyRule(RuleFault.UNKNOWN_PHASE, phase, index, rule.goto)
            elif rule.goto != END and places[rule.goto] <= number:
                yield FaultyRule(RuleFault.BACKWARD, phase, index, rule.goto)
            if rule.ends_as is not None and rule.goto != END:
                yield FaultyRule(RuleFault.ENDS_NOTHING, phase, index, rule.goto)
            before = _caught_before(rules, index)
            if before is not None:
                yield FaultyRule(RuleFault.NEVER_TRIED, phase, index, str(before))
    reached = reachable(phases)
    yield from (FaultyRule(RuleFault.UNREACHABLE, phase) for phase, _ in phases if phase not in reached)


def _caught_before(rules: Sequence[Rule], index: int) -> int | None:
    """The rule with which all outcomes are taken that the one at ``index`` counts after; None if it may be tried."""
    outcomes = {outcome for outcome in (After.SUCCESS, After.FAILURE) if rules[index].on.covers(outcome)}
    for number, rule in enumerate(rules[:index]):
        if rule.when is None:
            outcomes -= {outcome for outcome in outcomes if rule.on.covers(outcome)}
            if not outcomes:
                return number
    return None


def reachable(phases: Sequence[tuple[str, Sequence[Rule]]]) -> set[str]:
    """The ids of the phases that some run may come to; ``phases`` are all ids with their rules, in order."""
    places = {phase: number for number, (phase, _) in enumerate(phases)}
    reached = {phases[0][0]} if phases else set()
    for number, (phase, rules) in enumerate(phases):
        if phase not in reached:
            continue
        tried = [rule for index, rule in enumerate(rules) if _caught_before(rules, index) is None]
        reached |= {rule.goto for rule in tried if places.get(rule.goto, -1) > number}
        always = any(rule.when is None and rule.on.covers(After.SUCCESS) for rule in tried)
        if not always and number + 1 < len(phases):
            reached.add(phases[number + 1][0])
    return reached


@dataclass(frozen=True, slots=True)
class TriedRule:
    """``holds`` is None when it could not be decided. ``seen`` are the facts that its condition saw, by name."""

    rule: int
    holds: bool | None
    seen: Mapping[str, Any] = field(default_factory=dict, hash=False)


@dataclass(frozen=True, slots=True)
class RuleDecision:
    """Where a run goes on after a phase: what was tried, in order, and the index of the rule that is taken.

    ``taken`` is None where no rule holds: then it goes on as without rules. ``error`` says why the last rule that was
    tried could not be decided: then the run cannot go on.
    """

    tried: tuple[TriedRule, ...] = ()
    taken: int | None = None
    error: str = ""


def decide(
    rules: Sequence[Rule], status: Status, holds: Callable[[str], tuple[bool, Mapping[str, Any]]]
) -> RuleDecision:
    """Take the first rule that holds after a phase that ended with ``status``.

    ``holds`` says for a condition whether it does, and the facts that it saw; it may raise :class:`OrchError`.
    """
    outcome = After.of(status)
    tried: list[TriedRule] = []
    for index, rule in enumerate(rules):
        if not rule.on.covers(outcome):
            continue
        if rule.when is None:
            return RuleDecision((*tried, TriedRule(index, True)), index)
        try:
            answer, seen = holds(rule.when)
        except OrchError as error:
            return RuleDecision((*tried, TriedRule(index, None)), None, error.sentence)
        tried.append(TriedRule(index, answer, seen))
        if answer:
            return RuleDecision(tuple(tried), index)
    return RuleDecision(tuple(tried))
