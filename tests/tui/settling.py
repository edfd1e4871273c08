"""When a screen under test has come to rest: what it asked for is there, and what it shows stays the same.

Textual's own waiting takes a process that gets no processor for one that has nothing to do, and knows nothing of
threads: on a busy machine a test looked at a screen that had not read its files yet. Here only what the loop of events
and the threads have left to do counts, never how long it took.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any
from unittest import mock
from weakref import WeakSet

import pytest
import textual.app
import textual.pilot
from textual.css.model import RuleSet
from textual.css.stylesheet import Stylesheet
from textual.pilot import Pilot

_parse_rules = Stylesheet._parse_rules
_parsed: dict[tuple[Any, ...], list[RuleSet]] = {}

_SOON = 0.02
"""Seconds: a timer that is due within them is waited for (Textual paints 60 times a second)."""
_POLL = 0.002
_LONGEST_WORK = 60.0
"""Seconds that a thread is waited for. A test about one that does not end says so (:meth:`Threads.ignore`)."""
_TIMERS = 30
"""Timers in a row with nothing else to do: whoever sets the next one each time waits for something else."""
_ROUNDS, _ROUND = 8, 0.1
"""A picture is settled when it was the same for so many rounds of so many seconds: more than one look at a run."""
_LONGEST = 120.0


class Threads:
    """What was given to threads and is not done yet."""

    def __init__(self) -> None:
        self._counts = True
        self._given: WeakSet[asyncio.Future[Any] | Future[Any]] = WeakSet()
        self._run_in_executor = asyncio.BaseEventLoop.run_in_executor
        self._submit = ThreadPoolExecutor.submit

    @property
    def busy(self) -> bool:
        return self._counts and any(not future.done() for future in list(self._given))

    def ignore(self) -> None:
        """From now on nobody waits for them: the test is about work that does not end by itself."""
        self._counts = False

    @contextmanager
    def counted(self) -> Iterator[None]:
        def run_in_executor(loop: Any, *arguments: Any) -> asyncio.Future[Any]:
            # Done when the loop knows of it, which is after the thread is.
            future = self._run_in_executor(loop, *arguments)
            self._given.add(future)
            return future

        def submit(pool: Any, *arguments: Any, **more: Any) -> Future[Any]:
            future = self._submit(pool, *arguments, **more)
            self._given.add(future)
            return future

        with (
            mock.patch.object(asyncio.BaseEventLoop, "run_in_executor", run_in_executor),
            mock.patch.object(ThreadPoolExecutor, "submit", submit),
        ):
            yield

    async def wait_for_idle(self, min_sleep: float = 0, max_sleep: float = 0) -> None:
        """Until neither the loop nor a thread has anything to do now. Takes the place of Textual's."""
        loop: Any = asyncio.get_running_loop()
        limit = loop.time() + _LONGEST_WORK
        calm = timers = 0
        while calm < 2:
            assert loop.time() < limit, f"a thread or the loop is never done; waiting: {list(loop._ready)[:5]}"
            await asyncio.sleep(0)
            calm += 1
            if self.busy:
                calm = timers = 0
                await asyncio.sleep(_POLL)
            elif timers < _TIMERS and (due := _next_timer(loop)) < _SOON:
                calm, timers = 0, timers + 1
                await asyncio.sleep(max(due, 0))
            elif loop._ready:
                calm = 0


def _next_timer(loop: Any) -> float:
    """Seconds until it is due."""
    now = loop.time()
    return min((handle.when() - now for handle in loop._scheduled if not handle.cancelled()), default=_LONGEST)


def parsed_once(sheet: Stylesheet, css: str, read_from: tuple[str, str], *more: Any, **options: Any) -> list[RuleSet]:
    """Textual keeps what it has parsed for one application, and each of these tests has its own."""
    key = (css, read_from, more, tuple(sorted(options.items())), frozenset(sheet._variables.items()))
    if (rules := _parsed.get(key)) is None:
        rules = _parsed[key] = _parse_rules(sheet, css, read_from, *more, **options)
    return rules


@contextmanager
def waiting_for_work() -> Iterator[Threads]:
    """Every pause and every key of a Pilot waits for the loop and for threads."""
    threads = Threads()
    with (
        threads.counted(),
        mock.patch.object(Stylesheet, "_parse_rules", parsed_once),
        mock.patch.object(textual.app, "wait_for_idle", threads.wait_for_idle),
        mock.patch.object(textual.pilot, "wait_for_idle", threads.wait_for_idle),
    ):
        yield threads


@pytest.fixture(autouse=True)
def waiting() -> Iterator[Threads]:
    with waiting_for_work() as threads:
        yield threads


async def settled(pilot: Pilot[Any]) -> None:
    """Until the picture stays the same: nothing is being read, and a look at what runs has changed nothing."""
    loop = asyncio.get_running_loop()
    limit = loop.time() + _LONGEST
    shown: list[list[Any]] = []
    rounds = 0
    with mock.patch.object(pilot.app, "_display", wraps=pilot.app._display) as painted:
        while rounds < _ROUNDS:
            await asyncio.sleep(_ROUND)
            await pilot.pause()
            if painted.called or not shown:
                now = [list(strip) for strip in pilot.app.screen._compositor.render_strips()]
                rounds = rounds + 1 if now == shown else 0
                shown = now
                painted.reset_mock()
            else:
                rounds += 1
            assert loop.time() < limit, "the screen does not come to rest"
