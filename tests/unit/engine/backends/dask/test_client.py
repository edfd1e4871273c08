"""The program that talks with a scheduler, with a scheduler that is made up."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

from orch_tui.engine.backends.dask.client import Connection


class SlowOnce:
    """A client of the library whose scheduler has no answer to the first question, and knows all tasks then."""

    status = "running"

    def __init__(self) -> None:
        self.asked = 0
        self.scheduler = SimpleNamespace(get_task_status=self._states)

    async def _states(self, keys: list[str]) -> dict[str, str]:
        self.asked += 1
        if self.asked == 1:
            raise TimeoutError
        return dict.fromkeys(keys, "processing")

    def submit(self, *_: object, key: str, **__: object) -> Any:
        def add_done_callback(call: Callable[[Any], None]) -> None:
            """It does not end here."""

        return SimpleNamespace(key=key, done=lambda: False, add_done_callback=add_done_callback)


async def test_a_task_is_kept_though_the_scheduler_was_slow_once() -> None:
    # GIVEN a scheduler that answers no question at first
    kept: list[str] = []
    told = asyncio.Event()
    library = SimpleNamespace(fire_and_forget=lambda future: kept.append(future.key))
    program: Any = SimpleNamespace(tell=lambda message: told.set())
    connection = Connection(library, SlowOnce(), program)
    # WHEN it is asked for a task / THEN it keeps that, also when nobody asks for it any more
    connection.submit("orch-1", "python", "/nowhere", {})
    await asyncio.wait_for(told.wait(), 30)
    assert kept == ["orch-1"]
