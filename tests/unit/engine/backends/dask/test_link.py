"""The executor's end of the program that talks with a scheduler."""

from __future__ import annotations

import errno
import socket
import threading
from typing import Any

import pytest
from orch_tui.engine.backends.dask import link
from orch_tui.engine.backends.dask.link import Link
from orch_tui.project.definitions.dask_settings import DaskSettings


async def test_without_a_thread_there_is_no_program_and_that_may_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    # GIVEN a machine that gives no more threads, after the program was started
    ours, theirs = socket.socketpair()
    monkeypatch.setattr(link, "start_own_program", lambda *_: (ours, 1))

    def refuse(self: Any) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", refuse)
    # WHEN somebody wants to talk with a scheduler THEN it is said as what can be tried again
    with pytest.raises(OSError) as raised:
        Link(DaskSettings("tcp://127.0.0.1:1"), lambda message: None)
    assert raised.value.errno == errno.EAGAIN
    # AND the program hears that nobody is there
    theirs.settimeout(5)
    assert theirs.recv(1) == b""
    theirs.close()
