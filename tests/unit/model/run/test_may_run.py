"""What has to hold for a run to come to a phase."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from orch_tui.model.orchestration.rules import END, After, Rule, RuleDecision, TriedRule, decide
from orch_tui.model.run.may_run import Need, Needed, what_is_needed
from orch_tui.model.run.plan import Decision, PlannedPhase, PlannedTask
from orch_tui.model.status import Status
from orch_tui.runs.words.rule_words import may_run_words

IDS = "abcdef"


def phase(id: str, *rules: Rule, runs: Decision = Decision.RUN, decision: RuleDecision | None = None) -> PlannedPhase:
    return PlannedPhase(id, id.upper(), (PlannedTask(f"t{id}", "c/x", "T", id, runs),), 4, rules, decision)


NOTHING, BROKEN = Rule("b", "x", name="nothing"), Rule("b", on=After.FAILURE, name="broken")
ENOUGH, ELSE = Rule(END, "task.t.rows > 3"), Rule("c")
TAKEN = RuleDecision((TriedRule(0, True),), 0)


@pytest.mark.parametrize(
    ("phases", "needed", "words"),
    [
        ([phase("a", ENOUGH), phase("b")], {"b": (Needed(Need.NONE_TAKEN, "a", (0,)),)}, 'not "t.rows > 3"'),
        # What leads there after a success or a failure, where a rule always leads past it.
        (
            [phase("a", NOTHING, BROKEN, ELSE), phase("b"), phase("c")],
            {"b": (Needed(Need.ONE_TAKEN, "a", (0, 1)),)},
            '"nothing" or "on failure: broken"',
        ),
        # A phase that always ends the run has to be passed over itself.
        (
            [phase("a", NOTHING, ELSE), phase("b", Rule(END)), phase("c")],
            {"b": (Needed(Need.ONE_TAKEN, "a", (0,)),), "c": (Needed(Need.PASSED_OVER, "b"),)},
            '"nothing"',
        ),
        # A failure without a rule that takes care of it ends the run in any case.
        ([phase("a", Rule(END, on=After.FAILURE)), phase("b")], {}, ""),
        # A phase of which nothing runs decides nothing, or has decided.
        ([phase("a", ENOUGH, runs=Decision.SKIPPED), phase("b")], {}, ""),
        (
            [phase("a", ENOUGH, runs=Decision.REUSED, decision=TAKEN), phase("b")],
            {"b": (Needed(Need.NEVER, "a", (0,)),)},
            'is passed over: phase "A" went on by "t.rows > 3"',
        ),
        ([phase("a", Rule("b", "x"), runs=Decision.REUSED, decision=TAKEN), phase("b")], {}, ""),
        ([phase("a", ENOUGH), phase("b", runs=Decision.SKIPPED)], {}, ""),
    ],
)
def test_what_a_phase_needs(phases: list[PlannedPhase], needed: dict[str, tuple[Needed, ...]], words: str) -> None:
    found = what_is_needed(phases)
    assert found == needed
    said = may_run_words(found.get("b", ()), phases)
    assert said == (words if words.startswith("is ") or not words else f"may run, if {words}")


some_rules = st.lists(
    st.builds(
        Rule,
        st.sampled_from((*IDS, END)),
        st.none() | st.sampled_from(["p", "q", "r"]),
        st.sampled_from(After),
    ),
    max_size=4,
)


@given(st.lists(some_rules, min_size=2, max_size=6), st.sets(st.sampled_from(["p", "q", "r"])))
def test_a_run_comes_to_a_phase_exactly_if_what_it_needs_holds(rules: list[list[Rule]], true: set[str]) -> None:
    # GIVEN phases with rules that lead forward, and conditions of which some hold
    phases = [
        phase(IDS[at], *(one for one in some if one.goto == END or one.goto > IDS[at])) for at, some in enumerate(rules)
    ]
    ids = [one.id for one in phases]
    # WHEN a run in which all succeeds walks through them
    taken: dict[str, int | None] = {}
    at = 0
    while at < len(phases):
        one = phases[at]
        taken[one.id] = decide(one.rules, Status.SUCCESS, lambda text: (text in true, {})).taken
        rule = None if taken[one.id] is None else one.rules[taken[one.id] or 0]
        at = at + 1 if rule is None else ids.index(rule.goto) if rule.goto in ids else len(phases)
    # THEN it came to those whose needs hold
    needed = what_is_needed(phases)

    def holds(one: Needed) -> bool:
        if one.phase not in taken:
            return True
        if one.need is Need.NONE_TAKEN:
            return taken[one.phase] not in one.rules
        return one.need is Need.ONE_TAKEN and taken[one.phase] in one.rules

    # Where a rule leads to no phase the run ends; check says so, and no need of later phases knows it.
    if all(rule.goto == END or rule.goto in ids for one in phases for rule in one.rules):
        assert [one for one in ids if all(map(holds, needed.get(one, ())))] == list(taken)
