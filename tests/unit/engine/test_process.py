"""Processes as the kernel knows them."""

from __future__ import annotations

import asyncio
import errno
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from orch_tui.engine.process import boot_id, group_members, is_same, read_stat, tagged, wait_for_exit


def _start_of(pid: int) -> tuple[int, int]:
    stat = read_stat(pid)
    assert stat is not None
    return stat.start, stat.start


def test_a_process_is_the_same_only_on_its_boot_with_its_start() -> None:
    # GIVEN this process THEN it is itself
    own, start = os.getpid(), _start_of(os.getpid())
    assert is_same(own, start, boot_id())
    # AND not one of another boot with the same pid and start, nor one that started at another time
    assert not is_same(own, start, "0" * 8 + boot_id()[8:])
    assert not is_same(own, (start[0] - 100, start[1] - 100), boot_id())
    assert not is_same(own, (start[0] + 100, start[1] + 100), boot_id())


def test_a_zombie_is_no_living_process() -> None:
    child = subprocess.Popen(["true"])
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
    assert not is_same(child.pid, _start_of(child.pid), boot_id())
    child.wait()


_NO_DESCRIPTORS = """
import os, resource, sys
from orch_tui.engine import process
child = int(sys.argv[1])
start = process.read_stat(child).start
boot = process.boot_id()
resource.setrlimit(resource.RLIMIT_NOFILE, (16, 16))
held = []
try:
    while True: held.append(os.open("/dev/null", os.O_RDONLY))
except OSError: pass
for ask in (lambda: process.read_stat(child), lambda: process.group_members(os.getpgid(child)),
            lambda: process.tagged([]), lambda: process.is_same(child, (start, start), boot)):
    try: print("answered", ask())
    except OSError as error: print("refused", error.errno)
"""


def test_a_kernel_that_cannot_be_asked_is_never_taken_for_a_process_that_is_gone() -> None:
    # GIVEN a program that has no descriptor left WHEN it asks for a living process THEN it gets no wrong answer
    child = subprocess.Popen(["sleep", "60"])
    done = subprocess.run(
        [sys.executable, "-c", _NO_DESCRIPTORS, str(child.pid)], capture_output=True, text=True, check=True
    )
    child.kill()
    child.wait()
    assert done.stdout.split("\n")[:-1] == [f"refused {errno.EMFILE}"] * 4


@pytest.mark.parametrize("refused", [None, errno.ENOSPC, errno.ENOMEM])
def test_the_end_of_a_process_is_seen_also_where_the_kernel_watches_no_more(
    monkeypatch: pytest.MonkeyPatch, refused: int | None
) -> None:
    # GIVEN a loop that may be refused to watch another descriptor
    async def wait() -> tuple[bool, bool]:
        loop = asyncio.get_running_loop()
        if refused is not None:

            def refuse(*_: object) -> None:
                raise OSError(refused, os.strerror(refused))

            monkeypatch.setattr(loop, "add_reader", refuse)
        child = subprocess.Popen(["sleep", "600"])
        descriptor = os.pidfd_open(child.pid)
        before = await wait_for_exit(descriptor, 0.3)
        child.send_signal(signal.SIGKILL)
        after = await wait_for_exit(descriptor, 20)
        os.close(descriptor)
        child.wait()
        return before, after

    # THEN
    assert asyncio.run(wait()) == (False, True)


def test_tasks_of_a_nested_run_can_be_left_out(tmp_path: Path) -> None:
    # GIVEN a process of an attempt, and one of a run that is nested in it
    outer, inner = tmp_path / "outer" / "1", tmp_path / "inner" / "1"
    own = subprocess.Popen(["sleep", "60"], env={"ORCH_TASK": str(outer), "PATH": os.environ["PATH"]})
    below = subprocess.Popen(
        ["sleep", "60"],
        env={"ORCH_TASK": str(inner), "ORCH_ANCESTORS": f":{outer}:", "PATH": os.environ["PATH"]},
    )
    try:
        assert sorted(tagged([outer])) == sorted([own.pid, below.pid])
        assert tagged([outer], own_only=True) == [own.pid]
        assert tagged([inner]) == [below.pid]
    finally:
        for child in (own, below):
            child.kill()
            child.wait()
    assert group_members(10**7) == []
