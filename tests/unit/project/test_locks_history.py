"""Locks across processes, and the history of runs."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from orch_tui.model.events import events
from orch_tui.model.run.plan import Decision, PlannedPhase, PlannedTask, RunPlan
from orch_tui.model.run.runstate import RunHeader
from orch_tui.model.status import Status
from orch_tui.project import history
from orch_tui.project.concurrent.locks import Lock, holder_of
from orch_tui.project.history import find_run, latest, run_ids, runs, summarize
from orch_tui.project.journal.file import Journal
from orch_tui.project.paths import ProjectPaths, make_private
from orch_tui.project.pruning import prune_runs

from tests.support.reasons import in_words

T = 1_790_000_000.0


def _run(paths: ProjectPaths, run: str, *, end: Status | None = Status.SUCCESS, notes: int = 0) -> Journal:
    directory = paths.run("o", run)
    make_private(directory)
    task = PlannedTask("t", "c/t", "T", "p", Decision.RUN)
    plan = RunPlan("o", "O", (PlannedPhase("p", "P", (task,), 1),))
    journal = Journal.create(directory, RunHeader(run, "o", "O", T, "ann@host"), plan)
    journal.append(events.executor(T, pid=1, start=(1, 1), host="h", boot_id="b", by="ann"))
    for _ in range(notes):
        journal.append(events.note(T, "info", "x" * 100))
    if end is not None:
        journal.append(events.run_ended(T + 5, end, in_words("why"), 5.0, {end: 1}))
        journal.close()
    return journal


def test_a_lock_is_exclusive_and_says_who_has_it(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "c.lock"
    assert holder_of(path) is None
    lock = Lock.acquire(path, "run 1 of [o] 🎉")
    assert lock is not None and Lock.acquire(path, "run 2") is None
    assert holder_of(path) == "run 1 of [o] 🎉"
    lock.close()
    assert holder_of(path) is None
    again = Lock.acquire(path, "3")
    assert again is not None and holder_of(path) == "3"
    again.close()


def test_a_lock_lives_as_long_as_a_task_that_inherited_it(tmp_path: Path) -> None:
    # GIVEN a process that inherited the descriptor
    lock = Lock.acquire(tmp_path / "l", "me")
    assert lock is not None
    with subprocess.Popen(
        [sys.executable, "-c", "import sys; sys.stdin.read()"], stdin=subprocess.PIPE, pass_fds=(lock.fd,)
    ) as child:
        # WHEN this process gives up its own hold
        lock.close()
        # THEN the lock is still held, until the other one ends
        assert Lock.acquire(tmp_path / "l", "other") is None
        child.communicate(b"")
    free = Lock.acquire(tmp_path / "l", "other")
    assert free is not None
    free.close()


def test_a_run_is_summed_up_from_the_two_ends_of_its_journal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # GIVEN a short and a long journal
    paths = ProjectPaths(tmp_path)
    _run(paths, "r1")
    _run(paths, "r2", end=Status.ERROR, notes=20_000)
    read = 0
    pread = os.pread

    def counting(fd: int, size: int, offset: int) -> bytes:
        nonlocal read
        data = pread(fd, size, offset)
        read += len(data)
        return data

    monkeypatch.setattr(os, "pread", counting)
    # WHEN the long one is summed up
    summary = summarize(paths.run("o", "r2"))
    # THEN everything is known, and only the ends were read
    assert (summary.state, summary.seconds, summary.counts, summary.tasks) == ("error", 5.0, {Status.ERROR: 1}, 1)
    assert (summary.started, summary.by, summary.reason) == (T, "ann@host", "why")
    assert (paths.run("o", "r2") / "run.toml").stat().st_size > 2_000_000 and read <= 16_384


def test_running_interrupted_and_broken_runs_are_told_apart(tmp_path: Path) -> None:
    paths = ProjectPaths(tmp_path)
    live = _run(paths, "r1", end=None)
    assert summarize(paths.run("o", "r1")).state == "processing"
    live.close()
    assert summarize(paths.run("o", "r1")).state == "interrupted"
    (paths.run("o", "r1") / "run.toml").write_text("rubbish")
    broken = summarize(paths.run("o", "r1"))
    assert broken.state == "broken" and broken.broken


def test_runs_are_found_newest_first_and_by_the_beginning_of_their_id(tmp_path: Path) -> None:
    paths = ProjectPaths(tmp_path)
    assert run_ids(paths, "o") == [] and latest(paths, "o") is None and find_run(paths, "last") is None
    for name in ("20260101-a", "20260102-b", "20260103-c"):
        _run(paths, name)
    assert [summary.id for summary in runs(paths, "o", 2)] == ["20260103-c", "20260102-b"]
    assert find_run(paths, "last") == paths.run("o", "20260103-c")
    assert find_run(paths, "20260102") == paths.run("o", "20260102-b")
    assert find_run(paths, "2027") is None
    with pytest.raises(LookupError, match="fits 3 runs"):
        find_run(paths, "2026")


def test_old_runs_go_but_never_one_that_has_not_ended_or_the_newest(tmp_path: Path) -> None:
    paths = ProjectPaths(tmp_path)
    for number in range(5):
        _run(paths, f"r{number}")
    interrupted = _run(paths, "r00", end=None)
    interrupted.close()
    assert prune_runs(paths, "o", keep=2, keep_days=None, now=T) == ["r2", "r1", "r0"]
    assert run_ids(paths, "o") == ["r4", "r3", "r00"]
    assert prune_runs(paths, "o", keep=9, keep_days=1.0, now=T + 3 * 86400) == ["r3"]
    assert run_ids(paths, "o") == ["r4", "r00"]
    assert not [path.name for path in paths.runs("o").iterdir() if path.name.startswith(".")]


@pytest.mark.parametrize("kind", ["symlink", "hard link", "pipe"])
def test_a_lock_that_somebody_planted_is_refused_and_nothing_is_written_through_it(tmp_path: Path, kind: str) -> None:
    # GIVEN something else where the lock should be
    other, path = tmp_path / "precious", tmp_path / "c.lock"
    other.write_text("precious")
    if kind == "pipe":
        os.mkfifo(path)
    else:
        (path.symlink_to if kind == "symlink" else path.hardlink_to)(other)
    # WHEN / THEN
    with pytest.raises(OSError, match=r"c\.lock"):
        Lock.acquire(path, "me")
    assert other.read_text() == "precious"


def test_runs_that_cannot_be_read_are_not_told_as_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # GIVEN a project whose state belongs to another user, and one without any
    def closed(path: Path) -> None:
        raise PermissionError(13, "Permission denied", str(path))

    assert list(history.all_runs(ProjectPaths(tmp_path))) == []
    monkeypatch.setattr(Path, "iterdir", closed)
    with pytest.raises(PermissionError):
        list(history.all_runs(ProjectPaths(tmp_path)))
