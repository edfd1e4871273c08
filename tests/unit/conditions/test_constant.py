"""Conditions that say the same whatever a run does."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from orch_tui.conditions.condition import Condition, ConditionError, UndecidedError
from orch_tui.conditions.constant import Always, always
from orch_tui.model.orchestration.rules import After
from orch_tui.model.status import Status

NEVER, HOLDS = Always.NEVER, Always.HOLDS


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("true", HOLDS),
        ("1 + 1 == 3", NEVER),
        ("1 / 0 == 1", NEVER),
        ("'ab'.startsWith('a')", HOLDS),
        ("task.a.rows > 3 && task.a.rows < 2", NEVER),
        ("task.a.rows > 3 && task.a.rows < 4", None),  # 3.5 of a number that is no whole one
        ("task.a.seconds >= 1.5 && task.a.seconds < 1.5", NEVER),
        ("task.a.rows == -1 && task.a.rows == null", NEVER),
        ("task.a.rows != 3 || task.a.rows == 3", HOLDS),
        ("task.a.rows > 3 || task.a.rows <= 3", None),  # of null it cannot be said
        ("task.a.status == 'failed'", NEVER),
        ("task.a.status == 'error'", None),
        ("task.a.status in ['failed', 'error']", None),
        ("vars.x == 'a' && vars.x == 'b'", NEVER),
        ("vars.x == 'a' ? vars.x == 'b' : vars.x == 'c' && vars.x == 'd'", NEVER),
        ("vars.day > '2026' && vars.day < '2025'", NEVER),
        ("vars.x && !vars.x", NEVER),
        ("vars.x == true && vars.x == false || vars.x == 1", None),  # 1 is not true
        # What cannot be taken apart is not judged.
        ("has(task.a.rows)", None),
        ("now.getHours() > 30", None),
        ("size(vars.x) > 3 && size(vars.x) < 2", None),
        ("task.a.rows > task.b.rows && task.a.rows < task.b.rows", None),
        ("task.a.tables['x'] == 1 && task.a.tables == null", None),
        ("[1, 2].exists(x, x == vars.n) && vars.n == 3", None),
    ],
)
def test_what_a_condition_says_in_every_run(text: str, expected: Always | None) -> None:
    assert always(Condition(text), "p", After.SUCCESS) is expected


@pytest.mark.parametrize(
    ("on", "status", "expected"),
    [
        (After.SUCCESS, "error", NEVER),
        (After.SUCCESS, "success", None),
        (After.FAILURE, "success", NEVER),
        (After.FAILURE, "error", None),
        (After.ANY, "error", None),
        (After.ANY, "processing", NEVER),
    ],
)
def test_a_rule_that_counts_after_one_outcome_and_asks_for_another(
    on: After, status: str, expected: Always | None
) -> None:
    assert always(Condition(f"phase['p'].status == '{status}'"), "p", on) is expected
    # AND of another phase it may be
    assert always(Condition(f"phase['q'].status == '{status}'"), "p", on) is None


VALUES: list[Any] = [None, True, 0, 1, 2, 2.5, 3, "", "a", "b"]
atoms = st.builds(
    "{} {} {}".format,
    st.sampled_from(["task.a.rows", "vars.x"]),
    st.sampled_from(["==", "!=", "<", ">="]),
    st.sampled_from(["1", "2", "3.0", "'a'", "null", "true"]),
)
texts = st.recursive(
    atoms,
    lambda inner: (
        st.builds("({}) {} ({})".format, inner, st.sampled_from(["&&", "||"]), inner) | inner.map("!({})".format)
    ),
    max_leaves=5,
)


@given(texts)
@example("(vars.x == true) && (vars.x == 'a') || (vars.x == 1)")
@example("(vars.x != 1) || (vars.x == true)")
@example("(vars.x != 'a') && (vars.x >= 'a')")
def test_what_is_said_to_hold_always_or_never_does(text: str) -> None:
    try:
        condition = Condition(text)
    except ConditionError:
        return
    found = always(condition, "p", After.SUCCESS)
    if found is None:
        return
    for rows, value in itertools.product(VALUES, VALUES):
        facts = {"task": {"a": {"rows": rows, "status": Status.SUCCESS.value}}, "vars": {"x": value}}
        try:
            answer = condition.verdict(facts | {"phase": {}, "run": {}}).holds
        except UndecidedError:
            answer = False
        assert answer is (found is HOLDS), facts
