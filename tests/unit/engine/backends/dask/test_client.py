"""The program that talks with a scheduler, with a scheduler that is made up."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
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


class Failing(SlowOnce):
    """One whose tasks end as they are told."""

    def __init__(self) -> None:
        super().__init__()
        self.asked = 1
        self.over: dict[str, Callable[[Any], None]] = {}

    def submit(self, *_: object, key: str, **__: object) -> Any:
        def add_done_callback(call: Callable[[Any], None]) -> None:
            self.over[key] = call

        return SimpleNamespace(key=key, done=lambda: False, add_done_callback=add_done_callback)

    def end(self, key: str, status: str) -> None:
        async def exception() -> Exception:
            return ValueError("no worker\nsurvived it")

        self.over[key](SimpleNamespace(key=key, status=status, exception=exception))


async def test_only_of_a_task_that_the_scheduler_gave_up_it_is_said_why() -> None:
    # GIVEN a connection with two tasks
    told: list[Any] = []
    program: Any = SimpleNamespace(tell=told.append)
    client = Failing()
    connection = Connection(SimpleNamespace(fire_and_forget=lambda future: None), client, program)
    for name in ("orch-1", "orch-2", "orch-3"):
        connection.submit(name, "python", "/nowhere", {})
    # WHEN one ends by itself, one is cancelled, and one is given up
    for name, status in (("orch-1", "finished"), ("orch-2", "cancelled"), ("orch-3", "error")):
        client.end(name, status)
    while not any("ended" in one for one in told):
        await asyncio.sleep(0)
    # THEN that of the last is told, in one line, and nothing of the others, whose node says how they ended
    (said,) = [one for one in told if "ended" in one]
    assert said["ended"] == "orch-3" and said["said"].startswith("ValueError: no worker") and "\n" not in said["said"]


async def test_what_cannot_be_asked_for_yet_is_asked_for_once_the_scheduler_is_there() -> None:
    # GIVEN a program without a connection
    told: list[Any] = []
    writer: Any = SimpleNamespace(write=lambda line: told.append(json.loads(line)))
    program, hanging = Client({}, writer), Hanging()
    # WHEN it is asked for two tasks, one of which nobody wants any more, and for what is known of them
    for name in ("orch-1", "orch-2"):
        program.take({"submit": name, "python": "python", "directory": "/nowhere", "resources": {}})
    program.take({"drop": "orch-1"})
    program.take({"states": ["orch-2"]})
    await asyncio.sleep(0)
    # THEN nothing is told that nobody knows
    assert told == [] and hanging.submitted == []
    # WHEN the scheduler is there THEN the other is asked for
    hanging.asked = 1
    library = SimpleNamespace(fire_and_forget=lambda future: None)
    program._connection = Connection(library, hanging, program)
    for name in list(program._waiting):
        program._submit(program._waiting.pop(name))
    program.take({"states": ["orch-2"]})
    while not any("states" in one for one in told):
        await asyncio.sleep(0)
    assert hanging.submitted == ["orch-2"]
    assert next(one for one in told if "states" in one) == {"states": {"orch-2": "processing"}}


async def test_a_scheduler_that_does_not_know_a_task_yet_is_asked_more_and_more_rarely(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # GIVEN a scheduler that knows of nothing for a while
    pauses: list[float] = []
    sleep, kept = asyncio.sleep, asyncio.Event()

    async def noted(seconds: float) -> None:
        pauses.append(seconds)
        await sleep(0)

    class Late(SlowOnce):
        async def _states(self, keys: list[str]) -> dict[str, str | None]:  # type: ignore[override]
            self.asked += 1
            return dict.fromkeys(keys, "processing" if self.asked > 8 else None)

    monkeypatch.setattr(asyncio, "sleep", noted)
    program: Any = SimpleNamespace(tell=lambda message: kept.set())
    library = SimpleNamespace(fire_and_forget=lambda future: None)
    connection = Connection(library, Late(), program)
    # WHEN it is asked whether it has a task THEN each time later than the time before, up to a bound
    connection.submit("orch-1", "python", "/nowhere", {})
    await asyncio.wait_for(kept.wait(), 30)
    asked = pauses[:8]
    assert asked == sorted(asked) and asked[0] < asked[1] and asked[-1] == asked[-2] < 10
