"""What the system refuses is told apart: what passes by itself, and what does not."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from types import SimpleNamespace

import pytest
from orch_tui.engine.attempts.obstacles import disk_refusal, obstacle, passing_obstacle


def refused(number: int, place: str | None = None) -> OSError:
    return OSError(number, os.strerror(number), place)


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_a_full_disk_passes(number: int) -> None:
    reason = passing_obstacle(refused(number))
    assert reason is not None and os.strerror(number) in reason.sentence


@pytest.mark.parametrize(
    ("number", "what"),
    [
        (errno.EMFILE, "too many files are open"),
        (errno.ENFILE, "too many files are open on this machine"),
        (errno.ENOMEM, "no memory is left"),
        (errno.EAGAIN, "too many processes"),
    ],
)
def test_what_others_hold_passes_and_is_named(number: int, what: str) -> None:
    reason = passing_obstacle(refused(number))
    assert reason is not None and what in reason.sentence


@pytest.mark.parametrize("error", [refused(errno.EACCES), refused(errno.ENOENT), OSError("no number")])
def test_for_anything_else_nobody_waits(error: OSError) -> None:
    assert passing_obstacle(error) is None


@pytest.mark.parametrize(
    ("files", "left", "bytes_left", "said"),
    [
        (1000, 15, 5, True),
        (1000, 0, 5, True),
        (1000, 16, 5, False),
        # Full of both: then it is the bytes.
        (1000, 0, 0, False),
        # A file system that counts no files.
        (0, 0, 5, False),
    ],
)
def test_a_disk_may_be_full_of_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, files: int, left: int, bytes_left: int, said: bool
) -> None:
    asked = []

    def room(place: str) -> SimpleNamespace:
        asked.append(place)
        return SimpleNamespace(f_files=files, f_favail=left, f_bavail=bytes_left)

    monkeypatch.setattr(os, "statvfs", room)
    # GIVEN a file that could not be made, below a directory that is not there either
    reason = passing_obstacle(refused(errno.ENOSPC, str(tmp_path / "gone" / "file")))
    # THEN the file system of the nearest directory is asked
    assert reason is not None and ("inode" in reason.sentence) is said
    assert asked == [str(tmp_path)]


def test_inodes_are_no_matter_of_a_quota_or_of_a_place_without_a_name(monkeypatch: pytest.MonkeyPatch) -> None:
    def none(place: str) -> SimpleNamespace:
        return SimpleNamespace(f_files=10, f_favail=0, f_bavail=5)

    monkeypatch.setattr(os, "statvfs", none)
    for error in (refused(errno.EDQUOT, "/x"), refused(errno.ENOSPC)):
        reason = passing_obstacle(error)
        assert reason is not None and "inode" not in reason.sentence


def test_a_relative_place_is_looked_for_until_nothing_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def unknown(place: str) -> SimpleNamespace:
        asked.append(place)
        raise OSError(errno.ENOENT, "gone")

    monkeypatch.setattr(os, "statvfs", unknown)
    reason = passing_obstacle(refused(errno.ENOSPC, "no-such/file"))
    assert reason is not None and "inode" not in reason.sentence
    assert asked == ["/"]


def test_a_directory_with_room_is_left_as_it_was(tmp_path: Path) -> None:
    assert disk_refusal(tmp_path) is None
    assert list(tmp_path.iterdir()) == []


def test_only_what_may_pass_is_a_refusal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # GIVEN a directory that is not there: no waiting would help
    assert disk_refusal(tmp_path / "gone") is None

    # GIVEN one without room
    def full(*arguments: object) -> int:
        raise refused(errno.ENOSPC)

    monkeypatch.setattr(os, "open", full)
    assert os.strerror(errno.ENOSPC) in (disk_refusal(tmp_path) or "")


def test_an_obstacle_is_told_with_its_place_where_there_is_one() -> None:
    assert obstacle(refused(errno.EACCES, "/x/y")) == "Permission denied: /x/y"
    assert obstacle(refused(errno.EACCES)) == "Permission denied"
    assert obstacle(OSError("words only")) == "words only"
