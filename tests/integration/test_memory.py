"""Limits of memory, in runs of real processes: held by the kernel, told only as it says, shared by all runs."""

from __future__ import annotations

import json
import os
import signal
import sys
from pathlib import Path
from typing import Any

import pytest
from orch_tui.engine.processes import memory_limit
from orch_tui.engine.processes.local import read_exit_file
from orch_tui.engine.processes.memory_limit import MemoryGroups, discard_group
from orch_tui.engine.runs.start import RunRefused, RunRequest, plan_run, start_run
from orch_tui.engine.runs.takeover import take_over
from orch_tui.model.events.reasons import Cause
from orch_tui.model.failure import FailureKind
from orch_tui.model.run.runstate import RunState
from orch_tui.model.run.waits import waits_for
from orch_tui.model.status import Status
from orch_tui.project.attempt_dir import attempt_directory, memory_file
from orch_tui.project.journal.file import read_run
from orch_tui.project.project import open_project
from orch_tui.runs.live.feed import RunFeed
from orch_tui.runs.live.view import RunModel

from tests.support.commands import command_here
from tests.support.engine_kit import until
from tests.support.projects import end, latest_run, make_project, start, wait_for_file
from tests.support.waiting_runs import GATE, begin_holding, begin_waiting

LIMIT = "64MB"
HOG = "import os\nblocks = []\nwhile True: blocks.append(bytearray(os.urandom(4096) * 256))"


def _may_make_groups() -> bool:
    group = MemoryGroups().make(64 << 20)
    return group is not None and discard_group(group)


GROUPS = pytest.mark.skipif(not _may_make_groups(), reason="this user may make no control group for memory here")


@pytest.fixture(params=[pytest.param("group", marks=GROUPS), "rlimit"])
def held_by(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """By what the kernel holds a limit here."""
    if request.param == "rlimit":
        monkeypatch.setattr(memory_limit, "_places", lambda *_: iter(()))
    return str(request.param)


def task(command: str = GATE, memory: str = LIMIT, **more: Any) -> dict[str, Any]:
    return {"command": command, "memory": memory, **more}


def _run(root: Path, command: str, **more: Any) -> RunState:
    make_project(root, {"o": {"A": {"t": task(command, **more)}}})
    project = open_project(root)
    run = start_run(project, plan_run(project, RunRequest("o")), by="test")
    assert run.wait(60) is not None
    return read_run(run.directory)


def _groups_left() -> list[str]:
    return [name for place in memory_limit._places("/proc", "/sys/fs/cgroup") for name in _own_groups(place.path)]


def _own_groups(place: Path) -> list[str]:
    return [name for name in os.listdir(place) if name.startswith(f"orch-tui-{os.getpid()}-")]


@pytest.mark.parametrize("begin", ["exec ", ""], ids=["itself", "its child"])
def test_a_task_beyond_its_limit_is_told_as_that(tmp_path: Path, held_by: str, begin: str) -> None:
    # GIVEN a task that takes memory without end
    (tmp_path / "hog.py").write_text(HOG)
    # WHEN it runs, retried after what its limit ends
    retry = {"attempts": 1, "delay": 0, "on": ["memory"]}
    state = _run(tmp_path, f"{begin}{sys.executable} hog.py", retry=retry)
    # THEN it is told by its kind and with its limit, by the kernel where that counts it, by the task where not
    told = state.tasks["t"]
    assert told.kind == FailureKind.MEMORY and len(told.attempts) == 2
    if held_by == "group":
        assert told.reason.startswith("over its memory limit of 64MB, as the kernel says: killed by signal 9")
    else:
        assert told.reason.startswith(
            "it says that it was refused memory, of which each of its processes may have 64MB: exit code 1: MemoryError"
        )
    assert not _groups_left()


@pytest.mark.parametrize(
    ("command", "kind", "reason"),
    [
        ("kill -9 $$", FailureKind.SIGNAL, "killed by signal 9 (SIGKILL)"),
        ("sh -c 'echo out of memory; kill -9 $PPID'", FailureKind.SIGNAL, "killed by signal 9 (SIGKILL)"),
        ("echo it went wrong; exit 3", FailureKind.APPLICATION, "exit code 3: it went wrong"),
    ],
    ids=["killed", "killed, and says otherwise", "failed"],
)
def test_what_ends_otherwise_is_not_told_as_over_its_limit(
    tmp_path: Path, held_by: str, command: str, kind: FailureKind, reason: str
) -> None:
    state = _run(tmp_path, command)
    assert state.tasks["t"].kind == kind and state.tasks["t"].reason.startswith(reason)
    assert not _groups_left()


def test_a_task_within_its_limit_knows_it_and_succeeds(tmp_path: Path, held_by: str) -> None:
    state = _run(tmp_path, 'test "$ORCH_MEMORY" = 64000000')
    assert state.tasks["t"].status is Status.SUCCESS
    by = memory_file(attempt_directory(latest_run(tmp_path, "o"), "t", 1)).read_text()
    assert by.startswith("group /" if held_by == "group" else "rlimit")
    assert not _groups_left()


def test_an_adopted_task_keeps_its_limit_and_its_verdict(tmp_path: Path) -> None:
    # GIVEN a task with a limit, of an executor that is killed
    (tmp_path / "hog.py").write_text(HOG)
    make_project(tmp_path, {"o": {"A": {"t": task(f"{GATE}; exec {sys.executable} hog.py")}}})
    directory, group = _killed(tmp_path)
    # WHEN another goes on with the run, and the task takes too much
    run = take_over(open_project(tmp_path), directory, by="test")
    (tmp_path / "go-t").touch()
    assert run.wait(60) is Status.ERROR
    # THEN that is told, and its group is gone
    assert read_run(directory).tasks["t"].kind == FailureKind.MEMORY
    assert group is None or not group.exists()


@pytest.mark.parametrize("ends", ["hog", "kill"])
def test_how_a_task_ended_is_told_also_when_nobody_saw_it(tmp_path: Path, ends: str) -> None:
    # GIVEN a task that ends while nobody executes its run
    (tmp_path / "hog.py").write_text(HOG)
    last = f"{sys.executable} hog.py" if ends == "hog" else "sh -c 'kill -9 $$'"
    make_project(tmp_path, {"o": {"A": {"t": task(f"{GATE}; {last}")}}})
    directory, group = _killed(tmp_path)
    (tmp_path / "go-t").touch()
    attempt = attempt_directory(directory, "t", 1)
    until(lambda: read_exit_file(attempt) is not None)
    # WHEN another comes
    assert take_over(open_project(tmp_path), directory, by="test").wait(60) is Status.ERROR
    # THEN
    told = read_run(directory).tasks["t"]
    assert told.kind == (FailureKind.MEMORY if ends == "hog" else FailureKind.SIGNAL), told.reason
    assert group is None or not group.exists()


@GROUPS
def test_a_group_that_everybody_was_killed_of_is_taken_away_by_the_next_run(tmp_path: Path) -> None:
    # GIVEN an executor and its task, both killed
    make_project(tmp_path, {"o": {"A": {"t": task()}}})
    directory, group = _killed(tmp_path)
    assert group is not None
    leader = read_run(directory).tasks["t"].attempts[0].pid
    assert leader is not None
    os.killpg(leader, signal.SIGKILL)
    until(lambda: not (group / "cgroup.procs").read_text())
    # WHEN another executor makes a group
    other = MemoryGroups().make(64 << 20)
    # THEN
    assert other is not None and not group.exists()
    discard_group(other)


def _killed(root: Path) -> tuple[Path, Path | None]:
    """The directory of a run whose executor was killed once its task had begun, and the group of that."""
    process = start(root, "run", "o")
    try:
        wait_for_file(root / "began-t", process)
        process.send_signal(signal.SIGKILL)
        process.communicate()
    finally:
        end(process)
    directory = latest_run(root, "o")
    noted = memory_file(attempt_directory(directory, "t", 1)).read_text().splitlines()[0]
    return directory, Path(noted.removeprefix("group ")) if noted.startswith("group ") else None


TOGETHER = '[limits]\nmemory = "100MB"\n'


def test_no_two_tasks_start_that_do_not_fit_and_who_waits_says_for_whom(tmp_path: Path) -> None:
    # GIVEN 100 MB for all tasks, and one that may have 64 of them
    others: dict[str, Any] = {"b": task("true"), "small": task("true", "20MB"), "free": "true"}
    make_project(tmp_path, {"one": {"A": {"a": task()}}, "two": {"B": others}}, TOGETHER)
    project = open_project(tmp_path)
    first = begin_holding(project, "one", "a")
    # WHEN another run wants as much
    second = begin_waiting(project, "two", "b")
    # THEN it waits and says for whom, also one that came later and would fit; what needs none runs
    state = read_run(second.directory)
    because = waits_for(state, state.tasks["b"])
    assert because is not None and because.cause is Cause.MEMORY
    assert because.sentence == (
        f'memory, 64MB needed and 64MB of 100MB taken: run {first.id} of "one" (task a) has 64MB'
    )
    until(lambda: read_run(second.directory).tasks["free"].status is Status.SUCCESS)
    assert read_run(second.directory).tasks["small"].status is Status.WAITING
    # AND it is listed, and the screen says the same
    told = command_here(tmp_path, "pools").stdout
    assert "memory  64MB of 100MB taken" in told and f'  64MB  run {first.id} of "one" (task a)' in told
    assert f'waits: run {second.id} of "two" (task b), needs 64MB' in told
    [listed] = json.loads(command_here(tmp_path, "pools", "--json").stdout)
    assert (listed["unit"], listed["size"], listed["taken"]) == ("bytes", 100_000_000, 64_000_000)
    model = RunModel(second.directory, read_run(second.directory), live=True)
    model.take(RunFeed(second.directory, project.paths).read(pools=model.pools_waited_for()))
    assert model.why(model.state.tasks["b"], model.now()) == because.sentence
    # AND all begin once there is room
    (tmp_path / "go-a").touch()
    assert first.wait(60) is Status.SUCCESS and second.wait(60) is Status.SUCCESS
    assert not list((project.paths.memory_claims / "waiting").iterdir())


def test_memory_is_kept_for_a_task_whose_executor_is_killed_and_free_with_its_process(tmp_path: Path) -> None:
    make_project(tmp_path, {"o": {"A": {"t": task()}}, "two": {"B": {"b": task("true")}}}, TOGETHER)
    directory, _ = _killed(tmp_path)
    project = open_project(tmp_path)
    # WHEN its executor is gone THEN the task has its memory on
    second = begin_waiting(project, "two", "b")
    # AND with it that is free, whoever has noticed
    (tmp_path / "go-t").touch()
    assert second.wait(60) is Status.SUCCESS
    assert take_over(project, directory, by="test").wait(60) is Status.SUCCESS


@pytest.mark.parametrize(
    ("memory", "settings", "sentence"),
    [
        ("200MB", TOGETHER, "may have 200MB of memory, and all tasks together 100MB ([limits] of orch.toml), so it"),
        ("2 loaves", "", 'is "2 loaves"; a size is a number with its unit, like "2GB" or "512MiB"'),
        ("1kB", "", 'is "1kB"; it must be 10MB or more'),
        (2_000_000_000, "", 'must be a size with its unit like "2GB"'),
    ],
    ids=["more than all", "no size", "too little", "no unit"],
)
def test_a_limit_that_cannot_hold_is_refused_and_check_says_where(
    tmp_path: Path, memory: Any, settings: str, sentence: str
) -> None:
    make_project(tmp_path, {"o": {"A": {"a": task(memory=memory)}}}, settings)
    checked = command_here(tmp_path, "check")
    assert checked.returncode == 2 and sentence in checked.stdout and "orchestrations/o.toml:" in checked.stdout
    if settings:
        project = open_project(tmp_path)
        with pytest.raises(RunRefused, match="can never start"):
            plan_run(project, RunRequest("o"))


def test_a_limit_of_a_nested_orchestration_is_told_to_do_nothing(tmp_path: Path) -> None:
    nested = {"configuration": "orchestration/inner", "memory": LIMIT}
    make_project(tmp_path, {"o": {"A": {"n": nested}}, "inner": {"B": {"b": "true"}}})
    assert "has a memory limit, which does nothing for a nested orchestration" in command_here(tmp_path, "check").stdout
    assert command_here(tmp_path, "run", "o").returncode == 0


def test_a_transformation_spills_within_its_limit_instead_of_being_killed(tmp_path: Path) -> None:
    # GIVEN a sort of more than the task may have
    make_project(tmp_path, {"o": {"A": {"t": {"configuration": "sql/s", "memory": "400MB"}}}})
    folder = tmp_path / "configurations" / "sql"
    folder.mkdir()
    (folder / "s.toml").write_text(
        '[[outputs]]\nname = "t"\ntable = "out/t"\n[parameters]\nthreads = 1\nmemory_limit = "4GB"\n'
        "sql = 'create table t as select range a, hash(range)::varchar b from range(6000000) order by b'\n"
    )
    # THEN it takes the disk
    done = command_here(tmp_path, "run", "o")
    assert done.returncode == 0, done.stdout
