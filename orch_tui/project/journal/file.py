"""The journal of a run: append-only, one ``write`` for each record, read by anybody at any time."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import time
from pathlib import Path

from orch_tui.model.errors import OrchError
from orch_tui.model.events.events import Event
from orch_tui.model.run.plan import RunPlan
from orch_tui.model.run.runstate import RunHeader, RunState, fold
from orch_tui.project.concurrent.locks import is_locked
from orch_tui.project.files.own_files import open_own
from orch_tui.project.journal.format import (
    BrokenJournal,
    Record,
    parse_records,
    to_event,
    write_event,
    write_header,
)
from orch_tui.project.journal.head import Head

__all__ = [
    "JOURNAL",
    "BrokenJournal",
    "Journal",
    "JournalFull",
    "JournalLocked",
    "JournalReader",
    "Record",
    "is_executed",
    "parse_records",
    "read_run",
    "write_event",
]

JOURNAL = "run.toml"
_AT_ONCE = 1 << 17
"""Bytes of a journal that are read at once. Its records take ten times as much until they are folded, and a process
keeps what it has had at its peak."""
_RESERVE = "reserve"
_RESERVE_BYTES = 16384


class JournalLocked(OrchError):
    """Another process executes this run."""


class JournalFull(OrchError):
    """The record could not be written (disk full, quota, a failing disk); the file is as it was before."""


class Journal:
    """The writing end. Whoever has it open executes the run: it holds the lock on the file until ``close``."""

    def __init__(self, path: Path, descriptor: int, size: int, torn: bytes = b"") -> None:
        self.path = path
        self.torn = torn
        self._fd = descriptor
        self._size = size
        self._half_written = False
        status = os.fstat(descriptor)
        self._file = (status.st_dev, status.st_ino)

    @classmethod
    def create(cls, directory: Path, header: RunHeader, plan: RunPlan) -> Journal:
        """Write the header and give the file its name only then, so that nobody sees half a plan.

        Raises:
            OSError: the directory cannot be written; nothing is left behind under the journal's name.
        """
        path, new = directory / JOURNAL, directory / f"{JOURNAL}.new"
        data = write_header(header, plan).encode("utf-8", "replace")
        fd = open_own(new, os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX)
            written = 0
            while written < len(data):
                written += os.write(fd, data[written:])
            os.fsync(fd)
            _make_reserve(directory)
            new.rename(path)
        except BaseException:
            os.close(fd)
            new.unlink(missing_ok=True)
            raise
        return cls(path, fd, len(data))

    @classmethod
    def recover(cls, path: Path, wait: float = 0.0) -> Journal:
        """Take over an unfinished journal: lock first, then cut what a dying writer left half written.

        ``torn`` of the result holds the bytes that were cut. ``wait`` is for how many seconds a predecessor may still
        be leaving; a child that it was starting when it was killed keeps the lock until it is another program.

        Raises:
            JournalLocked: its executor is alive.
            OSError: the file cannot be opened for writing.
        """
        fd = open_own(path, os.O_RDWR | os.O_APPEND)
        try:
            _lock(fd, path, wait)
            size = os.fstat(fd).st_size
            good = _last_boundary(fd, size)
            torn = os.pread(fd, size - good, good)
            if torn:
                os.ftruncate(fd, good)
                os.fsync(fd)
            return cls(path, fd, good, torn)
        except BaseException:
            # Or this process would count as its executor for as long as it lives.
            os.close(fd)
            raise

    def append(self, event: Event) -> None:
        """One record, one write.

        Raises:
            JournalFull: nothing was added; the file ends at the last record as before.
        """
        # Lone surrogates (a name that is no UTF-8) cannot be written in UTF-8.
        record = write_event(event).encode("utf-8", "replace")
        try:
            if self._half_written:
                self._cut()
            if os.write(self._fd, record) != len(record):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        except OSError as error:
            self._half_written = True
            # Readers pass over half a record; where it cannot be cut off now, it is before the next one.
            with contextlib.suppress(OSError):
                self._cut()
            raise JournalFull(f"{self.path}: {error.strerror}") from error
        self._size += len(record)

    def _cut(self) -> None:
        os.ftruncate(self._fd, self._size)
        self._half_written = False

    def append_in_reserve(self, event: Event) -> None:
        """Like :meth:`append`, with the space kept back for saying that the disk is full. Raises: JournalFull."""
        self._give_up_reserve()
        self.append(event)

    def sync(self) -> None:
        """Wait until all of it is on the disk. Raises: JournalFull when the disk could not take it."""
        try:
            os.fdatasync(self._fd)
        except OSError as error:
            raise JournalFull(f"{self.path}: {error.strerror}") from error

    def is_gone(self) -> bool:
        """Whether the file was deleted, moved or replaced, so that nobody sees what is written any more."""
        try:
            status = os.stat(self.path)
        except (FileNotFoundError, NotADirectoryError):
            return True
        except OSError:
            # A file system that does not answer now.
            return False
        return (status.st_dev, status.st_ino) != self._file

    def close(self) -> None:
        """Release the run; the reserve is needed no more."""
        if self._fd >= 0:
            self._give_up_reserve()
            os.close(self._fd)
            self._fd = -1

    def _give_up_reserve(self) -> None:
        # Gone with its directory, or on a disk that has become read-only: then it is of no use anyway.
        with contextlib.suppress(OSError):
            (self.path.parent / _RESERVE).unlink(missing_ok=True)


def _lock(fd: int, path: Path, wait: float) -> None:
    """Raises: JournalLocked when another process holds it for longer than ``wait`` seconds."""
    deadline = time.monotonic() + wait
    while True:
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError:
            if time.monotonic() >= deadline:
                raise JournalLocked(f"{path}: another process executes this run") from None
        time.sleep(0.02)


def _make_reserve(directory: Path) -> None:
    fd = open_own(directory / _RESERVE, os.O_WRONLY | os.O_CREAT)
    try:
        os.posix_fallocate(fd, 0, _RESERVE_BYTES)
    finally:
        os.close(fd)


def _last_boundary(fd: int, size: int) -> int:
    """The position after the last complete record, found from the end."""
    position, tail = size, b""
    while position and b"\n\n" not in tail:
        step = min(65536, position)
        position -= step
        tail = os.pread(fd, step, position) + tail
    return position + tail.rfind(b"\n\n") + 2 if b"\n\n" in tail else 0


class JournalReader:
    """The reading end, for any number of observers: no lock, and each poll reads only what is new."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._position = 0
        self._inode: int | None = None
        self._head = Head()
        self._broken: BrokenJournal | None = None

    def poll(self, limit: int = _AT_ONCE) -> tuple[list[Event], bool]:
        """New events, and whether the file was replaced or cut so that the state must be built anew.

        At most about ``limit`` bytes are read at once; call again until nothing comes. Every event returned can be
        folded into the state that :meth:`initial` gives.

        Raises:
            FileNotFoundError: there is no such run (any more).
            OSError: it cannot be read.
            BrokenJournal: the file is no journal, or a damaged one.
        """
        fd = open_own(self.path)
        try:
            status = os.fstat(fd)
            restarted = self._inode is not None and (status.st_ino != self._inode or status.st_size < self._position)
            if restarted:
                self._position, self._head, self._broken = 0, Head(), None
            self._inode = status.st_ino
            if self._broken is not None:
                # Going on behind the damage would lose events in silence.
                raise self._broken
            events: list[Event] = []
            while True:
                start = self._position
                data = self._read(fd, status.st_size, limit)
                events += self._decode(fd, start, data)
                if not data or self._head.complete:
                    return events, restarted
        finally:
            os.close(fd)

    def _decode(self, fd: int, start: int, data: bytes) -> list[Event]:
        """The events in the bytes that begin at ``start``; other records go into the head."""
        number, records, events = -1, list[Record](), list[Event]()
        try:
            records = parse_records(data.decode("utf-8", "replace"))
            for record in records:
                number += 1
                if record.table == "event":
                    events.append(to_event(record.values, self._head.carriers, self._head.phases))
                    self._head.carriers.take(events[-1])
                else:
                    self._head.add(record)
        except BrokenJournal as error:
            self._broken = BrokenJournal(error.why, self.path, _line_of(fd, start, data, number, len(records)))
            raise self._broken from error
        return events

    def _read(self, fd: int, size: int, limit: int) -> bytes:
        """From the position to the last complete record within the limit (a longer record widens it)."""
        while size > self._position:
            data = os.pread(fd, limit, self._position)
            end = data.rfind(b"\n\n") + 2
            if end > 1:
                self._position += end
                return data[:end]
            if len(data) < limit:
                break
            limit *= 4
        return b""

    def initial(self) -> RunState:
        """The state before the first event, from the records read so far. Raises: BrokenJournal."""
        try:
            return self._head.state()
        except BrokenJournal as error:
            raise BrokenJournal(error.why, self.path) from error


def _line_of(fd: int, start: int, data: bytes, number: int, records: int) -> int | None:
    """The line (from 1) of the record ``number`` of the ``records`` in ``data``, which begins at ``start``.

    -1 stands for the first one that cannot be read. None when a person has written them in another way.
    """
    chunks = data.split(b"\n\n")[:-1]
    if number < 0:
        number = next((at for at, chunk in enumerate(chunks) if not _is_readable(chunk)), 0)
    elif len(chunks) != records:
        return None
    before = sum(chunk.count(b"\n") + 2 for chunk in chunks[:number])
    return 1 + before + sum(os.pread(fd, min(1 << 20, start - at), at).count(b"\n") for at in range(0, start, 1 << 20))


def _is_readable(record: bytes) -> bool:
    try:
        parse_records(record.decode("utf-8", "replace"))
    except BrokenJournal:
        return False
    return True


def read_run(directory: Path) -> RunState:
    """The state of a run as its journal has it now.

    Raises:
        FileNotFoundError: there is no such run.
        BrokenJournal: the journal cannot be read.
    """
    reader = JournalReader(directory / JOURNAL)
    events, _ = reader.poll()
    state = fold(reader.initial(), events)
    while events:
        events, _ = reader.poll()
        fold(state, events)
    return state


def is_executed(directory: Path) -> bool:
    """True while some process holds the run: without that, an unfinished run was interrupted."""
    return is_locked(directory / JOURNAL)
