"""Files of an earlier attempt that cannot be read for a moment: nothing is run again, or otherwise, for that."""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from orch_tui.engine.attempts.earlier import EarlierRun, tables_given
from orch_tui.engine.runs.previous import to_previous
from orch_tui.engine.runs.start import RunRequest, plan_run, start_run
from orch_tui.model.failure import FailureKind
from orch_tui.model.status import Status
from orch_tui.project.attempt_dir import attempt_directory, decision_file, read_tables_file
from orch_tui.project.decided import read_decided
from orch_tui.project.journal.file import read_run
from orch_tui.project.project import Project

from tests.support.engine_kit import make_commands

ACCEPTED = {"verdict": "accepted", "by": "ann", "note": "", "at": "2026-11-29T05:30:00+00:00"}


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return make_commands(tmp_path, {"p": {"t": "true"}})


@pytest.fixture
def refuse(monkeypatch: pytest.MonkeyPatch) -> Callable[[Path], Callable[[], None]]:
    """Lets a file not be opened, until what is returned is called."""
    real, refused = os.open, set[str]()

    def opened(path: Any, *arguments: Any, **more: Any) -> int:
        if not isinstance(path, int) and os.fspath(path) in refused:
            raise OSError(errno.EMFILE, os.strerror(errno.EMFILE), os.fspath(path))
        return real(path, *arguments, **more)

    def begin(path: Path) -> Callable[[], None]:
        refused.add(str(path))
        return refused.clear

    monkeypatch.setattr(os, "open", opened)
    return begin


def test_what_was_accepted_is_not_run_again(project: Project, refuse: Callable[[Path], Callable[[], None]]) -> None:
    # GIVEN a task whose tables a check refused, and somebody accepted
    run = start_run(project, plan_run(project, RunRequest("o")), by="me")
    assert run.wait(60) is Status.SUCCESS
    state = read_run(run.directory)
    state.tasks["t"].status, state.tasks["t"].kind = Status.ERROR, FailureKind.CHECK
    attempt = attempt_directory(run.directory, "t", 1)
    decision_file(attempt).write_text(json.dumps(ACCEPTED))
    assert to_previous(project.paths, state).tasks["t"].succeeded
    # WHEN that cannot be read now THEN it is not taken for undecided
    give = refuse(decision_file(attempt))
    with pytest.raises(OSError, match="Too many open files"):
        to_previous(project.paths, state)
    assert read_decided(attempt) is None
    give()
    assert to_previous(project.paths, state).tasks["t"].succeeded


def test_a_run_is_not_repeated_with_other_versions(
    project: Project, refuse: Callable[[Path], Callable[[], None]]
) -> None:
    # GIVEN a task that was given a version of a table
    plan = plan_run(project, RunRequest("o"))
    run = start_run(project, plan, by="me")
    assert run.wait(60) is Status.SUCCESS
    told = read_tables_file(attempt_directory(run.directory, "t", 1))
    told.write_text('[{"table": "raw/a", "version": 3}]')
    (task,) = plan.tasks()
    # WHEN it cannot be read now which, THEN it does not get that of today
    give = refuse(told)
    with pytest.raises(OSError, match="Too many open files"):
        EarlierRun(project.paths, run.directory).versions(task)
    give()
    assert EarlierRun(project.paths, run.directory).versions(task) == {"raw/a": 3}
    # AND of one that has not got so far nothing is known
    told.unlink()
    assert tables_given(told.parent) == []
