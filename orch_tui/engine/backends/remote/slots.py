"""How many attempts of one executor a backend is asked for at once."""

from __future__ import annotations

import asyncio

from orch_tui.engine.backends.backend import Told
from orch_tui.engine.processes.launcher import StopRequest


class Slots:
    """``most`` attempts at once (``max_jobs`` of the backend)."""

    def __init__(self, most: int) -> None:
        self.most = most
        self._places = asyncio.Semaphore(most)

    def one(self) -> Slot:
        return Slot(self.most, self._places)


class Slot:
    """A place at the backend, given back at the end."""

    def __init__(self, most: int, places: asyncio.Semaphore) -> None:
        self._most = most
        self._places = places
        self._taken = False

    async def take(self, stop: StopRequest, changed: asyncio.Event, told: Told) -> bool:
        """Wait until the backend may have another job; False when it is to be stopped before.

        ``changed`` is set when it is asked to stop.
        """
        if not self._places.locked():
            await self._acquire()
            return stop.why is None
        told.queued("", f"{self._most} jobs at once at most (max_jobs)")
        taking = asyncio.ensure_future(self._acquire())
        try:
            while not taking.done() and stop.why is None:
                asked = asyncio.ensure_future(changed.wait())
                await asyncio.wait({taking, asked}, return_when=asyncio.FIRST_COMPLETED)
                asked.cancel()
                changed.clear()
            return stop.why is None
        finally:
            taking.cancel()

    async def _acquire(self) -> None:
        await self._places.acquire()
        self._taken = True

    async def __aenter__(self) -> Slot:
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._taken:
            self._places.release()
