"""Work that may take any time, beside the event loop: a thread that nobody waits for."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import os
from _thread import start_new_thread
from collections.abc import Callable
from functools import partial
from typing import TypeVar

T = TypeVar("T")


def beside(work: Callable[[], T]) -> asyncio.Future[T]:
    """Do it in a thread of its own; what it gives or raises.

    :func:`asyncio.to_thread` has a pool of threads, which are waited for when the loop ends: a file system that does
    not answer would keep all of them, and the program. Raises: OSError, when there is no thread to be had now.
    """
    loop = asyncio.get_running_loop()
    done: asyncio.Future[T] = loop.create_future()

    def carry_out() -> None:
        try:
            result = work()
        except BaseException as error:  # noqa: BLE001 - it is raised to whoever asks for the result
            _tell(loop, done, partial(done.set_exception, error))
        else:
            _tell(loop, done, partial(done.set_result, result))

    try:
        # A ``threading.Thread`` is waited for until it has begun, which takes long where all processors are busy.
        start_new_thread(carry_out, ())
    except RuntimeError as error:
        raise OSError(errno.EAGAIN, os.strerror(errno.EAGAIN)) from error
    return done


def _tell(loop: asyncio.AbstractEventLoop, done: asyncio.Future[T], tell: Callable[[], None]) -> None:
    # RuntimeError: the loop is closed, nobody wants to know it any more.
    with contextlib.suppress(RuntimeError):
        loop.call_soon_threadsafe(lambda: None if done.done() else tell())
