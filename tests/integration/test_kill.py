"""``kill -9`` of the executor at random moments: the state on disk stays right and honest."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import time
import tomllib
from pathlib import Path

import pytest
from orch_tui.engine.backends.backend import Verdict
from orch_tui.engine.processes.process import tagged
from orch_tui.engine.runs.reconcile import inspect_run
from orch_tui.model.run.runstate import RunState
from orch_tui.model.status import Status
from orch_tui.project.history import summarize
from orch_tui.project.journal.file import Journal, is_executed, read_run

from tests.support.engine_kit import make_commands, until
from tests.support.projects import started

LENGTHS = [
    pytest.param(8, id="short"),
    pytest.param(1000, id="at-length", marks=pytest.mark.long),
]


def _task(name: str) -> str:
    # Three traces that do not depend on the program under test.
    return f"echo begin >> trace/{name}; sleep 0.0{random.randrange(1, 9)}; echo end >> trace/{name}"


@pytest.mark.parametrize("kills", LENGTHS)
def test_kills_at_random_moments(tmp_path: Path, kills: int) -> None:
    seed = random.randrange(10**9)
    print(f"seed {seed}")
    random.seed(seed)
    outcomes = {"unfinished": 0, "finished": 0, "torn": 0}
    for number in range(kills):
        _kill_one(tmp_path / str(number), outcomes)
    # The moments must have been spread over the run for this test to mean anything.
    assert outcomes["unfinished"] >= kills // 2, outcomes


def _kill_one(root: Path, outcomes: dict[str, int]) -> None:
    # GIVEN a run of three phases with four quick tasks each
    phases = {f"P{p}": {f"t{p}{n}": _task(f"t{p}{n}") for n in range(4)} for p in range(3)}
    make_commands(root, phases)
    (root / "trace").mkdir()
    process = started([sys.executable, "-m", "tests.integration.kill_me", str(root)], stdout=subprocess.PIPE)
    assert process.stdout is not None
    directory = Path(process.stdout.readline().strip())
    # WHEN its executor is killed at a random moment
    time.sleep(random.random() * 0.3)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    # A child that was being started at that moment has the lock until it has become another program.
    until(lambda: not is_executed(directory))
    # THEN the tasks that run end by themselves
    attempts = [directory / "tasks" / name / "1" for tasks in phases.values() for name in tasks]
    until(lambda: not tagged(attempts))
    # AND the journal is readable TOML up to its last whole record
    data = (directory / "run.toml").read_bytes()
    whole = data[: data.rfind(b"\n\n") + 2]
    outcomes["torn"] += whole != data
    tomllib.loads(whole.decode())
    state = read_run(directory)
    _check_against_traces(root, directory, state)
    outcomes["finished" if state.finished else "unfinished"] += 1
    # AND whoever takes it over writes after a whole record
    if not state.finished:
        assert summarize(directory).state == "interrupted"
        journal = Journal.recover(directory / "run.toml")
        journal.close()
        tomllib.loads((directory / "run.toml").read_text())


def _check_against_traces(root: Path, directory: Path, state: RunState) -> None:
    findings = inspect_run(directory, state)
    for task in state.tasks.values():
        trace = root / "trace" / task.id
        lines = trace.read_text().split() if trace.exists() else []
        # No task ran twice, none began that the journal does not know of.
        assert lines in ([], ["begin"], ["begin", "end"]), (task.id, lines)
        if lines:
            assert task.attempts, task.id
        if task.status is Status.SUCCESS:
            assert lines == ["begin", "end"], task.id
        elif lines == ["begin", "end"]:
            # Finished after the kill, or between its end and the record of it: the exit file knows.
            assert findings[task.id].verdict is Verdict.FINISHED and findings[task.id].exit_code == 0, task.id
        elif task.id in findings:
            # Nothing is guessed: what left no exit code never began.
            assert findings[task.id].verdict is Verdict.UNSTARTED and lines == [], (task.id, lines, findings[task.id])
