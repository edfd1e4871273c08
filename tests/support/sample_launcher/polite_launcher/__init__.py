"""A launcher whose tasks give way to all else on the machine: a sample of a package that brings one."""

from __future__ import annotations

from dataclasses import replace

from orch_tui.engine.processes.launcher import AttemptSpec, Running
from orch_tui.engine.processes.local import LocalLauncher

NICENESS = 19


class PoliteLauncher:
    """Tasks of this machine, started by ``nice`` (coreutils): whatever they start has the lowest priority as well."""

    def __init__(self) -> None:
        self._local = LocalLauncher()

    def start(self, spec: AttemptSpec, inherit: tuple[int, ...] = ()) -> Running:
        """See :class:`orch_tui.engine.processes.launcher.Launcher`."""
        wrapped = replace(spec, argv=("nice", "-n", str(NICENESS), *spec.argv))
        return self._local.start(wrapped, inherit)
