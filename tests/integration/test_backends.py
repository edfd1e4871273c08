"""The backend of this machine keeps the contract of all backends; so does that of a cluster (test_slurm.py)."""

from __future__ import annotations

from orch_tui.engine.backends.backend import Backend
from orch_tui.engine.backends.local import LocalBackend
from orch_tui.engine.processes.local import LocalLauncher

from tests.support.backend_contract import BackendContract


class TestLocal(BackendContract):
    def backend(self) -> Backend:
        return LocalBackend(LocalLauncher())
