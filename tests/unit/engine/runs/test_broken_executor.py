"""A fault of this program breaks a run off: it is interrupted then, and can be gone on with, also in this process."""

from __future__ import annotations

from pathlib import Path

import pytest
from orch_tui.engine.phases.walk import Walk
from orch_tui.engine.runs.start import RunRequest, plan_run, start_run
from orch_tui.engine.runs.takeover import take_over
from orch_tui.model.status import Status
from orch_tui.project.history import summarize

from tests.support.engine_kit import make_commands


def test_a_run_whose_executor_broke_is_gone_on_with_by_the_same_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = make_commands(tmp_path, {"p": {"t": "true"}})

    def broken(*_: object, **__: object) -> bool:
        raise AssertionError("a fault of this program")

    # GIVEN a run that a fault of the program breaks off
    with monkeypatch.context() as patched:
        patched.setattr(Walk, "enters", broken)
        run = start_run(project, plan_run(project, RunRequest("o")), by="me")
        with pytest.raises(AssertionError, match="a fault of this program"):
            run.wait(60)
    # THEN nobody counts as its executor, though the process lives and knows the run
    assert summarize(run.directory).interrupted
    assert take_over(project, run.directory, by="me").wait(60) is Status.SUCCESS
