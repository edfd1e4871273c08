"""Rules after a phase: the first that holds is taken, and a rule only goes forward."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from orch_tui.model.errors import OrchError
from orch_tui.model.orchestration.rules import After, EndAs, FaultyRule, Rule, RuleFault, decide, faults_of
from orch_tui.model.status import Status

from tests.support.effort import examples

PHASES = ("a", "b", "c", "d")
ENDS = (Status.SUCCESS, Status.WARNING, Status.ERROR, Status.TERMINATED, Status.CANCELLED)
rules = st.builds(
    Rule,
    goto=st.sampled_from((*PHASES, "end", "nowhere")),
    when=st.sampled_from(("yes", "no", "broken")) | st.none(),
    on=st.sampled_from(After),
)


def holds(condition: str) -> tuple[bool, Mapping[str, Any]]:
    if condition == "broken":
        raise OrchError("it is broken")
    return condition == "yes", {"it": condition}


@given(st.lists(rules, max_size=6), st.sampled_from(ENDS))
def test_the_first_rule_that_counts_and_holds_is_taken(some: list[Rule], status: Status) -> None:
    # WHEN
    decision = decide(some, status, holds)
    # THEN it is the one that a reader going down the list with a finger comes to
    good = status in (Status.SUCCESS, Status.WARNING)
    finger, error = None, ""
    for index, rule in enumerate(some):
        if (good and rule.on is After.FAILURE) or (not good and rule.on is After.SUCCESS):
            continue
        if rule.when == "broken":
            error = "it is broken"
            break
        if rule.when in (None, "yes"):
            finger = index
            break
    assert (decision.taken, decision.error) == (finger, error)
    assert [tried.rule for tried in decision.tried] == sorted({tried.rule for tried in decision.tried})
    assert all(tried.holds is False for tried in decision.tried[:-1])


@pytest.mark.parametrize(
    ("some", "faults"),
    [
        ({"a": [Rule("b", "x"), Rule("c")], "b": [], "c": []}, []),
        ({"a": [Rule("x")]}, [FaultyRule(RuleFault.UNKNOWN_PHASE, "a", 0, "x")]),
        ({"a": [], "b": [Rule("a", "x")]}, [FaultyRule(RuleFault.BACKWARD, "b", 0, "a")]),
        ({"a": [], "b": [Rule("b", "x")]}, [FaultyRule(RuleFault.BACKWARD, "b", 0, "b")]),
        ({"a": [Rule("b"), Rule("b", "x")], "b": []}, [FaultyRule(RuleFault.NEVER_TRIED, "a", 1, "0")]),
        ({"a": [Rule("b"), Rule("b", "x", After.FAILURE)], "b": []}, []),
        (
            {"a": [Rule("b"), Rule("b", None, After.FAILURE), Rule("end", None, After.ANY)], "b": []},
            [FaultyRule(RuleFault.NEVER_TRIED, "a", 2, "1")],
        ),
        ({"a": [Rule("c")], "b": [], "c": []}, [FaultyRule(RuleFault.UNREACHABLE, "b")]),
        ({"a": [Rule("c"), Rule("b", "x", After.FAILURE)], "b": [], "c": []}, []),
        ({"a": [Rule("end")], "b": []}, [FaultyRule(RuleFault.UNREACHABLE, "b")]),
        ({"a": [Rule("end", ends_as=EndAs.ERROR, when="x")], "b": []}, []),
        ({"a": [Rule("b", "x", ends_as=EndAs.ERROR)], "b": []}, [FaultyRule(RuleFault.ENDS_NOTHING, "a", 0, "b")]),
        ({}, []),
    ],
)
def test_what_is_wrong_with_rules_is_known_before_anything_runs(
    some: dict[str, list[Rule]], faults: list[FaultyRule]
) -> None:
    assert list(faults_of(list(some.items()))) == faults


def reached_by_running(phases: Sequence[tuple[str, Sequence[Rule]]]) -> set[str]:
    """Every phase that some run comes to, by trying all outcomes and all answers of all conditions."""
    ids = [phase for phase, _ in phases]
    reached: set[str] = set()
    at = {0} if ids else set()
    while at:
        number = at.pop()
        reached.add(ids[number])
        mine = phases[number][1]
        for good in (True, False):
            for answers in range(1 << len(mine)):
                to: str | None = None
                for index, rule in enumerate(mine):
                    counts = rule.on is After.ANY or (rule.on is After.SUCCESS) is good
                    if counts and (rule.when is None or answers >> index & 1):
                        to = rule.goto
                        break
                else:
                    to = ids[number + 1] if good and number + 1 < len(ids) else None
                if to in ids and ids.index(to) > number:
                    at.add(ids.index(to))
    return reached


forward = st.lists(
    st.builds(
        Rule,
        goto=st.sampled_from((*PHASES, "end")),
        when=st.just("x") | st.none(),
        on=st.sampled_from(After),
    ),
    max_size=3,
)


@settings(max_examples=examples(200))
@given(st.tuples(*(forward for _ in PHASES)))
def test_a_phase_is_said_to_be_out_of_reach_when_no_run_comes_to_it(some: tuple[list[Rule], ...]) -> None:
    phases = list(zip(PHASES, some, strict=True))
    unreachable = {fault.phase for fault in faults_of(phases) if fault.fault is RuleFault.UNREACHABLE}
    assert unreachable == set(PHASES) - reached_by_running(phases)
