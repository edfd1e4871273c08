"""A nested run whose executor is gone is gone on with: nothing of it is repeated, and none of it is orphaned."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from orch_tui.engine.processes.process import tagged
from orch_tui.model.run.runstate import RunState
from orch_tui.model.status import Status
from orch_tui.project.history import run_ids
from orch_tui.project.journal.file import is_executed, read_run
from orch_tui.project.paths import ProjectPaths

from tests.support.commands import command_here
from tests.support.engine_kit import until
from tests.support.executors import kill_process, living_executor, wait_for_exit_file
from tests.support.projects import Phases, latest_run, living, make_project, start

HOLD = "echo {0} >> ran; echo $$ > {0}.pid; until [ -e go ]; do sleep 0.02; done; echo {0} >> ended"
INNER = {
    "One": {"first": "echo first >> ran; echo first >> ended", "held": HOLD.format("held")},
    "Two": {"last": "echo last >> ran; echo last >> ended"},
}
OUTER = {"Only": {"inner": {"configuration": "orchestration/inner"}}, "Then": {"then": "echo then >> ran"}}


def _project(root: Path, outer: object = OUTER) -> Path:
    return make_project(root, {"inner": INNER, "outer": outer})  # type: ignore[dict-item]


def _until_held(project: Path) -> None:
    until(lambda: (project / "held.pid").exists() and bool((project / "held.pid").read_text()))
    until(lambda: _state(project, "inner").tasks["held"].attempts[0].pid is not None)
    until(lambda: _state(project, "outer").tasks["inner"].attempts[0].pid is not None)


def _state(project: Path, orchestration: str) -> RunState:
    return read_run(latest_run(project, orchestration))


def _executor_of(project: Path, orchestration: str) -> int:
    return int(_state(project, orchestration).executors[-1]["pid"])


def _kill(project: Path, process: subprocess.Popen[str], *pids: int) -> None:
    for pid in pids:
        assert kill_process(pid)
    process.communicate(timeout=30)
    for name in ("outer", "inner"):
        until(lambda name=name: not is_executed(latest_run(project, name)))


def _lines(path: Path) -> list[str]:
    return path.read_text().split()


@pytest.mark.parametrize("killed", ["both executors", "the executors and the shell between", "without an exit code"])
def test_a_nested_run_is_gone_on_with_when_both_executors_were_killed(tmp_path: Path, killed: str) -> None:
    # GIVEN a run in a run, of which one task has finished and another is under way
    project = _project(tmp_path)
    process = start(project, "run", "outer")
    _until_held(project)
    outer, inner = latest_run(project, "outer"), latest_run(project, "inner")
    shell = _state(project, "outer").tasks["inner"].attempts[0].pid
    assert shell is not None
    # WHEN all that executed it is killed, as the kernel does when memory ends
    pids = [process.pid, _executor_of(project, "inner")]
    if killed == "the executors and the shell between":
        pids.append(shell)
    _kill(project, process, *pids)
    if killed == "without an exit code":
        # (Nothing of the outer task is left, not even an exit code.)
        wait_for_exit_file(outer, "inner").write_text("")
    assert living(project / "held.pid")
    # AND the outer run is resumed, and the task that was under way may end
    resumed = start(project, "run", "--resume", outer.name)
    until(lambda: is_executed(inner))
    (project / "go").touch()
    output = resumed.communicate(timeout=60)[0]
    # THEN the same nested run went on, every task ran once, and both succeeded
    assert resumed.returncode == 0, output
    assert run_ids(ProjectPaths(project), "inner") == [inner.name]
    assert sorted(_lines(project / "ran")) == ["first", "held", "last", "then"]
    assert sorted(_lines(project / "ended")) == ["first", "held", "last"]
    assert read_run(inner).status is Status.SUCCESS and read_run(outer).status is Status.SUCCESS
    # AND it used up no retry, and is shown in its place
    task = read_run(outer).tasks["inner"]
    assert [attempt.counts for attempt in task.attempts] == [False, True]
    assert f"run {inner.name}, nested" in command_here(project, "show", outer.name).stdout


def test_what_a_nested_run_left_is_ended_when_the_outer_run_is_cancelled_instead(tmp_path: Path) -> None:
    # GIVEN the same, killed
    project = _project(tmp_path)
    process = start(project, "run", "outer")
    _until_held(project)
    outer, inner = latest_run(project, "outer"), latest_run(project, "inner")
    _kill(project, process, process.pid, _executor_of(project, "inner"))
    # WHEN
    done = command_here(project, "cancel", "outer")
    # THEN both runs have ended, and say so
    assert done.returncode == 0, done.stdout + done.stderr
    assert not living(project / "held.pid")
    assert read_run(inner).status is Status.TERMINATED and read_run(inner).tasks["held"].status is Status.TERMINATED
    assert read_run(outer).finished and read_run(outer).status is not Status.SUCCESS
    assert not tagged(sorted([*inner.glob("tasks/*/*"), *outer.glob("tasks/*/*")]))


def test_a_nested_run_that_had_ended_is_believed_when_its_process_could_not_say_so(tmp_path: Path) -> None:
    # GIVEN a nested run that ended in success, whose process was killed before it could say so
    project = _project(tmp_path)
    (project / "go").touch()
    process = start(project, "run", "outer")
    until(lambda: (project / ".orch/runs/inner").exists() and bool(run_ids(ProjectPaths(project), "inner")))
    process.kill()
    process.communicate()
    inner, outer = latest_run(project, "inner"), latest_run(project, "outer")
    until(lambda: read_run(inner).finished)
    wait_for_exit_file(outer, "inner").write_text("137\n")
    # WHEN
    resumed = command_here(project, "run", "--resume", outer.name)
    # THEN nothing of it runs again
    assert resumed.returncode == 0, resumed.stdout + resumed.stderr
    assert run_ids(ProjectPaths(project), "inner") == [inner.name]
    assert sorted(_lines(project / "ran")) == ["first", "held", "last", "then"]


def test_a_nested_run_is_gone_on_with_when_its_executor_alone_was_killed(tmp_path: Path) -> None:
    # GIVEN
    project = _project(tmp_path)
    process = start(project, "run", "outer")
    _until_held(project)
    inner = latest_run(project, "inner")
    # WHEN the process in the middle is killed while the outer one lives
    before = _executor_of(project, "inner")
    assert kill_process(before)
    until(lambda: is_executed(inner) and _executor_of(project, "inner") != before)
    assert living(project / "held.pid")
    (project / "go").touch()
    output = process.communicate(timeout=60)[0]
    # THEN the outer one goes on with it
    assert process.returncode == 0, output
    assert sorted(_lines(project / "ran")) == ["first", "held", "last", "then"]
    assert run_ids(ProjectPaths(project), "inner") == [inner.name]


def test_a_nested_run_whose_executor_is_killed_again_and_again_is_given_up_and_ended(tmp_path: Path) -> None:
    # GIVEN
    task = {"inner": {"configuration": "orchestration/inner"}}
    held = "echo $$ > left; until [ -e stop ]; do sleep 0.05; done"
    project = make_project(tmp_path, {"inner": {"One": {"held": held}}, "outer": {"Only": task}})
    process = start(project, "run", "outer")
    # WHEN every process that executes it is killed
    killed: set[int] = set()
    while process.poll() is None:
        pid = _living_executor(project)
        if pid is not None and pid not in killed:
            killed.add(pid)
            kill_process(pid)
    output = process.communicate(timeout=60)[0]
    # THEN it ends in an error that says so, and nothing is left
    assert process.returncode == 1, output
    assert "SIGKILL" in _state(project, "outer").tasks["inner"].reason
    assert not living(project / "left")
    assert 2 < len(killed) < 10


def _living_executor(project: Path) -> int | None:
    try:
        pid = living_executor(latest_run(project, "inner"))
    except (OSError, ValueError):
        return None
    return pid if (project / "left").exists() else None


def test_rerunning_a_failed_run_runs_of_a_nested_one_only_what_failed_in_it(tmp_path: Path) -> None:
    # GIVEN runs in runs, three deep: in the innermost one a task failed
    deep: Phases = {"D": {"good": "echo good >> ran", "bad": "echo bad >> ran; test -e fixed"}}
    middle: Phases = {"M1": {"before": "echo before >> ran"}, "M2": {"deep": {"configuration": "orchestration/deep"}}}
    outer: Phases = {"O": {"middle": {"configuration": "orchestration/middle"}, "side": "echo side >> ran"}}
    project = make_project(tmp_path, {"deep": deep, "middle": middle, "outer": outer})
    assert command_here(project, "run", "outer").returncode == 1
    (project / "fixed").touch()
    # WHEN the preview is asked THEN it says that the nested run is gone on with
    inner = latest_run(project, "middle").name
    preview = command_here(project, "run", "outer", "--rerun-failed", "--dry-run").stdout
    assert f"runs what did not succeed in its run {inner}" in preview
    # WHEN it is run again THEN only the task that failed did run
    again = command_here(project, "run", "outer", "--rerun-failed")
    assert again.returncode == 0, again.stdout
    assert sorted(_lines(project / "ran")) == ["bad", "bad", "before", "good", "side"]
    # AND once more there is nothing to do
    assert "every task succeeded" in command_here(project, "run", "outer", "--rerun-failed").stderr


def test_a_retry_of_a_nested_run_runs_only_what_failed_in_it(tmp_path: Path) -> None:
    inner = {"I": {"good": "echo good >> ran", "bad": "echo bad >> ran; test $(grep -c bad ran) = 3"}}
    retry = {"configuration": "orchestration/inner", "retry": {"attempts": 3, "delay": "0s"}}
    project = make_project(tmp_path, {"inner": inner, "outer": {"O": {"nested": retry}}})
    done = command_here(project, "run", "outer")
    assert done.returncode == 0, done.stdout
    assert sorted(_lines(project / "ran")) == ["bad", "bad", "bad", "good"]


def test_a_nested_run_in_which_all_succeeded_is_not_run_again(tmp_path: Path) -> None:
    # GIVEN a nested run that succeeded, in a task that did not: its time was over in that moment
    project = _project(tmp_path)
    (project / "go").touch()
    assert command_here(project, "run", "outer").returncode == 0
    outer = latest_run(project, "outer")
    text = (outer / "run.toml").read_text()
    before, ended, after = text.partition('type = "ended"\n')
    after = after.replace('status = "success"\n', 'status = "error"\nreason = "timed out"\nkind = "timeout"\n', 1)
    (outer / "run.toml").write_text(before + ended + after)
    # WHEN
    again = command_here(project, "run", "outer", "--rerun-failed")
    # THEN
    assert again.returncode == 0, again.stdout
    assert sorted(_lines(project / "ran")) == ["first", "held", "last", "then"]
    assert "nothing is left to run" in command_here(project, "logs", "outer", "inner").stdout


def test_what_an_interrupted_nested_run_left_is_settled_before_it_is_continued(tmp_path: Path) -> None:
    # GIVEN an outer run that has ended while the run in it was interrupted and one of its tasks lives on
    project = _project(tmp_path, {"Only": {"inner": {"configuration": "orchestration/inner"}}})
    process = start(project, "run", "outer")
    _until_held(project)
    outer, inner = latest_run(project, "outer"), latest_run(project, "inner")
    _kill(project, process, process.pid, _executor_of(project, "inner"))
    with (outer / "run.toml").open("a") as journal:
        at = 'at = "2026-11-28T12:00:00.000Z"\n'
        journal.write(f'[[event]]\ntype = "ended"\n{at}task = "inner"\nattempt = 1\nstatus = "error"\n\n')
        journal.write(f'[[event]]\ntype = "run_ended"\n{at}status = "error"\nseconds = 1.0\ncount_error = 1\n\n')
    # WHEN what failed is run again
    (project / "go").touch()
    again = command_here(project, "run", "outer", "--rerun-failed")
    # THEN the living task was not run beside itself, and the first one not at all
    assert again.returncode == 0, again.stdout
    assert read_run(inner).finished
    assert _lines(project / "ran").count("first") == 1
    assert _lines(project / "ran").count("last") == 1


def test_an_interrupted_run_is_resumed_and_not_run_again(tmp_path: Path) -> None:
    # GIVEN
    project = make_project(tmp_path, {"inner": INNER})
    process = start(project, "run", "inner")
    until(lambda: (project / "held.pid").exists() and bool((project / "held.pid").read_text()))
    process.kill()
    process.communicate()
    run = latest_run(project, "inner").name
    until(lambda: not is_executed(latest_run(project, "inner")))
    # WHEN / THEN running what failed of it would run what still runs: it is refused, and what to do is said
    refused = command_here(project, "run", "inner", "--rerun-failed")
    assert refused.returncode == 2
    assert f"run --resume {run}" in refused.stderr and f"cancel {run}" in refused.stderr
    assert "--rerun-failed" not in command_here(project, "show", run).stdout
    (project / "go").touch()
    resumed = command_here(project, "run", "--resume", run)
    assert resumed.returncode == 0, resumed.stdout
    assert "another process" not in resumed.stdout
    assert sorted(_lines(project / "ran")) == ["first", "held", "last"]
