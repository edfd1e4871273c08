"""A run on a real file system that fills up: it says so, waits, and goes on when there is room."""

from __future__ import annotations

import os
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from orch_tui.engine.requests.requests import CancelRequest
from orch_tui.model.events.events import Event
from orch_tui.model.status import Status
from orch_tui.project.journal.file import Journal, JournalFull, read_run

from tests.support.engine_kit import begin, make_commands, until, write_command


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 512 KiB; needs the right to mount one."""
    target = tmp_path / "disk"
    target.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=512k", "tmpfs", str(target)], capture_output=True)
    if mounted.returncode != 0:
        pytest.skip("mounting a small file system needs privileges that are not given here")
    yield target
    subprocess.run(["umount", "-l", str(target)], check=True)


def _fill(disk: Path) -> Path:
    """Take every byte that is left."""
    filler = disk / "filler"
    fd = os.open(filler, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    size = 65536
    while size:
        try:
            os.write(fd, b"x" * size)
        except OSError:
            size //= 2
    os.close(fd)
    return filler


def _complaint(directory: Path) -> str:
    """What the run says of the disk: where its journal still fits, its tasks wait; else it has its reserve for that."""
    state = read_run(directory)
    waits = [task.reason for task in state.tasks.values() if task.reason.startswith("disk full")]
    return "; ".join([*(text for _, level, text in state.notes if level == "error"), *waits])


def test_a_full_disk_stops_new_tasks_loses_nothing_and_ends_well(small_disk: Path) -> None:
    # GIVEN a run whose first task waits until the disk is full
    first = "touch begun; while [ ! -e go ]; do sleep 0.02; done"
    project = make_commands(small_disk, {"P1": {"first": first}, "P2": {f"t{n}": f"touch t{n}" for n in range(4)}})
    (small_disk / "go.later").touch()
    active = begin(project)
    until(lambda: (small_disk / "begun").exists())
    filler = _fill(small_disk)
    # WHEN the first task ends, and there is no room for its record
    (small_disk / "go.later").rename(small_disk / "go")
    until(lambda: _complaint(active.directory))
    # THEN the journal is whole and says why nothing is started
    tomllib.loads((active.directory / "run.toml").read_text())
    assert "No space left on device" in _complaint(active.directory)
    assert active.wait(0.3) is None and not (small_disk / "t0").exists()
    # WHEN there is room again THEN the run goes on to its end with nothing forgotten
    filler.unlink()
    assert active.wait(30) is Status.SUCCESS
    state = read_run(active.directory)
    assert all(task.succeeded and len(task.attempts) == 1 for task in state.tasks.values())


def test_a_disk_that_fills_before_a_start_makes_tasks_wait(small_disk: Path) -> None:
    # GIVEN a disk with room for the journal's header but not for an attempt
    project = make_commands(
        small_disk,
        {"P": {"fill": "while [ ! -e go ]; do sleep 0.02; done", "later": "touch later"}},
        "max_parallel = 1",
    )
    (small_disk / "go.later").touch()
    active = begin(project)
    until(lambda: read_run(active.directory).tasks["fill"].attempts)
    filler = _fill(small_disk)
    (small_disk / "go.later").rename(small_disk / "go")
    until(lambda: _complaint(active.directory))
    assert active.wait(0.2) is None
    filler.unlink()
    assert active.wait(30) is Status.SUCCESS
    assert (small_disk / "later").exists()


def test_who_does_not_wait_for_the_last_record_can_leave(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # GIVEN a run of which everything but its last record could be written
    append = Journal.append

    def limited(self: Journal, event: Event) -> None:
        if event.type == "run_ended":
            raise JournalFull("run.toml: No space left on device")
        append(self, event)

    monkeypatch.setattr(Journal, "append", limited)
    active = begin(make_commands(tmp_path, {"P": {"t": "true"}}))
    until(lambda: active.blocked)
    assert active.wait(0.1) is None
    # WHEN it is asked to stop at once THEN it ends, and the next one that looks finds it unfinished, as it is
    active.cancel(CancelRequest("me", now=True))
    assert active.wait(30) is Status.SUCCESS
    assert not read_run(active.directory).finished


@pytest.fixture
def few_files(tmp_path: Path) -> Iterator[Path]:
    """A file system with room for bytes and for 150 files; needs the right to mount one."""
    target = tmp_path / "files"
    target.mkdir()
    options = "size=16m,nr_inodes=150"
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(target)], capture_output=True)
    if mounted.returncode != 0:
        pytest.skip("mounting a small file system needs privileges that are not given here")
    yield target
    subprocess.run(["umount", "-l", str(target)], check=True)


def _take_files(disk: Path, leave: int) -> Path:
    """Make files until only so many more are possible; the directory that holds them."""
    full = disk / "full"
    full.mkdir()
    while os.statvfs(disk).f_ffree > leave:
        (full / str(os.statvfs(disk).f_ffree)).touch()
    return full


@pytest.mark.parametrize("leave", range(9))
def test_a_disk_without_room_for_another_file_ends_no_task_and_loses_none(few_files: Path, leave: int) -> None:
    # GIVEN a run with a task under way, one that waits for its turn, and one that comes later
    waits = "touch begun; while [ ! -e go ]; do sleep 0.02; done; echo ended >> ended"
    once = "echo {0} >> ran"
    tasks = {"held": waits, "b": once.format("b"), "c": once.format("c")}
    project = make_commands(few_files, {"P1": tasks, "P2": {"d": once.format("d")}}, "max_parallel = 2")
    for name in ("go.later", "ended", "ran"):
        (few_files / name).touch()
    (few_files / "hold-b").touch()
    _hold(few_files, "b")
    project.reload()
    active = begin(project)
    until(lambda: (few_files / "begun").exists() and (few_files / "b-begun").exists())
    # WHEN no more files can be made, or only some, and the others are to start
    full = _take_files(few_files, leave)
    (few_files / "hold-b").unlink()
    until(lambda: read_run(active.directory).tasks["b"].status.final)
    active.wait(1.2)
    state = read_run(active.directory)
    # THEN the task under way runs on, and what waits says for what
    assert active.alive and state.tasks["held"].status is Status.PROCESSING
    if not state.tasks["c"].succeeded:
        assert "disk full" in state.tasks["c"].reason, state.tasks["c"].reason
        assert "no inode is left" in state.tasks["c"].reason
    # AND when there is room again all goes on, and nothing ran twice
    for path in full.iterdir():
        path.unlink()
    (few_files / "go.later").rename(few_files / "go")
    assert active.wait(60) is Status.SUCCESS
    assert (few_files / "ended").read_text() == "ended\n"
    assert sorted((few_files / "ran").read_text().split()) == ["b", "c", "d"]


def _hold(root: Path, task: str) -> None:
    """Let a task run until its file ``hold-…`` is gone."""
    command = f"touch {task}-begun; while [ -e hold-{task} ]; do sleep 0.02; done; echo {task} >> ran"
    write_command(root, task, command)
