"""A screen that executes a run is killed at random moments: whoever goes on with it finds all of it."""

from __future__ import annotations

import os
import random
import signal
from collections import Counter
from pathlib import Path

from orch_tui.engine.processes.process import tagged
from orch_tui.model.status import Status
from orch_tui.project.journal.file import is_executed, read_run

from tests.pty.harness import PtyApp, orch_tui
from tests.support.attack import Tally, first_seed, trials
from tests.support.engine_kit import until
from tests.support.projects import latest_run, make_project, orch

TASKS = [f"t{number}" for number in range(6)]


def _project(root: Path, chance: random.Random) -> Path:
    def task(name: str) -> str:
        left = chance.choice(["", "sleep 777 & ", "setsid sleep 777 & "])
        return f"{left}echo begin >> trace/{name}; sleep 0.{chance.randrange(1, 6)}; echo end >> trace/{name}"

    phases = {"One": {name: task(name) for name in TASKS[:3]}, "Two": {name: task(name) for name in TASKS[3:]}}
    project = make_project(root, {"main": phases})
    (project / "trace").mkdir()
    return project


def _trial(root: Path, seed: int, tally: Tally) -> None:
    chance, where = random.Random(seed), f"seed {seed}"
    # GIVEN a run that was started on the screen
    project = _project(root, chance)
    with PtyApp(orch_tui(project), environment={"ORCH_TUI_CONFIG": str(root / "no.toml")}) as app:
        app.wait_for("Main")
        app.send("\r")
        app.wait_for("Problems")
        app.send("R")
        app.wait_for("6 will run")
        app.send("\r")
        app.wait_until((project / "trace" / "t0").exists, "the first task to begin")
        # WHEN the screen is killed
        app.pump(chance.random() * 1.2)
        app.signal(signal.SIGKILL)
        assert app.exit_code() == -signal.SIGKILL
    run = latest_run(project, "main")
    until(lambda: not is_executed(run))
    if not read_run(run).finished:
        tally.seen["interrupted"] += 1
        done = orch(project, "run", "--resume", run.name)
        tally.look_for_traceback(done.stdout + done.stderr, where)
    # THEN whoever goes on with it finds all of it
    for name in TASKS:
        lines = Counter((project / "trace" / name).read_text().split())
        if lines["end"] == 0:
            tally.fault("lost", f"{where}: {name} {lines}")
        elif lines != Counter(begin=1, end=1):
            tally.fault("repeated", f"{where}: {name} {lines}")
    if (status := read_run(run).status) is not Status.SUCCESS:
        tally.fault("wrong state", f"{where}: {status}")
    if left := tagged(sorted(run.glob("tasks/*/*"))):
        tally.fault("left behind", f"{where}: {left}")
        for pid in left:
            os.kill(pid, signal.SIGKILL)


@trials(short=1, long=60)
def test_a_killed_screen_loses_and_repeats_nothing(tmp_path: Path, trials: int) -> None:
    seed, tally = first_seed(), Tally()
    for number in range(seed, seed + trials):
        _trial(tmp_path / str(number), number, tally)
        tally.trial_over()
    tally.require_none()
