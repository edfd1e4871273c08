"""Attempts as jobs of a Slurm cluster. The node carries them by the program's own launcher.

A job is known by its name, which stands in the journal before anything is asked for: ids are given again after a crash
of the controller. Whether it may begin is said by a file that is made once, so that none runs twice whatever the queue
does.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from orch_tui.engine.backends.backend import Finding, Left
from orch_tui.engine.backends.remote.finding import inspect_files
from orch_tui.engine.backends.remote.sending import job_name, leave_for_node
from orch_tui.engine.backends.remote.slots import Slots
from orch_tui.engine.backends.slurm.job import SlurmJob
from orch_tui.engine.backends.slurm.nodes import BadNodes
from orch_tui.engine.backends.slurm.queue import Queue
from orch_tui.engine.backends.slurm.watch import Watch
from orch_tui.engine.processes.launcher import AttemptSpec
from orch_tui.model.run.attempt_state import AttemptState
from orch_tui.project.definitions.backends import BackendSettings

_SUBMITTING = 4
"""Programs that submit at once."""
_CANCELLING = 8
"""Programs that end jobs at once."""


class SlurmBackend:
    """One ``[backends.NAME]``. ``passed`` are variables that the project wants passed on in any case."""

    def __init__(self, settings: BackendSettings, passed: tuple[str, ...] = ()) -> None:
        self.key = settings.name
        self._passed = passed
        self._queue = Queue(
            settings,
            Watch(settings.name),
            BadNodes(),
            Slots(settings.max_jobs),
            asyncio.Semaphore(_SUBMITTING),
            asyncio.Semaphore(_CANCELLING),
        )

    def name_job(self) -> str:
        return job_name()

    async def start(self, spec: AttemptSpec, name: str, inherit: tuple[int, ...] = ()) -> SlurmJob:
        """See :class:`orch_tui.engine.backends.backend.Backend`. No descriptor reaches another machine: what the task
        holds stands in the files of its locks."""
        leave_for_node(spec, self._passed)
        return SlurmJob(spec, name, self._queue)

    def inspect(self, directory: Path, known: AttemptState, starter: Mapping[str, Any]) -> Finding:
        """See :class:`orch_tui.engine.backends.backend.Backend`."""
        return inspect_files(directory, known)

    def adopt(self, spec: AttemptSpec, left: Left) -> SlurmJob:
        """See :class:`orch_tui.engine.backends.backend.Backend`."""
        return SlurmJob(spec, left.known.job_name, self._queue, left)
