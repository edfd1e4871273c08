"""Several processes that want to go on with one run: one does, the others say so, and nothing runs twice."""

from __future__ import annotations

import random
import signal
import subprocess
import time
from collections import Counter
from pathlib import Path

from orch_tui.engine.processes.process import tagged
from orch_tui.model.status import Status
from orch_tui.project.journal.file import is_executed, read_run

from tests.support.attack import Tally, first_seed, trials
from tests.support.engine_kit import until
from tests.support.projects import latest_run, make_project, start, wait_for_file

TASKS = [f"t{number}" for number in range(6)]
OTHERS = {"is running already": 4, "has ended": 2, "has not ended": 4}
"""What those say that do not go on with it, and their exit codes."""


def _project(root: Path, chance: random.Random) -> Path:
    def task(name: str) -> str:
        return f"echo begin >> trace/{name}; sleep 0.{chance.randrange(1, 5)}; echo end >> trace/{name}"

    phases = {"One": {name: task(name) for name in TASKS[:3]}, "Two": {name: task(name) for name in TASKS[3:]}}
    project = make_project(root, {"o": phases})
    (project / "trace").mkdir()
    return project


def _begin(root: Path, chance: random.Random) -> tuple[Path, subprocess.Popen[str], Path]:
    """A project, the executor of a run in it, and the run."""
    project = _project(root, chance)
    process = start(project, "run", "o")
    wait_for_file(project / "trace" / "t0", process)
    time.sleep(chance.random() * 0.5)
    return project, process, latest_run(project, "o")


def _resume(project: Path, run: Path, count: int) -> list[subprocess.Popen[str]]:
    return [start(project, "run", "--resume", run.name) for _ in range(count)]


def _look_at_others(said: str, code: int, where: str, tally: Tally) -> None:
    tally.look_for_traceback(said, where)
    tally.seen["refused"] += 1
    if not any(words in said and code == expected for words, expected in OTHERS.items()):
        tally.fault("wrong word", f"{where}: exit {code}: {said[-300:]}")


def _judge(project: Path, run: Path, where: str, tally: Tally) -> None:
    for name in TASKS:
        lines = Counter((project / "trace" / name).read_text().split())
        if lines["end"] == 0:
            tally.fault("lost", f"{where}: {name} {lines}")
        elif lines != Counter(begin=1, end=1):
            tally.fault("repeated", f"{where}: {name} {lines}")
    state = read_run(run)
    if state.status is not Status.SUCCESS or len(list(run.parent.iterdir())) != 1:
        tally.fault("wrong state", f"{where}: {state.status}")
    if left := tagged(sorted(run.glob("tasks/*/*"))):
        tally.fault("left behind", f"{where}: {left}")


@trials(short=2, long=200)
def test_of_several_resumes_one_goes_on_and_the_others_say_so(tmp_path: Path, trials: int) -> None:
    seed, tally = first_seed(), Tally()
    for number in range(seed, seed + trials):
        chance, where = random.Random(number), f"seed {number}"
        # GIVEN a run whose executor was killed
        project, process, run = _begin(tmp_path / str(number), chance)
        process.kill()
        process.communicate()
        # WHEN several processes go on with it, some of them a little later
        resumes = _resume(project, run, chance.randrange(2, 5))
        time.sleep(chance.random() * 0.8)
        resumes += _resume(project, run, 1)
        ends = [(one.communicate(timeout=60)[0], one.returncode) for one in resumes]
        # THEN one of them did
        if sum(code == 0 for _, code in ends) != 1:
            tally.fault("not one", f"{where}: {[code for _, code in ends]} {ends}")
        for said, code in ends:
            if code != 0:
                _look_at_others(said, code, where, tally)
        _judge(project, run, where, tally)
        tally.trial_over()
    tally.require_none()


@trials(short=1, long=100)
def test_a_stopped_executor_keeps_its_run_until_it_goes_on(tmp_path: Path, trials: int) -> None:
    seed, tally = first_seed(), Tally()
    for number in range(seed, seed + trials):
        chance, where = random.Random(number), f"seed {number}"
        # GIVEN a run whose executor is stopped at some moment
        project, process, run = _begin(tmp_path / str(number), chance)
        process.send_signal(signal.SIGSTOP)
        tally.seen["stopped"] += is_executed(run)
        # WHEN others want to go on with it, and it is let go on, or killed, in this moment
        resumes = _resume(project, run, 2)
        time.sleep(chance.random())
        dies = chance.random() < 0.3
        process.send_signal(signal.SIGKILL if dies else signal.SIGCONT)
        said = process.communicate(timeout=60)[0]
        tally.look_for_traceback(said, where)
        for one in resumes:
            output = one.communicate(timeout=60)[0]
            if one.returncode != 0:
                _look_at_others(output, one.returncode, where, tally)
        until(lambda run=run: not is_executed(run))
        if not read_run(run).finished:
            tally.seen["resumed"] += 1
            output = start(project, "run", "--resume", run.name).communicate(timeout=60)[0]
            tally.look_for_traceback(output, where)
        # THEN nothing ran twice
        _judge(project, run, where, tally)
        tally.trial_over()
    tally.require_none()
