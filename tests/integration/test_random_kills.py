"""Random SIGKILLs of executors, each followed by a takeover: nothing lost, nothing repeated, nothing left behind."""

from __future__ import annotations

import random
import subprocess
import time
from pathlib import Path

from orch_tui.engine.processes.process import tagged
from orch_tui.model.run.runstate import RunState
from orch_tui.model.status import Status
from orch_tui.project.history import run_ids
from orch_tui.project.journal.file import is_executed, read_run
from orch_tui.project.paths import ProjectPaths

from tests.support.attack import Tally, first_seed, trials
from tests.support.engine_kit import until
from tests.support.executors import kill_process, living_executor
from tests.support.projects import latest_run, make_project, start

MOST_KILLS = 4


def _task(name: str, rng: random.Random) -> dict[str, object]:
    """Leaves a line when it begins and one when it ends; some leave processes behind, some fail at first."""
    left = rng.choice(
        [
            "",
            "",
            "sleep 777 & ",
            "sh -c 'trap \"\" TERM; sleep 777' & ",
            "setsid sleep 777 & ",
            "env -i /bin/sleep 777 >/dev/null 2>&1 & ",
        ]
    )
    pause = f"sleep 0.{rng.randrange(1, 5)}"
    command = f"{left}echo begin >> trace/{name}; {pause}; echo end >> trace/{name}"
    task: dict[str, object] = {}
    if rng.random() < 0.3:
        # It fails the first time, by a file of its own: an attempt that never began has not made it.
        command = f"if [ -e trace/{name}.once ]; then {command}; else touch trace/{name}.once; exit 5; fi"
        task["retry"] = {"attempts": 1, "delay": rng.choice(["0s", "100ms", "300ms"])}
    if rng.random() < 0.2:
        task["delay"] = "150ms"
    return task | {"command": command}


def _project(root: Path, rng: random.Random) -> tuple[Path, list[str]]:
    names = [f"t{number}" for number in range(8)]
    inner = {f"I{p}": {name: _task(name, rng) for name in names[2 * p : 2 * p + 2]} for p in range(2)}
    outer: dict[str, dict[str, object]] = {
        "One": {names[4]: _task(names[4], rng), names[5]: _task(names[5], rng)},
        "Two": {"nested": {"configuration": "orchestration/inner"}, names[6]: _task(names[6], rng)},
        "Three": {names[7]: _task(names[7], rng)},
    }
    project = make_project(root, {"inner": inner, "outer": outer})  # type: ignore[dict-item]
    (project / "trace").mkdir()
    return project, names


def _runs(project: Path) -> list[Path]:
    paths = ProjectPaths(project)
    return [paths.run(name, run) for name in ("outer", "inner") for run in run_ids(paths, name)]


def _nested_executor(project: Path) -> int | None:
    """The process that executes the nested run now."""
    for run in _runs(project):
        if run.parent.name == "inner" and (pid := living_executor(run)) is not None:
            return pid
    return None


def _kill(project: Path, process: subprocess.Popen[str], rng: random.Random) -> str:
    """The outer executor, and sometimes the nested one before or after it; what they said."""
    nested = _nested_executor(project) if rng.random() < 0.5 else None
    for pid in rng.sample([process.pid, *([nested] if nested else [])], 2 if nested else 1):
        kill_process(pid)
    return process.communicate(timeout=60)[0]


def _trial(root: Path, seed: int, tally: Tally) -> None:
    rng = random.Random(seed)
    # GIVEN a run with retries, delays, processes that are left behind, and a run in it
    project, names = _project(root, rng)
    process = start(project, "run", "outer")
    for _ in range(rng.randrange(1, MOST_KILLS + 1)):
        # WHEN its executors are killed at random moments
        time.sleep(rng.random() * 1.2)
        if process.poll() is not None:
            break
        output = _kill(project, process, rng)
        tally.seen["kills"] += 1
        tally.look_for_traceback(output, f"seed {seed}")
        if not _runs(project):
            # It was killed before there was a run: nothing has begun.
            process = start(project, "run", "outer")
            continue
        outer = latest_run(project, "outer")
        until(lambda outer=outer: not is_executed(outer))
        if read_run(outer).finished:
            break
        process = start(project, "run", "--resume", outer.name)
    output = process.communicate(timeout=120)[0]
    # THEN
    tally.look_for_traceback(output, f"seed {seed}")
    _check(project, names, seed, tally, output)


def _check(project: Path, names: list[str], seed: int, tally: Tally, output: str) -> None:
    state = read_run(latest_run(project, "outer"))
    if state.status is not Status.SUCCESS:
        reasons = {task.id: task.reason for task in state.tasks.values() if task.reason}
        tally.fault("wrong state", f"seed {seed}: {state.status} {reasons} {output[-300:]}")
    for name in names:
        path = project / "trace" / name
        lines = path.read_text().split() if path.exists() else []
        if lines.count("end") == 0:
            tally.fault("lost", f"seed {seed}: {name} {lines}")
        elif lines != ["begin", "end"]:
            tally.fault("repeated", f"seed {seed}: {name} {lines}")
    left = tagged(sorted(directory for run in _runs(project) for directory in run.glob("tasks/*/*")))
    if left:
        tally.fault("left behind", f"seed {seed}: {left}")
    for run in _runs(project):
        _check_journal(read_run(run), run, seed, tally)


def _check_journal(state: RunState, run: Path, seed: int, tally: Tally) -> None:
    if not state.finished:
        tally.fault("unfinished", f"seed {seed}: {run.parent.name}/{run.name}")
    for task in state.tasks.values():
        for attempt in task.attempts:
            if attempt.seconds is not None and attempt.seconds < 0:
                tally.fault("negative", f"seed {seed}: {task.id}")


@trials(short=3, long=1000)
def test_whatever_is_killed_every_task_runs_once_and_nothing_is_left(tmp_path: Path, trials: int) -> None:
    seed, tally = first_seed(), Tally()
    kills = trials if trials > 100 else 0
    print(f"from seed {seed}")
    while tally.trials < trials and (not kills or tally.seen["kills"] < kills):
        _trial(tmp_path / str(seed), seed, tally)
        tally.trial_over()
        seed += 1
    tally.require_none()
