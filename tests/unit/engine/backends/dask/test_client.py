"""The program that talks with a scheduler, with a scheduler that is made up."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

from orch_tui.engine.backends.dask.client import Client, Connection


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


class Hanging(SlowOnce):
    """One whose scheduler never answers that it has dropped a task, until it is lost."""

    def __init__(self) -> None:
        super().__init__()
        self.submitted: list[str] = []
        self.lost = asyncio.Event()

    async def cancel(self, futures: list[Any], *, force: bool) -> None:
        await self.lost.wait()
        raise OSError("the connection was lost")

    def submit(self, *arguments: object, key: str, **more: object) -> Any:
        self.submitted.append(key)
        return super().submit(*arguments, key=key, **more)


async def test_a_scheduler_that_hangs_as_it_drops_a_task_holds_nothing_else_up() -> None:
    # GIVEN a program whose scheduler does not answer to a drop
    told: list[Any] = []
    writer: Any = SimpleNamespace(write=lambda line: told.append(json.loads(line)))
    program, hanging = Client({}, writer), Hanging()
    library = SimpleNamespace(fire_and_forget=lambda future: None, Future=lambda name, client: name)
    program._connection = Connection(library, hanging, program)
    # WHEN it is told to drop one, and then asked for others
    program.take({"drop": "orch-1"})
    await asyncio.sleep(0)
    program.take({"submit": "orch-2", "python": "python", "directory": "/nowhere", "resources": {}})
    # THEN they are asked for at once
    assert hanging.submitted == ["orch-2"]
    # AND when it is lost, that is said, and a new connection is made
    hanging.lost.set()
    while program._connection is not None:
        await asyncio.sleep(0)
    assert {"answers": False, "said": "the connection was lost"} in told
