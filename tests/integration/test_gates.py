"""A check that refuses in a run: what comes after it is blocked, and goes on once somebody has accepted."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner
from orch_tui.cli.main import cli
from orch_tui.inbox.values import ItemKind
from orch_tui.model.checks.values import Verdict
from orch_tui.model.events.interventions import InterventionKind
from orch_tui.model.failure import FailureKind
from orch_tui.model.status import Status
from orch_tui.project.project import Project, open_project
from orch_tui.runs.people.deciding import accept_candidate
from orch_tui.storage.storage import Storage
from orch_tui.tui.home.state.inbox_look import InboxBoard

from tests.support.commands import command_here
from tests.support.engine_kit import begin, run, statuses, until
from tests.support.tables import parquet_file

CONFIGURATION = """
name = "Load"
[parameters]
command = 'cp rows.parquet "$KBC_DATADIR/out/tables/rows.parquet"'
[[outputs]]
table = "raw/rows"
# Half of them is a day without data.
[[checks]]
rows = { min = 10 }
not_null = "id"
"""
ORCHESTRATION = """
name = "O"
[[phases]]
name = "Load"
[[phases.tasks]]
id = "load"
configuration = "command/load"
%s
[[phases]]
name = "Use"
[[phases.tasks]]
id = "use"
configuration = "command/use"
"""


def _project(root: Path, beside: str = "") -> Project:
    for name, text in {
        "orch.toml": 'name = "P"\n',
        "orchestrations/o.toml": ORCHESTRATION % beside,
        "configurations/command/load.toml": CONFIGURATION,
        "configurations/command/use.toml": '[parameters]\ncommand = "echo used"\n',
        "configurations/command/wait.toml": '[parameters]\ncommand = "until [ -e go ]; do sleep 0.02; done"\n',
    }.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    parquet_file(root / "rows.parquet", "select range as id from range(3)")
    return open_project(root)


def test_what_a_check_refused_waits_in_the_inbox_until_it_is_decided(tmp_path: Path) -> None:
    # GIVEN tables that a check refused
    project = _project(tmp_path)
    state = run(project)

    # THEN they stand in the inbox, with the run and what is wrong
    items = json.loads(command_here(tmp_path, "inbox", "--json").stdout)
    (item,) = [one for one in items if one["kind"] == "candidate"]
    assert (item["orchestration"], item["run"]) == ("o", state.header.id)
    assert item["what"].startswith("raw/rows waits to be accepted or discarded: ") and "gate show" in item["what"]
    (shown,) = [one for one in InboxBoard(project.paths).read({}, {}) if one.kind is ItemKind.CANDIDATE]
    assert shown.what == item["what"]
    # AND not once that is decided
    assert command_here(tmp_path, "gate", "accept", "raw/rows", "--note", "ok").returncode == 0
    left = json.loads(command_here(tmp_path, "inbox", "--json").stdout)
    assert "candidate" not in [one["kind"] for one in left]
    assert InboxBoard(project.paths).read({}, {}) == ()


def test_what_comes_after_a_refusal_is_blocked_until_somebody_accepts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # GIVEN a task that writes fewer rows than a check of it asks for
    project = _project(tmp_path)
    # WHEN its orchestration runs
    state = run(project)
    # THEN the attempt failed by that, nothing came after it, and the journal has what each check found
    assert statuses(state) == {"load": Status.ERROR, "use": Status.SKIPPED}
    load = state.tasks["load"]
    assert (load.kind, load.reason) == (
        FailureKind.CHECK, "check failed: rows of raw/rows: expected at least 10 rows, found 3 rows",
    )  # fmt: skip
    assert load.attempt is not None
    assert [(one.check.label, one.verdict) for one in load.attempt.checks] == [
        ("not_null id", Verdict.PASSED), ("rows", Verdict.FAILED),
    ]  # fmt: skip
    # WHEN it is looked at and accepted on the command line
    monkeypatch.chdir(tmp_path)
    shown = json.loads(_said("show", "last", "--json"))["phases"][0]["tasks"][0]["attempts"][0]
    assert [one["verdict"] for one in shown["checks"]] == ["passed", "failed"]
    (listed,) = json.loads(_said("gate", "--json"))
    assert (listed["id"], listed["checks"][1]["found"]) == (shown["candidate"], "3 rows")
    assert "expected  at least 10 rows" in _said("gate", "show", "raw/rows")
    said = _said("gate", "accept", "raw/rows", "--note", "known")
    # THEN the table has these rows, and the run can be gone on with behind it
    assert said.splitlines() == [
        "accepted: raw/rows is version 1, 3 rows", "go on with what comes after it: orch-tui run o --rerun-failed",
    ]  # fmt: skip
    assert json.loads(_said("show", "last", "--json"))["phases"][0]["tasks"][0]["attempts"][0]["decision"]["note"]
    assert statuses(run(project, rerun="last")) == {"load": Status.SKIPPED, "use": Status.SUCCESS}
    assert _said("gate") == "no candidate waits\n"


def _said(*arguments: str) -> str:
    done = CliRunner().invoke(cli, arguments, standalone_mode=False)
    assert done.exception is None and done.return_value == 0, done.output
    return done.stdout


def test_a_run_that_goes_on_takes_an_accepted_task_as_done(tmp_path: Path) -> None:
    # GIVEN a run that goes on beside a task that a check refused
    project = _project(tmp_path, '[[phases.tasks]]\nid = "wait"\nconfiguration = "command/wait"\n')
    active = begin(project)
    until(lambda: active.state.tasks["load"].status is Status.ERROR)
    # WHEN what it wrote is accepted
    settled = accept_candidate(project.paths, "raw/rows", "known")
    # THEN the run is asked to take the task as done, and goes on behind it
    assert settled.going_on
    until(lambda: active.state.tasks["load"].status is not Status.ERROR)
    (tmp_path / "go").touch()
    assert active.wait(60) is not None
    state = active.state
    assert state.tasks["use"].status is Status.SUCCESS
    (done,) = state.interventions.all
    assert (done.kind, done.note) == (InterventionKind.MARK_DONE, "its tables were accepted: known")


def test_a_task_that_was_edited_since_runs_again_though_it_was_accepted(tmp_path: Path) -> None:
    # GIVEN a task whose tables were accepted, and whose checks are others now
    project = _project(tmp_path)
    run(project)
    accept_candidate(project.paths, "raw/rows", "")
    path = tmp_path / "configurations/command/load.toml"
    path.write_text(path.read_text().replace("min = 10", "min = 1"))
    # WHEN the run is gone on with
    state = run(open_project(tmp_path), rerun="last")
    # THEN it runs again, and passes
    assert statuses(state) == {"load": Status.SUCCESS, "use": Status.SUCCESS}
    info = Storage(project.paths.storage).get("raw/rows")
    assert info is not None and info.version == 2
