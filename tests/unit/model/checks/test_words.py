"""Checks and what they found, as people read them."""

from __future__ import annotations

import pytest
from orch_tui.model.checks.values import Check, CheckKind, CheckResult, Learned, Verdict
from orch_tui.model.checks.words import expected_words, found_words, result_words, summary_words, verdict_counts

_NULLS = Check(CheckKind.LEARNED, "raw/a", columns=("email",), greatest="0.125", name=Learned.NULLS)
_SUM = Check(CheckKind.LEARNED, "raw/a", columns=("price",), least="10", greatest="2000.5", name=Learned.SUM)
_COUNT = Check(CheckKind.LEARNED, "raw/a", least="10", greatest="20", name=Learned.ROWS)


@pytest.mark.parametrize(
    ("check", "words"),
    [
        (Check(CheckKind.ROWS, least="1"), "at least 1 row"),
        (Check(CheckKind.ROWS, least="1", greatest="1000000"), "1 to 1 000 000 rows"),
        (Check(CheckKind.ROWS, least="2"), "at least 2 rows"),
        (Check(CheckKind.ROWS, greatest="5"), "at most 5 rows"),
        (Check(CheckKind.RANGE, columns=("age",), least="1", greatest="9"), "age from 1 to 9"),
        (Check(CheckKind.RANGE, columns=("day",), least="2024-01-01"), "day at least 2024-01-01"),
        (Check(CheckKind.RANGE, columns=("age",), greatest="1200"), "age at most 1200"),
        (Check(CheckKind.NOT_NULL, columns=("a", "b")), "no null in a, b"),
        (Check(CheckKind.UNIQUE, columns=("a",)), "no two rows with the same a"),
        (Check(CheckKind.ACCEPTED, columns=("a",), values=("x", "y")), "a is one of x, y"),
        (Check(CheckKind.COLUMNS, types=(("id", "BIGINT"), ("name", ""))), "columns id BIGINT, name"),
        (Check(CheckKind.FRESHNESS, columns=("at",), age=7200.0), "the latest at is at most 2h old"),
        (Check(CheckKind.SQL, sql="select 1", name="none is late"), "no row of: none is late"),
        (Check(CheckKind.SQL, sql="select 1"), "no row of: select 1"),
        (Check(CheckKind.LEARNED, name=Learned.ROWS), "rows as before, once there are enough versions"),
        (Check(CheckKind.LEARNED), "all as before, once there are enough versions"),
        (Check(CheckKind.LEARNED, columns=("a",), name=Learned.SUM, least="3"), "a sum of a at least 3, as before"),
        (_NULLS, "at most 12.5 % null in email, as before"),
        (_SUM, "a sum of price from 10 to 2 000.5, as before"),
        (_COUNT, "rows from 10 to 20, as before"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_expected(check: Check, words: str) -> None:
    assert expected_words(check) == words


@pytest.mark.parametrize(
    ("result", "words"),
    [
        (CheckResult(Check(CheckKind.ROWS), Verdict.FAILED, 0.0), "0 rows"),
        (CheckResult(Check(CheckKind.UNIQUE), Verdict.FAILED, 1.0), "1 row"),
        (CheckResult(Check(CheckKind.FRESHNESS), Verdict.FAILED, 7200.0), "2:00:00 old"),
        (CheckResult(Check(CheckKind.FRESHNESS), Verdict.PASSED, 0.0), "0.0 s old"),
        (CheckResult(Check(CheckKind.FRESHNESS), Verdict.PASSED, -60.0), "in the future"),
        (CheckResult(Check(CheckKind.FRESHNESS), Verdict.FAILED), "no value"),
        (CheckResult(_NULLS, Verdict.FAILED, 0.5), "50.0 % null"),
        (CheckResult(_SUM, Verdict.FAILED, 1234567.0), "sum 1 234 567"),
        (CheckResult(_COUNT, Verdict.FAILED, 3.0), "3 rows"),
        # A check of the user's own is told in rows, also where it is called like one that is learned.
        (CheckResult(Check(CheckKind.SQL, name="nulls"), Verdict.FAILED, 2.0), "2 rows"),
        (CheckResult(Check(CheckKind.COLUMNS), Verdict.PASSED, 3.0), "all of them"),
        (
            CheckResult(Check(CheckKind.COLUMNS), Verdict.FAILED, 1.0, wrong=(("id", "VARCHAR"), ("b", ""))),
            "id is VARCHAR, no column b",
        ),
        (CheckResult(Check(CheckKind.SQL), Verdict.FAILED, 1.0, error="no such\ntable"), "no such table"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_was_found(result: CheckResult, words: str) -> None:
    assert found_words(result).replace("\u00a0", " ") == words


def test_several_are_told_by_the_first_and_by_their_number() -> None:
    rows = CheckResult(Check(CheckKind.ROWS, "raw/a", least="1"), Verdict.FAILED, 0.0)
    assert result_words(rows) == "rows of raw/a: expected at least 1 row, found 0 rows"
    assert summary_words([]) == ""
    assert summary_words([rows]) == result_words(rows)
    assert summary_words([rows, rows, rows]) == f"{result_words(rows)} (and 2 more)"
    passed = CheckResult(rows.check, Verdict.PASSED)
    assert verdict_counts([rows, passed, passed]) == "3 checks: 2 passed, 1 failed"
