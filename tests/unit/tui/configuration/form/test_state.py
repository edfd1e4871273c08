"""A pool and its weight in one line of a configuration's form."""

from __future__ import annotations

import pytest
from orch_tui.tui.configuration.form.state import Place, pool_text, read_pool

SIZES = {"snowflake": 2, "7": 9}


@pytest.mark.parametrize(
    "pair", [(None, None), ("snowflake", None), ("snowflake", 2), (None, 2), ("7", None), ("7", 3)]
)
def test_what_is_shown_reads_back(pair: tuple[str | None, int | None]) -> None:
    errors: dict[Place, list[str]] = {}
    # A pool that is called like a number gets its one slot said.
    expected = ("7", 1) if pair == ("7", None) else pair
    assert read_pool(pool_text(*pair), SIZES, errors) == expected and not errors


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("snow", 'it is in the pool "snow", which the project does not have'),
        ("snowflake 3", 'it needs 3 slots of the pool "snowflake", which has 2'),
        ("snowflake 0", "write the name of a pool"),
        ("snowflake x", "write the name of a pool"),
        ("snowflake 1 2", "write the name of a pool"),
        ("-a/b", "write the name of a pool"),
        ("0", "write the name of a pool"),
    ],
)
def test_what_no_task_can_get_is_said_at_the_field(text: str, sentence: str) -> None:
    errors: dict[Place, list[str]] = {}
    read_pool(text, SIZES, errors)
    assert errors[("pool",)][0].startswith(sentence)
