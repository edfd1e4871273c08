"""The loop of an executor: refused before anything is begun where it could never get anywhere."""

from __future__ import annotations

import errno
import itertools
import os
import resource
from collections.abc import Iterator
from pathlib import Path

import pytest
from orch_tui.engine.runs.loop import make_loop
from orch_tui.engine.runs.takeover import take_over
from orch_tui.project.history import run_ids
from orch_tui.project.journal.file import is_executed

from tests.support.engine_kit import begin, make_commands
from tests.support.executors import Executor


@pytest.fixture
def few_files() -> Iterator[None]:
    """So many more files may be opened as a program needs to read its own, and no run."""
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    # The limit is of numbers, and what was closed meanwhile has left some free below the highest.
    used = {int(number) for number in os.listdir("/proc/self/fd")}
    free = (number for number in itertools.count() if number not in used)
    resource.setrlimit(resource.RLIMIT_NOFILE, (next(itertools.islice(free, 9, None)), before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, before)


def test_a_loop_takes_more_than_itself(few_files: None) -> None:
    before = len(os.listdir("/proc/self/fd"))
    with pytest.raises(OSError, match="Too many open files") as refused:
        make_loop()
    assert refused.value.errno == errno.EMFILE
    # AND nothing of it stays open
    assert len(os.listdir("/proc/self/fd")) == before


def test_nothing_is_begun_where_too_few_files_may_be_open(tmp_path: Path, few_files: None) -> None:
    project = make_commands(tmp_path, {"P": {"a": "true"}})
    with pytest.raises(OSError, match="Too many open files"):
        begin(project)
    assert not run_ids(project.paths, "o")


def test_a_run_that_cannot_be_taken_over_is_held_by_nobody(tmp_path: Path, request: pytest.FixtureRequest) -> None:
    # GIVEN an interrupted run
    project = make_commands(tmp_path, {"P": {"a": "until [ -e go ]; do sleep 0.02; done"}})
    executor = Executor(tmp_path)
    executor.kill()
    (tmp_path / "go").touch()
    before = len(os.listdir("/proc/self/fd"))
    # WHEN it cannot be taken over for want of files
    request.getfixturevalue("few_files")
    with pytest.raises(OSError, match="Too many open files"):
        take_over(project, executor.directory, by="me")
    # THEN this process does not seem to execute it
    assert not is_executed(executor.directory)
    assert len(os.listdir("/proc/self/fd")) == before
