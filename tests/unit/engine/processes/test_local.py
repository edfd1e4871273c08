"""Attempts on this machine: how they are stopped, what they leave behind, and what cannot be followed."""

from __future__ import annotations

import asyncio
import errno
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from orch_tui.engine.processes import local
from orch_tui.engine.processes.launcher import AttemptSpec, Exit, StopRequest
from orch_tui.engine.processes.local import LocalLauncher
from orch_tui.engine.processes.process import TASK_TAG, tagged
from orch_tui.model.failure import FailureKind

from tests.support.engine_kit import until


def _shell(directory: Path, script: str) -> AttemptSpec:
    environment = {"PATH": os.environ["PATH"], TASK_TAG: str(directory)}
    return AttemptSpec(("/bin/sh", "-c", script), environment, str(directory), directory)


def _run(spec: AttemptSpec) -> Exit:
    async def carried() -> Exit:
        return await LocalLauncher().start(spec).wait(StopRequest(), lambda why, grace: None)

    return asyncio.run(carried())


def test_what_a_failed_task_left_outside_of_its_group_is_ended(tmp_path: Path) -> None:
    # GIVEN a task that fails beside a program of its own that has left its group, and has not even its log open
    script = "setsid sleep 100 >/dev/null 2>&1 & while ! grep -q sleep /proc/$!/cmdline; do :; done; exit 3"
    # WHEN it has ended THEN the program is ended, and counted
    end = _run(_shell(tmp_path, script))
    assert (end.code, end.leftovers) == (3, 1) and tagged([tmp_path]) == []


def test_a_task_is_stopped_when_its_log_is_too_long_and_not_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(local, "_LOG_POLL", 0.01)
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    # GIVEN a task that writes more than it may, and would go on
    spec = _shell(tmp_path / "a", "echo 0123456789; sleep 100")
    # THEN it is stopped for that
    assert _run(replace(spec, max_log=10)).stopped is FailureKind.LOG_LIMIT
    # AND one that writes as much as it may is left alone, however often it is looked at
    spec = _shell(tmp_path / "b", "echo 012345678; sleep 0.2")
    end = _run(replace(spec, max_log=10))
    assert (end.stopped, end.code) == (None, 0)


def test_what_cannot_be_followed_does_not_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # GIVEN a system without a descriptor to follow a process with
    def refused(pid: int) -> int:
        raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))

    started: list[int] = []
    spawn = os.posix_spawn

    def noted(*arguments: Any, **more: Any) -> int:
        started.append(spawn(*arguments, **more))
        return started[-1]

    monkeypatch.setattr(os, "posix_spawn", noted)
    monkeypatch.setattr(os, "pidfd_open", refused)
    monkeypatch.setattr(local, "_FOLLOW_AGAIN", (0.0,))
    # WHEN a task is to start THEN what the system said is told, and nothing of it is left
    with pytest.raises(OSError, match="Too many open files"):
        LocalLauncher().start(_shell(tmp_path, "sleep 100"))
    # What was in its group is on its way out for a moment.
    until(lambda: tagged([tmp_path]) == [])
    # AND nobody has to wait for it any more
    with pytest.raises(ChildProcessError):
        os.waitpid(started[0], os.WNOHANG)
