"""Files that a trigger waits for: each starts one run, whatever its name and its times are, and once only."""

from __future__ import annotations

import errno
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.unit.triggers.test_turns import FILES, _names, desk


def test_files_are_found_in_a_project_whose_own_path_looks_like_a_pattern(tmp_path: Path) -> None:
    # GIVEN a project in a directory with brackets in its name
    root = tmp_path / "jobs [2026]"
    root.mkdir()
    it = desk(root, FILES)
    it.turn()
    # WHEN a file comes, THEN it starts a run, and its folder is what is watched
    (root / "incoming" / "a.csv").touch()
    it.late = 6.0
    it.turn()
    assert [Path(name).name for name in _names(it.settle())] == ["a.csv"]
    assert it.companion is not None and list(it.companion.directories()) == [root / "incoming"]


def test_a_folder_that_does_not_answer_makes_no_file_new(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # GIVEN a file that was there before
    it = desk(tmp_path, FILES)
    (tmp_path / "incoming" / "old.csv").touch()
    it.turn()
    # WHEN its folder cannot be listed for a moment
    real = os.scandir

    def scandir(path: Any) -> Iterator[Any]:
        if os.fspath(path) == str(tmp_path / "incoming"):
            raise OSError(errno.EIO, os.strerror(errno.EIO), str(path))
        return real(path)

    it.late = 6.0
    with monkeypatch.context() as patched:
        patched.setattr(os, "scandir", scandir)
        # THEN that is the scheduler's trouble
        with pytest.raises(OSError):
            it.turn()
    # AND it starts nothing once it answers again
    it.turn()
    assert it.going() is None and it.processes.started == []


def test_a_file_from_the_future_is_not_waited_for_until_then(tmp_path: Path) -> None:
    # GIVEN a file whose time is that of another zone, or was set to a day in years
    it = desk(tmp_path, FILES)
    it.turn()
    (tmp_path / "incoming" / "a.csv").touch()
    ahead = time.time() + 86400.0
    os.utime(tmp_path / "incoming" / "a.csv", (ahead, ahead))
    # WHEN it has lain there for a while, THEN it starts a run
    it.late = 6.0
    it.turn()
    assert it.going() is not None


def test_a_file_whose_name_is_no_utf_8_starts_one_run(tmp_path: Path) -> None:
    # GIVEN a file from a system that writes names in Latin-1
    it = desk(tmp_path, FILES)
    it.turn()
    os.close(os.open(os.fsencode(tmp_path / "incoming") + b"/caf\xe9.csv", os.O_CREAT | os.O_WRONLY))
    it.late = 6.0
    it.turn()
    # WHEN it has started a run
    assert len(_names(it.settle())) == 1
    # THEN it starts no other, whoever looks
    it.turn()
    it.turn(killed=True)
    assert it.going() is None and len(it.processes.started) == 1


def test_a_clock_that_is_set_back_holds_no_trigger_up(tmp_path: Path) -> None:
    # GIVEN a run that was started by a clock which was a week ahead
    it = desk(tmp_path, FILES)
    it.turn()
    (tmp_path / "incoming" / "a.csv").touch()
    it.late = 7 * 86400.0
    it.turn()
    first = it.settle()
    it.turn()
    # WHEN the clock is set right, and another file comes THEN that starts a run of its own, not in a week
    (tmp_path / "incoming" / "b.csv").touch()
    it.late = 6.0
    it.turn()
    assert len(it.processes.started) == 2 and it.settle().at > first.at
