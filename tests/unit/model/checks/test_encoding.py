"""Results of checks as JSON, and back."""

from __future__ import annotations

import json

import pytest
from orch_tui.model.checks.encoding import decode_results, encode_results, read_result_json, result_json
from orch_tui.model.checks.values import Check, CheckKind, CheckResult, CheckSeverity, Sample, Verdict

RESULT = CheckResult(
    Check(CheckKind.RANGE, "raw/a", CheckSeverity.WARN, ("n",), least="1", greatest="9", sql="s" * 500),
    Verdict.WARNED,
    3.0,
    sample=Sample(("n", "m"), (("11", None), ("12", "x"))),
)


def test_a_result_comes_back_as_it_was() -> None:
    assert read_result_json(json.loads(json.dumps(result_json(RESULT)))) == RESULT


def test_a_journal_keeps_a_hundred_without_their_rows_and_long_sql() -> None:
    kept = decode_results(encode_results([RESULT] * 101))
    assert len(kept) == 100
    assert {one.sample for one in kept} == {Sample()} and {one.check.sql for one in kept} == {"s" * 200}
    assert {(one.key, one.verdict, one.measure) for one in kept} == {(RESULT.key, Verdict.WARNED, 3.0)}
    assert decode_results(None) == ()


@pytest.mark.parametrize(
    "value", [None, [], "x", {}, {"kind": "rows"}, result_json(RESULT) | {"verdict": "odd"}], ids=str
)
def test_what_no_program_of_ours_wrote_is_none(value: object) -> None:
    assert read_result_json(value) is None
    # AND those beside it are read
    assert decode_results(json.dumps([value, result_json(RESULT)])) == (RESULT,)
