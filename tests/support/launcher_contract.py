"""What any launcher must do: the tests of one are a class below :class:`LauncherContract` that names it.

As a program, ``python -m tests.support.launcher_contract MODULE:NAME DIRECTORY SCRIPT`` starts an attempt and waits to
be killed.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import ClassVar

import pytest
from orch_tui.engine.processes.adopt import find_leader
from orch_tui.engine.processes.launcher import AttemptSpec, Exit, Launcher, Running, StopRequest
from orch_tui.engine.processes.local import read_exit_file
from orch_tui.engine.processes.process import read_stat, tagged
from orch_tui.model.failure import FailureKind
from orch_tui.project.attempt_dir import exit_file, log_file
from orch_tui.project.concurrent.locks import is_locked

from tests.support.projects import environment, living, wait_for_file

Killing = list[tuple[FailureKind, float]]


def make(name: str) -> Launcher:
    """``module:attribute``, as the value of an entry point."""
    module, _, attribute = name.partition(":")
    launcher: Launcher = getattr(import_module(module), attribute)()
    return launcher


def shell(directory: Path, script: str) -> AttemptSpec:
    """An attempt of a shell script in a directory of its own."""
    directory.mkdir(parents=True, exist_ok=True)
    variables = {"PATH": os.environ["PATH"], "ORCH_TASK": str(directory), "GIVEN": "yes"}
    return AttemptSpec(("/bin/sh", "-c", script), variables, str(directory), directory)


async def happens(condition: Callable[[], bool], seconds: float = 20) -> None:
    """Until something outside of this process is so, while the loop goes on."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen in time"
        await asyncio.sleep(0.01)


async def carried(running: Running, stop: StopRequest | None = None) -> tuple[Exit, Killing]:
    told: Killing = []
    end = await running.wait(stop or StopRequest(), lambda why, grace: told.append((why, grace)))
    return end, told


class LauncherContract:
    """``launcher`` is ``module:attribute`` of what makes it without arguments."""

    launcher: ClassVar[str]

    @pytest.fixture
    def directory(self, tmp_path: Path) -> Iterator[Path]:
        """An attempt's, with nothing left of the attempt at the end."""
        directory = tmp_path / "run" / "tasks" / "t" / "1"
        yield directory
        assert tagged([directory]) == []

    def start(self, spec: AttemptSpec, inherit: tuple[int, ...] = ()) -> Running:
        return make(self.launcher).start(spec, inherit)

    @pytest.mark.parametrize(
        ("script", "codes"),
        [("exit 0", {0}), ("exit 3", {3}), ("exec sh -c 'kill -KILL $$'", {137, -9}), ("no-such-program-here", {127})],
    )
    async def test_the_end_is_known_and_stays_in_a_file(self, directory: Path, script: str, codes: set[int]) -> None:
        end, told = await carried(self.start(shell(directory, script)))
        assert end.code in codes and end.code == read_exit_file(directory)
        assert (end.stopped, end.killed, end.begun, end.lost, told) == (None, False, True, "", [])

    async def test_a_program_that_is_not_there_is_an_end_of_its_own(self, directory: Path) -> None:
        spec = replace(shell(directory, ""), argv=("/no/such/program", "--option"))
        assert (await carried(self.start(spec)))[0].code in (126, 127)

    async def test_it_sees_only_what_it_is_given(self, directory: Path) -> None:
        # GIVEN a script that tells its input, its place and its variables
        script = "read line || echo nothing to read; pwd; echo $GIVEN $HOME; echo error >&2"
        await carried(self.start(shell(directory, script)))
        # THEN all of it is in the log, in order
        assert log_file(directory).read_text() == f"nothing to read\n{directory}\nyes\nerror\n"

    async def test_it_leads_a_group_and_a_session_of_its_own(self, directory: Path) -> None:
        running = self.start(shell(directory, "touch ready; exec sleep 600"))
        await happens((directory / "ready").exists)
        # THEN its identity is that of the process that leads them
        identity = running.identity
        stat = read_stat(identity.pid)
        assert stat is not None and identity.after <= stat.start <= identity.before
        assert os.getpgid(identity.pid) == os.getsid(identity.pid) == identity.pid
        stop = StopRequest()
        stop.ask(FailureKind.CANCEL, now=True)
        await carried(running, stop)

    async def test_its_log_and_what_it_inherits_are_held_as_long_as_it_lives(self, directory: Path) -> None:
        # GIVEN a lock that the task is to hold, which we let go of
        directory.mkdir(parents=True)
        held = directory / "configuration.lock"
        descriptor = os.open(held, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC)
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        running = self.start(shell(directory, "until [ -e go ]; do sleep 0.02; done"), (descriptor,))
        os.close(descriptor)
        # THEN both are locked until it has ended
        assert is_locked(held) and is_locked(log_file(directory))
        (directory / "go").touch()
        assert (await carried(running))[0].code == 0
        assert not is_locked(held) and not is_locked(log_file(directory))

    async def test_it_may_end_in_peace_when_it_is_stopped(self, directory: Path) -> None:
        script = "trap 'echo bye; exit 0' TERM; touch ready; while :; do sleep 0.02; done"
        running, stop = self.start(shell(directory, script)), StopRequest()
        waiting = asyncio.ensure_future(carried(running, stop))
        await happens((directory / "ready").exists)
        # WHEN
        stop.ask(FailureKind.CANCEL)
        end, told = await waiting
        # THEN it was told first, and its own code counts
        assert (end.stopped, end.killed, end.code, told) == (FailureKind.CANCEL, False, 0, [(FailureKind.CANCEL, 10.0)])
        assert "bye" in log_file(directory).read_text().splitlines()

    @pytest.mark.parametrize("insisting", [False, True])
    async def test_what_is_deaf_is_killed_after_its_grace_or_when_it_is_insisted(
        self, directory: Path, insisting: bool
    ) -> None:
        # GIVEN a task that hears no TERM, and a child of it that has left its group
        script = "trap '' TERM; setsid sleep 600 & touch ready; while :; do sleep 0.02; done"
        spec = replace(shell(directory, script), grace=3600.0 if insisting else 0.2)
        running, stop = self.start(spec), StopRequest()
        waiting = asyncio.ensure_future(carried(running, stop))
        await happens((directory / "ready").exists)
        # WHEN
        stop.ask(FailureKind.CANCEL)
        if insisting:
            await asyncio.sleep(0)
            stop.ask(FailureKind.CANCEL, now=True)
        end, _ = await waiting
        # THEN (the fixture sees that nothing is left of it)
        assert end.stopped is FailureKind.CANCEL and end.killed and end.seconds_to_stop is not None
        assert insisting or end.seconds_to_stop >= 0.2

    @pytest.mark.parametrize(
        ("limit", "why"), [({"timeout": 0.2}, FailureKind.TIMEOUT), ({"max_log": 1000}, FailureKind.LOG_LIMIT)]
    )
    async def test_its_limits_hold(self, directory: Path, limit: dict[str, float], why: FailureKind) -> None:
        spec = shell(directory, "head -c 5000 /dev/zero; exec sleep 600")
        end, told = await carried(self.start(replace(spec, **limit)))  # type: ignore[arg-type]
        assert end.stopped is why and told == [(why, 10.0)]

    async def test_what_it_leaves_behind_is_ended_and_counted(self, directory: Path) -> None:
        end, _ = await carried(self.start(shell(directory, "sleep 600 & echo $! > pid; exit 0")))
        assert (end.code, end.leftovers) == (0, 1)
        assert not living(directory / "pid")

    async def test_what_cannot_begin_says_so(self, directory: Path) -> None:
        # GIVEN a place where the exit code cannot be left THEN the program is never reached
        spec = shell(directory, "touch ran")
        exit_file(directory).mkdir()
        end, _ = await carried(self.start(spec))
        assert end.code != 0 and not (directory / "ran").exists()
        # GIVEN no place for the log THEN nothing is started
        exit_file(directory).rmdir()
        log_file(directory).unlink()
        log_file(directory).mkdir()
        with pytest.raises(OSError):
            self.start(spec)

    async def test_it_outlives_whoever_started_it_and_can_be_followed_by_another(self, directory: Path) -> None:
        # GIVEN an attempt whose starter is killed
        script = "touch ready; until [ -e go ]; do sleep 0.02; done; exit 7"
        argv = [sys.executable, "-m", "tests.support.launcher_contract", self.launcher, str(directory), script]
        with subprocess.Popen(argv, env=environment(), stdin=subprocess.PIPE) as starter:
            wait_for_file(directory / "ready")
            starter.kill()
        # WHEN another one looks for it by its directory
        found = find_leader(shell(directory, script))
        assert found is not None
        (directory / "go").touch()
        # THEN its end is known all the same
        assert (await carried(found))[0].code == 7


if __name__ == "__main__":
    make(sys.argv[1]).start(shell(Path(sys.argv[2]), sys.argv[3]))
    sys.stdin.read()
