"""A ``result.json`` that is nested deeper than any parser goes costs its task nothing but what it tells."""

from __future__ import annotations

from pathlib import Path

import pytest
from orch_tui.engine.attempts.results import read_result, read_warning, told_in, values_in
from orch_tui.project.attempt_dir import result_file
from orch_tui.project.masking.files import mask_attempt
from orch_tui.project.masking.redactor import Redactor

DEPTHS = (100, 300, 450, 700, 990, 1_500, 200_000)


def deep(depth: int, inside: str) -> str:
    return f'{{"metrics": {{"deep": {"[" * depth}{inside}{"]" * depth}}}, "warning": "w"}}'


@pytest.mark.parametrize("depth", DEPTHS)
@pytest.mark.parametrize("close", [True, False], ids=["whole", "cut off"])
def test_a_result_may_be_nested_as_deep_as_it_likes(tmp_path: Path, depth: int, close: bool) -> None:
    # GIVEN what a program left, before and after its secrets are masked
    text = deep(depth, "1") if close else "[" * depth
    result_file(tmp_path).write_text(text)
    for _ in range(2):
        # WHEN it is read, THEN there is an answer, and no error
        assert read_result(tmp_path) == {} or close
        assert isinstance(told_in(read_result(tmp_path)).values, dict)
        assert values_in(read_result(tmp_path)) == ({}, [])
        assert read_warning(tmp_path) in (None, "w")
        mask_attempt(tmp_path, Redactor(["s3cr3t-of-mine"]))


@pytest.mark.parametrize("depth", DEPTHS)
def test_secrets_are_masked_however_deep(tmp_path: Path, depth: int) -> None:
    # GIVEN a secret deep inside, WHEN the files are masked, THEN it is gone
    result_file(tmp_path).write_text(deep(depth, '"s3cr3t-of-mine"'))
    mask_attempt(tmp_path, Redactor(["s3cr3t-of-mine"]))
    assert "s3cr3t-of-mine" not in result_file(tmp_path).read_text()
