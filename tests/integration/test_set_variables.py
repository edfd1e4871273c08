"""Variables that tasks set while a run goes on: to later tasks, conditions and nested runs, also over a kill."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from orch_tui.engine.runs.start import RunRefused, RunRequest, plan_run
from orch_tui.model.status import Status
from orch_tui.project.journal.file import read_run
from orch_tui.project.lint.check import check
from orch_tui.project.project import Project, open_project
from orch_tui.runs.live.view import variables_set

from tests.support.commands import command_here
from tests.support.engine_kit import make_commands, run, statuses, write_command
from tests.support.projects import latest_run


def leaves(values: Any, then: str = "") -> str:
    """A command whose program leaves variables in its result."""
    return f"cat > \"$KBC_DATADIR/result.json\" <<'X'\n{json.dumps({'variables': values})}\nX\n{then}"


def chain(root: Path, values: Any, use: str = "echo {{ rows }} > used", sets: str = '["rows"]') -> Project:
    return make_commands(
        root, {"one": {"load": {"command": leaves(values), "sets": sets}}, "two": {"use": {"command": use}}}
    )


def test_a_later_task_uses_what_an_earlier_one_has_set_and_the_journal_says_who_set_it(tmp_path: Path) -> None:
    project = chain(tmp_path, {"rows": 12, "day": {"type": "date", "value": "2026-11-29"}})
    state = run(project)
    assert state.status is Status.SUCCESS
    assert (tmp_path / "used").read_text() == "12\n"
    # THEN with its type, its task and its time
    rows = state.values["rows"]
    assert (rows.value, rows.task, rows.at) == (12, "load", state.tasks["load"].attempts[-1].ended)
    assert state.values["day"].value == date(2026, 11, 29)
    shown = command_here(tmp_path, "show", state.header.id).stdout
    assert "variable rows = 12 (integer), set by load at " in shown
    assert "    set rows = 12 (integer)" in command_here(tmp_path, "show", state.header.id, "load").stdout
    assert [one.counts for one in variables_set(state.tasks["load"])] == [
        "set rows = 12 (integer)",
        "set day = 2026-11-29 (date)",
    ]
    told = json.loads(command_here(tmp_path, "show", state.header.id, "--json").stdout)["set_variables"]
    assert [(one["name"], one["type"], one["value"], one["task"]) for one in told] == [
        ("rows", "integer", 12, "load"),
        ("day", "date", "2026-11-29", "load"),
    ]


@pytest.mark.parametrize(
    ("when", "holds"),
    [
        ("vars.rows > 10", True),
        ("vars.rows > 10 && vars.names.exists(n, n == 'b')", True),
        ("timestamp(vars.day) < now", True),
        ("vars.full", False),
        ("task.load.variables.share < 0.5", False),
        ("vars.later != null", False),
    ],
)
def test_conditions_see_variables_with_their_types(tmp_path: Path, when: str, holds: bool) -> None:
    values = {
        "rows": 12,
        "names": ["a", "b"],
        "day": {"type": "datetime", "value": "2020-01-01T00:00:00+01:00"},
        "full": False,
        "share": 0.5,
    }
    chain(tmp_path, values, use="true", sets='["rows", "names", "day", "full", "share", "later"]')
    path = tmp_path / "orchestrations" / "o.toml"
    path.write_text(
        path.read_text().replace('name = "one"', f'name = "one"\nnext = [{{ when = "{when}", goto = "end" }}]')
    )
    state = run(open_project(tmp_path))
    decision = state.phases["one"].decision
    assert decision is not None and not decision.error
    assert (decision.taken == 0) is holds


def test_a_variable_of_a_task_that_did_not_run_or_did_not_set_it_is_one_clear_sentence(tmp_path: Path) -> None:
    project = chain(tmp_path, {"other": 1})
    state = run(project)
    assert state.tasks["use"].reason == (
        "variable rows has no value: task load says that it sets it, and ended without doing so"
    )
    # AND of one that was left out
    state = run(project, only=["use"])
    assert state.tasks["use"].reason == (
        "variable rows has no value: task load, which sets it, did not run to its end (skipped: not selected)"
    )


def test_what_is_no_value_is_a_warning_of_the_task_and_its_other_values_hold(tmp_path: Path) -> None:
    state = run(chain(tmp_path, {"bad": {"a": 1}, "rows": 3}))
    assert state.tasks["load"].status is Status.WARNING
    assert state.tasks["load"].reason.startswith("variable bad was not set: it is an object, which is no value")
    assert (tmp_path / "used").read_text() == "3\n"


def test_a_task_that_failed_sets_nothing(tmp_path: Path) -> None:
    project = make_commands(tmp_path, {"one": {"load": leaves({"rows": 1}, "exit 1")}})
    assert run(project).values == {}


def test_a_run_that_reuses_a_task_has_its_values_and_computes_none_again(tmp_path: Path) -> None:
    # GIVEN a run whose second task failed
    project = chain(tmp_path, {"rows": 12}, use="test -f ready && echo {{ rows }} > used")
    first = run(project)
    assert statuses(first) == {"load": Status.SUCCESS, "use": Status.ERROR}
    # WHEN it is continued
    (tmp_path / "ready").touch()
    second = run(project, rerun=first.header.id)
    # THEN
    assert statuses(second) == {"load": Status.SKIPPED, "use": Status.SUCCESS}
    assert (second.values["rows"].value, second.values["rows"].at) == (12, None)
    assert (tmp_path / "used").read_text() == "12\n"


def test_a_nested_run_takes_and_returns_variables_by_name(tmp_path: Path) -> None:
    project = chain(tmp_path, {"rows": 5}, use="echo {{ total }} > used")
    write_command(tmp_path, "inner", leaves({"total": 7, "own": 1}, "echo {{ rows }} > taken"))
    (tmp_path / "orchestrations" / "n.toml").write_text(
        'name = "N"\n[variables]\nrows = ""\n[[phases]]\nname = "p"\n[[phases.tasks]]\nid = "i"\n'
        'configuration = "command/inner"\nsets = ["total"]\n'
    )
    nested = (
        '[[phases]]\nname = "mid"\n[[phases.tasks]]\nid = "n"\nconfiguration = "orchestration/n"\n'
        'variables = { rows = "{{ rows }}" }\nsets = ["total"]\n'
    )
    path = tmp_path / "orchestrations" / "o.toml"
    path.write_text(path.read_text().replace('[[phases]]\nname = "two"', nested + '[[phases]]\nname = "two"'))
    state = run(open_project(project.root))
    assert state.status is Status.SUCCESS, state.reason
    assert (tmp_path / "taken").read_text() == "5\n" and (tmp_path / "used").read_text() == "7\n"
    assert {name: one.task for name, one in state.values.items()} == {"rows": "load", "total": "n"}


def test_a_secret_never_becomes_a_variable(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("TOKEN=very-secret-value-1\n")
    (tmp_path / ".env").chmod(0o600)
    text = 'printf \'{"variables": {"rows": "%s"}}\' "${TOKEN}" > "$KBC_DATADIR/result.json"'
    project = make_commands(tmp_path, {"one": {"load": {"command": text, "sets": '["rows"]'}}})
    state = run(project)
    assert state.values == {}
    assert state.tasks["load"].status is Status.WARNING and "holds a secret" in state.tasks["load"].reason
    assert b"very-secret" not in (latest_run(tmp_path, "o") / "run.toml").read_bytes()


def test_check_and_the_start_know_which_variables_a_task_can_count_on(tmp_path: Path) -> None:
    project = chain(tmp_path, {"rows": 1}, sets='["row"]')
    assert any(problem.code == "undefined-variable" for problem in check(project))
    with_plan = plan_run(project, RunRequest("o"))
    assert "variable rows has no value" in (with_plan.refusal or "")
    path = tmp_path / "orchestrations" / "o.toml"
    path.write_text(path.read_text().replace('["row"]', '["rows"]'))
    project = open_project(tmp_path)
    assert not [problem for problem in check(project) if problem.code == "undefined-variable"]
    path.write_text(
        path.read_text().replace('name = "one"', 'name = "one"\nnext = [{ when = \'vars.rws > 1\', goto = "end" }]')
    )
    with pytest.raises(RunRefused, match='"rws"'):
        plan_run(open_project(tmp_path), RunRequest("o"))


def test_the_component_variables_sets_them_from_a_query(tmp_path: Path) -> None:
    project = chain(tmp_path, {}, use="echo {{ orders }} {{ day }} > used")
    (tmp_path / "configurations" / "variables").mkdir()
    (tmp_path / "configurations" / "variables" / "count.toml").write_text(
        'name = "Count"\n[parameters]\nsql = "select 40 + 2 as orders, date \'2026-11-29\' as day"\n'
    )
    path = tmp_path / "orchestrations" / "o.toml"
    text = path.read_text().replace("command/load", "variables/count").replace('["rows"]', '["orders", "day"]')
    path.write_text(text)
    state = run(open_project(project.root))
    assert state.status is Status.SUCCESS, state.reason
    assert (tmp_path / "used").read_text() == "42 2026-11-29\n"


def _kill_and_resume(root: Path, moment: float) -> None:
    """GIVEN a run that is killed at a moment THEN after it is resumed each value is what the one that set it said."""
    root.mkdir()
    tasks = {
        name: {"command": leaves({name: 0}).replace('"a": 0', '"a": $$').replace("<<'X'", "<<X"), "sets": f'["{name}"]'}
        for name in ("a",)
    }
    project = make_commands(root, {"one": tasks, "two": {"use": "echo {{ a }} >> used"}})
    process = subprocess.Popen(
        [sys.executable, "-m", "orch_tui", "run", "o", "--project", str(root)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    time.sleep(moment)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    runs = root / ".orch" / "runs" / "o"
    if not runs.is_dir() or not any(runs.iterdir()):
        return
    directory = latest_run(root, "o")
    if not read_or_none(directory):
        return
    before = read_run(directory)
    if not before.finished:
        command_here(root, "run", "--resume", directory.name)
    after = read_run(directory)
    assert after.finished
    for name, one in before.values.items():
        assert after.values[name] == one
    if after.status is Status.SUCCESS:
        # THEN a later task got the value of the journal, once
        assert (root / "used").read_text() == f"{after.values['a'].value}\n"
    else:
        assert any(task.kind == "lost" for task in after.tasks.values()), after.reason
    assert project.root == root


def read_or_none(directory: Path) -> bool:
    """Whether the run got as far as its header."""
    journal = directory / "run.toml"
    return journal.is_file() and journal.stat().st_size > 0


def test_a_kill_of_the_executor_changes_no_value(tmp_path: Path) -> None:
    _kill_and_resume(tmp_path / "p", 0.25)


@pytest.mark.long
def test_a_kill_at_any_moment_changes_no_value(tmp_path: Path) -> None:
    dice = random.Random(11)
    for number in range(100):
        _kill_and_resume(tmp_path / f"p{number}", dice.uniform(0.1, 0.9))
