"""Tasks with parts: whole runs with real processes, what their command line says, and kills at random moments."""

from __future__ import annotations

import json
import random
import shutil
import subprocess
import sys
import threading
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from orch_tui.engine.phases import arrays
from orch_tui.engine.requests.requests import CancelRequest
from orch_tui.engine.runs.as_it_ran import AsItRan
from orch_tui.engine.runs.start import RunRefused, start_run
from orch_tui.engine.runs.takeover import take_over
from orch_tui.model.run.plan import Decision
from orch_tui.model.run.runstate import RunState, TaskState
from orch_tui.model.status import Status
from orch_tui.project.concurrent.locks import Lock, holder_of, named_in
from orch_tui.project.journal.file import read_run
from orch_tui.project.lint.check import check
from orch_tui.project.project import Project, open_project
from orch_tui.runs.planning.repeating import plan_of_repeat
from orch_tui.runs.planning.shadow import shadow_tables

from tests.support.commands import command_here
from tests.support.engine_kit import begin, make_commands, run, until, write_command
from tests.support.tables import parquet_file

ROOT = Path(__file__).resolve().parents[2]


def array(root: Path, command: str, each: str = '"data/*.csv"', settings: str = "", **more: str) -> Project:
    """A project with an array ``load`` and a task behind it."""
    task: dict[str, Any] = {"command": command, "each": each, **more}
    return make_commands(root, {"P": {"load": task}, "Q": {"later": "true"}}, settings)


def files(root: Path, *names: str) -> None:
    (root / "data").mkdir(exist_ok=True)
    for name in names:
        (root / "data" / name).write_text(name)


def loaded(state: RunState) -> TaskState:
    return state.tasks["load"]


def states(state: RunState) -> list[Status]:
    parts = loaded(state).parts
    assert parts is not None
    return [part.status for part in parts.states]


def test_each_file_has_a_part_with_its_own_log_and_item(tmp_path: Path) -> None:
    # GIVEN files, and names that are none of them: hidden ones, folders
    files(tmp_path, "b.csv", "a.csv", ".hidden.csv", "c.txt")
    (tmp_path / "data" / "folder.csv").mkdir()
    # WHEN a task is run for each
    project = array(tmp_path, 'echo "{{ item }} {{ item_stem }} $ORCH_ITEM $ORCH_ITEM_NUMBER $ORCH_TASK_ID"')
    assert check(project) == []
    state = run(project)
    # THEN it has a part for each file, in the order of names, and the run has two tasks
    assert (state.status, states(state), len(state.tasks)) == (Status.SUCCESS, [Status.SUCCESS] * 2, 2)
    directory = project.paths.run("o", state.header.id)
    logs = [(directory / "tasks" / f"load@{number}" / "1" / "log").read_text() for number in (1, 2)]
    assert logs == ["data/a.csv a data/a.csv 1 load@1\n", "data/b.csv b data/b.csv 2 load@2\n"]


def test_only_so_many_parts_run_at_once_and_others_run_beside_them(tmp_path: Path) -> None:
    count = "touch run.$$; ls run.* | wc -l >> counts; sleep 0.05; rm run.$$"
    task = {"command": count, "each": json.dumps([str(number) for number in range(6)]), "max_parallel": "2"}
    # GIVEN a task beside it that ends when it has seen a part run
    beside = {"command": "until ls run.* >/dev/null 2>&1; do sleep 0.005; done", "timeout": '"20s"'}
    project = make_commands(tmp_path, {"P": {"load": task, "beside": beside}})
    assert run(project).status is Status.SUCCESS
    assert max(map(int, (tmp_path / "counts").read_text().split())) == 2


def test_items_are_what_a_task_before_it_says(tmp_path: Path) -> None:
    # GIVEN a task that sets a list, and one that is run for each of it
    tells = 'echo \'{"variables": {"countries": ["de", "fr"]}}\' > $KBC_DATADIR/result.json'
    task = {"command": "echo {{ item }} >> done", "each": '"{{ countries }}"'}
    first = {"command": tells, "sets": '["countries"]'}
    project = make_commands(tmp_path, {"P": {"first": first}, "Q": {"load": task}})
    assert check(project) == []
    state = run(project)
    assert state.status is Status.SUCCESS
    assert sorted((tmp_path / "done").read_text().split()) == ["de", "fr"]


def test_what_parts_set_is_not_taken_and_each_log_and_the_run_say_so(tmp_path: Path) -> None:
    # GIVEN a program that sets a variable although its task does not say so, and a run that has another value of it
    tells = 'echo "{\\"variables\\": {\\"last\\": \\"{{ item }}\\"}}" > $KBC_DATADIR/result.json'
    project = array(tmp_path, tells, '["de", "fr"]')
    write_command(tmp_path, "later", "echo {{ last }} > used")
    path = tmp_path / "orchestrations" / "o.toml"
    path.write_text(path.read_text().replace('name = "O"', 'name = "O"\nvariables = { last = "given" }'))
    state = run(open_project(tmp_path))
    # THEN the parts have done their work, and nothing of it is a value of the run
    assert (state.status, states(state), state.values) == (Status.SUCCESS, [Status.SUCCESS] * 2, {})
    assert (tmp_path / "used").read_text() == "given\n"
    # AND the log of each says so, the run once for both
    log = project.paths.run("o", state.header.id) / "tasks" / "load@2" / "1" / "log"
    assert "warning: result.json: the variable last is not set: a part of an array sets no variables" in log.read_text()
    assert [text.partition(":")[0] for _, level, text in state.notes if level == "warning"] == [
        "what parts of load say of variables is not taken"
    ]


@pytest.mark.parametrize(
    ("each", "more", "status", "reason"),
    [
        ('"data/*.csv"', {}, Status.ERROR, "there is nothing to run it for: data/*.csv gives none; allow_empty = true"),
        (
            '"data/*.csv"',
            {"allow_empty": "true"},
            Status.SUCCESS,
            "there is nothing to run it for: data/*.csv gives none",
        ),
        (
            '"{{ list }}"',
            {"variables": '{ list = "de" }'},
            Status.ERROR,
            "the variable list cannot be used as each: it is no",
        ),
        (
            '"{{ place }}/*"',
            {"variables": '{ place = "/etc" }'},
            Status.ERROR,
            'each = "/etc/*": files are looked for below',
        ),
    ],
    ids=["none", "none-allowed", "no-list", "outside"],
)
def test_what_gives_no_parts_is_told(
    tmp_path: Path, each: str, more: dict[str, str], status: Status, reason: str
) -> None:
    state = run(array(tmp_path, "true", each, **more))
    assert loaded(state).status is status
    assert loaded(state).reason.startswith(reason)
    assert state.tasks["later"].status is (Status.SUCCESS if status is Status.SUCCESS else Status.SKIPPED)


def test_parts_are_tried_again_by_themselves_and_a_rerun_takes_what_failed(tmp_path: Path) -> None:
    # GIVEN a part that needs two tries, and one that fails until somebody mends it
    command = "echo {{ item }} >> ran; case {{ item }} in fr) test $ORCH_ATTEMPT = 2;; it) test -e mended;; esac"
    project = array(tmp_path, command, '["de", "fr", "it"]', retry='{ attempts = 1, delay = "10ms" }')
    state = run(project)
    parts = loaded(state).parts
    assert parts is not None
    assert states(state) == [Status.SUCCESS, Status.SUCCESS, Status.ERROR]
    assert [len(part.attempts) for part in parts.states] == [1, 2, 2]
    assert loaded(state).reason == "1 of 3 parts failed; load@3: exit code 1"
    # WHEN it is mended, and what failed is run again with another item among the others
    (tmp_path / "mended").touch()
    (tmp_path / "ran").unlink()
    path = tmp_path / "orchestrations" / "o.toml"
    path.write_text(path.read_text().replace('["de", "fr", "it"]', '["fr", "es", "it", "de"]'))
    again = run(open_project(tmp_path), rerun="last")
    # THEN what had succeeded is reused by its item, and the rest runs
    assert again.status is Status.SUCCESS
    assert sorted((tmp_path / "ran").read_text().split()) == ["es", "it"]
    assert states(again) == [Status.SKIPPED, Status.SUCCESS, Status.SUCCESS, Status.SKIPPED]


def test_a_run_is_repeated_as_it_ran_with_the_items_of_then(tmp_path: Path) -> None:
    # GIVEN a run that was stopped after one part of three had ended, with files that are others now
    files(tmp_path, "a.csv", "b.csv", "c.csv")
    command = "echo {{ item }} >> ran; test {{ item_stem }} = a || { touch began; test -e go || sleep 60; }"
    project = array(tmp_path, command, max_parallel="1")
    active = begin(project)
    until(lambda: (tmp_path / "began").exists())
    active.cancel(CancelRequest("ann"))
    assert active.wait(30) is Status.TERMINATED
    for name in ("a.csv", "b.csv"):
        (tmp_path / "data" / name).unlink()
    files(tmp_path, "d.csv")
    (tmp_path / "ran").unlink()
    (tmp_path / "go").touch()
    # WHEN it is repeated as it ran
    plan = plan_of_repeat(project, AsItRan("o", "last"))
    assert [task.id for task in plan.with_decision(Decision.RUN)] == ["load"]
    again = start_run(project, plan, by="test")
    assert again.wait(30) is Status.SUCCESS
    state = read_run(again.directory)
    # THEN it runs the parts that ran then, with the items of then, and leaves out the one that did not
    parts = loaded(state).parts
    assert parts is not None and parts.items == ["data/a.csv", "data/b.csv", "data/c.csv"]
    assert states(state) == [Status.SUCCESS, Status.SUCCESS, Status.SKIPPED]
    assert parts.states[2].reason == f"did not run in run {active.directory.name}"
    assert (tmp_path / "ran").read_text().split() == ["data/a.csv", "data/b.csv"]


def test_who_takes_over_a_repeated_array_right_after_it_unfolded_leaves_out_the_same_parts(tmp_path: Path) -> None:
    # GIVEN a run that repeats an array of which one part ran, and that dies as soon as what it is run for is written
    project = array(tmp_path, "echo {{ item }} >> ran; test {{ item }} = a || sleep 60", '["a", "b"]', max_parallel="1")
    active = begin(project)
    until(lambda: "success" in command_here(tmp_path, "show", active.directory.name, "load@1").stdout)
    active.cancel(CancelRequest("ann", task="load@2"))
    active.cancel(CancelRequest("ann"))
    active.wait(30)
    shutil.rmtree(active.directory / "tasks" / "load@2", ignore_errors=True)
    (tmp_path / "ran").unlink()
    again = start_run(project, plan_of_repeat(project, AsItRan("o", "last")), by="test")
    again.wait(30)
    journal = again.directory / "run.toml"
    records = journal.read_text().split("\n\n")
    kept = 1 + next(number for number, record in enumerate(records) if 'type = "unfolded"' in record)
    journal.write_text("\n\n".join(records[:kept]) + "\n\n")
    for part in (again.directory / "tasks").iterdir():
        shutil.rmtree(part)
    (tmp_path / "ran").unlink()
    # WHEN another one goes on with it
    take_over(project, again.directory, by="test").wait(30)
    # THEN the part that did not run then is left out, and the other one repeated
    state = read_run(again.directory)
    assert states(state) == [Status.SUCCESS, Status.SKIPPED]
    assert (tmp_path / "ran").read_text().split() == ["a"]


def test_a_file_system_that_does_not_answer_stops_nothing_but_the_array(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # GIVEN an array whose files are on a file system that does not answer, and a task beside it
    files(tmp_path, "a.csv", "b.csv")
    answers, look = threading.Event(), arrays.find

    def mute(*arguments: Any) -> arrays.Found:
        answers.wait(60)
        return look(*arguments)

    monkeypatch.setattr(arrays, "find", mute)
    load = {"command": "echo {{ item }} >> ran", "each": '"data/*.csv"'}
    project = make_commands(tmp_path, {"P": {"load": load, "other": "touch other"}})
    try:
        # WHEN it runs / THEN the other task does its work, and the run can be stopped
        active = begin(project)
        until((tmp_path / "other").exists)
        active.cancel(CancelRequest("ann"))
        assert active.wait(30) is Status.CANCELLED
        assert loaded(read_run(active.directory)).status is Status.CANCELLED
        # WHEN it answers while another run waits for it
        (tmp_path / "other").unlink()
        active = begin(project)
        until((tmp_path / "other").exists)
    finally:
        answers.set()
    # THEN its parts run
    assert active.wait(30) is Status.SUCCESS
    assert sorted((tmp_path / "ran").read_text().split()) == ["data/a.csv", "data/b.csv"]


def test_a_shadow_of_an_array_says_of_each_part_what_it_would_have_written(tmp_path: Path) -> None:
    # GIVEN an array whose parts add to a table
    parquet_file(tmp_path / "rows.parquet", "select 1 as id")
    project = array(tmp_path, 'cp rows.parquet "$KBC_DATADIR/out/tables/rows.parquet"', '["a", "b"]', max_parallel="1")
    path = tmp_path / "configurations" / "command" / "load.toml"
    path.write_text(path.read_text() + '[[outputs]]\ntable = "raw/rows"\nmode = "append"\n')
    project = open_project(tmp_path)
    assert run(project).status is Status.SUCCESS
    shadow = start_run(project, plan_of_repeat(project, AsItRan("o", "last", shadow=True)), by="test")
    assert shadow.wait(30) is Status.SUCCESS
    found = shadow_tables(project, shadow.directory, read_run(shadow.directory))
    assert [(one.task, one.table) for one in found] == [("load@1", "raw/rows"), ("load@2", "raw/rows")]


def test_to_stop_an_array_stops_all_of_it(tmp_path: Path) -> None:
    # GIVEN an array of which two parts run and one waits
    project = array(tmp_path, "touch {{ item }}.began; sleep 60", '["a", "b", "c"]', max_parallel="2")
    active = begin(project)
    until(lambda: (tmp_path / "a.began").exists() and (tmp_path / "b.began").exists())
    # WHEN that task is stopped
    active.cancel(CancelRequest("ann", task="load"))
    assert active.wait(30) is Status.TERMINATED
    state = read_run(active.directory)
    # THEN nothing of it runs on, and what waited never began
    assert states(state) == [Status.TERMINATED, Status.TERMINATED, Status.CANCELLED]
    assert loaded(state).reason.startswith("2 of 3 parts were stopped; load@")
    assert not (tmp_path / "c.began").exists()


def test_nobody_else_has_the_configuration_while_an_array_runs(tmp_path: Path) -> None:
    # GIVEN an array under way
    project = array(tmp_path, "touch began; until [ -e go ]; do sleep 0.02; done", '["a", "b"]')
    active = begin(project)
    until(lambda: (tmp_path / "began").exists())
    path = project.paths.configuration_lock("command/load")
    # THEN neither alone nor as another array anybody gets its configuration, and its holder is named
    assert Lock.acquire(path, "somebody") is None and Lock.join(path, "another array") is None
    assert "(task load)" in named_in(path)
    (tmp_path / "go").touch()
    assert active.wait(30) is Status.SUCCESS
    # AND it is free then
    assert holder_of(path) is None
    lock = Lock.acquire(path, "somebody")
    assert lock is not None
    lock.free()


def test_an_array_waits_for_a_configuration_that_is_in_use(tmp_path: Path) -> None:
    project = array(tmp_path, "true", '["a", "b"]')
    lock = Lock.acquire(project.paths.configuration_lock("command/load"), "somebody")
    assert lock is not None
    active = begin(project)
    until(lambda: loaded(read_run(active.directory)).reason == "configuration in use by somebody")
    assert loaded(read_run(active.directory)).parts is None
    lock.free()
    assert active.wait(30) is Status.SUCCESS


def test_one_part_waits_in_line_for_all_of_its_array(tmp_path: Path) -> None:
    # GIVEN more parts than their pool has slots
    project = array(
        tmp_path, "touch {{ item }}.began; until [ -e go ]; do sleep 0.02; done", '["a", "b", "c", "d"]',
        settings="[pools]\nbig = 1", pool='"big"',
    )  # fmt: skip
    active = begin(project)
    until(lambda: any(part.reason for part in read_run(active.directory).parts.values()))
    # THEN one of them says for what it waits, and no other line of the journal is about that
    assert sum("pool" in part.reason for part in read_run(active.directory).parts.values()) == 1
    (tmp_path / "go").touch()
    assert active.wait(30) is Status.SUCCESS


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"sets": '["x"]'}, "its parts would each set the variable x"),
        ({"each": '"{{ nowhere }}"'}, "nowhere"),
        ({"allow_empty": "true", "each": None}, "allow_empty, which says nothing without each"),
        ({"each": "[]"}, "it is empty"),
        ({"each": "3"}, "write a pattern of files"),
        ({"each": '"{{ list }}"', "variables": '{ list = "de, fr" }'}, "it is no list"),
    ],
    ids=["sets", "unknown-variable", "allow-empty-alone", "empty-list", "number", "no-list"],
)
def test_check_says_what_cannot_be(tmp_path: Path, options: dict[str, str | None], said: str) -> None:
    task: dict[str, Any] = {"command": "true", "each": '["a"]'} | options
    make_commands(tmp_path, {"P": {"load": {name: value for name, value in task.items() if value is not None}}})
    assert any(said in problem.message for problem in check(open_project(tmp_path)))


def test_parts_that_would_replace_each_others_rows_are_refused(tmp_path: Path) -> None:
    # GIVEN an array whose configuration replaces a table
    parquet_file(tmp_path / "rows.parquet", "select 1 as id")
    project = array(tmp_path, 'cp rows.parquet "$KBC_DATADIR/out/tables/rows.parquet"', '["a", "b"]')
    path = tmp_path / "configurations" / "command" / "load.toml"
    path.write_text(path.read_text() + '[[outputs]]\ntable = "raw/rows"\n')
    said = "each of its parts would replace what the others have written to raw/rows"
    assert any(said in problem.message for problem in check(open_project(tmp_path)))
    # THEN no run of it begins
    with pytest.raises(RunRefused, match=said):
        begin(open_project(tmp_path))
    # AND one that adds to it does
    path.write_text(path.read_text() + 'mode = "append"\n')
    project = open_project(tmp_path)
    assert check(project) == []
    assert begin(project).wait(30) is Status.SUCCESS


def test_people_see_an_array_as_one_task_and_find_each_part(tmp_path: Path) -> None:
    # GIVEN a run of an array of 30 parts, 7 of which fail
    items = [f"item-{number}" for number in range(1, 31)]
    command = "echo this is {{ item }}; case {{ item }} in *4|*5) exit 1;; item-30) exit 1;; esac"
    project = array(tmp_path, command, json.dumps(items))
    told = command_here(tmp_path, "run", "o")
    # THEN it is told in a bounded number of lines, with the first failures and how it ended
    assert len([line for line in told.stdout.splitlines() if "load" in line]) < 25
    assert "30 parts, 7 failed; load@" in told.stdout
    assert not any("7 failed" in line and "7 of 30" in line for line in told.stdout.splitlines())
    assert "2 tasks: 1 error, 1 skipped" in told.stdout
    # AND the run shows the first of those that failed
    shown = command_here(tmp_path, "show", "last").stdout
    assert "30 parts, 7 failed" in shown and "and 2 more" in shown
    # AND the array those that went wrong, and all of them where that is asked for
    bad = command_here(tmp_path, "show", "last", "load").stdout
    assert bad.count("30 parts, 7 failed; load@") == 1 and bad.count("✘ error") == 8 and "load --parts" in bad
    every = command_here(tmp_path, "show", "last", "load", "--parts").stdout
    assert [item for item in items if f"  {item}" not in every] == [] and "--parts" not in every
    assert "load@1 has no parts" not in every
    none = command_here(tmp_path, "show", "last", "load@1", "--parts")
    assert none.returncode == 2 and "load@1 has no parts" in none.stderr
    # AND one part is found by its number and by its item, and its log
    assert "item-7" in command_here(tmp_path, "show", "last", "load@7").stdout
    assert command_here(tmp_path, "logs", "last", "load@item-8").stdout == "this is item-8\n"
    failed = command_here(tmp_path, "logs", "last")
    assert failed.stdout.startswith("this is item-") and "load@" in failed.stderr
    # AND JSON has all of them
    (task,) = json.loads(command_here(tmp_path, "show", "last", "--json").stdout)["phases"][0]["tasks"]
    assert [part["item"] for part in task["parts"]] == items and task["attempts"] == []
    assert Counter(part["status"] for part in task["parts"]) == {"success": 23, "error": 7}
    assert project.paths.run("o", "x").parent.is_dir()


@pytest.mark.parametrize("seed", range(4))
def test_no_part_is_lost_and_none_runs_twice_whenever_its_executor_is_killed(tmp_path: Path, seed: int) -> None:
    # GIVEN an array whose parts write down that they began and ended
    at_random = random.Random(seed)
    items = [str(number) for number in range(40)]
    command = "echo {{ item }} >> began; sleep 0.0{{ item_number }}; echo {{ item }} >> ended"
    project = array(tmp_path, command, json.dumps(items), max_parallel="6")
    script = (
        "import sys; from pathlib import Path\n"
        "from orch_tui.project.project import open_project\n"
        "from orch_tui.engine.runs.start import RunRequest, plan_run, start_run\n"
        "from orch_tui.engine.runs.takeover import take_over\n"
        "project = open_project(Path(sys.argv[1]))\n"
        "run = take_over(project, Path(sys.argv[2]), by='t') if len(sys.argv) > 2 else "
        "start_run(project, plan_run(project, RunRequest('o')), by='t')\n"
        "print(run.directory, flush=True); run.wait()\n"
    )
    # WHEN whoever executes it is killed at a random moment, and the next one goes on, again and again
    directory: list[str] = []
    for _ in range(4):
        process = subprocess.Popen(
            [sys.executable, "-c", script, str(tmp_path), *directory], stdout=subprocess.PIPE, text=True, cwd=ROOT
        )
        try:
            assert process.stdout is not None
            directory = directory or [process.stdout.readline().strip()]
            process.wait(at_random.uniform(0.02, 0.4))
        except subprocess.TimeoutExpired:
            pass
        finally:
            process.kill()
            process.wait()
            process.stdout.close() if process.stdout else None
    place = Path(directory[0])
    if not read_run(place).finished:
        take_over(project, place, by="test").wait(60)
    # THEN each part ended once, none is missing, and none did its work twice
    state = read_run(place)
    assert state.status is Status.SUCCESS, state.reason
    assert states(state) == [Status.SUCCESS] * 40
    assert sorted(map(int, (tmp_path / "ended").read_text().split())) == list(range(40))
    assert sorted(map(int, (tmp_path / "began").read_text().split())) == list(range(40))
