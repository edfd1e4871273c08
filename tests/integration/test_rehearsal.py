"""Walking a flow with assumed outcomes from the command line: the path, the facts, the exit code; nothing starts."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from orch_tui.project.project import open_project

from tests.integration.test_rules import daily, flow, work
from tests.support.commands import command_here
from tests.support.engine_kit import run


def rehearse(root: Path, *words: str, code: int = 0) -> str:
    done = command_here(root, "rehearse", *words)
    assert done.returncode == code, (done.stdout, done.stderr)
    return done.stdout + done.stderr


def rehearsed(root: Path, *words: str) -> dict[str, Any]:
    value: dict[str, Any] = json.loads(command_here(root, "rehearse", *words, "--json").stdout)
    return value


def path(value: dict[str, Any]) -> dict[str, str]:
    return {phase["id"]: phase["status"] for phase in value["phases"]}


def test_a_flow_is_walked_by_what_is_assumed_and_nothing_is_started(tmp_path: Path) -> None:
    daily(tmp_path)
    # WHEN nothing came
    told = rehearse(tmp_path, "o", "--assume", "task.load.rows=0")
    # THEN the way, the facts and the end are told
    assert 'rule nothing came → alert: taken (task["load"].rows is 0)' in told
    assert "rule on failure: broken → alert: only after failure" in told
    assert 'phase 2 "publish"  – skipped  phase "load" went on to "alert": nothing came' in told
    assert "it would end in ✔ success. Nothing was started." in told
    assert not (tmp_path / ".orch" / "runs").exists()
    # AND for a failure another one, with the exit code of such a run
    assert path(rehearsed(tmp_path, "o", "--assume", "task.load.status=error")) == {
        "load": "error",
        "publish": "skipped",
        "alert": "success",
    }
    assert rehearse(tmp_path, "o", "--assume", "task.load.status=error", "--strict", code=3)
    told = rehearse(tmp_path, "o", "--assume", "task.publish.status=error", "--assume", "task.load.rows=3", code=1)
    assert "it would end in ✘ error: Command · publish: it is assumed to fail" in told
    # AND what is assumed of a task that the run does not come to is said
    told = rehearse(tmp_path, "o", "--assume", "task.load.rows=0", "--assume", "task.publish.rows=1")
    assert "what is assumed of publish changes nothing: the run does not come to it" in told


def test_a_fact_that_nobody_assumed_is_missed_as_in_a_run(tmp_path: Path) -> None:
    rules = '{ name = "much", when = \'task["a"].rows > 3\', goto = "c" }'
    flow(tmp_path, {"a": ({"a": work()}, rules), "b": ({"b": work()}, ""), "c": ({"c": work()}, "")})
    told = rehearse(tmp_path, "o", code=1)
    assert "rule much → c: cannot be decided (no operation > for null, int" in told
    assert path(rehearsed(tmp_path, "o", "--assume", "task.a.rows=4"))["b"] == "skipped"
    assert path(rehearsed(tmp_path, "o", "--assume", "task.a.rows=3"))["b"] == "success"


def test_variables_that_tasks_set_are_assumed_by_name(tmp_path: Path) -> None:
    rules = '{ when = \'vars.share > 0.5 && task["a"].metrics.late == "no"\', goto = "end" }'
    project = flow(tmp_path, {"a": ({"a": work()}, rules), "b": ({"b": work()}, "")})
    file = tmp_path / "orchestrations" / "o.toml"
    file.write_text(file.read_text().replace('id = "a"\nconfiguration', 'id = "a"\nsets = ["share"]\nconfiguration'))
    value = rehearsed(project.root, "o", "--assume", "vars.share=0.75", "--assume", "task.a.metrics.late=no")
    assert path(value)["b"] == "skipped"
    assert value["phases"][0]["decision"]["tried"][0]["seen"] == {"vars.share": 0.75, 'task["a"].metrics.late': "no"}


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("task.load.rows", "write it as task.load.rows=0"),
        ("task.loda.rows=0", 'there is no task "loda"; did you mean "load"?'),
        ("task.load.row=0", 'a task has no "row"; did you mean "rows"?'),
        ("task.load.rows=many", 'rows is a whole number from 0 on, not "many"'),
        ("task.load.status=broken", 'a task does not end as "broken"'),
        ("task.load.tables=3", "task.ID.tables.NAME=VALUE"),
        ("vars.day=1", 'no task says that it sets "day"'),
        ("phase.load.status=error", "cannot be assumed; task.ID.status"),
    ],
)
def test_what_cannot_be_assumed_is_refused_with_a_sentence(tmp_path: Path, text: str, sentence: str) -> None:
    daily(tmp_path)
    assert sentence in rehearse(tmp_path, "o", "--assume", text, code=2)


def test_a_recorded_run_is_replayed_by_the_rules_of_today(tmp_path: Path) -> None:
    # GIVEN a run that went past a phase
    project = daily(tmp_path, rows=0)
    recorded = run(project)
    # WHEN it is replayed THEN it goes the same way, by its own facts
    value = rehearsed(tmp_path, "--replay", recorded.header.id)
    assert path(value) == {phase.id: phase.status.value for phase in recorded.phases.values()}
    assert value["phases"][0]["decision"]["tried"][0]["seen"] == {'task["load"].rows': 0}
    # WHEN something else is assumed of it, or its rules were edited
    assert path(rehearsed(tmp_path, "--replay", "o", "--assume", "task.load.rows=2"))["publish"] == "success"
    file = tmp_path / "orchestrations" / "o.toml"
    file.write_text(file.read_text().replace("rows == 0", "rows == 7"))
    assert open_project(tmp_path).orchestration("o").phases[0].rules[0].when == 'task["load"].rows == 7'
    # THEN it goes by that
    assert path(rehearsed(tmp_path, "--replay", "last"))["publish"] == "success"
    assert "takes no other choice" in rehearse(tmp_path, "--replay", "last", "--only", "load", code=2)
