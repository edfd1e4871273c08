"""What the jobs of one backend in one executor have together."""

from __future__ import annotations

import asyncio

from orch_tui.engine.backends.slurm.nodes import BadNodes
from orch_tui.engine.backends.slurm.watch import Watch
from orch_tui.model.dataclass import dataclass
from orch_tui.project.definitions.backends import BackendSettings


@dataclass(frozen=True, slots=True)
class Queue:
    """What the jobs of a backend share: ``slots`` for being in the queue, ``submitting`` for asking for it."""

    settings: BackendSettings
    watch: Watch
    bad_nodes: BadNodes
    slots: asyncio.Semaphore
    submitting: asyncio.Semaphore


class Slot:
    """A place in the queue, given back at the end."""

    def __init__(self, places: asyncio.Semaphore) -> None:
        self._places = places
        self._taken = False

    async def take(self) -> None:
        await self._places.acquire()
        self._taken = True

    async def __aenter__(self) -> Slot:
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._taken:
            self._places.release()
