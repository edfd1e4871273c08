"""Attempts as tasks of a dask.distributed scheduler, carried by the same supervisor as on the nodes of a cluster.

A scheduler keeps all that it knows in memory, and gives a task to another worker when one dies. So what has begun, and
how it ended, is said by files alone: the task's name and a file that is made once see to it that none runs twice, and
the supervisor needs neither worker nor scheduler once it runs.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from orch_tui.engine.backends.backend import Finding, Left
from orch_tui.engine.backends.dask.job import DaskJob, Scheduler
from orch_tui.engine.backends.dask.watch import Watch
from orch_tui.engine.backends.remote.finding import inspect_files
from orch_tui.engine.backends.remote.sending import job_name, leave_for_node
from orch_tui.engine.backends.remote.slots import Slots
from orch_tui.engine.processes.launcher import AttemptSpec
from orch_tui.model.run.attempt_state import AttemptState
from orch_tui.project.definitions.backends import BackendSettings


class DaskBackend:
    """One ``[backends.NAME]``. ``passed`` are variables that the project wants passed on in any case."""

    def __init__(self, settings: BackendSettings, passed: tuple[str, ...] = ()) -> None:
        assert settings.dask is not None
        self.key = settings.name
        self._passed = passed
        self._scheduler = Scheduler(settings.dask, Watch(settings.name, settings.dask), Slots(settings.max_jobs))

    def name_job(self) -> str:
        """See :class:`orch_tui.engine.backends.backend.Backend`."""
        return job_name()

    async def start(self, spec: AttemptSpec, name: str, inherit: tuple[int, ...] = ()) -> DaskJob:
        """See :class:`orch_tui.engine.backends.backend.Backend`. No descriptor reaches another machine: what the task
        holds stands in the files of its locks."""
        leave_for_node(spec, self._passed)
        return DaskJob(spec, name, self._scheduler)

    def inspect(self, directory: Path, known: AttemptState, starter: Mapping[str, Any]) -> Finding:
        """See :class:`orch_tui.engine.backends.backend.Backend`."""
        return inspect_files(directory, known)

    def adopt(self, spec: AttemptSpec, left: Left) -> DaskJob:
        """See :class:`orch_tui.engine.backends.backend.Backend`."""
        return DaskJob(spec, left.known.job_name, self._scheduler, left)
