"""Each key is sent to what the keys before it brought into focus.

Textual 8.2 sends a key to the widget that has the focus when the key arrives. What the key does is done later, when it
has come back up to the application: of ``/words``, pasted or typed fast, all letters have gone to the list by then, and
the field that the first one opens gets none of them. Here a key waits while the one before is on its way.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterator
from time import monotonic
from typing import TYPE_CHECKING, Any

from textual.events import Key
from textual.message_pump import MessagePump

from orch_tui.tui.textual_patches.guard import has, is_version

if TYPE_CHECKING:
    from textual.app import App
    from textual.worker import Worker

_PATIENCE = 1.0
"""Seconds after which a key goes its way, whatever the one before is doing."""
_LOOKS = 0.005
_ROUNDS = 5
"""So often at most the focus goes on from one widget to another: a screen, its field, what that one opens."""


class KeysInTurn:
    """Belongs to one application, which asks :meth:`must_wait` for each key that has come from the terminal."""

    def __init__(self, app: App[Any], asks: Callable[[Worker[Any]], bool]) -> None:
        """``asks`` says of a worker that was begun by a key whether it may bring up what the next keys are for."""
        self._app = app
        self._asks = asks
        self._older: frozenset[Worker[Any]] = frozenset()
        self._works = is_version() and has(Key, "is_forwarded") and has(Key, "_stop_propagation")
        self._on_its_way: Key | None = None
        self._released: Key | None = None
        self._waiting: deque[Key] = deque()
        self._release: asyncio.Task[None] | None = None

    def must_wait(self, key: Key) -> bool:
        """Whether others come before the key; then it comes again when it is its turn."""
        if not self._works:
            return False
        if key is not self._released and (self._waiting or self._release is not None or self._is_busy):
            self._waiting.append(key)
            if self._release is None:
                self._release = asyncio.create_task(self._release_all())
            return True
        self._on_its_way = key
        self._older = frozenset(self._app.workers)
        return False

    def is_done(self, key: Key) -> None:
        """The key has come back, and what it does is done."""
        if key is self._on_its_way:
            self._on_its_way = None

    @property
    def _is_busy(self) -> bool:
        return self._on_its_way is not None and not self._on_its_way._stop_propagation

    async def _release_all(self) -> None:
        try:
            while self._waiting:
                await self._settled()
                self._released = self._waiting.popleft()
                self._app.post_message(self._released)
                await _all_before(self._app)
        finally:
            self._release = None

    async def _settled(self) -> None:
        """Until the key before is done, and the focus is where it leads to."""
        for _ in range(_ROUNDS):
            target = self._target
            for pump in _way_up(target):
                await _all_before(pump)
            await self._asked(target)
            if self._target is target and not self._is_busy:
                return

    async def _asked(self, target: MessagePump) -> None:
        """Until what a key began as work of its own has ended, or has brought up what it asks."""
        end = monotonic() + _PATIENCE
        while self._target is target and monotonic() < end:
            if not any(work.is_running and work not in self._older and self._asks(work) for work in self._app.workers):
                return
            await asyncio.sleep(_LOOKS)

    @property
    def _target(self) -> MessagePump:
        app = self._app
        return (app.focused or app.screen) if app.screen_stack else app


def _way_up(pump: MessagePump) -> Iterator[MessagePump]:
    """Where a key comes by: the widget, all around it, the screen, the application."""
    at: MessagePump | None = pump
    while at is not None:
        yield at
        at = at._parent


async def _all_before(pump: MessagePump) -> None:
    """Until what is in its queue now has been handled."""
    done = asyncio.Event()
    if pump.call_later(done.set):
        try:
            await asyncio.wait_for(done.wait(), _PATIENCE)
        except TimeoutError:
            return
