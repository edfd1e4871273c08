"""Attempts as jobs of a Slurm cluster. The node carries them by the program's own launcher.

A job is known by its name, which stands in the journal before anything is asked for: ids are given again after a crash
of the controller. Whether it may begin is said by a file that is made once, so that none runs twice whatever the queue
does.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from orch_tui.engine.backends.backend import Finding, Left
from orch_tui.engine.backends.remote import handoff
from orch_tui.engine.backends.remote.finding import inspect_files
from orch_tui.engine.backends.slurm.commands import time_limit
from orch_tui.engine.backends.slurm.job import SlurmJob
from orch_tui.engine.backends.slurm.nodes import BadNodes
from orch_tui.engine.backends.slurm.queue import Queue
from orch_tui.engine.backends.slurm.watch import Watch
from orch_tui.engine.processes.launcher import AttemptSpec
from orch_tui.model.run.attempt_state import AttemptState
from orch_tui.project.attempt_dir import queue_log
from orch_tui.project.definitions.backends import BackendSettings
from orch_tui.project.files.own_files import open_own

OF_THIS_MACHINE = ("PATH", "TMPDIR", "XDG_RUNTIME_DIR", "SSL_CERT_FILE", "SSL_CERT_DIR")
"""Variables that say something of the submitting machine, and would be wrong on a node."""
_SUBMITTING = 4
"""Programs that submit at once."""


class SlurmBackend:
    """One ``[backends.NAME]``. ``passed`` are variables that the project wants passed on in any case."""

    def __init__(self, settings: BackendSettings, passed: tuple[str, ...] = ()) -> None:
        self.key = settings.name
        self._passed = passed
        self._queue = Queue(
            settings,
            Watch(settings.name),
            BadNodes(),
            asyncio.Semaphore(settings.max_jobs),
            asyncio.Semaphore(_SUBMITTING),
        )

    def name_job(self) -> str:
        """Without a comma: such a name cannot be asked for."""
        return f"orch-{os.urandom(8).hex()}"

    async def start(self, spec: AttemptSpec, name: str, inherit: tuple[int, ...] = ()) -> SlurmJob:
        """See :class:`orch_tui.engine.backends.backend.Backend`. No descriptor reaches another machine: what the task
        holds stands in the files of its locks."""
        hidden = [one for one in OF_THIS_MACHINE if one not in self._passed]
        environment = {key: value for key, value in spec.environment.items() if key not in hidden}
        handoff.write_start(spec, environment, time_limit(spec))
        os.close(open_own(queue_log(spec.directory), os.O_WRONLY | os.O_CREAT | os.O_APPEND))
        return SlurmJob(spec, name, self._queue)

    def inspect(self, directory: Path, known: AttemptState, starter: Mapping[str, Any]) -> Finding:
        """See :class:`orch_tui.engine.backends.backend.Backend`."""
        return inspect_files(directory, known)

    def adopt(self, spec: AttemptSpec, left: Left) -> SlurmJob:
        """See :class:`orch_tui.engine.backends.backend.Backend`."""
        return SlurmJob(spec, left.known.job_name, self._queue, left)
