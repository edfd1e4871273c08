"""``${…}`` that nothing can resolve is told with its place."""

from __future__ import annotations

import pytest
from orch_tui.project.lint.check import check
from orch_tui.project.secrets import parse_env

from tests.unit.project.conftest import MakeProject

TASK = 'name = "O"\n[[phases]]\nname = "P"\n[[phases.tasks]]\nid = "t"\nconfiguration = "%s"\n'


def test_a_secret_in_small_letters_that_has_no_value_is_told_with_its_place(make_project: MakeProject) -> None:
    # GIVEN a reference in a list of a table, with and without a value
    files = {
        "orchestrations/o.toml": TASK % "reader/c",
        "configurations/reader/c.toml": '[parameters]\nuser = "${known}"\n[parameters.deep]\nlist = ["${db_pw}"]\n',
    }
    (problem,) = [one for one in check(make_project({**files, ".env": "known=x\n"})) if one.code == "missing-secret"]
    # THEN
    assert "db_pw" in problem.message and "known" not in problem.message
    assert "configurations/reader/c.toml:4 asks for it" in problem.remedy and problem.place == "orchestrations/o.toml:4"
    # AND with a value nothing is wrong
    assert "missing-secret" not in {one.code for one in check(make_project({**files, ".env": "known=x\ndb_pw=y\n"}))}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("${my-pw}", '"${my-pw}" is no reference'),
        ("x ${db.pw} y", '"${db.pw}"'),
        ("${ DB }", '"${ DB }"'),
        ("${}", '"${}"'),
        ("$${my-pw}", None),
        ("{ } $x ${", None),
    ],
)
def test_what_looks_like_a_reference_and_is_none_is_told_with_its_line(
    make_project: MakeProject, text: str, told: str | None
) -> None:
    files = {"configurations/reader/c.toml": f'name = "C"\n[parameters]\na = "x"\nb = "{text}"\n'}
    project = make_project({**files, ".env": "known=x\n"})
    found = [problem for problem in check(project) if problem.code == "strange-reference"]
    if told is None:
        assert not found
        return
    assert [problem.place for problem in found] == ["configurations/reader/c.toml:4"]
    assert told in found[0].message and "b: " in found[0].message and "$${" in found[0].remedy
    # AND the names that there are help to see what was meant
    assert "(.env has known)" in found[0].remedy


def test_a_name_that_a_script_neither_sets_nor_gets_is_told(make_project: MakeProject) -> None:
    # GIVEN a script with names of its own, one from .env, and one that nobody sets
    script = "for f in *; do echo ${f} ${db_pw} ${nobody}; done"
    files = {"configurations/command/c.toml": f"[parameters]\ncommand = '{script}'\n", ".env": "db_pw=x\n"}
    found = [problem for problem in check(make_project(files)) if problem.code == "unset-name"]
    # THEN
    assert [(one.place, "${nobody}" in one.message) for one in found] == [("configurations/command/c.toml:2", True)]


@pytest.mark.parametrize(
    ("text", "line", "code"),
    [
        ("A=1\nB=2\nnot a line\nC=3\n", 3, "env-line"),
        ("A=1\n\n\nB='never closed\nC=3\n", 4, "env-line"),
        ('A="x" y\nC=3\n', 1, "env-line"),
        ("C=3\r\nA B=1\r\n", 2, "env-line"),
        ("C=3\nmy-pw=1\n", 2, "env-name"),
        ("A=1\nC=3\nA=2\n", 3, "env-twice"),
        ("\ufeffC=3\n=x\n", 2, "env-line"),
    ],
)
def test_a_line_of_env_that_cannot_be_used_is_told_with_its_number_and_never_quoted(
    text: str, line: int, code: str
) -> None:
    values, (problem,) = parse_env(text.removeprefix("\ufeff"))
    assert (problem.line, problem.code, problem.file) == (line, code, ".env")
    assert values["C"] == "3"
    assert "never closed" not in problem.message and "not a line" not in problem.message


@pytest.mark.parametrize(
    "text",
    ["", "# only\n\n", "A=1\nexport B='2'  # c\n", 'A="x\ny"\nB=\n', "A=$1 #x\n", "db_pw=x\n_X=1\n", "A='it\\'s'"],
)
def test_lines_of_env_that_are_right(text: str) -> None:
    assert parse_env(text)[1] == []
