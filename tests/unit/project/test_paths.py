"""Directories of the program's own, made by several processes at once."""

from __future__ import annotations

import multiprocessing
import stat
from pathlib import Path

import pytest
from orch_tui.project.paths import ProjectPaths, make_private


def _make(root: str, barrier: object, turns: int, failed: object) -> None:
    for turn in range(turns):
        barrier.wait(30)  # type: ignore[attr-defined]
        try:
            make_private(Path(root) / str(turn) / "storage" / "bucket" / "table")
        except OSError:
            with failed.get_lock():  # type: ignore[attr-defined]
                failed.value += 1  # type: ignore[attr-defined]


def test_several_processes_make_the_same_directories_at_the_same_moment(tmp_path: Path) -> None:
    # GIVEN processes that all come to the same missing directories at once, many times
    context = multiprocessing.get_context("fork")
    barrier, failed = context.Barrier(4), context.Value("i", 0)
    processes = [context.Process(target=_make, args=(str(tmp_path), barrier, 200, failed)) for _ in range(4)]
    # WHEN they make them
    for process in processes:
        process.start()
    for process in processes:
        process.join(60)
    # THEN each of them finds the directory there, whoever was first
    assert failed.value == 0
    made = tmp_path / "199" / "storage" / "bucket" / "table"
    assert made.is_dir() and made.stat().st_mode & 0o777 == 0o700


def test_what_a_configuration_saved_has_a_place_of_its_own_and_so_has_each_of_its_rows(tmp_path: Path) -> None:
    paths = ProjectPaths(tmp_path)
    whole, row = paths.saved_state("sql", "a"), paths.saved_state("sql", "a", "r1")
    assert whole == tmp_path / ".orch" / "state" / "sql" / "a.json"
    assert row == tmp_path / ".orch" / "state" / "sql" / "a" / "r1.json"


@pytest.mark.parametrize(("before", "after"), [(0o755, 0o700), (0o710, 0o700), (0o700, 0o700), (0o500, 0o500)])
def test_a_directory_that_others_can_look_into_is_closed_and_any_other_stays(
    tmp_path: Path, before: int, after: int
) -> None:
    place = tmp_path / ".orch"
    place.mkdir()
    place.chmod(before)
    make_private(place)
    assert stat.S_IMODE(place.stat().st_mode) == after
