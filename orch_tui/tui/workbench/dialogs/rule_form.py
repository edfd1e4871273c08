"""The fields of a rule: values to texts and back. Pure: no Textual."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from orch_tui.conditions.completion import Vocabulary
from orch_tui.model.orchestration.orchestration import Orchestration
from orch_tui.model.orchestration.rules import END, After, EndAs, Rule
from orch_tui.model.run.promises import Sets, promised
from orch_tui.model.texts.text import safe_line

OUTCOMES: Mapping[str, After] = {"success": After.SUCCESS, "failure": After.FAILURE, "any outcome": After.ANY}
"""What is chosen from, with the outcome of the phase that it stands for."""


@dataclass(frozen=True, slots=True)
class Goal:
    """Where a rule may lead: ``goto`` and ``ends_as`` of it."""

    goto: str
    ends_as: EndAs | None = None


def goals_after(value: Orchestration, phase_id: str, now: Rule | None) -> dict[str, Goal]:
    """All that a rule of the phase may lead to, by what it is called: each later phase, and the end in its forms.

    Where the rule leads ``now`` is among them, also when that is wrong.
    """
    numbers = {phase.id: number for number, phase in enumerate(value.phases, 1)}
    found = {
        f"{numbers[phase.id]} {safe_line(phase.name, 60)}": Goal(phase.id)
        for phase in value.phases[numbers[phase_id] :]
    }
    found["the end"] = Goal(END)
    found |= {f"the end, as {one.value}": Goal(END, one) for one in EndAs}
    if now is not None and Goal(now.goto, now.ends_as) not in found.values():
        found[f"{safe_line(now.goto, 60)} (no later phase)"] = Goal(now.goto, now.ends_as)
    return found


def label_among(goals: Mapping[str, Goal], rule: Rule | None) -> str:
    """What the goal of the rule is called; the first one for a new rule."""
    wanted = Goal(rule.goto, rule.ends_as) if rule is not None else next(iter(goals.values()))
    return next(label for label, goal in goals.items() if goal == wanted)


def outcome_label(rule: Rule | None) -> str:
    """What the outcome after which the rule counts is called."""
    wanted = rule.on if rule is not None else After.SUCCESS
    return next(label for label, outcome in OUTCOMES.items() if outcome is wanted)


def read_rule(name: str, outcome: str, when: str, goal: Goal) -> Rule:
    """The rule that the texts say; blanks around them do not count, and without a condition it always holds."""
    return Rule(goal.goto, when.strip() or None, OUTCOMES[outcome], name.strip(), goal.ends_as)


def vocabulary(value: Orchestration, declared: Collection[str], sets: Sets) -> Vocabulary:
    """What a condition may ask for by name; ``declared`` are the variables that a run is started with."""
    return Vocabulary(
        {task.id: sets(task) for task in value.tasks()},
        [phase.id for phase in value.phases],
        sorted({*declared, *promised(value, sets)}),
    )
