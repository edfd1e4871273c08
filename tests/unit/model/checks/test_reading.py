"""``[[checks]]``: what is said of it when it cannot be understood, and results there and back."""

from __future__ import annotations

import json
from typing import Any

import pytest
from orch_tui.model.checks.encoding import decode_results, encode_results, read_results_json, result_json
from orch_tui.model.checks.reading import CheckFault, follow_tables, parse_checks
from orch_tui.model.checks.values import CheckResult, CheckSeverity, Sample, Verdict

SETS: list[dict[str, Any]] = [
    {
        "columns": {"id": "BIGINT", "email": ""}, "not_null": ["id", "email"], "unique": ["id"],
        "accepted": {"status": ["new", 1, True]}, "range": {"amount": {"min": 0, "max": 1.5}},
        "rows": {"min": 1, "max": 10}, "freshness": {"updated": "24h"}, "sql": "select 1", "learned": True,
    },
    {"severity": "warn", "sql": {"named": "select 2"}},
]  # fmt: skip


def test_every_key_is_a_check_of_its_own() -> None:
    found = parse_checks(SETS, ["raw/rows"])
    assert [check.label for check in found] == [
        "columns", "not_null id", "not_null email", "unique id", "accepted status", "range amount", "rows",
        "freshness updated", "sql", "learned", "sql named",
    ]  # fmt: skip
    assert found[4].values == ("new", "1", "true")
    assert (found[-1].severity, {check.table for check in found}) == (CheckSeverity.WARN, {"raw/rows"})


@pytest.mark.parametrize(
    ("values", "path", "words"),
    [
        ({"uniqe": ["id"]}, (0, "uniqe"), 'checks[1].uniqe is no check; did you mean "unique"?'),
        ({"table": "a/b", "rows": {"min": 1}}, (0, "table"),
         'checks[1].table is "a/b", which the configuration does not write; it writes "raw/rows"'),
        ({"severity": "bad", "rows": {"min": 1}}, (0, "severity"),
         'checks[1].severity is "bad"; it can be "error" or "warn"'),
        ({}, (0,), "checks[1] asks nothing; write one of columns, not_null, unique, accepted, range, rows, freshness, "
         "sql, learned"),
        ({"rows": {"least": 1}}, (0, "rows"),
         "checks[1].rows has no bounds; write { min = 1, max = 1000 }, or one of them"),
        ({"rows": {"min": 1.5}}, (0, "rows"),
         'checks[1].rows has the bound "1.5"; a number of rows is a whole number from 0 on'),
        ({"rows": {"min": 3, "max": 2}}, (0, "rows"), "checks[1].rows is 3 at least and 2 at most; exchange them"),
        ({"not_null": []}, (0, "not_null"), 'checks[1].not_null names no column; write it like ["id", "email"]'),
        ({"unique": ["a", "a"]}, (0, "unique"), 'checks[1].unique names the column "a" twice; take one out'),
        ({"accepted": {"a": []}}, (0, "accepted"),
         'checks[1].accepted has no list of values for "a"; write { status = ["new", "old"] }'),
        ({"freshness": {"a": "soon"}}, (0, "freshness"), None),
        ({"sql": " "}, (0, "sql"),
         'checks[1].sql is no SQL; write "select * from this where …", the rows that must not be there'),
        ({"learned": 1}, (0, "learned"), "checks[1].learned must be true or false; write learned = true"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_with_its_place(values: Any, path: tuple[Any, ...], words: str | None) -> None:
    with pytest.raises(CheckFault) as fault:
        parse_checks([values], ["raw/rows"])
    assert fault.value.path == path
    assert words is None or str(fault.value) == words


def test_a_set_says_its_table_where_there_are_several() -> None:
    with pytest.raises(CheckFault, match='is missing; the configuration writes "a/b", "c/d"'):
        parse_checks([{"rows": {"min": 1}}], ["a/b", "c/d"])


def test_the_same_check_twice_is_a_fault() -> None:
    with pytest.raises(CheckFault, match="is there twice"):
        parse_checks([{"sql": "select 1"}, {"sql": "select 2"}], ["a/b"])


def test_results_come_back_from_json_and_from_the_journal() -> None:
    # GIVEN a result of every kind of check
    sample = Sample(("id",), (("1",), (None,)))
    results = [
        CheckResult(check, Verdict.FAILED, 3.0, (("id", ""),), "it broke", sample)
        for check in parse_checks(SETS, ["raw/rows"])
    ]
    # WHEN they are written and read
    text = json.dumps([result_json(one) for one in results])
    # THEN they are the same; the journal leaves out rows of data
    assert read_results_json(json.loads(text)) == tuple(results)
    assert [one.sample for one in decode_results(encode_results(results))] == [Sample()] * len(results)
    assert [one.key for one in decode_results(encode_results(results))] == [one.key for one in results]


@pytest.mark.parametrize("value", [None, 1, "x", [], {}, {"kind": "rows"}, {"kind": "rows", "table": 1}])
def test_what_a_program_wrote_there_itself_is_passed_over(value: Any) -> None:
    assert read_results_json([value]) == ()
    assert read_results_json(value) == ()


def test_checks_follow_a_table_that_gets_another_name() -> None:
    # GIVEN sets about tables by name, and about the only one
    sets: list[dict[str, Any]] = [{"table": "a/b", "rows": {"min": 1}}, {"rows": {"min": 1}}]
    # WHEN the output is called something else, THEN so is what they are about
    assert follow_tables(sets, ["a/b"], ["c/d"]) == ({"table": "c/d", "rows": {"min": 1}}, {"rows": {"min": 1}})
    # AND an output that is gone is left to whoever reads them
    assert follow_tables(sets, ["a/b"], []) == tuple(sets)
