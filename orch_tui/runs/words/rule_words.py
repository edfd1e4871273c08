"""What people are told of rules: where one leads, and in a run whether it held, with the facts that it saw. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import field
from enum import StrEnum
from typing import Any

from orch_tui.model.dataclass import dataclass
from orch_tui.model.orchestration.rules import END, After, Rule
from orch_tui.model.run.may_run import Need, Needed
from orch_tui.model.run.phase_state import PhaseState
from orch_tui.model.run.plan import PlannedPhase
from orch_tui.model.texts.text import safe_line

MAY_RUN = "may run"
"""In place of the decision of a task that will run if its phase is not passed over."""
_TEXT = 400
_ROOT = re.compile(r"""\b(?:task|phase)\[(["'])([^"']*)\1\]|\b(?:task|phase|vars)\.(?=[A-Za-z_])""")


class RuleFate(StrEnum):
    """What became of a rule in a run."""

    OPEN = "open"
    """Its phase has not been left."""
    TAKEN = "taken"
    NOT_HELD = "does not hold"
    NOT_ASKED = "not asked"
    """A rule before it was taken, or could not be decided; or no rule was tried."""
    OTHER_OUTCOME = "after another outcome"
    UNDECIDED = "cannot be decided"


@dataclass(frozen=True, slots=True)
class RuleStanding:
    """A rule of a phase within a run. ``seen`` are the facts that its condition saw; ``error`` says why it could not be
    decided."""

    rule: Rule
    fate: RuleFate = RuleFate.OPEN
    seen: Mapping[str, Any] = field(default_factory=dict, hash=False)
    error: str = ""

    @property
    def word(self) -> str:
        """What became of it, in words."""
        return f"only after {self.rule.on.value}" if self.fate is RuleFate.OTHER_OUTCOME else self.fate.value


def standings(phase: PhaseState) -> tuple[RuleStanding, ...]:
    """The rules of a phase, in order, as they stand."""
    decision = phase.decision
    if decision is None:
        # One that was passed over, or that a cancelled run has left, decides nothing.
        left = RuleFate.NOT_ASKED if phase.status.final and phase.started is None else RuleFate.OPEN
        return tuple(RuleStanding(rule, left) for rule in phase.rules)
    tried = {one.rule: one for one in decision.tried}
    outcome = phase.outcome
    found = []
    for number, rule in enumerate(phase.rules):
        one = tried.get(number)
        if one is None:
            other = outcome is not None and not rule.on.covers(outcome)
            found.append(RuleStanding(rule, RuleFate.OTHER_OUTCOME if other else RuleFate.NOT_ASKED))
        elif one.holds is None:
            found.append(RuleStanding(rule, RuleFate.UNDECIDED, one.seen, decision.error))
        else:
            taken = decision.taken == number
            found.append(RuleStanding(rule, RuleFate.TAKEN if taken else RuleFate.NOT_HELD, one.seen))
    return tuple(found)


def label_of(rule: Rule, *, brief: bool = False) -> str:
    """What it is called, with the outcome after which it counts where that is not a success: ``on failure: broken``.

    ``brief``: a condition in place of a name is shortened as facts are.
    """
    title = safe_line(rule.name or (_briefly(rule.when or "") if brief else rule.when or ""), _TEXT)
    if rule.on is After.SUCCESS:
        return title or "otherwise"
    after = "on failure" if rule.on is After.FAILURE else "in any case"
    return f"{after}: {title}" if title else after


def goal_of(rule: Rule, names: Mapping[str, str]) -> str:
    """Where it leads: ``Alert``, ``end``, ``end as warning``; ``names`` are those of phases by id."""
    if rule.goto == END:
        return "end" if rule.ends_as is None else f"end as {rule.ends_as.value}"
    return safe_line(names.get(rule.goto, f'"{rule.goto}"'), _TEXT)


def brief_condition(rule: Rule) -> str:
    """``load.rows == 0``; empty for a rule that always holds."""
    return _briefly(rule.when or "")


def seen_words(seen: Mapping[str, Any], *, brief: bool = False) -> str:
    """``task["load"].rows is 0``, or ``brief``: ``load.rows is 0``."""
    return ", ".join(
        f"{_briefly(name) if brief else safe_line(name, _TEXT)} is {safe_line(_value(value), _TEXT)}"
        for name, value in seen.items()
    )


def _briefly(name: str) -> str:
    return safe_line(_ROOT.sub(lambda found: found[2] or "", name), _TEXT)


def _value(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, default=str)


def may_run_words(needed: Iterable[Needed], phases: Sequence[PlannedPhase]) -> str:
    """``may run, if not "nothing came"``; for a phase that is certainly passed over, why."""
    names = {phase.id: phase for phase in phases}
    parts = []
    for one in needed:
        phase = names[one.phase]
        titles = [f'"{label_of(phase.rules[rule], brief=True)}"' for rule in one.rules]
        match one.need:
            case Need.NEVER:
                return f'is passed over: phase "{safe_line(phase.name, _TEXT)}" went on by {titles[0]}'
            case Need.NONE_TAKEN:
                parts.append(f"not {' nor '.join(titles)}")
            case Need.ONE_TAKEN:
                parts.append(" or ".join(titles))
            case Need.PASSED_OVER:
                parts.append(f'phase "{safe_line(phase.name, _TEXT)}" is passed over')
    return f"{MAY_RUN}, if {', and '.join(parts)}" if parts else ""
