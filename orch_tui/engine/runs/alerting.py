"""Letting people be told of a run that has ended: by a process of its own, so that no channel ever holds up a run.

What is told and how is that process's business (``orch-tui alerts send``). It finds all in the run's journal: where it
could not be started, the next one tells it.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from orch_tui.engine.processes.process import TASK_TAG
from orch_tui.model.components.component import NOTIFICATION_COMPONENT
from orch_tui.project.project import DefinitionError, Project

Teller = Callable[[], "subprocess.Popen[bytes] | None"]


def teller_of(project: Project, orchestration: str) -> Teller | None:
    """What is called when a run of an orchestration has ended; None where nobody wants to be told of it."""
    wanted = bool(project.settings.alerts)
    if not wanted:
        try:
            value = project.orchestration(orchestration)
        except DefinitionError:
            return None
        # What a task has told and could not be sent yet is tried again, too.
        told = any(task.configuration.startswith(f"{NOTIFICATION_COMPONENT}/") for task in value.tasks())
        wanted = bool(value.alerts) or told
    root = project.root
    return (lambda: start_sender(root)) if wanted else None


def start_sender(root: Path, only: Sequence[str] = ()) -> subprocess.Popen[bytes] | None:
    """Start the process in a session of its own; None where the system does not let it.

    It ends after the first try; what has to be tried again later goes on without it. ``only`` are ids of alerts: a task
    has the secrets of its own channels only.
    """
    command = [sys.executable, "-P", "-m", "orch_tui", "alerts", "send", "--background", "--project", str(root)]
    command += [word for one in only for word in ("--only", one)]
    try:
        return subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            cwd=os.fspath(root),
            # It outlives the task that starts it: it is no process of that one.
            env={name: value for name, value in os.environ.items() if name != TASK_TAG},
        )
    except OSError:
        return None
