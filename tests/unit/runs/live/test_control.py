"""What the screen may do to runs, without a screen."""

from __future__ import annotations

import os
import signal
from collections.abc import Sequence
from pathlib import Path
from threading import Thread
from time import monotonic

import pytest
from orch_tui.engine.processes.process import tagged
from orch_tui.engine.runs.start import RunRequest
from orch_tui.model.orchestration.orchestration import Variable
from orch_tui.model.status import Status
from orch_tui.project.journal.file import JOURNAL, is_executed, read_run
from orch_tui.project.project import open_project
from orch_tui.runs.live.control import CannotRun, MissingValues, RunControl, grace_words, plan_words, with_values
from orch_tui.tui.signals import Signals

from tests.support.engine_kit import make_commands, until

GATE = 'while [ ! -e "$ORCH_PROJECT/gate" ]; do sleep 0.02; done'


def control(root: Path, **phases: dict[str, str]) -> RunControl:
    return RunControl(make_commands(root, phases))


def test_parts_that_cannot_be_run_say_why(tmp_path: Path) -> None:
    # GIVEN an orchestration without marks and without a run
    one = control(tmp_path, First={"a": "true"})
    found = {part.id: part.refused for part in one.parts("o", [], "", ("first", "First"))}
    assert found["all"] == found["phase"] == found["from"] == ""
    assert "Space" in found["tasks"]
    assert found["failed"] == "there is no run yet"
    assert found["resume"] == "no run is interrupted"
    # WHEN a run has failed
    (tmp_path / "configurations/command/a.toml").write_text('name = "a"\n[parameters]\ncommand = "false"\n')
    one.project.reload()
    run = one.start(one.plan(RunRequest("o")))
    run.wait()
    # THEN its failed tasks can be run
    failed = next(part for part in one.parts("o", ["a"], "a", None) if part.id == "failed")
    assert failed.request == RunRequest("o", rerun=run.id)
    # WHEN its executor had gone before it wrote the end
    journal = one.project.paths.run("o", run.id) / JOURNAL
    journal.write_text(journal.read_text().rpartition("\n[[")[0] + "\n")
    # THEN it is to be resumed, and not to be run again
    offered = {part.id: part.refused for part in one.parts("o", ["a"], "a", None)}
    assert offered["failed"] == "the last run was interrupted: resume it" and offered["resume"] == ""


def test_a_second_run_is_refused_with_a_sentence(tmp_path: Path) -> None:
    one = control(tmp_path, First={"a": GATE})
    run = one.start(one.plan(RunRequest("o")))
    with pytest.raises(CannotRun, match="is running already"):
        one.start(one.plan(RunRequest("o")))
    assert one.executed_here() == [run]
    (tmp_path / "gate").touch()
    assert run.wait() is Status.SUCCESS
    assert one.executed_here() == []


def test_what_is_blocked_or_unknown_is_refused(tmp_path: Path) -> None:
    one = control(tmp_path, First={"a": "echo {{ nothing }}"})
    with pytest.raises(CannotRun, match="nothing has no value"):
        one.start(one.plan(RunRequest("o")))
    with pytest.raises(CannotRun, match="no phase"):
        one.plan(RunRequest("o", phases=("gone",)))
    with pytest.raises(CannotRun):
        one.plan(RunRequest("gone"))
    assert plan_words(one.plan(RunRequest("o"))) == "1 blocked"


def _with_a_day(root: Path) -> RunControl:
    """Of an orchestration that declares a variable without a value."""
    one = control(root, First={"a": "echo {{ day }}"})
    file = one.project.paths.orchestration("o")
    file.write_text(file.read_text() + '[variables]\nday = { description = "which" }\n')
    one.project.reload()
    return one


def test_missing_variables_are_told_with_what_they_are_for(tmp_path: Path) -> None:
    one = _with_a_day(tmp_path)
    with pytest.raises(MissingValues) as told:
        one.plan(RunRequest("o"))
    assert [(variable.name, variable.description) for variable in told.value.variables] == [("day", "which")]
    assert one.plan(with_values(RunRequest("o"), {"day": "x"})).variables["day"] == "x"


async def test_values_are_asked_for_once_and_only_where_some_are_missing(tmp_path: Path) -> None:
    # GIVEN an orchestration with a variable without a value
    one = _with_a_day(tmp_path)
    asked: list[str] = []

    async def answer(missing: Sequence[Variable]) -> dict[str, str] | None:
        asked.extend(variable.name for variable in missing)
        return {"day": "x"} if len(asked) == 1 else None

    # WHEN it is planned, by one who gives it and by one who does not
    plan, nothing = await one.plan_asking(RunRequest("o"), answer), await one.plan_asking(RunRequest("o"), answer)
    # THEN each was asked once
    assert asked == ["day", "day"]
    assert plan is not None and plan.variables["day"] == "x" and nothing is None
    # AND nobody is asked for what has a value
    request = with_values(RunRequest("o"), {"day": "y"})
    assert await one.plan_asking(request, answer) is not None and asked == ["day", "day"]


def test_a_run_of_this_process_is_cancelled_and_one_of_another_is_asked_to_stop(tmp_path: Path) -> None:
    # GIVEN a run, and somebody else who watches it
    one, other = control(tmp_path, First={"a": "sleep 60"}), RunControl(open_project(tmp_path))
    run = one.start(one.plan(RunRequest("o")))
    until(lambda: read_run(run.directory).tasks["a"].attempts)
    assert grace_words(list(read_run(run.directory).tasks.values())) == "10 s"
    # WHEN the other one stops it
    other.cancel(run.directory, now=True)
    # THEN it is stopped by who executes it
    assert run.wait(30) is Status.TERMINATED


def test_leaving_stops_what_is_to_be_stopped(tmp_path: Path) -> None:
    one = control(tmp_path, First={"a": "sleep 60"})
    run = one.start(one.plan(RunRequest("o")))
    until(lambda: read_run(run.directory).tasks["a"].attempts)
    said: list[str] = []
    # WHEN the program ends by SIGTERM
    one.settle(143, said.append, Signals().listen)
    # THEN the run has ended before, and it was said
    assert not run.alive and read_run(run.directory).status is Status.TERMINATED
    assert "grace time" in said[0]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGQUIT])
def test_insisting_while_runs_are_stopped_kills_at_once(tmp_path: Path, number: signal.Signals) -> None:
    # GIVEN a task that does not end by itself, within its ten seconds of grace
    one = control(tmp_path, First={"a": "trap '' TERM; touch ready; while :; do sleep 0.05; done"})
    run = one.start(one.plan(RunRequest("o")))
    until(lambda: (tmp_path / "ready").exists())
    said: list[str] = []
    with Signals().installed() as signals:
        # WHEN the program waits for the end in Thread.join, and a signal comes there
        def insist() -> None:
            until(lambda: bool(said))
            os.kill(os.getpid(), number)

        insisting = Thread(target=insist)
        insisting.start()
        began = monotonic()
        one.settle(130, said.append, signals.listen)
        insisting.join()
    # THEN it has ended when settling has, long before the grace time, and nothing of it is left
    assert not run.alive and monotonic() - began < 9
    assert read_run(run.directory).status is Status.TERMINATED
    assert not tagged([run.directory / "tasks" / "a" / "1"])


def test_a_broken_executor_is_told_and_ends_nothing_else(tmp_path: Path) -> None:
    # GIVEN two runs, one of which breaks off with a fault
    one = control(tmp_path, First={"a": "sleep 60"})
    run = one.start(one.plan(RunRequest("o")))
    until(lambda: read_run(run.directory).tasks["a"].attempts)

    class Broken:
        id, alive = "broken", True

        def cancel(self, request: object) -> None: ...

        def wait(self) -> None:
            raise RuntimeError("no such thing")

    one.active = {"broken": Broken(), run.id: run}  # type: ignore[dict-item]
    said: list[str] = []
    # WHEN the program ends
    one.settle(143, said.append, Signals().listen)
    # THEN the other one has ended, too
    assert not run.alive and "RuntimeError: no such thing" in said[-1]


def test_signals_that_come_while_nobody_listens_are_told_later() -> None:
    heard: list[int] = []
    with Signals().installed() as signals:
        os.kill(os.getpid(), signal.SIGUSR1)
        signals.listen(heard.append)
        assert heard == [signal.SIGUSR1]
        # an event loop that is closed has not heard
        signals.listen(_closed)
        os.kill(os.getpid(), signal.SIGTERM)
        signals.listen(heard.append)
        with signals.interrupts_elsewhere():
            os.kill(os.getpid(), signal.SIGINT)
        assert heard == [signal.SIGUSR1, signal.SIGTERM]
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def _closed(number: int) -> None:
    raise RuntimeError("Event loop is closed")


def test_leaving_hands_a_run_over(tmp_path: Path) -> None:
    # GIVEN a run that goes on
    one = control(tmp_path, First={"a": GATE}, Second={"b": "true"})
    run = one.start(one.plan(RunRequest("o")))
    until(lambda: read_run(run.directory).tasks["a"].attempts)
    # WHEN the program is left and the run is not
    one.settle(0, print, Signals().listen)
    assert not run.alive
    # THEN a successor executes it to its end, and no task ran twice
    until(lambda: is_executed(run.directory))
    (tmp_path / "gate").touch()
    until(lambda: read_run(run.directory).finished)
    state = read_run(run.directory)
    assert state.status is Status.SUCCESS
    assert [len(task.attempts) for task in state.tasks.values()] == [1, 1]
