"""What a program says of its work is taken where it is what it should be, and left where it is not."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from orch_tui.engine.attempts.results import (
    MOST_BYTES,
    MOST_NAME,
    MOST_TEXT,
    MOST_TOLD,
    read_result,
    read_result_or_why,
    read_warning,
    told_in,
    values_in,
)
from orch_tui.project.attempt_dir import result_file, unmasked_mark
from orch_tui.project.masking.files import mask_attempt
from orch_tui.project.masking.redactor import Redactor

LARGEST = 2**62 - 1
READ = 4 << 20


@pytest.fixture
def attempt(tmp_path: Path) -> Path:
    """An attempt in whose files no secret can be any more."""
    mask_attempt(tmp_path, Redactor([]))
    return tmp_path


def told(attempt: Path) -> dict[str, Any]:
    return told_in(read_result(attempt)).values


def say(attempt: Path, result: Any) -> Path:
    result_file(attempt).write_text(json.dumps(result))
    return attempt


def said(attempt: Path, result: Any) -> dict[str, Any]:
    """What is read of that."""
    return read_result(say(attempt, result))


@pytest.mark.parametrize("text", ["", "no object", "[1]", '"x"', "{", "null"])
def test_what_is_no_object_says_nothing(attempt: Path, text: str) -> None:
    result_file(attempt).write_text(text)
    assert read_result(attempt) == {}
    assert told(attempt) == {}
    assert values_in(read_result(attempt)) == ({}, [])
    assert read_warning(attempt) is None


def test_no_file_and_a_pipe_say_nothing(attempt: Path) -> None:
    assert read_result(attempt) == {}
    # A pipe that nobody writes into must not stop the executor.
    os.mkfifo(result_file(attempt))
    assert read_result(attempt) == {}


def test_a_directory_in_its_place_says_nothing(attempt: Path) -> None:
    result_file(attempt).mkdir()
    assert read_result(attempt) == {}


def test_four_mib_are_read_and_no_byte_more(attempt: Path) -> None:
    frame = len(json.dumps({"a": ""}))
    say(attempt, {"a": "x" * (READ - frame)})
    assert result_file(attempt).stat().st_size == READ
    assert len(read_result(attempt)["a"]) == READ - frame
    say(attempt, {"a": "x" * (READ - frame + 1)})
    assert read_result(attempt) == {}


def test_texts_are_withheld_while_secrets_may_be_in_them(tmp_path: Path) -> None:
    unmasked_mark(tmp_path).touch()
    said = say(tmp_path, {"warning": "password: abc", "tables": [{"table": "t", "written": 3}]})
    assert read_warning(said) == "*****"
    assert "abc" not in str(read_result(said))
    assert told(said)["rows"] == 3


def test_rows_are_those_of_all_tables_and_files(attempt: Path) -> None:
    tables = [{"table": "a", "written": 1}, {"table": "b", "written": 2}, {"written": 400}, "c"]
    say(attempt, {"tables": tables, "files": [{"rows": 30}, {"rows": "many"}, {}, 7]})
    assert told(attempt) == {"rows": 33, "tables": {"a": 1, "b": 2}, "files": 3, "metrics": {}}


@pytest.mark.parametrize(
    ("written", "count"),
    [(0, 0), (1, 1), (-1, 0), (LARGEST, LARGEST), (LARGEST + 1, 0), (True, 0), ("5", 0), (2.5, 0), (None, 0)],
)
def test_rows_are_a_number_that_conditions_can_reckon_with(attempt: Path, written: Any, count: int) -> None:
    say(attempt, {"tables": [{"table": "a", "written": written}]})
    assert told(attempt)["tables"] == {"a": count}


def test_metrics_are_numbers_texts_and_flags(attempt: Path) -> None:
    kept = {"n": 3, "least": -LARGEST, "most": LARGEST, "half": 0.5, "word": "x", "flag": True}
    left: dict[str, Any] = {"list": [1], "object": {}, "none": None, "large": LARGEST + 1, "small": -LARGEST - 1}
    say(attempt, {"metrics": {**kept, **left}})
    assert told(attempt) == {"rows": 0, "tables": {}, "files": 0, "metrics": kept}


def test_only_what_it_told_is_there_to_ask_for(attempt: Path) -> None:
    assert told(say(attempt, {"metrics": [1], "tables": {}, "files": "x"})) == {}
    assert told(say(attempt, {"files": [{}]}))["files"] == 1


def test_variables_are_taken_or_refused_with_a_sentence(attempt: Path) -> None:
    values, complaints = values_in(said(attempt, {"variables": {"day": "monday", "1 x": "y"}}))
    assert values == {"day": "monday"}
    assert len(complaints) == 1 and "1 x" in complaints[0]


@pytest.mark.parametrize(("warning", "told"), [("late", "late"), ("  ", None), ("", None), (7, None), (["x"], None)])
def test_a_warning_is_a_sentence(attempt: Path, warning: Any, told: str | None) -> None:
    assert read_warning(say(attempt, {"warning": warning})) == told


def test_a_warning_has_400_characters_at_most(attempt: Path) -> None:
    assert read_warning(say(attempt, {"warning": "x" * 400})) == "x" * 400
    told = read_warning(say(attempt, {"warning": "x" * 401}))
    assert told is not None and len(told) == 400 and told != "x" * 400


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("{", "it is no JSON: "),
        ("[1]", "it is no JSON object"),
        ('{"a":' + "[" * 200_000, "it is nested too deeply"),
        ('{"a": "' + "x" * READ + '"}', "it is over 4 MiB"),
    ],
    ids=["broken", "list", "deep", "long"],
)
def test_why_nothing_of_a_result_counts_is_said(attempt: Path, text: str, why: str) -> None:
    assert read_result_or_why(attempt)[1] is None
    result_file(attempt).write_text(text)
    assert (read_result_or_why(attempt)[1] or "").startswith(why)
    say(attempt, {"warning": "w"})
    assert read_result_or_why(attempt)[1] is None


def test_metrics_are_bounded_in_number_and_size_and_what_is_left_out_is_said(attempt: Path) -> None:
    # GIVEN 3,500 metrics of 1,000 characters, which would be 3.6 MB in the journal with each attempt
    metrics = {f"m{number}": "x" * 1000 for number in range(3500)}
    found = told_in(said(attempt, {"metrics": metrics, "tables": [{"table": "t", "written": 5}]}))
    # WHEN / THEN the first ones are taken up to the limit, the sums are whole, and one line names the rest
    kept = found.values["metrics"]
    assert len(json.dumps(kept)) <= MOST_BYTES < len(json.dumps(kept)) + 2000
    assert list(kept) == [f"m{number}" for number in range(len(kept))]
    assert found.values["rows"] == 5
    (line, *more) = found.left_out
    assert (
        line
        == f'rules cannot ask for the metric "m{len(kept)}" and {3499 - len(kept):,} other metrics: '.replace(",", " ")
        + "more than 64 KiB in all"
    )
    assert all("table" in one for one in more)


def test_names_and_texts_have_a_length_and_there_is_a_number_of_them(attempt: Path) -> None:
    fits, long_name = {"n" * MOST_NAME: 1, "t": "x" * MOST_TEXT}, "n" * (MOST_NAME + 1)
    found = told_in(said(attempt, {"metrics": {**fits, long_name: 1, "u": "x" * (MOST_TEXT + 1)}}))
    assert found.values["metrics"] == fits
    assert [line.rpartition(": ")[2] for line in found.left_out] == [
        "a name of more than 200 characters",
        "a text of more than 1000 characters",
    ]
    tables = [{"table": str(number), "written": 1} for number in range(MOST_TOLD + 7)]
    found = told_in(said(attempt, {"tables": tables}))
    assert len(found.values["tables"]) == MOST_TOLD and found.values["rows"] == MOST_TOLD + 7
    assert found.left_out == ['rules cannot ask for the table "1000" and 6 other tables: more than 1000']


@pytest.mark.parametrize("text", ["NaN", "Infinity", "-Infinity", "1e999", "-1e999"])
def test_what_is_no_finite_number_is_refused_by_name(attempt: Path, text: str) -> None:
    # GIVEN numbers that JSON does not have, or that are none to reckon with
    result_file(attempt).write_text(
        f'{{"metrics": {{"a": 1.5, "share": {text}}}, "variables": {{"v": {text}, "w": 1}}}}'
    )
    # WHEN / THEN they are left out and named, and what the journal gets is JSON
    found = told_in(read_result(attempt))
    assert found.values["metrics"] == {"a": 1.5}
    (line,) = found.left_out
    assert line.startswith('rules cannot ask for the metric "share": ') and line.endswith("no number to reckon with")
    json.dumps(found.values, allow_nan=False)
    values, faults = values_in(read_result(attempt))
    assert values == {"w": 1} and faults == ["variable v was not set: it is no finite number"]


def test_variables_are_bounded_together(attempt: Path) -> None:
    # GIVEN 60 variables of 60 KB, each of which may be set
    values, faults = values_in(said(attempt, {"variables": {f"v{number}": "x" * 60_000 for number in range(60)}}))
    # WHEN / THEN only as many are as may stand in the journal, and each other one is named
    assert list(values) == ["v0", "v1", "v2", "v3"] and len(faults) == 56
    assert faults[0] == "variable v4 was not set: it is too much: all that a task sets have 256 KiB at most"
