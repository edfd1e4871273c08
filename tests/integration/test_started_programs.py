"""Programs that tests start are what ``subprocess`` would have started, also where they are forked from a warm one."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.support.projects import completed, environment, started
from tests.support.warm import WarmProcess

_TELL = """
import os, sys
os.umask(umask := os.umask(0))
there = "orch_tui.engine.runs.start" in sys.modules
print(os.getcwd(), os.environ.get("TOLD"), oct(umask), sys.argv[1:], sys.stdin.read(), there)
print("an error", file=sys.stderr)
sys.exit(3)
"""


def test_a_program_has_its_directory_environment_streams_and_exit_code(tmp_path: Path) -> None:
    # GIVEN a program that tells what it was started with
    command = [sys.executable, "-c", _TELL, "a", "b c"]
    before = os.umask(0o027)
    try:
        # WHEN it is started
        process = started(
            command,
            cwd=tmp_path,
            env=environment(TOLD="yes"),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
    finally:
        os.umask(before)
    out, err = process.communicate("input", timeout=60)
    # THEN it is forked, and has all of it
    assert isinstance(process, WarmProcess)
    assert out == f"{tmp_path} yes 0o27 ['a', 'b c'] input True\n"
    assert (err, process.returncode) == ("an error\n", 3)


def test_errors_go_where_the_output_goes() -> None:
    process = started(
        [sys.executable, "-c", _TELL], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    assert "an error\n" in process.communicate(timeout=60)[0] and process.returncode == 3


def test_a_signal_is_the_exit_code_and_it_leads_a_session_of_its_own() -> None:
    # GIVEN a program that waits WHEN it is killed THEN that is how it ended
    command = [sys.executable, "-c", "import time; print('there', flush=True); time.sleep(600)"]
    with started(command, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None and process.stdout.readline() == "there\n"
        assert os.getsid(process.pid) == process.pid and process.poll() is None
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == -signal.SIGTERM


@pytest.mark.parametrize(
    "more", [{"env": environment(PYTHONHASHSEED="7")}, {"env": environment(LC_ALL="C")}, {"preexec_fn": int}]
)
def test_what_counts_at_the_start_of_an_interpreter_starts_one(more: dict[str, Any]) -> None:
    # GIVEN a variable that an interpreter reads when it starts, or something that only a fork of this process does
    process = started([sys.executable, "-c", "pass"], **more)
    # THEN it is not forked from another
    assert process.wait(60) == 0 and not isinstance(process, WarmProcess)


def test_another_exit_code_than_zero_is_an_error_where_it_is_asked_for() -> None:
    assert completed([sys.executable, "-c", "print('done')"], check=True).stdout == "done\n"
    with pytest.raises(subprocess.CalledProcessError):
        completed([sys.executable, "-c", "raise SystemExit(2)"], check=True)
