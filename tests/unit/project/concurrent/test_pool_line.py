"""The line before a pool: in the order in which they came, kept only for those who still wait."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest
from orch_tui.project.concurrent.pool_line import FRESH, PoolLine
from orch_tui.project.paths import ProjectPaths


@pytest.fixture
def line(tmp_path: Path) -> PoolLine:
    return PoolLine(ProjectPaths(tmp_path).pool_line("shared"))


def names(line: PoolLine, who: str) -> list[str]:
    return [place.who for place in line.before(who)]


def age(line: PoolLine, who: str, seconds: float) -> None:
    path = next(place.path for place in line.places() if place.who == who)
    os.utime(path, (time.time() - seconds, time.time() - seconds))


def test_who_came_first_is_before_the_others_and_stays_so_when_it_asks_again(line: PoolLine) -> None:
    assert line.places() == [] and names(line, "a") == []
    line.wait("a", 2)
    line.wait("b", 1)
    line.wait("a", 2)
    assert names(line, "a") == [] and names(line, "b") == ["a"] and names(line, "c") == ["a", "b"]
    assert [place.weight for place in line.places()] == [2, 1]
    # WHEN the first has got what it needs
    line.leave("a")
    line.leave("nobody")
    assert names(line, "c") == ["b"]


@pytest.mark.parametrize("seconds", [FRESH + 2, -FRESH - 2], ids=["long-ago", "clock-set-back"])
def test_who_does_not_show_that_it_waits_keeps_nothing_until_it_does(line: PoolLine, seconds: float) -> None:
    line.wait("a", 2)
    age(line, "a", seconds)
    assert names(line, "b") == []
    # WHEN it asks again THEN it has its place
    line.wait("b", 1)
    line.wait("a", 2)
    assert names(line, "b") == ["a"]


def test_places_that_were_left_behind_go_and_what_is_no_place_is_passed_over(line: PoolLine, tmp_path: Path) -> None:
    line.wait("a", 1)
    directory = ProjectPaths(tmp_path).pool_line("shared")
    (directory / "notes").write_text("x")
    (directory / "00000000000000000001.1.abc").symlink_to("/etc/passwd")
    age(line, "a", 4000)
    assert line.places() == [] and sorted(path.name for path in directory.iterdir()) == [
        "00000000000000000001.1.abc",
        "notes",
    ]
