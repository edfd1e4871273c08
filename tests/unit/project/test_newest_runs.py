"""The newest runs are listed again when there are others, and only then."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from orch_tui.project import newest_runs
from orch_tui.project.history import run_directories
from orch_tui.project.journal.file import JOURNAL
from orch_tui.project.newest_runs import NewestRuns
from orch_tui.project.paths import ProjectPaths

from tests.support.past_runs import BEGIN, Past, run_id, write_past


@pytest.fixture
def paths(tmp_path: Path) -> ProjectPaths:
    return ProjectPaths(tmp_path)


def _age(paths: ProjectPaths) -> None:
    """The directory was changed a minute ago, as far as anybody can see."""
    stat = os.stat(paths.runs("o"))
    os.utime(paths.runs("o"), ns=(stat.st_atime_ns, stat.st_mtime_ns - 60_000_000_000))


def test_listed_again_only_when_changed(paths: ProjectPaths, monkeypatch: pytest.MonkeyPatch) -> None:
    # GIVEN runs that have been there for a while
    runs = [write_past(paths, Past(at=BEGIN + number)) for number in range(5)]
    _age(paths)
    newest = NewestRuns(paths)
    assert newest.ids("o", 3) == runs[:1:-1]
    # WHEN it is asked again, THEN the directory is not listed
    listed: list[object] = []

    def listing(paths: ProjectPaths, orchestration: str) -> list[str]:
        listed.append(orchestration)
        return run_directories(paths, orchestration)

    monkeypatch.setattr(newest_runs, "run_directories", listing)
    assert newest.ids("o", 3) == runs[:1:-1] and not listed
    # WHEN another run begins, THEN it is
    runs.append(write_past(paths, Past(at=BEGIN + 9)))
    assert newest.ids("o", 3) == runs[:2:-1] and listed
    assert [run.id for run in newest.runs("o", 2)] == runs[:3:-1]
    one = newest.latest("o")
    assert one is not None and one.id == runs[-1]


def test_what_changed_just_now_may_change_unseen(paths: ProjectPaths) -> None:
    # GIVEN a directory whose last change was in this moment of the file system's clock
    write_past(paths, Past(at=BEGIN))
    stat = os.stat(paths.runs("o"))
    newest = NewestRuns(paths)
    newest.ids("o", 3)
    # WHEN another run begins in the same moment
    later = write_past(paths, Past(at=BEGIN + 1))
    os.utime(paths.runs("o"), ns=(stat.st_atime_ns, stat.st_mtime_ns))
    # THEN it is seen
    assert newest.ids("o", 3)[0] == later


def test_a_run_whose_journal_comes_later(paths: ProjectPaths) -> None:
    # GIVEN a directory of a run that has no journal yet
    earlier = write_past(paths, Past(at=BEGIN))
    directory = paths.run("o", run_id(BEGIN + 1))
    directory.mkdir()
    _age(paths)
    newest = NewestRuns(paths)
    assert newest.ids("o", 3) == [earlier]
    # WHEN it gets one, THEN it is one of them
    (directory / JOURNAL).write_text("")
    assert newest.ids("o", 3) == [directory.name, earlier]


def test_runs_behind_many_directories_without_a_journal(paths: ProjectPaths, monkeypatch: pytest.MonkeyPatch) -> None:
    # GIVEN more of them than are kept
    monkeypatch.setattr(newest_runs, "_KEPT", 2)
    runs = [write_past(paths, Past(at=BEGIN + number)) for number in range(3)]
    for number in range(5, 8):
        paths.run("o", run_id(BEGIN + number)).mkdir()
    _age(paths)
    # THEN runs are found behind them
    assert NewestRuns(paths).ids("o", 2) == runs[:0:-1]


def test_an_orchestration_that_never_ran(paths: ProjectPaths) -> None:
    assert NewestRuns(paths).ids("o", 3) == [] and NewestRuns(paths).latest("o") is None
