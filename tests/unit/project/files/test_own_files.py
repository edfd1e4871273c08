"""Opening the program's own files: no link, no pipe, no directory and nobody else's file is taken for one."""

from __future__ import annotations

import errno
import os
import signal
import stat
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from orch_tui.project.files import own_files
from orch_tui.project.files.own_files import (
    NotOwnFile,
    create_own,
    open_own,
    read_own,
    replace_json,
    replace_own,
    require_own,
)

Plant = Callable[[Path], None]
SAYS = {
    "link": "it is a symbolic link",
    "link to nowhere": "it is a symbolic link",
    "pipe": "it is a named pipe",
    "directory": "it is a directory",
    "device": "it is a symbolic link",
    "foreign": "it belongs to user 54321, not to",
}


@pytest.fixture(autouse=True)
def no_waiting() -> Iterator[None]:
    """What waits for a pipe is ended as a failure of the test."""
    signal.alarm(30)
    yield
    signal.alarm(0)


@pytest.fixture(params=list(SAYS))
def planted(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, str]:
    """A path with something else in its place, and what is said of it."""
    path, precious = tmp_path / "own", tmp_path / "precious"
    precious.write_text("precious")
    if request.param == "link":
        path.symlink_to(precious)
    elif request.param == "link to nowhere":
        path.symlink_to(tmp_path / "nowhere")
    elif request.param == "device":
        path.symlink_to("/dev/zero")
    elif request.param == "pipe":
        os.mkfifo(path)
    elif request.param == "directory":
        path.mkdir()
    else:
        path.write_text("precious")
        real = os.geteuid()
        monkeypatch.setattr(own_files, "current_user", lambda: real + 1)
        monkeypatch.setattr(own_files, "name_of", lambda uid: "user 54321" if uid == real else "us")
    return path, SAYS[request.param]


FLAGS = {
    "read": os.O_RDONLY,
    "write": os.O_WRONLY | os.O_CREAT,
    "write anew": os.O_WRONLY | os.O_CREAT | os.O_TRUNC,
    "append": os.O_WRONLY | os.O_CREAT | os.O_APPEND,
    "both": os.O_RDWR | os.O_CREAT,
}


@pytest.mark.parametrize("flags", FLAGS.values(), ids=FLAGS)
def test_what_is_no_file_of_ours_is_said_and_not_touched(planted: tuple[Path, str], flags: int) -> None:
    # GIVEN something else in the place of a file, whether it is to be read or written
    path, says = planted
    before, descriptors = os.lstat(path), len(os.listdir("/proc/self/fd"))
    # WHEN it is opened THEN it is said what it is, where, and what to do
    with pytest.raises(NotOwnFile) as caught:
        open_own(path, flags)
    assert says in caught.value.what and "take " in caught.value.remedy
    assert caught.value.filename == str(path) and str(caught.value.strerror).endswith(caught.value.remedy)
    # THEN nothing was changed, made or left open
    after = os.lstat(path)
    assert (after.st_ino, after.st_mode, after.st_size) == (before.st_ino, before.st_mode, before.st_size)
    assert (path.parent / "precious").read_text() == "precious" and not (path.parent / "nowhere").exists()
    assert len(os.listdir("/proc/self/fd")) == descriptors


def test_names_for_other_libraries_are_looked_at_in_the_same_way(planted: tuple[Path, str]) -> None:
    path, says = planted
    with pytest.raises(NotOwnFile, match=says):
        require_own(path)
    with pytest.raises(NotOwnFile, match=says):
        read_own(path)


@pytest.mark.parametrize("durable", [True, False])
def test_replacing_takes_the_place_of_what_is_there_and_never_writes_through_it(
    planted: tuple[Path, str], durable: bool
) -> None:
    path, says = planted
    if says == SAYS["directory"]:
        # WHEN / THEN a directory cannot be replaced, and nothing stays of the attempt
        with pytest.raises(OSError, match="directory"):
            replace_own(path, "new", durable=durable)
        assert sorted(entry.name for entry in path.parent.iterdir()) == ["own", "precious"]
        return
    replace_own(path, "new", durable=durable)
    assert stat.S_ISREG(os.lstat(path).st_mode) and path.read_text() == "new"
    assert (path.parent / "precious").read_text() == "precious" and not (path.parent / "nowhere").exists()


@pytest.mark.parametrize("plant", ["link", "pipe"])
def test_what_is_planted_in_the_place_of_the_temporary_file_is_not_written_through(tmp_path: Path, plant: str) -> None:
    # GIVEN the name under which progress is written before it is renamed
    other, temporary = tmp_path / "precious", tmp_path / ".progress.json.tmp"
    other.write_text("precious")
    temporary.symlink_to(other) if plant == "link" else os.mkfifo(temporary)
    replace_json(tmp_path / "progress.json", {"done": 1}, durable=False)
    assert other.read_text() == "precious" and (tmp_path / "progress.json").read_text() == '{"done": 1}'
    assert not os.path.lexists(temporary)


def test_a_file_is_made_for_its_owner_only_and_once(tmp_path: Path) -> None:
    path = tmp_path / "a"
    create_own(path, b"one")
    replace_own(tmp_path / "b", "zwei \N{SNOWMAN}")
    for file in (path, tmp_path / "b"):
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert read_own(tmp_path / "b").decode() == "zwei \N{SNOWMAN}" and read_own(path, limit=2) == b"on"
    with pytest.raises(FileExistsError):
        create_own(path, b"two")
    assert read_own(path) == b"one"


def test_what_is_handed_on_to_programs_waits_as_they_expect(tmp_path: Path) -> None:
    descriptor = open_own(tmp_path / "log", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    try:
        assert os.get_blocking(descriptor) and not os.get_inheritable(descriptor)
    finally:
        os.close(descriptor)


@pytest.mark.parametrize("size", [0, 1, 4096, (1 << 20) - 1, 1 << 20, (1 << 20) + 1, 3 << 20])
def test_all_of_a_file_is_read(tmp_path: Path, size: int) -> None:
    data = os.urandom(size)
    replace_own(tmp_path / "a", data)
    assert read_own(tmp_path / "a") == data and read_own(tmp_path / "a", limit=10) == data[:10]


def test_a_file_that_may_not_be_opened_is_no_foreign_one(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        open_own(tmp_path / "missing")
    (tmp_path / "file").write_text("")
    with pytest.raises(NotADirectoryError):
        open_own(tmp_path / "file" / "below")


def test_a_file_that_cannot_be_written_whole_is_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # GIVEN a disk that takes the name of a file, and nothing that is in it
    def refuse(descriptor: int, data: bytes) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patched:
        patched.setattr(os, "write", refuse)
        # WHEN it is made exclusively THEN it is not there, and can be made later
        with pytest.raises(OSError, match="No space"):
            create_own(tmp_path / "claim", b"mine")
    create_own(tmp_path / "claim", b"mine")
    assert (tmp_path / "claim").read_bytes() == b"mine"
