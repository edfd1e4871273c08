"""The examples of docs/secrets.md work and show no secret to anybody, and no example of the documentation does."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from orch_tui.project.lint.check import check
from orch_tui.project.project import open_project

from tests.support.commands import command_here
from tests.support.projects import latest_run, make_project

DOCS = sorted((Path(__file__).parents[2] / "docs").glob("*.md"))
SECRET = "hunter22-hunter22"
# Writes down its arguments, and elsewhere what else it was given: its environment, standard input and files.
FAKE = """#!/bin/sh
printf '%s\\n' "$0" "$@" >> "$ORCH_PROJECT/arguments"
env > "$ORCH_PROJECT/given"
case "$*" in
  *"-K -"*|*/dev/stdin*) cat >> "$ORCH_PROJECT/given";;
  *"--header @"*) file="${*#*--header @}"; cat "${file%% *}" >> "$ORCH_PROJECT/given";;
esac
"""


def examples(path: Path) -> list[str]:
    """The TOML blocks of a page that are parameters with a command."""
    blocks = re.findall(r"```toml[^\n]*\n(.*?)```", path.read_text(), re.DOTALL)
    return [block for block in blocks if "[parameters]" in block and re.search(r"^command\s*=", block, re.MULTILINE)]


@pytest.mark.parametrize("block", examples(DOCS[[path.name for path in DOCS].index("secrets.md")]))
def test_an_example_gives_the_secret_to_the_program_and_to_nobody_else(tmp_path: Path, block: str) -> None:
    # GIVEN the example in a project, and programs that write down what they get
    project = make_project(tmp_path / "p", {"o": {"P": {"t": "true"}}})
    (project / "configurations" / "command" / "t.toml").write_text(block)
    programs = tmp_path / "bin"
    programs.mkdir()
    for name in ("curl", "psql", "mysql"):
        (programs / name).write_text(FAKE)
        (programs / name).chmod(0o755)
    # WHEN it runs
    values = {"API_TOKEN": SECRET, "DB_PASSWORD": SECRET}
    done = command_here(project, "run", "o", PATH=f"{programs}:/usr/bin:/bin", **values)
    # THEN the program has the secret, and its arguments have not
    assert done.returncode == 0, done.stdout + done.stderr
    assert SECRET in (project / "given").read_text()
    assert SECRET not in (project / "arguments").read_text()
    assert SECRET not in (latest_run(project, "o") / "tasks" / "t" / "1" / "log").read_text()


@pytest.mark.parametrize("path", DOCS, ids=lambda path: path.name)
def test_no_example_puts_a_secret_into_arguments(tmp_path: Path, path: Path) -> None:
    # GIVEN all commands of a page
    project = make_project(tmp_path, {})
    for number, block in enumerate(examples(path)):
        tomllib.loads(block)
        (project / "configurations" / "command" / f"e{number}.toml").write_text(block)
    # WHEN they are checked / THEN none shows its secret
    assert [p.message for p in check(open_project(project)) if p.code == "secret-in-arguments"] == []


def test_a_variable_that_sounds_like_a_secret_is_told_when_a_run_starts(tmp_path: Path) -> None:
    # GIVEN an orchestration with variables
    project = make_project(tmp_path, {"o": {"P": {"t": "true"}}}, '[variables]\ndb_password = ""\nday = ""\n')
    # WHEN they are given on the command line
    done = command_here(project, "run", "o", "--var", f"db_password={SECRET}", "--var", "day=2026-11-28")
    # THEN the one is warned of, without its value
    assert done.returncode == 0 and done.stderr.count("warning: --var") == 1
    assert "--var db_password=… can be read by all users" in done.stderr and SECRET not in done.stderr
