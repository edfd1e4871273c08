"""What may come next in a condition that is being typed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from orch_tui.conditions.completion import Vocabulary, completions

WORDS = Vocabulary({"orders": ("found", "day"), "e-mail": ()}, ("load", "alert"), ("limit", "list", "a-b"))


@pytest.mark.parametrize(
    ("before", "expected"),
    [
        ("", ['task["', 'phase["', "vars.", "run.", "now"]),
        ("vars.limit > 3 && ", ['task["', 'phase["', "vars.", "run.", "now"]),
        ("ta", ['task["']),
        ("!t", ['task["', "timestamp(", "true"]),
        ('task["', ['orders"]', 'e-mail"]']),
        ("task['e", ["e-mail']"]),
        ("task.", ["orders"]),
        ('phase["l', ['load"]']),
        ('task["e-mail"].st', ["status"]),
        ("task.orders.ex", ["exit_code"]),
        ("phase.load.", ["status", "seconds", "error"]),
        ('task["orders"].variables.', ["found", "day"]),
        ('task["orders"].status == "succ', ['success"']),
        ("vars.li", ["limit", "list"]),
        ("run.par", ["partial"]),
        ("now.getH", ["getHours("]),
        ("vars.limit.st", ["startsWith("]),
        ('task["orders"].rows', []),
        ('vars.limit == "ta', []),
        ("vars.limit ", []),
        ("3", []),
    ],
)
def test_what_may_come_next(before: str, expected: list[str]) -> None:
    assert [one.text for one in completions(before, WORDS)] == expected


@given(st.text("task[\"'].vrs&= \\nowph-e", max_size=30))
def test_whatever_is_typed_what_is_inserted_goes_on_with_it(before: str) -> None:
    for one in completions(before, WORDS):
        # THEN the text ends with what was taken for typed, and something is left to be inserted
        assert one.rest and before.endswith(one.text[: one.typed])
