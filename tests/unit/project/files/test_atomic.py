"""People's files are replaced whole, and keep what they are."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from orch_tui.project.files.atomic import write_atomic


def mode_of(path: Path) -> int:
    return path.stat().st_mode & 0o7777


def test_a_new_file_can_be_read_by_all_unless_told_otherwise(tmp_path: Path) -> None:
    write_atomic(tmp_path / "a", "text")
    write_atomic(tmp_path / "b", b"bytes", 0o600)
    assert (tmp_path / "a").read_text() == "text" and mode_of(tmp_path / "a") == 0o644
    assert (tmp_path / "b").read_bytes() == b"bytes" and mode_of(tmp_path / "b") == 0o600


@pytest.mark.parametrize("mode", [0o600, 0o640, 0o755, 0o2775])
def test_a_file_keeps_its_permissions(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "a"
    path.write_text("old")
    path.chmod(mode)
    write_atomic(path, "new")
    assert path.read_text() == "new" and mode_of(path) == mode
    write_atomic(path, "newer", 0o604)
    assert mode_of(path) == 0o604


def test_a_link_stays_one(tmp_path: Path) -> None:
    target, link = tmp_path / "target", tmp_path / "link"
    target.write_text("old")
    link.symlink_to("target")
    write_atomic(link, "new")
    assert link.is_symlink() and target.read_text() == "new"


def test_nothing_is_changed_or_left_when_it_cannot_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a"
    path.write_text("old")

    def refused(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", refused)
    with pytest.raises(OSError, match="No space"):
        write_atomic(path, "new")
    assert path.read_text() == "old" and list(tmp_path.iterdir()) == [path]


def test_the_new_file_is_on_the_disk_before_it_takes_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # GIVEN what is told to the disk, and when
    path, told = tmp_path / "a", []
    path.write_text("old")
    real = os.fsync

    def fsync(descriptor: int) -> None:
        told.append((os.readlink(f"/proc/self/fd/{descriptor}"), path.read_text()))
        real(descriptor)

    monkeypatch.setattr(os, "fsync", fsync)
    # WHEN it is written
    write_atomic(path, "new")
    # THEN first the new text, while the old one is there, then the directory
    (temporary, before), (directory, after) = told
    assert os.path.dirname(temporary) == str(tmp_path) and before == "old"
    assert (directory, after) == (str(tmp_path), "new")
