"""Whom a cancellation reaches, and what is waited for by who goes on with a run."""

from __future__ import annotations

from pathlib import Path

import pytest
from orch_tui.engine.requests.requests import CancelRequest, ask
from orch_tui.engine.runs.takeover import take_over
from orch_tui.model.events.interventions import Intervention, InterventionKind
from orch_tui.model.status import Status
from orch_tui.project.journal.file import read_run

from tests.support.engine_kit import begin, make_commands, statuses, until


@pytest.mark.parametrize("whole", [False, True], ids=["a task", "the run"])
def test_who_is_cancelled_as_it_waits_never_begins(tmp_path: Path, whole: bool) -> None:
    # GIVEN a run of a task that goes on until a file is there, and of two that wait for a time
    late = {"command": "touch began", "delay": '"1h"'}
    busy = "touch busy; while ! [ -e go ]; do sleep 0.01; done"
    project = make_commands(tmp_path, {"P": {"busy": busy, "one": late, "two": late}})
    run = begin(project)
    until(lambda: (tmp_path / "busy").exists())
    if not whole:
        # WHEN one of those is cancelled THEN that one has ended, and the others are as they were
        ask(run.directory, CancelRequest("ann", task="one"))
        until(lambda: statuses(read_run(run.directory))["one"] is Status.CANCELLED)
        now = statuses(read_run(run.directory))
        assert (now["busy"], now["two"].final) == (Status.PROCESSING, False)
    # WHEN the run is THEN all are, and nothing that waited has begun
    ask(run.directory, CancelRequest("bob", now=True))
    assert run.wait(60) is Status.TERMINATED
    state = read_run(run.directory)
    assert statuses(state) == {"busy": Status.TERMINATED, "one": Status.CANCELLED, "two": Status.CANCELLED}
    assert ("ann" in state.tasks["one"].reason) is not whole and "bob" in state.tasks["two"].reason
    assert not (tmp_path / "began").exists()


def test_a_question_that_was_asked_is_waited_for_on_by_who_goes_on_with_the_run(tmp_path: Path) -> None:
    # GIVEN a run that asks people something for an hour
    project = make_commands(tmp_path, {"P": {"beside": "true"}})
    flow = tmp_path / "orchestrations" / "o.toml"
    flow.write_text(f'{flow.read_text()}[[phases.tasks]]\nid = "ask"\nconfiguration = "approval/ask"\n')
    (tmp_path / "configurations" / "approval").mkdir()
    (tmp_path / "configurations" / "approval" / "ask.toml").write_text('[parameters]\ntext = "Go?"\ntimeout = "1h"\n')
    project.reload()
    run = begin(project)
    until(lambda: read_run(run.directory).tasks["ask"].question is not None)
    before = read_run(run.directory).tasks["ask"]
    # WHEN its executor lets go of it, and another one goes on
    assert run.hand_over(60)
    again = take_over(project, run.directory, by="bob")
    until(lambda: len(read_run(run.directory).executors) == 2)
    # THEN nothing is asked again, and the time for an answer is that of the question
    answer = Intervention("i1", InterventionKind.APPROVE, "ann", "", "ask", None, None)
    ask(run.directory, answer)
    assert again.wait(60) is Status.SUCCESS
    after = read_run(run.directory).tasks["ask"]
    assert len(after.attempts) == len(before.attempts) == 1 and after.status is Status.SUCCESS
    assert before.until is not None and before.until - before.attempts[0].spawned == pytest.approx(3600, abs=60)
