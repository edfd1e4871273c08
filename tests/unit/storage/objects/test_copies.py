"""Copies of objects on this machine: which are kept."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest
from orch_tui.storage.objects.copies import Copies
from orch_tui.storage.tables import number_of


def _names(home: Path) -> set[str]:
    return {path.name for path in home.iterdir()}


def test_of_older_versions_only_those_that_are_wanted_stay(tmp_path: Path) -> None:
    # GIVEN copies of versions 1 to 4, and a file that is none of them
    copies, files = Copies(tmp_path), [f"{number:06d}.parquet" for number in range(1, 5)]
    home = copies.home("raw/a")
    home.mkdir(parents=True)
    for name in (*files, "other.parquet"):
        (home / name).touch()
    assert [number_of(name) for name in files] == [1, 2, 3, 4]
    # WHEN the newest is 3 and the first is wanted THEN the second goes, and nothing that may be newer
    copies.retain("raw/a", {files[0]}, 3)
    assert _names(home) == {files[0], files[2], files[3], "other.parquet"}


@pytest.mark.parametrize(("age", "stays"), [(0.0, True), (3000.0, True), (4000.0, False)])
def test_what_came_in_half_an_hour_ago_belongs_to_nobody(tmp_path: Path, age: float, *, stays: bool) -> None:
    # GIVEN a part that somebody brings now, or left
    copies = Copies(tmp_path)
    part = copies.home("raw/a") / ".x.parquet.1234.part"
    part.parent.mkdir(parents=True)
    part.touch(0o600)
    os.utime(part, (time.time() - age,) * 2)

    def fetch(place: Path) -> None:
        place.write_bytes(b"data")

    # WHEN another copy is made there
    made = copies.at_hand("raw/a", "y.parquet", fetch)
    assert made.read_bytes() == b"data"
    assert part.exists() is stays
