"""What an executor makes of what the one before it left."""

from __future__ import annotations

from pathlib import Path

import pytest
from orch_tui.engine.processes.process import boot_id, host
from orch_tui.engine.requests.requests import CancelRequest
from orch_tui.engine.runs.start import RunRequest, plan_run
from orch_tui.engine.runs.takeover import take_over
from orch_tui.model.events import events
from orch_tui.model.run.runstate import RunHeader
from orch_tui.model.status import Status
from orch_tui.project.attempt_dir import attempt_directory, make_attempt
from orch_tui.project.journal.file import JOURNAL, Journal, read_run
from orch_tui.project.journal.format import write_event
from orch_tui.project.paths import make_private

from tests.support.engine_kit import make_commands

T = 1_790_000_000.0


@pytest.mark.parametrize("task", [None, "a"], ids=["the run", "the task"])
@pytest.mark.parametrize("cancel", [None, CancelRequest("bob")], ids=["goes on", "stops it"])
def test_a_task_that_was_cancelled_before_it_began_does_not_begin(
    tmp_path: Path, task: str | None, cancel: CancelRequest | None
) -> None:
    # GIVEN an executor that was killed when it was about to start a task that somebody had cancelled, or its run
    project = make_commands(tmp_path, {"P": {"a": "touch began"}})
    plan = plan_run(project, RunRequest("o"))
    directory = project.paths.run("o", "20261122T000000000Z-1")
    make_private(directory)
    Journal.create(directory, RunHeader(directory.name, "o", "O", T, "ann"), plan).close()
    with (directory / JOURNAL).open("a") as file:
        for event in (
            events.executor(T, pid=1, start=(0, 0), host=host(), boot_id=boot_id(), by="ann"),
            events.phase_started(T, plan.phases[0].id),
            events.spawning(T, "a", 1),
            events.cancel(T, "ann", task=task),
        ):
            file.write(write_event(event))
    make_attempt(attempt_directory(directory, "a", 1), {}, data_folder=False)
    # WHEN somebody takes the run over
    assert take_over(project, directory, by="bob", cancel=cancel).wait(60) is not None
    # THEN it is cancelled by who asked for that first, and has not begun
    ended = read_run(directory).tasks["a"]
    assert ended.status is Status.CANCELLED and ended.reason.startswith("cancelled by ann")
    assert not (tmp_path / "began").exists() and len(ended.attempts) == 1
