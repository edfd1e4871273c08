"""Sleeping until something is due or happens."""

from __future__ import annotations

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
