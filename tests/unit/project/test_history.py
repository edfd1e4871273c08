"""The history of runs at its bounds: how old, how many, how long a record is."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from orch_tui.model.events import events
from orch_tui.model.run.plan import Decision, PlannedPhase, PlannedTask, RunPlan
from orch_tui.model.run.runstate import RunHeader
from orch_tui.model.status import Status
from orch_tui.project.history import (
    clock_of,
    continued_by,
    find_run,
    moment_of,
    newest_run_ids,
    run_ids,
    summarize,
    when_of,
)
from orch_tui.project.journal.file import Journal
from orch_tui.project.paths import ProjectPaths, make_private
from orch_tui.project.pruning import prune_runs

from tests.support.reasons import in_words

T = 1_790_000_000.0
DAY = 86400.0


@pytest.fixture
def paths(tmp_path: Path) -> ProjectPaths:
    return ProjectPaths(tmp_path)


@pytest.fixture
def utc(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def ended(
    paths: ProjectPaths,
    run: str,
    *,
    orchestration: str = "o",
    by: str = "ann",
    note: str = "",
    seconds: float = 5.0,
    continues: str | None = None,
) -> Path:
    """A finished run; ``by`` makes its first record long, ``note`` the last but one."""
    directory = paths.run(orchestration, run)
    make_private(directory)
    task = PlannedTask("t", "c/t", "T", "p", Decision.RUN)
    plan = RunPlan(orchestration, "O", (PlannedPhase("p", "P", (task,), 1),))
    header = RunHeader(run, orchestration, "O", T, by, rerun_of=continues)
    journal = Journal.create(directory, header, plan)
    if note:
        journal.append(events.note(T, "info", note))
    journal.append(events.run_ended(T + 5, Status.SUCCESS, in_words("why"), seconds, {Status.SUCCESS: 1}))
    journal.close()
    return directory


@pytest.mark.parametrize("length", [1, 4000, 8100, 8192, 9000, 70_000])
def test_a_run_is_summed_up_however_long_its_records_are(paths: ProjectPaths, length: int) -> None:
    # GIVEN a journal whose first record, or the one before the last, is longer than what is read at first
    first = summarize(ended(paths, "r1", by="a" * length))
    behind = summarize(ended(paths, "r2", note="n" * length))
    # THEN it is read to its end all the same
    assert first.by == "a" * length and first.broken is None
    for one in (first, behind):
        assert (one.status, one.seconds, one.tasks, one.counts) == (Status.SUCCESS, 5.0, 1, {Status.SUCCESS: 1})


def test_no_run_took_less_than_no_time(paths: ProjectPaths) -> None:
    assert summarize(ended(paths, "r1", seconds=0.0)).seconds == 0.0


@pytest.mark.parametrize(("later", "gone"), [(DAY, []), (DAY + 1, ["r1"])])
def test_a_run_goes_when_it_is_older_than_the_days_it_is_kept(
    paths: ProjectPaths, later: float, gone: list[str]
) -> None:
    ended(paths, "r1")
    ended(paths, "r2")
    assert prune_runs(paths, "o", keep=9, keep_days=1.0, now=T + later) == gone
    assert run_ids(paths, "o") == (["r2", "r1"] if not gone else ["r2"])


@pytest.mark.parametrize(("keep", "left"), [(0, 1), (1, 1), (2, 2), (3, 3), (4, 3)])
def test_the_newest_runs_are_kept_and_one_always(paths: ProjectPaths, keep: int, left: int) -> None:
    for number in range(3):
        ended(paths, f"r{number}")
    prune_runs(paths, "o", keep=keep, keep_days=None, now=T)
    assert run_ids(paths, "o") == ["r2", "r1", "r0"][:left]


def test_a_run_of_its_full_name_is_found_beside_one_that_begins_so(paths: ProjectPaths) -> None:
    for run in ("r1", "r10"):
        ended(paths, run)
    ended(paths, "r2", orchestration="other")
    assert find_run(paths, "r1") == paths.run("o", "r1")
    assert find_run(paths, "r2") == paths.run("other", "r2") == find_run(paths, "last")
    assert find_run(paths, "r2", "o") is None and find_run(paths, "last", "o") == paths.run("o", "r10")


def test_what_is_no_directory_of_a_run_is_none(paths: ProjectPaths) -> None:
    ended(paths, "r1")
    (paths.runs("o") / "file").write_text("")
    (paths.runs("o") / "empty").mkdir()
    ended(paths, ".r0.deleted")
    assert run_ids(paths, "o") == ["r1"]


def test_the_runs_that_continue_a_run_are_told_the_earliest_first(paths: ProjectPaths) -> None:
    ended(paths, "r1")
    for run, before in (("r2", "r1"), ("r3", "r2"), ("r4", "r1"), ("r0", "r1")):
        ended(paths, run, continues=before)
    assert [one.id for one in continued_by(paths, "o", "r1")] == ["r2", "r4"]
    assert continued_by(paths, "o", "r4") == []


@pytest.mark.parametrize(("ago", "seen"), [(0.0, True), (1.0, True), (1.001, False), (-60.0, True)])
def test_runs_of_others_count_while_their_directory_may_be_later_than_now(
    paths: ProjectPaths, ago: float, seen: bool
) -> None:
    ended(paths, "r1")
    ended(paths, "x1", orchestration="other")
    ended(paths, "x2", orchestration="other")
    os.utime(paths.runs("other"), (T - ago, T - ago))
    os.utime(paths.runs("o"), (T, T))
    assert list(newest_run_ids(paths, "o", T)) == (["r1", "x2"] if seen else ["r1"])


def test_the_id_of_a_run_says_when_it_began() -> None:
    assert when_of("20261122T140213.123Z-7f") == 1795356133.0
    assert when_of("by-hand") is None
    assert moment_of("20261122T140213.123Z-7f") == 1795356133123
    assert moment_of("20261122T140213x123Z-7f") is None


def test_the_clock_of_a_run_has_its_date_on_another_day(utc: None) -> None:
    run, began = "20261122T140213.123Z-7f", 1795356133.0
    assert clock_of(run, began) == "14:02:13"
    assert clock_of(run, began + 3600 * 9) == "14:02:13"
    assert clock_of(run, began + 3600 * 10) == "11-22 14:02:13"
    assert clock_of(run, None) == "11-22 14:02:13"
    assert clock_of(run, began + 365 * DAY) == "11-22 14:02:13"
    assert clock_of("by-hand", began) == "by-hand"
