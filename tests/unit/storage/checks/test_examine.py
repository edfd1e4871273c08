"""Each kind of check, asked of a real Parquet file."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from orch_tui.model.checks.reading import parse_checks
from orch_tui.model.checks.values import CheckResult, Verdict
from orch_tui.model.checks.words import expected_words, found_words
from orch_tui.storage.checks.examine import CandidateFile, examine
from orch_tui.storage.storage import Storage

from tests.support.tables import parquet_file, put

NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)
QUERY = """
select * from (values
    (1, 'new', 10.5, timestamp '2026-11-29 11:00:00'),
    (2, 'old', 99.0, timestamp '2026-11-28 11:00:00'),
    (2, null, -1.0, null)
) t(id, status, amount, updated)
"""


def _ask(tmp_path: Path, values: dict[str, Any], query: str = QUERY) -> list[CheckResult]:
    storage = Storage(tmp_path / "storage")
    file = parquet_file(storage.root / "raw" / "rows" / ".candidate.tmp", query)
    checks = parse_checks([values], ["raw/rows"])
    return examine(storage, storage.tables, [CandidateFile("raw/rows", file, ("id",))], checks, NOW)


@pytest.mark.parametrize(
    ("values", "verdict", "expected", "found"),
    [
        ({"columns": {"id": "int", "status": "text"}}, "passed", "columns id int, status text", "all of them"),
        ({"columns": {"id": "BIGINT", "email": ""}}, "failed", "columns id BIGINT, email",
         "id is INTEGER, no column email"),
        ({"columns": {"id": "what((("}}, "failed", "columns id what(((",
         '"what(((" is no type: it ends too early (at character 8)'),
        ({"not_null": ["ID"]}, "passed", "no null in ID", "0 rows"),
        ({"not_null": "status"}, "failed", "no null in status", "1 row"),
        ({"not_null": "nothing"}, "failed", "no null in nothing", "there is no column nothing"),
        ({"unique": ["id"]}, "failed", "no two rows with the same id", "1 row"),
        ({"unique": ["id", "status"]}, "passed", "no two rows with the same id, status", "0 rows"),
        ({"accepted": {"status": ["new"]}}, "failed", "status is one of new", "1 row"),
        ({"accepted": {"id": [1, 2]}}, "passed", "id is one of 1, 2", "0 rows"),
        ({"range": {"amount": {"min": 0, "max": 99}}}, "failed", "amount from 0 to 99", "1 row"),
        ({"range": {"amount": {"min": -1.5}}}, "passed", "amount at least -1.5", "0 rows"),
        ({"range": {"id": {"max": 1.5}}}, "failed", "id at most 1.5", "2 rows"),
        ({"range": {"updated": {"max": "2026-11-28 12:00:00"}}}, "failed", "updated at most 2026-11-28 12:00:00",
         "1 row"),
        ({"range": {"id": {"min": "a"}}}, "failed", "id at least a", '"a" is no INTEGER, which the values are'),
        ({"rows": {"min": 1}}, "passed", "at least 1 row", "3 rows"),
        ({"rows": {"min": 4, "max": 5000}}, "failed", "4 to 5 000 rows", "3 rows"),
        ({"freshness": {"updated": "1h"}}, "passed", "the latest updated is at most 1h old", "1:00:00 old"),
        ({"freshness": {"updated": "30m"}}, "failed", "the latest updated is at most 30m old", "1:00:00 old"),
        ({"freshness": {"status": "30m"}}, "failed", "the latest status is at most 30m old", "no value"),
        ({"sql": "select id from this where amount < 0"}, "failed",
         "no row of: select id from this where amount < 0", "1 row"),
        ({"sql": {"no negative": "from this where amount < -5"}}, "passed", "no row of: no negative", "0 rows"),
        ({"sql": "drop table this"}, "failed", "no row of: drop table this",
         "only one statement that reads can be run here: select, from, with, summarize or describe"),
        ({"sql": "select * from '/etc/passwd'"}, "failed", None, None),
        ({"rows": {"min": 4}, "severity": "warn"}, "warned", "at least 4 rows", "3 rows"),
        ({"learned": True}, "learning", "rows as before, once there are enough versions", "3 rows"),
    ],
)  # fmt: skip
def test_a_check_says_what_it_expected_and_found(
    tmp_path: Path, values: dict[str, Any], verdict: str, expected: str | None, found: str | None
) -> None:
    # GIVEN a candidate of three rows, WHEN the check is asked
    first = _ask(tmp_path, values)[0]
    # THEN its verdict and both sides are said
    assert first.verdict == verdict
    if expected is not None:
        assert (expected_words(first.check), found_words(first)) == (expected, found)


def test_some_of_the_rows_that_break_a_check_are_shown_with_their_key_first(tmp_path: Path) -> None:
    # GIVEN a row with a null, WHEN it is asked for
    (result,) = _ask(tmp_path, {"not_null": ["status"]})
    # THEN its key comes first, and what it is about
    assert result.sample.columns == ("id", "status", "amount", "updated")
    assert result.sample.rows == (("2", None, "-1.0", None),)


def test_doubled_keys_are_shown_with_how_often_they_are_there(tmp_path: Path) -> None:
    (result,) = _ask(tmp_path, {"unique": ["id"]})
    assert (result.sample.columns, result.sample.rows) == (("id", "rows"), (("2", "2"),))


def test_sql_reads_other_tables_as_they_are_stored(tmp_path: Path) -> None:
    # GIVEN another table
    put(Storage(tmp_path / "storage"), "raw/known", "select 1 as id")
    # WHEN a check asks for rows that are not in it
    (result,) = _ask(tmp_path, {"sql": "select * from this where id not in (select id from raw.known)"})
    # THEN these are found
    assert (result.verdict, result.measure) == (Verdict.FAILED, 2)


def test_escape_sequences_of_names_and_values_do_not_reach_a_sample(tmp_path: Path) -> None:
    # GIVEN a column and a value that would move the cursor
    query = "select chr(27) || '[2J' as \"a\x1b[1m\""
    # WHEN a check shows the row
    (result,) = _ask(tmp_path, {"sql": "from this"}, query)
    # THEN nothing of it is a command
    assert "\x1b" not in str(result.sample)


HISTORY = [1000, 1010, 990, 1005, 1000, 995]


def test_sixty_per_cent_fewer_rows_than_in_the_last_versions_are_refused(tmp_path: Path) -> None:
    # GIVEN six versions of about a thousand rows, more than are kept
    storage = Storage(tmp_path / "storage", keep=2)
    checks = parse_checks([{"learned": True}], ["raw/rows"])
    for number in HISTORY:
        file = parquet_file(storage.root / "raw" / "rows" / ".candidate.tmp", _rows(number))
        examine(storage, storage.tables, [CandidateFile("raw/rows", file, (), storage.get("raw/rows"))], checks, NOW)
        put(storage, "raw/rows", _rows(number))
    # WHEN a candidate has 60 % fewer, and another one as many as ever
    results = {}
    for number in (400, 1020):
        file = parquet_file(storage.root / "raw" / "rows" / ".candidate.tmp", _rows(number))
        found = examine(
            storage, storage.tables, [CandidateFile("raw/rows", file, (), storage.get("raw/rows"))], checks, NOW
        )
        results[number] = {one.check.label: one.verdict for one in found}
    # THEN the first is refused by its rows and its sum, the other one passes
    assert results[400] == {
        "learned rows": "failed", "learned nulls id": "passed", "learned nulls amount": "passed",
        "learned sum id": "failed", "learned sum amount": "failed",
    }  # fmt: skip
    assert set(results[1020].values()) == {"passed"}


def _rows(number: int) -> str:
    return f"select range as id, 1.5 as amount from range({number})"
