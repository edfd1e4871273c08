"""What is looked at again and again is seen at once where another machine changes it, on a network file system too."""

from __future__ import annotations

import errno
import fcntl
import os
import stat
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from orch_tui.alerts.files import outbox_directory
from orch_tui.alerts.sending import outbox_changed
from orch_tui.engine.backends.remote import handoff
from orch_tui.engine.backends.remote.finding import inspect_files
from orch_tui.engine.processes.launcher import Exit
from orch_tui.engine.requests.requests import CancelRequest, Mailbox, ask
from orch_tui.model.failure import FailureKind
from orch_tui.model.orchestration.starts import Schedule
from orch_tui.model.run.attempt_state import AttemptState
from orch_tui.project.concurrent import save_lock
from orch_tui.project.concurrent.locks import Lock, is_locked
from orch_tui.project.concurrent.pool_line import PoolLine
from orch_tui.project.concurrent.save_lock import saving
from orch_tui.project.files import given_files
from orch_tui.project.files.given_files import read_given
from orch_tui.project.files.own_files import is_listed, read_own
from orch_tui.project.newest_runs import NewestRuns
from orch_tui.project.paths import ProjectPaths
from orch_tui.runs.log.index import LogFile
from orch_tui.scheduling.store import FileLedger
from orch_tui.scheduling.values import Outcome, Record, Watched
from orch_tui.storage.directory import INTENTS
from orch_tui.storage.publishing.intents import roll_forward
from orch_tui.storage.storage import Storage

from tests.support.network_files import NetworkFiles
from tests.support.past_runs import BEGIN, Past, write_past

Look = tuple[Callable[[], Any], Callable[[], Any]]
"""What looks, and what another machine does then."""


def _add(directory: Path, name: str) -> None:
    directory.mkdir(parents=True, exist_ok=True)
    (directory / name).touch(0o600)


def _of_log(root: Path) -> Look:
    path = root / "log"
    path.write_bytes(b"one\n")
    log = LogFile(path)

    def look() -> int:
        log.poll()
        return log.blocks.size

    return look, lambda: path.open("ab").write(b"two\n")


def _of_schedule(root: Path) -> Look:
    ledger = FileLedger(ProjectPaths(root), Watched("o", "s", Schedule("@hourly"), ZoneInfo("UTC")))
    ledger.settle(Record(BEGIN, Outcome.STARTED))
    return ledger.changed, lambda: ledger.settle(Record(BEGIN + 60, Outcome.STARTED))


def _of_outbox(root: Path) -> Look:
    directory = outbox_directory(ProjectPaths(root))
    _add(directory, "a")
    return lambda: outbox_changed(ProjectPaths(root)), lambda: _add(directory, "b")


def _of_runs(root: Path) -> Look:
    paths = ProjectPaths(root)
    write_past(paths, Past(at=BEGIN))
    os.utime(paths.runs("o"), (BEGIN, BEGIN))
    newest = NewestRuns(paths)
    return lambda: newest.ids("o", 5), lambda: write_past(paths, Past(at=BEGIN + 60))


def _of_requests(root: Path) -> Look:
    (root / "control").mkdir()
    mailbox, found = Mailbox(root), list[object]()

    def look() -> int:
        mailbox.deliver(found.append)
        return len(found)

    return look, lambda: ask(root, CancelRequest("ann"))


def _of_pool(root: Path) -> Look:
    line = PoolLine(root / "line")
    line.wait("a", 1)
    (place,) = line.places()
    os.utime(place.path, (0, BEGIN))
    os.utime(place.path, (BEGIN, os.stat(place.path).st_ctime - 60))
    return lambda: [one.fresh for one in line.places()], lambda: line.wait("a", 1)


def _of_stop(root: Path) -> Look:
    return lambda: handoff.asked_to_stop(root), lambda: handoff.ask_to_stop(root, FailureKind.CANCEL, now=True)


def _of_end(root: Path) -> Look:
    known = AttemptState(1, 0.0, backend="c", job_name="orch-1")
    return lambda: inspect_files(root, known).verdict, lambda: handoff.write_end(root, handoff.End(Exit(0)))


LOOKS = {
    look.__name__: look
    for look in (_of_log, _of_schedule, _of_outbox, _of_runs, _of_requests, _of_pool, _of_stop, _of_end)
}


@pytest.mark.parametrize("name", LOOKS)
def test_what_another_machine_changed_is_seen(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # GIVEN what was looked at a moment ago
    look, change = LOOKS[name](tmp_path)
    files = NetworkFiles(monkeypatch)
    before = look()
    # WHEN another machine changes it THEN that is seen
    change()
    assert look() != before
    # AND such a client would not have told otherwise
    probe = tmp_path / "probe"
    assert not os.path.lexists(probe) and _is_absent(probe)
    probe.touch()
    assert _is_absent(probe) and is_listed(probe) and not _is_absent(probe) and files.stale


def _is_absent(path: Path) -> bool:
    try:
        read_own(path)
    except FileNotFoundError:
        return True
    return False


@pytest.mark.parametrize("read", [read_own, read_given])
def test_a_file_that_is_replaced_while_it_is_read_is_read_again(
    read: Callable[[Path], bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # GIVEN NFS, where who has a file open that was replaced elsewhere gets ESTALE
    path, real, left = tmp_path / "f", os.read, [2]
    path.write_bytes(b"new")

    def stale(descriptor: int, count: int) -> bytes:
        if left[0] > 0:
            left[0] -= 1
            raise OSError(errno.ESTALE, os.strerror(errno.ESTALE))
        return real(descriptor, count)

    monkeypatch.setattr(os, "read", stale)
    # THEN
    assert read(path) == b"new"
    # WHEN it stays so THEN it is an error
    left[0] = 100
    with pytest.raises(OSError, match="Stale"):
        read(path)
    assert left[0] == 100 - given_files._TRIES - 1


def test_an_intent_that_was_completed_elsewhere_is_not_completed_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # GIVEN an intent that is opened here and completed elsewhere meanwhile, while names are answered out of a cache
    folder = tmp_path / INTENTS
    folder.mkdir()
    intent = folder / "1.toml"
    intent.write_text("tables = []\n")
    flock = fcntl.flock

    def completed(descriptor: int, operation: int) -> None:
        flock(descriptor, operation)
        intent.unlink(missing_ok=True)

    monkeypatch.setattr(fcntl, "flock", completed)
    monkeypatch.setattr(Path, "exists", lambda _: True)
    # WHEN it is looked whether it has an owner THEN there is nothing to do
    said: list[str] = []
    storage = Storage(tmp_path, log=said.append)
    roll_forward(storage)
    assert said == []


def test_who_saves_is_alone_where_directories_are_locked_for_one_machine_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # GIVEN a file system of FUSE, whose directories the kernel locks by itself
    flock = fcntl.flock

    def local(descriptor: int, operation: int) -> None:
        if not stat.S_ISDIR(os.fstat(descriptor).st_mode):
            flock(descriptor, operation)

    monkeypatch.setattr(fcntl, "flock", local)
    monkeypatch.setattr(save_lock, "_WAIT", 0.05)
    refused: list[OSError] = []

    def other() -> None:
        try:
            with saving(tmp_path):
                return
        except OSError as error:
            refused.append(error)

    # WHEN / THEN
    with saving(tmp_path):
        thread = threading.Thread(target=other)
        thread.start()
        thread.join()
    assert len(refused) == 1


def test_who_only_looks_keeps_nobody_from_taking_a_lock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # GIVEN somebody who looks whether a lock is taken, which takes a while on a network
    path = tmp_path / "l"
    path.touch(0o600)
    looking = os.open(path, os.O_RDONLY)
    fcntl.flock(looking, fcntl.LOCK_SH)
    monkeypatch.setattr("orch_tui.project.concurrent.locks.time.sleep", lambda _: os.close(looking))
    # WHEN / THEN
    lock = Lock.acquire(path, "me")
    assert lock is not None and is_locked(path)
    lock.close()
