"""Sleeping until something is due or happens."""

from __future__ import annotations

import ctypes
import errno
import os
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from orch_tui.scheduling.alarm import Alarm

FAR = 1e10


@pytest.fixture
def alarm() -> Iterator[Alarm]:
    alarm = Alarm()
    yield alarm
    alarm.close()


@pytest.mark.parametrize("until", [-5.0, 0.0, 1.0])
def test_a_time_that_passed_is_no_sleep(alarm: Alarm, until: float) -> None:
    alarm.wait(until, [])


def test_it_sleeps_until_the_time(alarm: Alarm) -> None:
    until = time.time() + 0.2
    alarm.wait(until, [])
    assert time.time() >= until


def test_a_file_that_changes_wakes_it_and_one_elsewhere_does_not(alarm: Alarm, tmp_path: Path) -> None:
    # GIVEN a directory that is watched, and one that is not there
    alarm.watch([tmp_path, tmp_path / "missing"])
    (tmp_path / "below").mkdir()
    alarm.wait(FAR, [])
    # WHEN a file is replaced in it, THEN it wakes up
    threading.Timer(0.05, (tmp_path / "a").write_text, ("x",)).start()
    alarm.wait(FAR, [])
    # WHEN one is written below it, THEN it sleeps on
    time.sleep(0.05)
    alarm.wait(time.time() + 0.01, [])
    (tmp_path / "below" / "b").write_text("x")
    until = time.time() + 0.1
    alarm.wait(until, [])
    assert time.time() >= until


def test_a_directory_that_is_not_named_again_is_watched_no_more(alarm: Alarm, tmp_path: Path) -> None:
    # GIVEN a scheduler that has named the directories of the newest runs, again and again
    runs = [tmp_path / str(number) for number in range(20)]
    for run in runs:
        run.mkdir()
    for number in range(len(runs)):
        alarm.watch([tmp_path, *runs[number : number + 3]])
    # THEN the kernel keeps those that it has named last, and no others
    watches = Path(f"/proc/self/fdinfo/{alarm._changes}").read_text().count("inotify wd:")
    assert watches == 2
    # AND they still wake it
    alarm.wait(time.time() + 0.01, [])
    threading.Timer(0.05, (runs[-1] / "a").write_text, ("x",)).start()
    alarm.wait(FAR, [])


def test_a_clock_that_was_set_while_it_was_awake_wakes_it_and_ends_nothing(
    alarm: Alarm, monkeypatch: pytest.MonkeyPatch
) -> None:
    # GIVEN a clock that is set between two sleeps: the timer is set again, and the system tells so as an error
    real, told = alarm._libc, [errno.ECANCELED]

    class Libc:
        def __getattr__(self, name: str) -> object:
            return getattr(real, name)

        def timerfd_settime(self, *arguments: object) -> int:
            done: int = real.timerfd_settime(*arguments)
            if not told:
                return done
            ctypes.set_errno(told.pop())
            return -1

    monkeypatch.setattr(alarm, "_libc", Libc())
    # WHEN it sleeps again THEN it wakes at once, for what is due by the new time
    alarm.wait(FAR, [])
    # AND sleeps as before after that
    until = time.time() + 0.05
    alarm.wait(until, [])
    assert time.time() >= until


def test_a_descriptor_wakes_it(alarm: Alarm) -> None:
    reader, writer = os.pipe()
    os.write(writer, b"x")
    alarm.wait(FAR, [reader])
    os.close(reader)
    os.close(writer)


def test_a_signal_wakes_it(alarm: Alarm) -> None:
    received: list[int] = []
    before = signal.signal(signal.SIGUSR1, lambda number, _: received.append(number))
    try:
        threading.Timer(0.05, os.kill, (os.getpid(), signal.SIGUSR1)).start()
        alarm.wait(FAR, [])
    finally:
        signal.signal(signal.SIGUSR1, before)
    assert received == [signal.SIGUSR1]
