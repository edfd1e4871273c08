"""What people are told of rules."""

from __future__ import annotations

import pytest
from orch_tui.model.orchestration.rules import After, EndAs, Rule, RuleDecision, TriedRule
from orch_tui.model.run.phase_state import PhaseState
from orch_tui.model.status import Status
from orch_tui.runs.words.rule_words import RuleFate, brief_condition, goal_of, label_of, seen_words, standings

NAMES = {"alert": "Alert"}
RULES = (
    Rule("alert", 'task["load"].rows == 0', name="nothing came"),
    Rule("alert", on=After.FAILURE, name="broken"),
    Rule("end", "vars.limit > 1 / 0"),
    Rule("end"),
)


def phase(status: Status, decision: RuleDecision | None, started: float | None = 1.0) -> PhaseState:
    return PhaseState("load", "Load", [], 1, status, started=started, rules=RULES, decision=decision)


@pytest.mark.parametrize(
    ("rule", "label", "goal"),
    [
        (RULES[0], "nothing came", "Alert"),
        (RULES[1], "on failure: broken", "Alert"),
        (Rule("end", on=After.FAILURE, ends_as=EndAs.SUCCESS), "on failure", "end as success"),
        (Rule("end", on=After.ANY), "in any case", "end"),
        (Rule("end"), "otherwise", "end"),
        (Rule("gone", "vars.a\n> 3"), "a > 3", '"gone"'),
    ],
)
def test_a_rule_in_short(rule: Rule, label: str, goal: str) -> None:
    assert (label_of(rule, brief=True), goal_of(rule, NAMES)) == (label, goal)


def test_a_condition_is_shortened_as_its_facts_are() -> None:
    rule = Rule("end", """task["a-b"].rows > 0 && task.c.rows != null && phase['d'].seconds < vars.e && run.partial""")
    assert brief_condition(rule) == "a-b.rows > 0 && c.rows != null && d.seconds < e && run.partial"
    seen = {'task["a-b"].rows': 3, "vars.e": "ä", "run.partial": None}
    assert seen_words(seen, brief=True) == 'a-b.rows is 3, e is "ä", run.partial is null'
    assert seen_words(seen) == 'task["a-b"].rows is 3, vars.e is "ä", run.partial is null'


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        (phase(Status.PROCESSING, None), [RuleFate.OPEN] * 4),
        (phase(Status.SKIPPED, None, None), [RuleFate.NOT_ASKED] * 4),
        (
            phase(Status.SUCCESS, RuleDecision((TriedRule(0, True, {"a": 1}),), 0)),
            [RuleFate.TAKEN, RuleFate.OTHER_OUTCOME, RuleFate.NOT_ASKED, RuleFate.NOT_ASKED],
        ),
        (
            phase(Status.ERROR, RuleDecision((TriedRule(1, True),), 1)),
            [RuleFate.OTHER_OUTCOME, RuleFate.TAKEN, RuleFate.OTHER_OUTCOME, RuleFate.OTHER_OUTCOME],
        ),
        (
            phase(Status.SUCCESS, RuleDecision((TriedRule(0, False), TriedRule(2, None)), None, "a division by zero")),
            [RuleFate.NOT_HELD, RuleFate.OTHER_OUTCOME, RuleFate.UNDECIDED, RuleFate.NOT_ASKED],
        ),
    ],
)
def test_what_became_of_the_rules_of_a_phase(state: PhaseState, expected: list[RuleFate]) -> None:
    found = standings(state)
    assert [one.fate for one in found] == expected and [one.rule for one in found] == list(RULES)
    # AND the facts, or why there is no answer, go with the rule that is about them
    assert [one.error for one in found if one.fate is RuleFate.UNDECIDED] in ([], ["a division by zero"])
    assert found[1].word in ("open", "not asked", "only after failure", "taken")
