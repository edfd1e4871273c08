"""What stands below .orch is ours alone, or it is refused with the reason."""

from __future__ import annotations

import fcntl
import os
import stat
from pathlib import Path

import pytest
from orch_tui.project.concurrent.locks import holder_of, is_locked
from orch_tui.project.paths import ProjectPaths, make_private


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_it_is_made_for_the_owner_only(tmp_path: Path) -> None:
    ProjectPaths(tmp_path).make_state()
    make_private(tmp_path / ".orch" / "a" / "b")
    assert [mode_of(tmp_path / ".orch" / name) for name in (".", "a", "a/b")] == [0o700] * 3


@pytest.mark.parametrize("name", [".orch", ".orch/locks", ".orch/runs/load/tasks"])
def test_a_project_that_has_gone_is_not_made_anew(tmp_path: Path, name: str) -> None:
    # GIVEN a project directory that was moved away or unmounted
    gone = tmp_path / "gone"
    # WHEN something is to be kept below its state THEN it is said, and no project of the program's state alone appears
    with pytest.raises(FileNotFoundError):
        make_private(gone / name)
    assert not gone.exists()


@pytest.mark.parametrize("mode", [0o755, 0o750, 0o711, 0o704])
def test_a_directory_that_others_may_read_is_closed(tmp_path: Path, mode: int) -> None:
    path = tmp_path / ".orch"
    path.mkdir()
    path.chmod(mode)
    ProjectPaths(tmp_path).make_state()
    assert mode_of(path) == 0o700


@pytest.mark.parametrize("mode", [0o777, 0o770, 0o722, 0o1777])
@pytest.mark.parametrize("name", [".orch", ".orch/locks"])
def test_a_directory_that_others_may_write_into_is_refused(tmp_path: Path, mode: int, name: str) -> None:
    # GIVEN a directory into which others may have put files
    path = tmp_path / name
    path.mkdir(parents=True)
    path.chmod(mode)
    # WHEN it is to be used THEN a sentence says so, and nothing was changed
    with pytest.raises(PermissionError, match="others may write into it") as caught:
        make_private(path)
    assert caught.value.filename == str(path)
    assert mode_of(path) == mode


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
@pytest.mark.parametrize("planted", ["directory", "link", "target"])
def test_what_belongs_to_another_user_is_refused(tmp_path: Path, planted: str) -> None:
    path, elsewhere = tmp_path / ".orch", tmp_path / "elsewhere"
    elsewhere.mkdir(mode=0o700)
    if planted == "directory":
        path.mkdir(mode=0o700)
        os.chown(path, 65534, 65534)
    else:
        path.symlink_to(elsewhere)
        os.chown(path if planted == "link" else elsewhere, 65534, 65534, follow_symlinks=False)
    with pytest.raises(PermissionError, match="it belongs to"):
        ProjectPaths(tmp_path).make_state()
    assert not list(elsewhere.iterdir())


def test_ones_own_link_to_another_disk_is_followed(tmp_path: Path) -> None:
    elsewhere = tmp_path / "disk"
    elsewhere.mkdir(mode=0o700)
    (tmp_path / ".orch").symlink_to(elsewhere)
    ProjectPaths(tmp_path).make_state()
    assert (elsewhere / ".gitignore").exists()


def test_a_file_in_its_place_is_said(tmp_path: Path) -> None:
    (tmp_path / ".orch").write_text("")
    with pytest.raises(FileExistsError):
        ProjectPaths(tmp_path).make_state()


def test_a_link_in_the_place_of_a_lock_holds_nothing(tmp_path: Path) -> None:
    (tmp_path / "other").write_text("x")
    (tmp_path / "a.lock").symlink_to(tmp_path / "other")
    assert not is_locked(tmp_path / "a.lock") and holder_of(tmp_path / "a.lock") is None


def test_one_who_looks_at_a_lock_is_no_holder_for_another_who_looks(tmp_path: Path) -> None:
    # GIVEN a lock that nobody holds, and somebody who looks at it just now
    path = tmp_path / "a.lock"
    path.write_text("")
    with path.open() as looking:
        fcntl.flock(looking, fcntl.LOCK_SH | fcntl.LOCK_NB)
        # WHEN another one looks THEN it is free
        assert not is_locked(path) and holder_of(path) is None
