"""One configuration tried alone: real programs on stored tables, nothing published, nothing left."""

from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path

import pytest
from orch_tui.engine.trials.trial import Trial, TrialResult
from orch_tui.project.project import Project, open_project
from orch_tui.storage.preview import preview_file
from orch_tui.storage.storage import Storage
from orch_tui.storage.tables import Publication

from tests.support.engine_kit import until
from tests.support.tables import database

SECRET = "s3cr3t-of-the-try"
FILES = {
    "orch.toml": 'name = "Test"\n',
    ".env": f"TOKEN={SECRET}\n",
    "configurations/sql/some.toml": (
        'name = "Some"\n[parameters]\nsql = "create table result as select id + 1 as id from numbers"\n'
        '[[inputs]]\ntable = "a/numbers"\n[[outputs]]\ntable = "a/result"\n'
    ),
    "configurations/python/some.toml": (
        'name = "Some"\n[parameters]\nscript = """\n'
        "import json, os, pathlib\n"
        'print(os.environ["MINE"])\n'
        'pathlib.Path("out/state.json").write_text(json.dumps({"at": 1}))\n'
        '"""\n[parameters.environment]\nMINE = "${TOKEN}"\n'
    ),
    "configurations/command/slow.toml": 'name = "Slow"\n[parameters]\ncommand = "touch began; sleep 100"\n',
}


@pytest.fixture
def project(tmp_path: Path) -> Project:

    for name, text in FILES.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    (tmp_path / ".env").chmod(0o600)
    project = open_project(tmp_path)
    project.paths.make_state()
    file = tmp_path / "numbers.parquet"
    with database() as con:
        con.execute(f"copy (select range as id from range(3)) to '{file}' (format parquet)")
    Storage(project.paths.storage).publish([Publication("a/numbers", file)])
    return project


def tried(project: Project, ref: str, **parameters: object) -> tuple[Trial, TrialResult]:
    configuration = project.configuration(ref)
    changed = replace(configuration, parameters={**configuration.parameters, **parameters})
    trial = Trial(project.root, changed)
    return trial, trial.run()


def nothing_left(project: Project) -> bool:
    return not list((project.root / ".orch").glob("tmp/*")) and not (project.root / ".orch/runs").exists()


def test_what_it_would_write_is_there_to_be_seen_and_nothing_is_published(project: Project) -> None:
    # WHEN a transformation is tried on a stored table
    trial, result = tried(project, "sql/some")
    # THEN its table is there with its rows
    assert result.ok, result.message
    (table,) = result.tables
    assert (table.name, table.table) == ("result", "a/result")
    preview = preview_file(table.file, project.root)
    assert preview.columns == (("id", "BIGINT"),) and preview.count == 3
    assert sorted(preview.rows) == [("1",), ("2",), ("3",)]
    # AND nothing is in the storage but what was, no run is in the history
    assert [info.table for info in Storage(project.paths.storage).tables()] == ["a/numbers"]
    # AND once it is closed, nothing is left
    trial.close()
    assert nothing_left(project)


def test_a_failure_tells_where(project: Project) -> None:
    # WHEN SQL that is not saved fails
    trial, result = tried(project, "sql/some", sql="create table result as\nselect nope from numbers")
    # THEN its parameter and line are told
    assert not result.ok and result.fault is not None and not result.tables
    assert result.fault.parameter == ("sql",) and result.fault.line == 2 and "nope" in result.message
    trial.close()
    assert nothing_left(project)


def test_a_secret_is_masked_and_the_state_is_not_kept(project: Project) -> None:
    # WHEN a script that tells its secret and leaves a state is tried
    trial, result = tried(project, "python/some")
    # THEN
    assert result.ok, result.message
    assert "*****" in result.lines and SECRET not in "\n".join(result.lines)
    assert not (project.root / ".orch/state").exists()
    trial.close()
    assert nothing_left(project)


@pytest.mark.parametrize(
    ("ref", "parameters", "said"),
    [
        ("python/some", {"environment": {"MINE": "${GONE}"}}, "secret GONE is not set"),
        ("command/slow", {"command": "echo bad >&2; exit 1"}, "bad"),
        ("command/slow", {"command": "exit 7"}, "exit code 7"),
    ],
)
def test_what_hinders_it_is_a_sentence(project: Project, ref: str, parameters: dict[str, object], said: str) -> None:
    trial, result = tried(project, ref, **parameters)
    assert not result.ok and said in result.message
    trial.close()
    assert nothing_left(project)


def test_cancelled_and_closed_it_leaves_nothing(project: Project) -> None:
    # GIVEN a program that runs long
    trial = Trial(project.root, project.configuration("command/slow"))
    ended: list[TrialResult] = []
    thread = threading.Thread(target=lambda: ended.append(trial.run()))
    thread.start()
    until((project.root / "began").exists)
    # WHEN it is cancelled, and closed before it has ended
    trial.cancel()
    trial.close()
    thread.join(30)
    # THEN
    assert [one.message for one in ended] == ["cancelled"]
    assert nothing_left(project)
