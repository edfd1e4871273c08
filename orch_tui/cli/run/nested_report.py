"""A nested run: what it leaves for the task that it is, and whether anything of one is left to be done."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from orch_tui.cli.shared.errors import os_sentence
from orch_tui.cli.shared.output import Output
from orch_tui.model.status import Status
from orch_tui.project.attempt_dir import result_file

if TYPE_CHECKING:
    from orch_tui.engine.runs.start import RunRequest
    from orch_tui.model.run.runstate import RunState
    from orch_tui.project.project import Project


def report_to_parent(run: str, orchestration: str, state: RunState | None = None) -> None:
    """``result.json`` for the task that this run is; with ``state`` when it has ended."""
    from orch_tui.project.files.own_files import replace_json

    directory = os.environ.get("ORCH_TASK")
    if not directory:
        return
    body = {"run": run, "orchestration": orchestration}
    if state is not None and state.status is Status.WARNING:
        body["warning"] = state.reason or "the nested run ended in warning"
    try:
        replace_json(result_file(Path(directory)), body)
    except OSError as error:
        Output(sys.stderr).lines(f"result.json could not be written: {os_sentence(error)}")


def nothing_left_of(project: Project, request: RunRequest) -> Status | None:
    """What the nested run that is to be continued has ended as, when none of its tasks is left to run; None to run it.

    What an executor that was killed left of it is settled first. One that its rules ended in an error stays one.
    """
    from orch_tui.engine.requests.requests import CancelRequest, who_am_i
    from orch_tui.engine.runs.start import plan_run
    from orch_tui.engine.runs.takeover import settle
    from orch_tui.model.events.reasons import Cause
    from orch_tui.project.history import find_run
    from orch_tui.project.journal.file import read_run

    if request.rerun is None or (directory := find_run(project.paths, request.rerun, request.orchestration)) is None:
        return None
    settle(project, directory, CancelRequest(f"{who_am_i()}, to continue it"))
    if not plan_run(project, request).all_reused:
        return None
    report_to_parent(directory.name, request.orchestration)
    before, out = read_run(directory), Output(sys.stdout)
    if before.because is not None and before.because.cause in (Cause.UNDECIDED, Cause.ENDED_BY_RULE):
        out.line(f"run {directory.name} ended in {before.status.value}: {before.reason}")
        return before.status
    out.line(f"every task succeeded in run {directory.name}: nothing is left to run")
    return Status.SUCCESS
