"""The event loop of an executor, made before anything is begun that would need it."""

from __future__ import annotations

import asyncio
import contextlib
import os
import selectors

_NEEDED = 16
"""Descriptors that the loop, a journal and a task need, and some to spare."""


def make_loop() -> asyncio.SelectorEventLoop:
    """A loop for another thread to run.

    Raises: OSError when this process may open too few files for the loop and for a task: nothing that it executes would
        ever get further, however long it waited.
    """
    _require_descriptors()
    # A selector of its own first: a loop that could not make one complains once more when it is collected.
    return asyncio.SelectorEventLoop(selectors.DefaultSelector())


def _require_descriptors() -> None:
    """Raises: OSError when there are not enough."""
    with contextlib.ExitStack() as opened:
        for _ in range(_NEEDED):
            opened.callback(os.close, os.eventfd(0))
