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
from orch_tui.engine.processes.process import (
    ancestors,
    boot_id,
    boot_ticks,
    group_members,
    is_same,
    read_environment,
    read_stat,
    signal_group,
    tagged,
    wait_for_exit,
)

from tests.support.engine_kit import until


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
from orch_tui.engine.processes import process

from tests.support.engine_kit import until
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
        # (For a moment the kernel shows no environment of a program that it has just begun.)
        until(lambda: sorted(tagged([outer])) == sorted([own.pid, below.pid]))
        assert tagged([outer], own_only=True) == [own.pid]
        assert tagged([inner]) == [below.pid]
    finally:
        for child in (own, below):
            child.kill()
            child.wait()
    assert group_members(10**7) == []


def test_a_process_may_have_started_one_tick_beside_what_was_recorded() -> None:
    # The kernel rounds down, and so does whoever records it.
    own, (start, _) = os.getpid(), _start_of(os.getpid())
    assert is_same(own, (start + 1, start + 5), boot_id()) and is_same(own, (start - 5, start - 1), boot_id())
    assert not is_same(own, (start + 2, start + 5), boot_id())
    assert not is_same(own, (start - 5, start - 2), boot_id())


def test_what_is_gone_is_told_from_what_belongs_to_others(monkeypatch: pytest.MonkeyPatch) -> None:
    # GIVEN a group that nobody is in any more, and one with a member of another user
    def answer(error: Exception | None) -> None:
        def killpg(group: int, number: int) -> None:
            if error is not None:
                raise error

        monkeypatch.setattr(os, "killpg", killpg)

    answer(ProcessLookupError())
    assert signal_group(7, 0) is False and group_members(7) == []
    answer(PermissionError())
    assert signal_group(7, 0) is True
    answer(None)
    assert signal_group(7, 0) is True


def test_the_members_of_a_group_are_its_living_processes_only() -> None:
    # GIVEN a group with a process that lives and one that has ended and that nobody has waited for
    leader = subprocess.Popen(["sleep", "60"], process_group=0)
    other = subprocess.Popen(["true"], process_group=leader.pid)
    outside = subprocess.Popen(["sleep", "60"])
    try:
        os.waitid(os.P_PID, other.pid, os.WEXITED | os.WNOWAIT)
        # THEN
        assert group_members(leader.pid) == [leader.pid]
    finally:
        for process in (leader, outside):
            process.kill()
        for process in (leader, other, outside):
            process.wait()


def test_a_process_below_a_task_carries_all_that_is_above_it() -> None:
    assert ancestors({}) == ""
    assert ancestors({"ORCH_TASK": "/a"}) == ":/a:"
    assert ancestors({"ORCH_TASK": "/b", "ORCH_ANCESTORS": ":/a:"}) == ":/a:/b:"
    assert ancestors({"ORCH_ANCESTORS": ":/a:"}) == ":/a:"


def test_the_environment_of_a_process_is_read_or_empty() -> None:
    child = subprocess.Popen(["sleep", "60"], env={"A": "1=2", "EMPTY": ""})
    try:
        # The kernel lets the parent go on before it has laid out what the child is given.
        until(lambda: read_environment(child.pid))
        assert read_environment(child.pid) == {"A": "1=2", "EMPTY": ""}
    finally:
        child.kill()
        child.wait()
    assert read_environment(child.pid) == {}


def test_boot_ticks_are_on_the_clock_of_processes() -> None:
    before = boot_ticks()
    child = subprocess.Popen(["sleep", "60"])
    try:
        start, _ = _start_of(child.pid)
        # THEN it began between two looks, give or take what is rounded
        assert before - 1 <= start <= boot_ticks() + 1
    finally:
        child.kill()
        child.wait()
