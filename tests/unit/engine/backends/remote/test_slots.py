"""Places at a backend: so many jobs at once, and who waits for one can be stopped."""

from __future__ import annotations

import asyncio

from orch_tui.engine.backends.remote.slots import Slots
from orch_tui.engine.processes.launcher import StopRequest
from orch_tui.model.failure import FailureKind

from tests.unit.engine.backends.remote.test_ending import Notes


class _Told(Notes):
    def queued(self, job: str, reason: str) -> None:
        self.texts.append(reason)


async def test_who_waits_for_a_place_gets_it_or_is_stopped() -> None:
    # GIVEN a backend for one job, which has one
    slots, told = Slots(1), _Told()
    stop, changed = StopRequest(), asyncio.Event()
    async with slots.one() as first:
        assert await first.take(stop, changed, told) and told.texts == []
        # WHEN another waits THEN it says for what
        async with slots.one() as second:
            waiting = asyncio.ensure_future(second.take(stop, changed, told))
            await asyncio.sleep(0)
            assert told.texts == ["1 jobs at once at most (max_jobs)"] and not waiting.done()
            # AND it has no place by hearing anything else
            changed.set()
            for _ in range(5):
                await asyncio.sleep(0)
            assert not waiting.done()
            # WHEN it is to be stopped THEN it waits no more, and has none
            stop.ask(FailureKind.CANCEL)
            changed.set()
            assert not await waiting
    # AND the place is there for the next
    async with slots.one() as third:
        assert await third.take(StopRequest(), asyncio.Event(), told)
