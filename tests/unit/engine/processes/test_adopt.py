"""What is known of a task that another process started, by what the kernel says of it."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest
from orch_tui.engine.processes import adopt
from orch_tui.engine.processes import secrets_in_use as in_use
from orch_tui.engine.processes.adopt import Gone, adopt_leader, own_group
from orch_tui.engine.processes.launcher import AttemptSpec, Exit, StopRequest
from orch_tui.engine.processes.process import Stat, boot_id, read_stat
from orch_tui.engine.processes.secrets_in_use import secrets_in_use
from orch_tui.model.failure import FailureKind
from orch_tui.model.run.attempt_state import AttemptState
from orch_tui.project.attempt_dir import exit_file, log_file

LOST = "nobody knows"


def gone(directory: Path, known: AttemptState) -> Gone:
    return Gone(AttemptSpec(("x",), {}, "/", directory), None, known, LOST, lambda at: at + 100, thorough=False)


def ended(directory: Path, known: AttemptState, code: str | None, at: float = 50.0) -> Exit:
    log_file(directory).touch()
    if code is not None:
        exit_file(directory).write_text(code)
        os.utime(exit_file(directory), (at, at))
    return asyncio.run(gone(directory, known).wait(StopRequest(), lambda why, grace: None))


@pytest.mark.parametrize(
    ("start", "group"),
    [
        *((101, 77), (150, 77), (201, 77), (100, 77), (202, 77)),
        # Another process with this number: then nothing of the group is left.
        *((99, None), (203, None)),
    ],
)
def test_a_group_is_known_by_the_start_of_its_leader(
    monkeypatch: pytest.MonkeyPatch, start: int, group: int | None
) -> None:
    monkeypatch.setattr(adopt, "read_stat", lambda pid: Stat("S", 77, start))
    assert own_group(77, (101, 201), boot_id()) == group


def test_a_group_whose_leader_is_gone_is_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(adopt, "read_stat", lambda pid: None)
    assert own_group(77, (100, 200), boot_id()) == 77
    assert own_group(None, (100, 200), boot_id()) is None
    assert own_group(77, None, boot_id()) is None
    assert own_group(77, (100, 200), "another boot") is None


def test_a_process_that_is_another_one_now_is_not_followed(tmp_path: Path) -> None:
    spec = AttemptSpec(("x",), {}, "/", tmp_path)
    stat = read_stat(os.getpid())
    assert stat is not None
    assert adopt_leader(os.getpid(), (stat.start - 50, stat.start - 40), spec) is None
    assert adopt_leader(2**22 + 1, (1, 1), spec) is None


def test_what_ended_unseen_has_the_code_it_left(tmp_path: Path) -> None:
    # GIVEN an attempt whose program wrote its exit code at 50, and the run's time is 100 later
    end = ended(tmp_path, AttemptState(1, 10.0), "3\n")
    assert (end.code, end.lost, end.ended, end.stopped) == (3, LOST, 150.0, None)


def test_what_left_no_code_is_lost(tmp_path: Path) -> None:
    end = ended(tmp_path, AttemptState(1, 10.0), None)
    assert (end.code, end.lost, end.ended, end.stopped) == (None, LOST, None, None)


@pytest.mark.parametrize(("since", "took"), [(140.0, 10.0), (150.0, 0.0), (160.0, 0.0), (None, None)])
def test_what_was_being_stopped_took_from_the_signal_to_its_end(
    tmp_path: Path, since: float | None, took: float | None
) -> None:
    known = AttemptState(1, 10.0, killing=FailureKind.TIMEOUT.value, killing_at=since)
    end = ended(tmp_path, known, "143\n")
    assert (end.code, end.stopped, end.killed, end.seconds_to_stop) == (143, FailureKind.TIMEOUT, False, took)


def test_what_was_being_stopped_and_left_no_code_was_killed(tmp_path: Path) -> None:
    known = AttemptState(1, 10.0, killing=FailureKind.CANCEL.value, killing_at=140.0)
    end = ended(tmp_path, known, None)
    assert (end.stopped, end.killed, end.seconds_to_stop) == (FailureKind.CANCEL, True, None)


def test_secrets_are_read_from_what_lives(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    environments = {
        7: {"HOME": "/"},
        8: {"ORCH_SECRETS": "TOKEN,GONE", "TOKEN": "abc", "OTHER": "x"},
    }
    monkeypatch.setattr(in_use, "read_environment", environments.__getitem__)
    monkeypatch.setattr(in_use, "tagged", lambda directories: [7, 8])
    assert secrets_in_use(tmp_path) == {"ORCH_SECRETS": "TOKEN,GONE", "TOKEN": "abc"}
    monkeypatch.setattr(in_use, "tagged", lambda directories: [7])
    assert secrets_in_use(tmp_path) == {}


@pytest.mark.parametrize(("code", "again"), [(None, True), ("", False), ("0\n", False)], ids=["none", "empty", "whole"])
def test_what_was_asked_for_and_left_no_trace_has_not_begun(tmp_path: Path, code: str | None, again: bool) -> None:
    # GIVEN an attempt whose start is not in the journal, whose log was held as its run was taken over
    log_file(tmp_path).touch()
    if code is not None:
        exit_file(tmp_path).write_text(code)
    spec = AttemptSpec(("x",), {}, "/", tmp_path)
    # WHEN
    left = Gone(spec, None, AttemptState(1, 0.0), "", lambda at: at, thorough=True)
    end = asyncio.run(left.wait(StopRequest(), lambda why, grace: None))
    # THEN it is begun again only where it made no exit file, which is the first thing it does
    assert bool(end.unstarted) == bool(end.again) == again
