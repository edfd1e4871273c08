"""Runs that repeat an earlier one as it ran, and shadows of it, which publish nothing."""

from __future__ import annotations

import hashlib
import json
import signal
from pathlib import Path
from typing import Any

import pytest
from orch_tui.engine.runs.as_it_ran import AsItRan, plan_as_it_ran
from orch_tui.engine.runs.start import RunRefused, RunRequest, plan_run, start_run
from orch_tui.engine.runs.takeover import take_over
from orch_tui.model.run.plan import Decision
from orch_tui.model.run.runstate import RunState
from orch_tui.model.status import Status
from orch_tui.project.journal.file import read_run
from orch_tui.project.kept.run_definitions import used_by_run
from orch_tui.project.project import Project, open_project
from orch_tui.runs.planning.shadow import shadow_tables, versions_gone
from orch_tui.storage.storage import Storage

from tests.support.commands import command_here
from tests.support.engine_kit import run, statuses, until
from tests.support.projects import end, latest_run, start, wait_for_file
from tests.support.tables import put, rows

ORCHESTRATION = """
name = "O"
[variables]
least = "1"
[[phases]]
id = "make"
[[phases.tasks]]
id = "double"
configuration = "sql/double"
[[phases]]
id = "use"
[[phases.tasks]]
id = "sum"
configuration = "sql/sum"
[[phases.tasks]]
id = "log"
configuration = "sql/log"
"""
DOUBLE = """
[parameters]
sql = "create table doubled as select id, v * 2 as v from numbers where id >= {{ least }};"
[[inputs]]
table = "raw/numbers"
[[outputs]]
table = "out/doubled"
primary_key = ["id"]
"""
SUM = """
[parameters]
sql = "create table total as select sum(v) as v from doubled;"
[[inputs]]
table = "out/doubled"
[[outputs]]
table = "out/total"
"""
LOG = """
[parameters]
sql = "create table seen as select count(*) as n from doubled;"
[[inputs]]
table = "out/doubled"
[[outputs]]
table = "out/seen"
mode = "append"
"""


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """Three tasks: one reads a table of others, two read what it wrote, one of these appends."""
    files = {
        "orch.toml": 'name = "P"\n[storage]\nkeep_versions = 4\n',
        "orchestrations/o.toml": ORCHESTRATION,
        "configurations/sql/double.toml": DOUBLE,
        "configurations/sql/sum.toml": SUM,
        "configurations/sql/log.toml": LOG,
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    put(Storage(tmp_path / ".orch/storage"), "raw/numbers", "select range as id, range as v from range(5)")
    return open_project(tmp_path)


def _change_everything(project: Project) -> None:
    """Other rows, another text, another value of the variable."""
    put(_storage(project), "raw/numbers", "select range as id, 100::bigint as v from range(9)")
    file = project.root / "configurations/sql/double.toml"
    file.write_text(DOUBLE.replace("v * 2", "v * 3"))
    orchestration = project.paths.orchestration("o")
    orchestration.write_text(ORCHESTRATION.replace('least = "1"', 'least = "4"'))
    project.reload()


def _storage(project: Project) -> Storage:
    return Storage(project.paths.storage, keep=4)


def _table(project: Project, table: str) -> list[tuple[object, ...]]:
    info = _storage(project).get(table)
    assert info is not None
    return rows(info.file)


def _repeat(project: Project, of: RunState, **more: Any) -> RunState:
    plan = plan_as_it_ran(project, AsItRan("o", of.header.id, **more))
    started = start_run(project, plan, by="test")
    started.wait()
    return read_run(started.directory)


def _hash(folder: Path) -> str:
    """Of all names and bytes below a folder."""
    told = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        told.update(f"{path.relative_to(folder)}\n".encode())
        if path.is_file():
            told.update(path.read_bytes())
    return told.hexdigest()


def test_a_run_is_repeated_with_its_own_text_variables_and_versions(project: Project) -> None:
    # GIVEN a run, after which input, text and variable were changed and it ran again
    first = run(project)
    tables = ("out/doubled", "out/total")
    then = {table: _table(project, table) for table in tables}
    _change_everything(project)
    second = run(project)
    assert second.status is Status.SUCCESS and _table(project, "out/doubled") != then["out/doubled"]
    # WHEN the first is repeated as it ran
    again = _repeat(project, first)
    # THEN every table has the values that it had, and the run says what it repeats
    assert statuses(again) == {"double": Status.SUCCESS, "sum": Status.SUCCESS, "log": Status.SUCCESS}
    assert {table: _table(project, table) for table in tables} == then
    assert (again.header.as_it_ran, again.header.shadow, dict(again.header.variables)) == (
        first.header.id, False, {"least": "1"},
    )  # fmt: skip
    # AND it says that it used the definitions of then
    runs = [project.paths.run("o", one.header.id) for one in (first, again)]
    assert used_by_run(runs[0])[0].definitions == used_by_run(runs[1])[0].definitions
    # AND what it repeated can be repeated itself
    assert plan_as_it_ran(project, AsItRan("o", again.header.id)).refusal is None


def test_a_shadow_changes_no_byte_of_the_storage_and_tells_the_difference(project: Project) -> None:
    # GIVEN a run whose tables were written once more after a change
    first = run(project)
    _change_everything(project)
    run(project)
    before = _hash(project.paths.storage)
    # WHEN it is repeated as a shadow
    shadow = _repeat(project, first, shadow=True)
    assert shadow.status is Status.SUCCESS
    found = {one.table: one for one in shadow_tables(project, project.paths.run("o", shadow.header.id), shadow)}
    # THEN the storage is as it was, to the byte
    assert _hash(project.paths.storage) == before
    # AND each table is compared with what is published: keys 1 to 4 then, 4 to 8 now, and 4 has another value
    doubled = found["out/doubled"].difference
    assert doubled is not None
    assert (doubled.added, doubled.removed, doubled.changed) == (3, 4, 1)
    # AND what it would have added to is the version from before the first run: none
    seen = found["out/seen"].difference
    assert seen is not None
    assert (seen.before_rows, seen.after_rows) == (2, 1)
    # AND it cannot be taken for a run that did something
    with pytest.raises(RunRefused, match="was a shadow run"):
        plan_run(project, RunRequest("o", rerun=shadow.header.id))


def test_a_part_is_repeated_and_the_rest_left_as_it_is(project: Project) -> None:
    first = run(project)
    _change_everything(project)
    run(project)
    total = _table(project, "out/total")
    # WHEN one task of it is repeated THEN only its table is as it was then
    again = _repeat(project, first, only=["double"])
    assert statuses(again) == {"double": Status.SUCCESS, "sum": Status.SKIPPED, "log": Status.SKIPPED}
    assert [row[1] for row in _table(project, "out/doubled")] == [2, 4, 6, 8]
    assert _table(project, "out/total") == total


def test_what_is_not_kept_any_more_is_told_before_anything_starts(project: Project) -> None:
    # GIVEN a run whose input has been written so often since that it is gone
    first = run(project)
    for number in range(4):
        put(_storage(project), "raw/numbers", f"select {number} as id, 1 as v")
    # WHEN it is to be repeated THEN it is said which table and version
    plan = plan_as_it_ran(project, AsItRan("o", first.header.id))
    assert versions_gone(project, plan) == ["double read version 1 of table raw/numbers, which is not kept any more"]
    done = command_here(project.root, "run", "--as-it-ran", first.header.id)
    assert done.returncode == 2
    assert "cannot be repeated as it ran" in done.stderr and "version 1 of table raw/numbers" in done.stderr
    assert len(list(project.paths.runs("o").glob("2*"))) == 1


def test_a_task_that_did_not_run_then_does_not_run_now(project: Project) -> None:
    # GIVEN a run that failed in its first phase
    (project.root / "configurations/sql/double.toml").write_text(DOUBLE.replace("v * 2", "nothing"))
    project.reload()
    failed = run(project)
    (project.root / "configurations/sql/double.toml").write_text(DOUBLE)
    project.reload()
    # WHEN it is repeated THEN it fails as it did, with what it was given, although it is mended by now
    plan = plan_as_it_ran(project, AsItRan("o", failed.header.id))
    assert [(task.id, task.decision) for task in plan.tasks()] == [
        ("double", Decision.RUN), ("sum", Decision.SKIPPED), ("log", Decision.SKIPPED),
    ]  # fmt: skip
    again = _repeat(project, failed, shadow=True)
    assert again.tasks["double"].reason == failed.tasks["double"].reason
    with pytest.raises(RunRefused, match="is no task of run"):
        plan_as_it_ran(project, AsItRan("o", failed.header.id, only=["nobody"]))


def test_a_shadow_that_is_taken_over_stays_one(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    # GIVEN a shadow of a run whose executor goes away after its first phase
    first = run(project)
    _change_everything(project)
    run(project)
    before = _hash(project.paths.storage)
    plan = plan_as_it_ran(project, AsItRan("o", first.header.id, shadow=True))
    started = start_run(project, plan, by="test")
    until(lambda: read_run(started.directory).tasks["double"].status.final)
    assert started.hand_over(20.0)
    # WHEN another process goes on with it
    taken = take_over(open_project(project.root), started.directory, by="test")
    taken.wait()
    # THEN all of it was as it ran, and nothing is published
    state = read_run(started.directory)
    assert state.status is Status.SUCCESS
    assert _hash(project.paths.storage) == before
    results = {one.table: one.difference for one in shadow_tables(project, started.directory, state)}
    assert results["out/total"] is not None and results["out/total"].before_rows == 1
    config = json.loads((started.directory / "tasks/sum/1/config.json").read_text())
    assert config["storage"]["input"]["tables"][0]["version"] == 1


def test_a_repeated_run_whose_executor_is_killed_goes_on_as_it_ran(project: Project) -> None:
    # GIVEN a run, of whose tasks the second one waits for a file
    gate = project.root / "gate"
    gate.touch()
    folder = project.root / "configurations/command"
    folder.mkdir()
    wait = 'echo + >> began; until test -e "$ORCH_PROJECT/gate"; do sleep 0.02; done'
    (folder / "wait.toml").write_text(f"[parameters]\ncommand = {json.dumps(wait)}\n")
    orchestration = project.paths.orchestration("o")
    phase = '[[phases]]\nid = "wait"\n[[phases.tasks]]\nid = "wait"\nconfiguration = "command/wait"\n'
    orchestration.write_text(ORCHESTRATION.replace('[[phases]]\nid = "use"', f'{phase}[[phases]]\nid = "use"'))
    project.reload()
    first = run(project)
    expected = [_table(project, table) for table in ("out/doubled", "out/total")]
    # WHEN everything is another now, and it is repeated by a process that is killed in the middle
    text = orchestration.read_text()
    _change_everything(project)
    orchestration.write_text(text)
    gate.unlink()
    (project.root / "began").unlink()
    process = start(project.root, "run", "o", "--as-it-ran", first.header.id)
    try:
        wait_for_file(project.root / "began", process)
        process.send_signal(signal.SIGKILL)
        process.communicate()
    finally:
        end(process)
    killed = latest_run(project.root, "o")
    assert not read_run(killed).finished
    gate.touch()
    done = command_here(project.root, "run", "--resume", killed.name)
    # THEN it goes on as what it was: nothing twice, and what follows is as it was then too
    assert done.returncode == 0, done.stdout + done.stderr
    state = read_run(killed)
    assert state.header.as_it_ran == first.header.id and state.status is Status.SUCCESS
    assert [len(task.attempts) for task in state.tasks.values()] == [1, 1, 1, 1]
    assert (project.root / "began").read_text() == "+\n"
    assert [_table(project, table) for table in ("out/doubled", "out/total")] == expected


def test_writers_are_left_out_of_a_shadow_and_commands_are_repeated(tmp_path: Path) -> None:
    # GIVEN a run of a command that counts, and of a writer of files
    files = {
        "orch.toml": 'name = "P"\n',
        "orchestrations/o.toml": ORCHESTRATION.partition("[variables]")[0]
        + '[[phases]]\nname = "P"\n[[phases.tasks]]\nid = "say"\nconfiguration = "command/say"\n'
        + '[[phases.tasks]]\nid = "send"\nconfiguration = "file-writer/send"\n',
        "configurations/command/say.toml": "[parameters]\ncommand = \"echo '{{ odd }}' >>said\"\n",
        "configurations/file-writer/send.toml": '[parameters]\npath = "sent.csv"\n[[inputs]]\ntable = "raw/numbers"\n',
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    put(Storage(tmp_path / ".orch/storage"), "raw/numbers", "select 1 as id")
    project = open_project(tmp_path)
    # A value that looks like a variable is not filled in twice.
    first = run(project, variables={"odd": "{{ braces }}"})
    assert first.status is Status.SUCCESS, first.reason
    (tmp_path / "sent.csv").unlink()
    shadow = _repeat(project, first, shadow=True)
    assert statuses(shadow) == {"say": Status.SUCCESS, "send": Status.SKIPPED}
    assert not (tmp_path / "sent.csv").exists()
    assert (tmp_path / "said").read_text() == "{{ braces }}\n{{ braces }}\n"


def test_a_nested_run_is_repeated_as_it_ran(project: Project) -> None:
    # GIVEN a run of an orchestration in which the other one is nested
    outer = (
        'name = "Outer"\n[[phases]]\nname = "P"\n[[phases.tasks]]\nid = "inner"\nconfiguration = "orchestration/o"\n'
    )
    project.paths.orchestration("outer").write_text(outer)
    project.reload()
    first = start_run(project, plan_run(project, RunRequest("outer")), by="test")
    first.wait()
    then = _table(project, "out/doubled")
    _change_everything(project)
    run(project)
    # WHEN it is repeated THEN what it nests is, too
    done = command_here(project.root, "run", "--as-it-ran", first.id)
    assert done.returncode == 0, done.stdout + done.stderr
    assert _table(project, "out/doubled") == then


def test_the_command_line_shows_what_a_shadow_would_have_changed(project: Project) -> None:
    first = run(project)
    _change_everything(project)
    run(project)
    done = command_here(project.root, "run", "--as-it-ran", first.header.id, "--shadow", "--only", "double")
    assert done.returncode == 0, done.stderr
    assert "out/doubled  3 added, 4 removed, 1 changed (v); 5 → 4 rows" in done.stdout
    told = json.loads(command_here(project.root, "diff", "out/doubled", "--shadow", "last", "--json").stdout)
    assert (told["added"], told["removed"], told["changed"]) == (3, 4, 1)
    shown = json.loads(command_here(project.root, "show", "last", "--json").stdout)
    assert (shown["as_it_ran"], shown["shadow"]) == (first.header.id, True)
    refused = command_here(project.root, "run", "o", "--shadow")
    assert refused.returncode == 2 and "--as-it-ran" in refused.stderr
