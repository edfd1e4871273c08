"""A run on a real file system that fills up: it says so, waits, and goes on when there is room."""

from __future__ import annotations

import os
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from orch_tui.engine.requests import CancelRequest
from orch_tui.model.events import Event
from orch_tui.model.status import Status
from orch_tui.project.journal.file import Journal, JournalFull, read_run

from tests.support.engine_kit import begin, make_commands, until


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
