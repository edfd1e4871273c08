"""One of Slurm's programs while somebody waits for it, and when nobody does any more."""

from __future__ import annotations

import asyncio
import errno
import fcntl
import os
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pytest
from orch_tui.engine.backends.slurm import programs
from orch_tui.engine.backends.slurm.programs import run
from orch_tui.engine.processes.unheld_spawn import spawn
from orch_tui.project.concurrent.locks import is_locked

from tests.support.launcher_contract import happens


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Make ``sbatch`` and ``squeue`` do this."""
    home = tmp_path / "bin"
    home.mkdir()
    monkeypatch.setenv("PATH", f"{home}:{os.environ['PATH']}")

    def make(script: str) -> None:
        for name in ("sbatch", "squeue"):
            (home / name).write_text(f"#!/bin/sh\n{script}\n")
            (home / name).chmod(0o755)

    return make


@pytest.fixture
def late(monkeypatch: pytest.MonkeyPatch) -> tuple[threading.Event, threading.Event]:
    """A machine that is slow to start programs: set when it is to start one; when it shall do it."""
    asked, allowed = threading.Event(), threading.Event()

    def slow(path: str, argv: Sequence[str], environment: Mapping[str, str], *rest: object) -> int:
        asked.set()
        assert allowed.wait(60)
        return spawn(path, argv, environment, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(programs, "spawn", slow)
    return asked, allowed


async def test_the_loop_goes_on_while_a_program_is_started(
    program: Callable[[str], None], late: tuple[threading.Event, threading.Event]
) -> None:
    program("cat; echo said >&2; exit 3")
    asked, allowed = late
    answer = asyncio.ensure_future(run(["sbatch"], b"given"))
    # WHEN it takes its time to begin THEN others have their turns
    await happens(asked.is_set)
    assert not answer.done()
    allowed.set()
    assert await answer == (3, "given", "said\n")


@pytest.mark.parametrize("keeps", [False, True])
async def test_one_that_nobody_waits_for_before_it_has_begun(
    program: Callable[[str], None],
    late: tuple[threading.Event, threading.Event],
    tmp_path: Path,
    *,
    keeps: bool,
) -> None:
    # GIVEN a program that is about to begin and holds a lock, or none
    program(f"touch {tmp_path}/begun; until [ -e {tmp_path}/go ]; do sleep 0.02; done; touch {tmp_path}/ended")
    asked, allowed = late
    lock = os.open(tmp_path / "lock", os.O_RDWR | os.O_CREAT)
    fcntl.flock(lock, fcntl.LOCK_EX)
    answer = asyncio.ensure_future(run(["sbatch"], keep=lock if keeps else None))
    await happens(asked.is_set)
    # WHEN whoever waits for it is cancelled, and gives the lock away
    answer.cancel()
    with pytest.raises(asyncio.CancelledError):
        await answer
    os.close(lock)
    # THEN what submits is known to be about to, does so, and holds the lock until it has ended
    assert is_locked(tmp_path / "lock") is keeps
    allowed.set()
    if keeps:
        await happens((tmp_path / "begun").exists)
        assert is_locked(tmp_path / "lock")
        (tmp_path / "go").touch()
        await happens(lambda: not is_locked(tmp_path / "lock"))
        assert (tmp_path / "ended").exists()
    else:
        # AND any other is ended
        await happens(lambda: not any(thread.name == "slurm" for thread in threading.enumerate()))
        (tmp_path / "go").touch()
        assert not (tmp_path / "ended").exists()


async def test_one_whose_end_cannot_be_seen_may_have_been_heard(
    program: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    program("exec sleep 600")

    def none_left(_: int) -> int:
        raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))

    monkeypatch.setattr(os, "pidfd_open", none_left)
    before = len(os.listdir("/proc/self/fd"))
    assert await run(["sbatch"]) == (None, "", os.strerror(errno.EMFILE))
    assert len(os.listdir("/proc/self/fd")) == before


async def test_without_a_thread_nothing_was_asked_for(
    program: Callable[[str], None], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    program(f"touch {tmp_path}/begun")

    def none_left(_: object) -> None:
        raise OSError(errno.EAGAIN, os.strerror(errno.EAGAIN))

    monkeypatch.setattr(programs, "beside", none_left)
    before = len(os.listdir("/proc/self/fd"))
    with pytest.raises(OSError, match=os.strerror(errno.EAGAIN)):
        await run(["sbatch"])
    assert len(os.listdir("/proc/self/fd")) == before and not (tmp_path / "begun").exists()
