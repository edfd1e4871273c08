"""The secrets that an attempt got which another process started."""

from __future__ import annotations

from pathlib import Path

from orch_tui.engine.processes.process import read_environment, tagged
from orch_tui.project.masking.redactor import secrets_of_task


def secrets_in_use(directory: Path) -> dict[str, str]:
    """``ORCH_SECRETS`` and what it names, as the task got them; empty when nothing of it lives.

    Whoever follows an attempt that it did not start needs them, to mask what it leaves if it is killed.
    """
    for pid in tagged([directory]):
        environment = read_environment(pid)
        if "ORCH_SECRETS" in environment:
            return {"ORCH_SECRETS": environment["ORCH_SECRETS"], **secrets_of_task(environment)}
    return {}
