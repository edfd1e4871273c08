"""Pools, in runs of real processes: slots that all runs of a project share, freed by death of any kind."""

from __future__ import annotations

import json
import signal
from pathlib import Path
from typing import Any

import pytest
from orch_tui.engine.runs.start import RunRefused, RunRequest, plan_run
from orch_tui.model.events.reasons import Cause
from orch_tui.model.run.pools import pool_of
from orch_tui.model.run.waits import waits_for
from orch_tui.model.status import Status
from orch_tui.project.concurrent.pool_slots import PoolUse
from orch_tui.project.journal.file import read_run
from orch_tui.project.project import open_project
from orch_tui.runs.live.feed import RunFeed
from orch_tui.runs.live.view import RunModel

from tests.support.commands import command_here
from tests.support.engine_kit import until
from tests.support.projects import end, latest_run, make_project, start, wait_for_file
from tests.support.waiting_runs import GATE, begin_holding, begin_waiting

POOL = "[pools]\nshared = 2\n"


def task(weight: int = 1, command: str = GATE, pool: str = "shared") -> dict[str, Any]:
    return {"command": command, "pool": pool, "weight": weight}


def test_tasks_of_two_runs_share_the_slots_and_who_waits_says_for_whom(tmp_path: Path) -> None:
    # GIVEN a pool of two, taken by a task of one run
    make_project(tmp_path, {"one": {"A": {"a": task(2)}}, "two": {"B": {"b": task(), "free": "true"}}}, POOL)
    project = open_project(tmp_path)
    first = begin_holding(project, "one", "a")
    # WHEN another run wants a slot
    second = begin_waiting(project, "two", "b")
    # THEN it waits, says for what, and the task beside it runs
    state = read_run(second.directory)
    because = waits_for(state, state.tasks["b"])
    assert because is not None and because.cause is Cause.POOL
    assert because.sentence == f'pool "shared", 2 of 2 taken: run {first.id} of "one" (task a)'
    until(lambda: read_run(second.directory).tasks["free"].status is Status.SUCCESS)
    assert not (tmp_path / "began-b").exists()
    # AND it starts when they are free
    (tmp_path / "go-a").touch()
    (tmp_path / "go-b").touch()
    assert first.wait(60) is Status.SUCCESS and second.wait(60) is Status.SUCCESS


def test_a_slot_is_held_by_a_task_whose_executor_is_killed_and_freed_with_its_process(tmp_path: Path) -> None:
    make_project(tmp_path, {"one": {"A": {"a": task(2)}}, "two": {"B": {"b": task(command="true")}}}, POOL)
    process = start(tmp_path, "run", "one")
    try:
        wait_for_file(tmp_path / "began-a", process)
        process.send_signal(signal.SIGKILL)
        process.communicate()
        # WHEN its executor is gone THEN its process holds the slots on
        project = open_project(tmp_path)
        second = begin_waiting(project, "two", "b")
        # AND with it they are free, whoever has noticed
        (tmp_path / "go-a").touch()
        assert second.wait(60) is Status.SUCCESS
        assert command_here(tmp_path, "run", "--resume", latest_run(tmp_path, "one").name).returncode == 0
    finally:
        end(process)


def test_no_more_run_at_once_than_the_pool_has_room_for(tmp_path: Path) -> None:
    count = "echo + >> log; sleep 0.05; echo - >> log"
    make_project(tmp_path, {"o": {"A": {f"t{n}": task(1 + n % 2, count) for n in range(6)}}}, POOL)
    assert command_here(tmp_path, "run", "o").returncode == 0
    running = most = 0
    for line in (tmp_path / "log").read_text().split():
        running += 1 if line == "+" else -1
        most = max(most, running)
    assert running == 0 and 1 <= most <= 2


@pytest.mark.parametrize(
    ("needs", "sentence"),
    [
        (task(pool="shred"), 'is in the pool "shred", which the project does not have (it has shared)'),
        (task(3), 'needs 3 slots of the pool "shared", which has 2'),
    ],
)
def test_what_no_pool_can_give_is_refused_and_check_says_where(
    tmp_path: Path, needs: dict[str, Any], sentence: str
) -> None:
    make_project(tmp_path, {"o": {"A": {"a": needs}}}, POOL)
    project = open_project(tmp_path)
    with pytest.raises(RunRefused) as refused:
        plan_run(project, RunRequest("o"))
    assert sentence in str(refused.value)
    checked = command_here(tmp_path, "check")
    assert checked.returncode == 2 and sentence in checked.stdout and "orchestrations/o.toml:" in checked.stdout


def test_a_component_brings_its_pool_along_and_a_task_may_have_another(tmp_path: Path) -> None:
    make_project(tmp_path, {"o": {"A": {"a": {"configuration": "mine/x"}, "b": {"configuration": "mine/y"}}}}, POOL)
    (tmp_path / "components").mkdir()
    (tmp_path / "components" / "mine.toml").write_text('command = ["true"]\npool = "shared"\nweight = 2\n')
    (tmp_path / "configurations" / "mine").mkdir()
    for name in ("x", "y"):
        (tmp_path / "configurations" / "mine" / f"{name}.toml").write_text(f'name = "{name}"\n')
    file = tmp_path / "orchestrations" / "o.toml"
    file.write_text(file.read_text().replace('"mine/y"', '"mine/y"\nweight = 1'))
    plan = plan_run(open_project(tmp_path), RunRequest("o"))
    assert [(one.options.pool, one.options.weight) for one in plan.tasks()] == [("shared", 2), ("shared", 1)]


def test_pools_are_listed_with_who_has_their_slots_and_who_waits(tmp_path: Path) -> None:
    # GIVEN a pool of two, a task that has both slots, and a task of another run that waits
    make_project(tmp_path, {"one": {"A": {"a": task(2)}}, "two": {"B": {"b": task()}}}, POOL)
    project = open_project(tmp_path)
    first = begin_holding(project, "one", "a")
    second = begin_waiting(project, "two", "b")
    # WHEN they are listed
    told = command_here(tmp_path, "pools").stdout
    [value] = json.loads(command_here(tmp_path, "pools", "--json").stdout)
    # THEN
    assert "shared  2 of 2 slots taken" in told and f'  2  run {first.id} of "one" (task a)' in told
    assert f'waits: run {second.id} of "two" (task b), needs 1 slot' in told
    assert (value["size"], value["taken"], value["holders"][0]["slots"]) == (2, 2, 2)
    assert [one["task"] for one in value["waiting"]] == ["b"]
    # AND the screen names who has them now, whoever had them when the wait began
    model = RunModel(second.directory, read_run(second.directory), live=True)
    feed = RunFeed(second.directory, project.paths)
    model.take(feed.read(pools=model.pools_waited_for()))
    model.pools = {"shared": PoolUse("shared", 2, (("run later (task c)", 2),))}
    assert model.why(model.state.tasks["b"], model.now()) == 'pool "shared", 2 of 2 taken: run later (task c)'
    (tmp_path / "go-a").touch()
    (tmp_path / "go-b").touch()
    assert first.wait(60) is Status.SUCCESS and second.wait(60) is Status.SUCCESS
    assert "shared  0 of 2 slots taken" in command_here(tmp_path, "pools").stdout


def test_a_configuration_says_its_pool_before_its_component_and_after_its_task(tmp_path: Path) -> None:
    # GIVEN a pool and a weight in the file of a configuration
    make_project(tmp_path, {"o": {"A": {"a": "true", "b": {"command": "true", "weight": 1}}}}, POOL)
    for name in ("a", "b"):
        path = tmp_path / "configurations" / "command" / f"{name}.toml"
        path.write_text(path.read_text().replace("[parameters]", 'pool = "shared"\nweight = 2\n[parameters]'))
    plan = plan_run(open_project(tmp_path), RunRequest("o"))
    assert [pool_of(one) for one in plan.tasks()] == [("shared", 2), ("shared", 1)]
    # WHEN it names one that there is not, or needs more than there is THEN check and the start say so
    path = tmp_path / "configurations" / "command" / "a.toml"
    path.write_text(path.read_text().replace("weight = 2", "weight = 3"))
    with pytest.raises(RunRefused, match='task a needs 3 slots of the pool "shared", which has 2'):
        plan_run(open_project(tmp_path), RunRequest("o"))
    path.write_text(path.read_text().replace('"shared"', '"shard"'))
    assert 'is in the pool "shard", which the project does not have' in command_here(tmp_path, "check").stdout


def test_a_task_that_needs_many_slots_gets_them_before_those_that_came_later(tmp_path: Path) -> None:
    # GIVEN a slot of a pool of two that is taken, and a task that waits for both
    single = {"only": {"only": task()}}
    make_project(tmp_path, {"first": {"A": {"a": task()}}, "big": {"B": {"b": task(2)}}, "late": single}, POOL)
    project = open_project(tmp_path)

    first = begin_holding(project, "first", "a")
    big = begin_waiting(project, "big", "b")
    # WHEN a task comes later that needs the one that is free
    late = begin_waiting(project, "late", "only")
    # THEN it is kept for the one before, and that is said
    state = read_run(late.directory)
    because = waits_for(state, state.tasks["only"])
    assert because is not None and because.sentence == (
        f'pool "shared", 1 of 2 taken: run {first.id} of "first" (task a), kept for run {big.id} of "big" (task b)'
    )
    told = command_here(tmp_path, "pools").stdout
    assert told.index("(task b), needs 2 slots") < told.index("(task only), needs 1 slot")
    # AND when both are free it begins before the later one
    (tmp_path / "go-a").touch()
    until(lambda: (tmp_path / "began-b").exists())
    assert not (tmp_path / "began-only").exists()
    (tmp_path / "go-b").touch()
    (tmp_path / "go-only").touch()
    assert [run.wait(60) for run in (first, big, late)] == [Status.SUCCESS] * 3
    assert not list(project.paths.pool_line("shared").iterdir())
