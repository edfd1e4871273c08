"""Queries for stored files."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from orch_tui.model.errors import UserError
from orch_tui.storage.files.query import parse_query
from orch_tui.storage.files.values import StoredFile

from tests.support.effort import examples

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)


def file(
    name: str = "report.csv", tags: tuple[str, ...] = ("report", "daily"), hours: float = 1, id: int = 7
) -> StoredFile:
    return StoredFile(id, name, Path("x"), tags, NOW - timedelta(hours=hours), size=100)


@pytest.mark.parametrize(
    ("query", "fits"),
    [
        ("", True),
        ("tags:report", True),
        ("tags: report AND NOT tags: downloaded", True),
        ("tags:report AND NOT tags:daily", False),
        ("tags:repo", False),
        ("tags:repo*", True),
        ("tags:(monthly daily)", True),
        ("tags:(+monthly +daily)", False),
        ("tags:monthly OR tags:daily", True),
        ("tags:monthly tags:daily", True),
        ("tags:monthly && tags:daily", False),
        ("+tags:report -tags:done", True),
        ("-tags:daily", False),
        ("!tags:daily", False),
        ("NOT (tags:daily AND tags:monthly)", True),
        ("name:.csv", True),
        ("name:*.zip", False),
        ("name:REPORT.c?v", True),
        ("report", True),
        ('"report.csv"', True),
        ("sizeBytes:[50 TO 100]", True),
        ("sizeBytes:[100 TO 200]", True),
        ("sizeBytes:[50 TO 100}", False),
        ("sizeBytes:{100 TO 200]", False),
        ("id:7", True),
        ("id:>7", False),
        ("sizeBytes:>=100 AND sizeBytes:<101", True),
        ("created:>=now-1d", True),
        ("created:>now-30m", False),
        ("created:2026-11-30", True),
        ("created:2026-11-29", False),
        ("created:[2026-11-29 TO *]", True),
        ("created:[* TO 2026-11-30}", False),
        ("created:[now-2h TO now]", True),
    ],
)
def test_what_a_query_says(query: str, fits: bool) -> None:
    assert parse_query(query, NOW)(file()) is fits


@pytest.mark.parametrize(
    "query",
    ["tags:", "(tags:a", "tags:a)", "AND", "tags:a AND", "owner:me", "created:>yesterday", "id:abc", 'name:"a', "()"],
)
def test_what_cannot_be_understood_is_one_sentence(query: str) -> None:
    with pytest.raises(UserError) as caught:
        parse_query(query, NOW)
    assert f'"{query}"' in str(caught.value) and "\n" not in str(caught.value)


@given(st.text(alphabet='ab:()"*-+!&|<>=[]{} \\ANDORTO1', max_size=30))
@settings(max_examples=examples(200))
def test_any_text_is_a_query_or_a_sentence(text: str) -> None:
    try:
        test = parse_query(text, NOW)
    except UserError:
        return
    assert test(file()) in (True, False)


@given(st.lists(st.sampled_from(["a", "b", "c"]), unique=True), st.sampled_from(["a", "b", "c"]))
@settings(max_examples=examples(50))
def test_and_or_not_are_those_of_logic(tags: list[str], tag: str) -> None:
    one = file(tags=tuple(tags))
    has = tag in tags
    assert parse_query(f"NOT tags:{tag}", NOW)(one) is not has
    assert parse_query(f"tags:{tag} AND tags:a", NOW)(one) is (has and "a" in tags)
    assert parse_query(f"tags:{tag} OR tags:a", NOW)(one) is (has or "a" in tags)


@pytest.mark.parametrize(("unit", "hours"), [("h", 1), ("d", 24), ("w", 24 * 7), ("M", 24 * 30), ("y", 24 * 365)])
def test_a_unit_of_time_is_as_long_as_people_think(unit: str, hours: float) -> None:
    fits = parse_query(f"created:>now-1{unit}", NOW)
    assert fits(file(hours=hours - 0.1)) and not fits(file(hours=hours + 0.1))
