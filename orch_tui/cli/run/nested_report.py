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


def nothing_is_left(project: Project, request: RunRequest) -> bool:
    """Of the nested run that is to be continued: what an executor that was killed left of it is settled first."""
    from orch_tui.engine.requests.requests import CancelRequest, who_am_i
    from orch_tui.engine.runs.start import plan_run
    from orch_tui.engine.runs.takeover import settle
    from orch_tui.project.history import find_run

    directory = find_run(project.paths, request.rerun or "", request.orchestration)
    if directory is None:
        return False
    settle(project, directory, CancelRequest(f"{who_am_i()}, to continue it"))
    if not plan_run(project, request).all_reused:
        return False
    report_to_parent(directory.name, request.orchestration)
    Output(sys.stdout).line(f"every task succeeded in run {directory.name}: nothing is left to run")
    return True
