"""Commands about a project's definitions and data: check, list, new, component, tables, preview."""

from __future__ import annotations

import csv
import io
import json
import shlex
import subprocess
from pathlib import Path

import pytest

from tests.support.commands import command_here
from tests.support.projects import argv, environment, make_project

BROKEN = "name = 'x'\n[[phases]\n"


@pytest.fixture(scope="module")
def with_tables(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project in whose storage a run has written a table with awkward values."""
    root = make_project(
        tmp_path_factory.mktemp("tables"), {"load": {"First": {"load": {"configuration": "file-extractor/load"}}}}
    )
    with (root / "rows.csv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([["id", "na me"], [1, "plain"], [2, "名 \x1b[31m[red]\n, quoted"], [3, "x" * 300]])
    folder = root / "configurations" / "file-extractor"
    folder.mkdir()
    (folder / "load.toml").write_text('[parameters]\npath = "rows.csv"\n[[outputs]]\ntable = "raw/rows"\n')
    done = command_here(root, "run", "load")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "3 rows in 1 table" in done.stdout
    return root


def test_tables_and_previews_show_what_was_written_with_safe_text(with_tables: Path) -> None:
    # WHEN
    tables = json.loads(command_here(with_tables, "tables", "--json").stdout)
    preview = command_here(with_tables, "preview", "raw/rows")
    as_json = json.loads(command_here(with_tables, "preview", "raw/rows", "--rows", "2", "--json").stdout)
    as_csv = command_here(with_tables, "preview", "raw/rows", "--csv")
    # THEN
    assert [(table["table"], table["rows"], table["task"]) for table in tables] == [("raw/rows", 3, "load")]
    assert [column["name"] for column in tables[0]["columns"]] == as_json["columns"] == ["id", "na me"]
    assert "raw/rows" in command_here(with_tables, "tables").stdout
    assert "\x1b" not in preview.stdout
    assert preview.stdout.splitlines()[0].split() == ["id", "na", "me"]
    assert len(preview.stdout.splitlines()) == 4
    assert len(as_json["rows"]) == 2
    assert [row[0] for row in csv.reader(io.StringIO(as_csv.stdout))] == ["id", "1", "2", "3"]
    # AND what is not there is a sentence
    missing = command_here(with_tables, "preview", "raw/none")
    assert missing.returncode == 2
    assert '"raw/none" does not exist' in missing.stderr
    # AND the run shows the rows
    assert "3 rows in raw/rows" in command_here(with_tables, "show").stdout


def test_check_groups_problems_by_file_with_errors_first_and_counts_them(tmp_path: Path) -> None:
    # GIVEN a broken file, one with an unknown key and one that is fine
    project = make_project(tmp_path, {"fine": {"First": {"a": "true"}}, "odd": {"First": {"b": "true"}}})
    (project / "orchestrations" / "broken.toml").write_text(BROKEN)
    with (project / "orchestrations" / "odd.toml").open("a") as file:
        file.write('[unknown]\nx = "\x41"\n')
    # WHEN
    done = command_here(project, "check")
    # THEN
    lines = done.stdout.splitlines()
    assert done.returncode == 2
    assert lines[0].startswith("orchestrations/broken.toml:2: error: broken TOML")
    assert lines[1].startswith("    ")
    assert lines[-1] == "1 error, 1 warning"
    # AND for programs
    found = json.loads(command_here(project, "check", "--json").stdout)
    assert {(problem["severity"], problem["file"]) for problem in found} == {
        ("error", "orchestrations/broken.toml"),
        ("warning", "orchestrations/odd.toml"),
    }
    # AND for one orchestration alone
    assert command_here(project, "check", "fine").stdout == "no problems found\n"
    assert command_here(project, "check", "odd").returncode == 0
    assert command_here(project, "check", "odd", "--strict").returncode == 2
    assert command_here(project, "check", "none").returncode == 2


def test_a_broken_file_is_listed_as_broken_and_the_others_run(tmp_path: Path) -> None:
    # GIVEN
    project = make_project(tmp_path, {"fine": {"First": {"a": "true"}}})
    (project / "orchestrations" / "broken.toml").write_text(BROKEN)
    (project / "configurations" / "command" / "bad.toml").write_bytes(b"\xff")
    # WHEN
    listed = {item["id"]: item for item in json.loads(command_here(project, "list", "--json").stdout)}
    configurations = {
        item["ref"]: item for item in json.loads(command_here(project, "list", "configurations", "--json").stdout)
    }
    # THEN
    assert "broken TOML" in listed["broken"]["broken"]
    assert listed["fine"]["broken"] is None
    assert "not UTF-8" in configurations["command/bad"]["broken"]
    assert "broken: " in command_here(project, "list").stdout
    assert command_here(project, "run", "fine").returncode == 0
    refused = command_here(project, "run", "broken")
    assert refused.returncode == 2
    assert "orchestrations/broken.toml:2:" in refused.stderr


def test_a_broken_orch_toml_stops_runs_but_not_looking(tmp_path: Path) -> None:
    # GIVEN a project that ran before its orch.toml was broken
    project = make_project(tmp_path, {"fine": {"First": {"a": "echo hi"}}})
    command_here(project, "run", "fine")
    (project / "orch.toml").write_text("max_parallel = 'many'\n")
    # WHEN / THEN
    refused = command_here(project, "run", "fine")
    assert refused.returncode == 2
    assert "orch.toml:1:" in refused.stderr
    for arguments in (["list"], ["runs"], ["show"], ["logs", "fine"], ["watch", "fine"]):
        assert command_here(project, *arguments).returncode == 0, arguments
    assert command_here(project, "check").returncode == 2


def test_new_makes_a_project_that_is_right_and_runs(tmp_path: Path) -> None:
    # WHEN
    made = command_here(tmp_path, "new", "mine", "--name", 'A "name" [x]')
    # THEN
    assert made.returncode == 0, made.stderr
    project = tmp_path / "mine"
    name = json.loads(command_here(project, "list", "--json").stdout)[0]["id"]
    assert command_here(project, "check", "--strict").returncode == 0
    done = command_here(project, "run", name)
    assert done.returncode == 0, done.stdout
    # AND a second time it is refused, and nothing is overwritten
    again = command_here(tmp_path, "new", "mine")
    assert again.returncode == 2
    assert "already" in again.stderr


def test_components_are_listed_with_the_schema_of_their_parameters(tmp_path: Path) -> None:
    # GIVEN
    project = make_project(tmp_path, {"daily": {"First": {"a": "true"}}})
    # WHEN
    listed = {item["id"]: item for item in json.loads(command_here(project, "component", "list", "--json").stdout)}
    schema = json.loads(command_here(project, "component", "schema", "command").stdout)
    # THEN
    assert listed == {
        item["id"]: item for item in json.loads(command_here(project, "list", "components", "--json").stdout)
    }
    assert listed["command"]["configurations"] == 1
    assert "command" in schema["properties"]
    assert 'did you mean "command"' in command_here(project, "component", "schema", "comand").stderr


def test_the_project_is_named_by_option_variable_or_place(tmp_path: Path) -> None:
    # GIVEN two projects
    one = make_project(tmp_path / "one", {"first": {"P": {"a": "true"}}})
    two = make_project(tmp_path / "two", {"second": {"P": {"b": "true"}}})

    def listed(*arguments: str, cwd: Path = one, **more: str) -> list[str]:
        return [item["id"] for item in json.loads(command_here(cwd, *arguments, "--json", **more).stdout)]

    # WHEN / THEN: the command's option before the group's before the variable before the place
    assert listed("list") == ["first"]
    assert listed("list", cwd=one / "orchestrations") == ["first"]
    assert listed("list", ORCH_TUI_PROJECT=str(two)) == ["second"]
    assert listed("-p", str(one), "list", ORCH_TUI_PROJECT=str(two)) == ["first"]
    assert listed("-p", str(one), "list", "-p", str(two)) == ["second"]
    # AND the commands that are proposed name it too
    failed = command_here(tmp_path, "runs", "-p", "two")
    assert "orch-tui run ORCHESTRATION --project two" in failed.stderr


def test_a_deleted_working_directory_is_a_sentence(tmp_path: Path) -> None:
    # GIVEN
    place = tmp_path / "gone"
    place.mkdir()
    script = f'rmdir "$PWD" && exec {shlex.join(argv("list"))}'
    # WHEN
    done = subprocess.run(
        ["/bin/sh", "-c", script], cwd=place, env=environment(), capture_output=True, text=True, check=False
    )
    # THEN
    assert done.returncode == 2
    assert "the directory you are in was deleted" in done.stderr


def test_help_and_version_work_without_a_project(tmp_path: Path) -> None:
    for arguments in (["-h"], ["--help"], ["run", "-h"], ["component", "--help"]):
        done = command_here(tmp_path, *arguments)
        assert (done.returncode, done.stderr) == (0, "")
        assert done.stdout.startswith("Usage: orch-tui")
    assert command_here(tmp_path, "--version").stdout.startswith("orch-tui ")
    outside = command_here(tmp_path, "list")
    assert outside.returncode == 2
    assert "is no project" in outside.stderr
