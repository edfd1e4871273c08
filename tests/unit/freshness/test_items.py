"""What an array is run for, beside what it was run for."""

from __future__ import annotations

import pytest
from orch_tui.freshness.items import other_items


@pytest.mark.parametrize(
    ("now", "then", "sentence"),
    [
        (None, None, ""),
        (["b", "a"], {"a": 1.0, "b": 2.0}, ""),
        ([], {}, ""),
        (["a", "b"], None, "2 more items than in run r, such as a"),
        (None, {"a": 1.0}, "1 fewer item than in run r, such as a"),
        (["a", "c"], {"a": 1.0, "b": 2.0, "d": 3.0}, "1 more and 2 fewer items than in run r, such as c"),
        (None, {}, "what it is run for was another thing in run r"),
    ],
    ids=["no-array", "order", "empty", "was-none", "is-none", "others", "was-empty"],
)
def test_other_items_are_told_by_their_numbers_and_one_of_them(
    now: list[str] | None, then: dict[str, float] | None, sentence: str
) -> None:
    found = other_items(now, then, "r")
    assert ("" if found is None else found.sentence) == sentence
