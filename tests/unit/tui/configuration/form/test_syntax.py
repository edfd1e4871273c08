"""Parsers that look at a program's text while it is typed."""

from __future__ import annotations

import warnings

import pytest
from orch_tui.tui.configuration.form.syntax import python_mistake, sql_mistake


@pytest.mark.parametrize(
    "text",
    [
        "create table a as select 1;\n-- nothing more\n",
        "pivot x on y using sum(z)",
        "select {{ days }} from t where a = '${TOKEN}' and b > {{ since }}",
    ],
)
def test_sql_that_can_be_read_is_no_mistake(text: str) -> None:
    assert sql_mistake(text) is None


def test_sql_that_cannot_be_read_names_its_line() -> None:
    # GIVEN a script whose third line is none
    mistake = sql_mistake("select 1;\n\nselekt 2;\n")
    # THEN
    assert mistake is not None and mistake.line == 3 and "syntax error" in mistake.message
    assert str(mistake).startswith("line 3: ")


def test_nothing_of_the_sql_is_run() -> None:
    # GIVEN statements that would fail, or do harm, if they were run
    assert sql_mistake("copy (select 1) to '/nonexistent/x.csv'; select error('run')") is None


def test_python_names_its_line() -> None:
    mistake = python_mistake("import os\nif True\n    pass\n")
    assert mistake is not None and mistake.line == 2
    assert python_mistake("print('x')\n") is None


@pytest.mark.parametrize("text", ["a\x00b", "(" * 5000 + ")" * 5000, "\ud800"])
def test_hostile_python_is_a_mistake_and_no_crash(text: str) -> None:
    assert python_mistake(text) is not None


def test_warnings_of_the_compiler_are_not_written_over_the_screen(capfd: pytest.CaptureFixture[str]) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        assert python_mistake("x = '\\d'\nassert (1, 'always')\n") is None
    assert capfd.readouterr().err == ""
