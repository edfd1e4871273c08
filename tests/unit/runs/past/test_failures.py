"""Failures that say the same, and what became of them."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from orch_tui.model.status import Status
from orch_tui.project.paths import ProjectPaths
from orch_tui.project.run_index import RunIndex
from orch_tui.runs.past.cures import Cures
from orch_tui.runs.past.failures import Cure, FailureGroup, group_failures, pattern_of, seen_words

from tests.support.past_runs import BEGIN, Past, write_past

DAY = 86400.0


@pytest.fixture(autouse=True)
def utc(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.fixture
def paths(tmp_path: Path) -> ProjectPaths:
    return ProjectPaths(tmp_path)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("timeout after 3.5 s", "timeout after 17 s"),
        ("12 345 rows rejected", "7 890 rows rejected"),
        ("order 0f8fad5b-d9cb-469f-a165-70867728950e is gone", "order 7c9e6679-7425-40de-944b-e07fc1f90ae7 is gone"),
        ("at 2026-11-03 05:30:01.123 refused", "at 2026-11-04T17:02:59Z refused"),
        ("Mon, 3 Nov 2026: no file", "Tue, 14 December 2026: no file"),
        ("commit 9f3c1ab2d4 failed", "commit 00ab4cdde1 failed"),
        ("cannot open /tmp/tmpx1/a.csv", "cannot open /tmp/other"),
        ("no table raw/orders_20261103", "no table raw/orders_20261104"),
        ("request a8Fk3j2L9q refused", "request Zz91kL0pQ3 refused"),
        ("10.0.0.7:5432 refused", "10.0.0.12:5433 refused"),
        ("Cannot  connect", "cannot connect"),
        ("run 20261122T140213.123Z-7f failed", "run 20261123T000000.999Z-00 failed"),
    ],
)
def test_what_differs_each_time_does_not_count(one: str, other: str) -> None:
    # WHEN two say the same of other numbers, times and ids THEN they are one kind
    assert pattern_of(one) == pattern_of(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("no such table: orders", "no such table: customers"),
        ("exit code 1: KeyError", "exit code 1: ValueError"),
        ("decade", "facade"),
        ("deadbeef", "feedface"),
        ("", "x"),
    ],
)
def test_what_is_said_does(one: str, other: str) -> None:
    # WHEN they say something else THEN they are two kinds
    assert pattern_of(one) != pattern_of(other)


def grouped(paths: ProjectPaths) -> list[FailureGroup]:
    history = RunIndex(paths).all_runs()
    return Cures(paths, history).told(group_failures(history))


def test_failures_are_counted_with_what_cured_them(paths: ProjectPaths) -> None:
    # GIVEN a failure that a re-run cured, one that an edit did, two that failed again, the last in a run within another
    timeout = "exit code 1: timeout after {} s"
    steps = [
        Past(at=0, status=Status.ERROR, why=timeout.format(1)),
        Past(at=1),
        Past(at=2, status=Status.ERROR, why=timeout.format(2)),
        Past(at=3, digest="d2"),
        Past(at=4, digest="d2", status=Status.ERROR, why=timeout.format(3)),
        Past(at=5, digest="d2", status=Status.ERROR, why=timeout.format(4)),
        # Another task tells nothing of it.
        Past(at=6, task="other"),
        # A run within another is told by the outer one, people's stop is none.
        Past(at=7, status=Status.ERROR, why=timeout.format(5), parent="x/y/z"),
        Past(at=8, status=Status.CANCELLED, task="other"),
    ]
    for number, step in enumerate(steps):
        write_past(paths, replace(step, at=BEGIN + step.at * DAY), number)
    # AND another kind in another orchestration, and a run that nobody executes any more
    write_past(paths, Past("p", BEGIN, Status.ERROR, why="no such table"))
    write_past(paths, Past("q", BEGIN, None))
    # WHEN they are grouped
    first, *others = grouped(paths)
    # THEN those that say the same are one, the most frequent first
    assert (first.count, first.text, first.tasks, first.orchestrations) == (4, timeout.format(4), ("Load",), ("o",))
    assert first.cures == {Cure.RERUN: 1, Cure.EDITED: 1, Cure.AGAIN: 2}
    assert seen_words(first, BEGIN + 9 * DAY) == "seen 4 times since 1 Nov; a plain re-run cured 1, an edit cured 1"
    assert sorted(group.text for group in others) == [
        "its executor is gone, and nobody went on with it",
        "no such table",
    ]
    assert [seen_words(group, BEGIN) for group in others] == ["", ""]
    assert [group.cures for group in others] == [{Cure.NOT_YET: 1}] * 2


def test_what_became_of_failures_is_looked_up_once(paths: ProjectPaths, monkeypatch: pytest.MonkeyPatch) -> None:
    # GIVEN failures whose ends are known
    for number in range(6):
        write_past(paths, Past(at=BEGIN + number, status=Status.ERROR if number % 2 == 0 else Status.SUCCESS, why="x"))
    before = grouped(paths)
    # WHEN they are grouped again THEN no journal is read
    from orch_tui.runs.past import cures

    monkeypatch.setattr(cures, "read_run", lambda directory: pytest.fail(f"{directory} is read again"))
    assert grouped(paths) == before and before[0].cures == {Cure.RERUN: 3}


def test_damaged_journals_among_them_do_no_harm(paths: ProjectPaths) -> None:
    # GIVEN a failure, and a damaged journal between it and its cure
    write_past(paths, Past(at=BEGIN, status=Status.ERROR, why="x"))
    middle = write_past(paths, Past(at=BEGIN + 1))
    write_past(paths, Past(at=BEGIN + 2))
    journal = paths.run("o", middle) / "run.toml"
    journal.write_bytes(journal.read_bytes()[:-200].replace(b"[[event]]", b"[[evil]]"))
    # WHEN they are grouped THEN the next whole run counts
    assert [group.cures for group in grouped(paths)] == [{Cure.RERUN: 1}]
