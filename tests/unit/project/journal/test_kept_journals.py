"""Journals of every version that was ever used stay readable: one run of each is kept as it was written."""

from __future__ import annotations

import shutil
from pathlib import Path

from orch_tui.model.events.reasons import Cause, Reason
from orch_tui.model.failure import FailureKind
from orch_tui.model.status import Status
from orch_tui.project.journal.file import JOURNAL, read_run

KEPT = Path(__file__).with_name("kept")


def test_a_run_of_29_november_2026_says_what_it_said_then(tmp_path: Path) -> None:
    # GIVEN the journal of a run with tasks that ended in every way, one of them tried twice
    shutil.copyfile(KEPT / "2026-11-29.toml", tmp_path / JOURNAL)
    # WHEN it is read
    state = read_run(tmp_path)
    # THEN the run and each task have their states, and why
    assert state.status is Status.ERROR and state.header.id == "20261129T175344.521Z-2c"
    assert {task.id: task.status for task in state.tasks.values()} == {
        "good": Status.SUCCESS,
        "again": Status.SUCCESS,
        "off": Status.SKIPPED,
        "warned": Status.WARNING,
        "broken": Status.ERROR,
        "beside": Status.SUCCESS,
        "after": Status.SKIPPED,
    }
    assert state.tasks["off"].because == Reason(Cause.DISABLED)
    after = state.tasks["after"].because
    assert after is not None and after.cause is Cause.PHASE_BEFORE
    # AND what became of each attempt
    first, second = state.tasks["again"].attempts
    assert (first.exit_code, first.kind, second.exit_code) == (3, FailureKind.APPLICATION, 0)
    assert state.tasks["broken"].attempts[0].kind == FailureKind.USER
    assert round((state.ended or 0) - (state.started or 0), 1) == 0.6
