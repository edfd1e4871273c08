"""What the jobs of one backend in one executor have together."""

from __future__ import annotations

import asyncio

from orch_tui.engine.backends.remote.slots import Slots
from orch_tui.engine.backends.slurm.nodes import BadNodes
from orch_tui.engine.backends.slurm.watch import Watch
from orch_tui.model.dataclass import dataclass
from orch_tui.project.definitions.backends import BackendSettings


@dataclass(frozen=True, slots=True)
class Queue:
    """What the jobs of a backend share: ``slots`` for being in the queue, ``submitting`` for asking for it,
    ``cancelling`` for asking that one is ended: a phase that is stopped would start a program for each at once."""

    settings: BackendSettings
    watch: Watch
    bad_nodes: BadNodes
    slots: Slots
    submitting: asyncio.Semaphore
    cancelling: asyncio.Semaphore
