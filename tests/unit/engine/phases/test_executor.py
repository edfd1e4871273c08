"""Whom a cancellation reaches."""

from __future__ import annotations

from pathlib import Path

import pytest
from orch_tui.engine.requests.requests import CancelRequest, ask
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
