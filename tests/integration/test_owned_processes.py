"""Tests end what they start: seen from outside, on a file of tests that do all they should not."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.support.projects import ROOT, environment, living, wait_for_file

_BAD = """
import subprocess, sys, time
from pathlib import Path

HERE = Path(__file__).parent
# Out of its group, its session and its parent's reach, and deaf.
DAEMON = "setsid sh -c 'trap \\"\\" TERM; echo $$ > {}; while :; do sleep 1; done' >/dev/null 2>&1 &"

def leave(name):
    subprocess.run(["sh", "-c", DAEMON.format(HERE / name)], check=True)
    while not (HERE / name).exists() or not (HERE / name).read_text():
        time.sleep(0.01)

def test_that_fails():
    leave("failed.pid")
    assert False

def test_that_hangs():
    leave("hung.pid")
    time.sleep(600)

def test_that_is_careless():
    leave("careless.pid")
"""
_INTERRUPTED = """
import os, signal, subprocess, sys
import pytest

@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGQUIT])
def test_a_child_of_a_test_can_be_interrupted(number):
    child = subprocess.Popen([sys.executable, "-c", "import time; print(1, flush=True); time.sleep(600)"],
                             stdout=subprocess.PIPE)
    child.stdout.readline()
    child.send_signal(number)
    assert child.wait(30) == -number
"""


def _pytest(path: Path, *options: str, **more: Any) -> subprocess.CompletedProcess[str]:
    (path / "conftest.py").write_text("from tests.conftest import *\n")
    argv = [
        sys.executable,
        "-m",
        "pytest",
        "-p",
        "no:xdist",
        "-p",
        "no:rerunfailures",
        "-c",
        str(ROOT / "pyproject.toml"),
    ]
    argv += ["--rootdir", str(path), *options, str(path)]
    done: subprocess.CompletedProcess[str] = subprocess.run(
        argv, cwd=path, env=environment(), capture_output=True, text=True, timeout=120, check=False, **more
    )
    return done


def test_a_test_that_fails_hangs_or_is_careless_leaves_no_process(tmp_path: Path) -> None:
    # GIVEN / WHEN
    (tmp_path / "test_bad.py").write_text(_BAD)
    done = _pytest(tmp_path, "--timeout", "4")
    # THEN each is told for what it is, and none of their processes lives
    assert "2 failed, 1 passed, 1 error" in done.stdout, done.stdout + done.stderr
    assert "Timeout (>4.0s)" in done.stdout
    assert "the test passed but left processes behind" in done.stdout
    for name in ("failed", "hung", "careless"):
        wait_for_file(tmp_path / f"{name}.pid", filled=True)
        assert not living(tmp_path / f"{name}.pid"), name


def test_what_ignores_interrupts_does_not_make_the_tests_ignore_them(tmp_path: Path) -> None:
    # GIVEN a runner that ignores interrupts, as nohup and shells in the background have it
    def ignore() -> None:
        for number in (signal.SIGINT, signal.SIGQUIT):
            signal.signal(number, signal.SIG_IGN)

    (tmp_path / "test_interrupt.py").write_text(_INTERRUPTED)
    done = _pytest(tmp_path, preexec_fn=ignore)
    # THEN what tests start can be interrupted all the same
    assert done.returncode == 0, done.stdout + done.stderr
