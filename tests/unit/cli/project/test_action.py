"""``orch-tui action``: synchronous actions of a configuration's program."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.servers.tools import tool
from tests.support.commands import command_here
from tests.support.projects import make_project

SOURCES = Path(__file__).resolve().parents[3] / "servers" / "keboola_program" / "src"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / ".env").write_text("TOKEN=s3cr3t-of-the-test\n")
    (tmp_path / ".env").chmod(0o600)
    root = make_project(tmp_path, {})
    (root / "components").mkdir(exist_ok=True)
    defaults = f'venv = "{tool("keboola")}"\nprogram = "{SOURCES / "everything.py"}"\n'
    (root / "components" / "acme.ex.toml").write_text(f'runner = "keboola"\n[defaults]\n{defaults}')
    folder = root / "configurations" / "acme.ex"
    folder.mkdir(parents=True)
    (folder / "one.toml").write_text('[parameters.parameters]\n"#token" = "${TOKEN}"\n')
    (folder / "closed.toml").write_text('[parameters.parameters]\nclosed = true\n"#token" = "${TOKEN}"\n')
    return root


def test_a_list_that_a_component_offers(root: Path) -> None:
    # WHEN it is asked for, THEN people get lines and programs JSON
    done = command_here(root, "action", "acme.ex/one", "listTables")
    assert (done.returncode, done.stderr) == (0, "")
    assert [line.split() for line in done.stdout.splitlines()] == [
        ["value", "label"], ["orders", "Orders"], ["people", "People"]]  # fmt: skip
    done = command_here(root, "action", "acme.ex/one", "listTables", "--json")
    assert [one["value"] for one in json.loads(done.stdout)] == ["orders", "people"]
    # WHEN the action is the test of the connection, THEN its sentence is the answer
    assert command_here(root, "action", "acme.ex/one", "testConnection").stdout == "everything.py: signed in\n"


def test_what_a_component_refuses_or_does_not_know(root: Path) -> None:
    # WHEN it refuses, THEN its sentence is told without the secret
    done = command_here(root, "action", "acme.ex/closed", "listTables")
    assert done.returncode == 1 and "no tables for *****" in done.stderr and "s3cr3t" not in done.stderr
    # WHEN it does not know the action
    done = command_here(root, "action", "acme.ex/one", "listFields")
    assert done.returncode == 1 and "has no action listFields" in done.stderr and len(done.stderr.splitlines()) == 1
    # WHEN the component has no program that could
    (root / "configurations" / "sql").mkdir()
    (root / "configurations" / "sql" / "a.toml").write_text("")
    done = command_here(root, "action", "sql/a", "listTables")
    assert done.returncode == 2 and 'the component "sql" has no action "listTables"' in done.stderr
    # WHEN it is asked what it has
    done = command_here(root, "action", "sql/a")
    assert (done.returncode, done.stdout) == (0, "") and 'the component "sql" has no actions' in done.stderr
    # WHEN there is no such configuration
    assert command_here(root, "action", "acme.ex/none", "listTables").returncode == 2
    assert not list((root / ".orch").glob("tmp/*"))


def test_a_component_of_the_project_s_own_answers_in_its_own_way(root: Path) -> None:
    # GIVEN a script with an action besides the test, which prints a line of its log first
    (root / "components" / "own.toml").write_text(
        'actions = ["testConnection", "fields"]\ncommand = \'\'\'echo looking; echo \'[{"value": "a", "label": '
        "\"A\"}]''''\n"
    )
    (root / "configurations" / "own").mkdir()
    (root / "configurations" / "own" / "c.toml").write_text("")
    # WHEN / THEN
    done = command_here(root, "action", "own/c", "fields", "--json")
    assert json.loads(done.stdout) == [{"value": "a", "label": "A"}], done.stderr
    assert "its actions are: testConnection, fields" in command_here(root, "action", "own/c", "other").stderr
