"""What has to hold for a run to come to a phase, as far as its plan tells: which rules lead past it. Pure.

A run comes to a phase exactly when no rule that is taken leads past it: each phase that is run is followed by the next
one or by where a rule leads.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

from orch_tui.model.dataclass import dataclass
from orch_tui.model.orchestration.rules import END, After, Rule, reachable
from orch_tui.model.run.plan import Decision, PlannedPhase


class Need(StrEnum):
    """What has to become of rules for a run to come to a phase behind them."""

    NONE_TAKEN = "none-taken"
    ONE_TAKEN = "one-taken"
    PASSED_OVER = "passed-over"
    """Whatever its rules say, the phase that has them must not be run itself."""
    NEVER = "never"
    """A rule that was taken in the run that this one continues leads past it."""


@dataclass(frozen=True, slots=True)
class Needed:
    """``rules`` are indexes among those of the phase with the id ``phase``."""

    need: Need
    phase: str
    rules: tuple[int, ...] = ()


def what_is_needed(phases: Sequence[PlannedPhase]) -> dict[str, tuple[Needed, ...]]:
    """By the ids of the phases of which something is to be run, and that a run may pass over. Failures apart: where
    nothing takes care of them, the run ends in any case."""
    places = {phase.id: number for number, phase in enumerate(phases)}
    reached = reachable([(phase.id, phase.rules) for phase in phases])
    found = {}
    for number, phase in enumerate(phases):
        if not _runs(phase):
            continue
        needed = [
            one
            for before in phases[:number]
            if before.rules and before.id in reached and (one := _needed(before, number, places)) is not None
        ]
        if needed:
            found[phase.id] = tuple(needed)
    return found


def _runs(phase: PlannedPhase) -> bool:
    return any(task.decision is Decision.RUN for task in phase.tasks)


def _needed(before: PlannedPhase, number: int, places: dict[str, int]) -> Needed | None:
    """What the rules of a phase before ask for, so that a run comes to the phase at ``number``."""

    def past(rule: Rule) -> bool:
        return rule.goto == END or places.get(rule.goto, number) > number

    if before.decision is not None and not _runs(before):
        taken = before.decision.taken
        if taken is None or taken >= len(before.rules) or not past(before.rules[taken]):
            return None
        return Needed(Need.NEVER, before.id, (taken,))
    if not _runs(before) and not before.reused:
        return None
    leading: list[int] = []
    passing: list[int] = []
    for index, rule in enumerate(before.rules):
        if not rule.on.covers(After.SUCCESS):
            continue
        (passing if past(rule) else leading).append(index)
        if rule.when is None:
            break
    else:
        return Needed(Need.NONE_TAKEN, before.id, tuple(passing)) if passing else None
    if not past(before.rules[index]):
        return Needed(Need.NONE_TAKEN, before.id, tuple(passing)) if passing else None
    leading += [at for at, rule in enumerate(before.rules) if rule.on is After.FAILURE and not past(rule)]
    return Needed(Need.ONE_TAKEN, before.id, tuple(sorted(leading))) if leading else Needed(Need.PASSED_OVER, before.id)
