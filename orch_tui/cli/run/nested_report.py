"""What a nested run leaves for the task of the outer run that it is."""

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
    from orch_tui.model.run.runstate import RunState


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
