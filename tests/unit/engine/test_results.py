"""What a program says of its work is taken where it is what it should be, and left where it is not."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from orch_tui.engine.results import read_result, read_told, read_values, read_warning
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


def say(attempt: Path, result: Any) -> Path:
    result_file(attempt).write_text(json.dumps(result))
    return attempt


@pytest.mark.parametrize("text", ["", "no object", "[1]", '"x"', "{", "null"])
def test_what_is_no_object_says_nothing(attempt: Path, text: str) -> None:
    result_file(attempt).write_text(text)
    assert read_result(attempt) == {}
    assert read_told(attempt) == {}
    assert read_values(attempt) == ({}, [])
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
    assert read_told(said)["rows"] == 3


def test_rows_are_those_of_all_tables_and_files(attempt: Path) -> None:
    tables = [{"table": "a", "written": 1}, {"table": "b", "written": 2}, {"written": 400}, "c"]
    say(attempt, {"tables": tables, "files": [{"rows": 30}, {"rows": "many"}, {}, 7]})
    assert read_told(attempt) == {"rows": 33, "tables": {"a": 1, "b": 2}, "files": 3, "metrics": {}}


@pytest.mark.parametrize(
    ("written", "count"),
    [(0, 0), (1, 1), (-1, 0), (LARGEST, LARGEST), (LARGEST + 1, 0), (True, 0), ("5", 0), (2.5, 0), (None, 0)],
)
def test_rows_are_a_number_that_conditions_can_reckon_with(attempt: Path, written: Any, count: int) -> None:
    say(attempt, {"tables": [{"table": "a", "written": written}]})
    assert read_told(attempt)["tables"] == {"a": count}


def test_metrics_are_numbers_texts_and_flags(attempt: Path) -> None:
    kept = {"n": 3, "least": -LARGEST, "most": LARGEST, "half": 0.5, "word": "x", "flag": True}
    left: dict[str, Any] = {"list": [1], "object": {}, "none": None, "large": LARGEST + 1, "small": -LARGEST - 1}
    say(attempt, {"metrics": {**kept, **left}})
    assert read_told(attempt) == {"rows": 0, "tables": {}, "files": 0, "metrics": kept}


def test_only_what_it_told_is_there_to_ask_for(attempt: Path) -> None:
    assert read_told(say(attempt, {"metrics": [1], "tables": {}, "files": "x"})) == {}
    assert read_told(say(attempt, {"files": [{}]}))["files"] == 1


def test_variables_are_taken_or_refused_with_a_sentence(attempt: Path) -> None:
    values, complaints = read_values(say(attempt, {"variables": {"day": "monday", "1 x": "y"}}))
    assert values == {"day": "monday"}
    assert len(complaints) == 1 and "1 x" in complaints[0]


@pytest.mark.parametrize(("warning", "told"), [("late", "late"), ("  ", None), ("", None), (7, None), (["x"], None)])
def test_a_warning_is_a_sentence(attempt: Path, warning: Any, told: str | None) -> None:
    assert read_warning(say(attempt, {"warning": warning})) == told


def test_a_warning_has_400_characters_at_most(attempt: Path) -> None:
    assert read_warning(say(attempt, {"warning": "x" * 400})) == "x" * 400
    told = read_warning(say(attempt, {"warning": "x" * 401}))
    assert told is not None and len(told) == 400 and told != "x" * 400
