"""Locks that hold across processes and vanish with their holders.

``flock`` on a file of its own: the kernel drops it when the last process that has the file open is gone, so it
cannot go stale. A task inherits the descriptor of its configuration's lock, so the lock lives as long as the task
does even when the program that started it was killed.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import time
from collections.abc import Iterator
from pathlib import Path

from orch_tui.project.attempt_dir import is_any_carried
from orch_tui.project.files.own_files import NotOwnFile, open_own, stat_own
from orch_tui.project.paths import ProjectPaths, make_private

_HOLDER_BYTES = 1000
"""What is written anew each time, whatever stood there; a record begins in it, and may go on beyond."""
_MOST_SAID = 900
_MOST_BYTES = _HOLDER_BYTES + 4096
"""With a record of the longest path (PATH_MAX, limits.h of Linux)."""
_PAUSE = 0.01
_TRIES, _MOMENT = 3, 0.002
_RECORD = b"\n@"
"""Stands before the directory of an attempt in a lock's file."""


class Lock:
    """A lock that is held: alone, or ``shared`` with others who take it so."""

    def __init__(self, path: str, descriptor: int) -> None:
        self.path = path
        self.fd = descriptor

    @classmethod
    def acquire(cls, path: Path | str, holder: str, *, shared: bool = False) -> Lock | None:
        """Take it or return None at once. ``holder`` is a sentence for those who find it taken.

        With ``shared`` others may have it at the same time who take it so too; :func:`is_locked` does not see those.

        Raises:
            OSError: the directory or file cannot be made, or what is there is no file of our own: a link that somebody
                put there leads to another file, which must not be written.
        """
        flags = os.O_RDWR | os.O_CREAT
        try:
            fd = open_own(path, flags)
        except FileNotFoundError:
            make_private(Path(path).parent)
            fd = open_own(path, flags)
        try:
            with _closed_on_error(fd):
                # A file that was taken away meanwhile has no name; that is seen elsewhere.
                if os.fstat(fd).st_nlink > 1:
                    what = "it has another name too, so that others would be written into"
                    raise NotOwnFile(path, what, "take it away")
                _take(fd, shared=shared)
                if not shared and _carried_elsewhere(fd) is not None:
                    raise BlockingIOError(errno.EWOULDBLOCK, os.strerror(errno.EWOULDBLOCK))
        except BlockingIOError:
            return None
        lock = cls(os.fspath(path), fd)
        lock.describe(holder)
        return lock

    def describe(self, holder: str, attempt: Path | None = None) -> None:
        """Say who holds it. A full disk only costs the sentence, not the lock.

        With ``attempt``, the directory of one that another machine carries, it is held until that is over, also when
        the processes that have it here are gone: no descriptor reaches the node.
        """
        with contextlib.suppress(OSError):
            self._write(holder, attempt)

    def _write(self, holder: str, attempt: Path | None) -> None:
        """Raises: OSError."""
        record = b"" if attempt is None else _RECORD + os.fsencode(attempt) + b"\n"
        text = (_cut(holder) + record).ljust(_HOLDER_BYTES)
        if os.pwrite(self.fd, text, 0) < len(text):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), self.path)

    def free(self) -> None:
        """Give it up for every process that has inherited it too, and close it."""
        if self.fd >= 0:
            # Where it cannot be said (a network file system that does not answer), it is given up with the file.
            with contextlib.suppress(OSError):
                fcntl.flock(self.fd, fcntl.LOCK_UN)
            self.close()

    def share(self, holder: str, attempt: Path | None = None) -> bool:
        """From now on have it together with others who :meth:`join`; False when somebody else was given it meanwhile,
        and it is lost (the kernel gives it up before it is taken anew, flock(2)). ``attempt`` is that of
        :meth:`describe`.

        Raises: OSError when it cannot be written who holds it, by which others join.
        """
        self._write(holder, attempt)
        try:
            fcntl.flock(self.fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            self.close()
            return False
        return True

    @classmethod
    def join(cls, path: Path | str, holder: str) -> Lock | None:
        """Have it together with those who share it, where they call themselves ``holder`` too; else None.

        Whoever has it alone writes a name of its own before it shares it, so that the name is that of all who do.
        Raises: OSError.
        """
        fd = open_own(path, os.O_RDWR)
        try:
            with _closed_on_error(fd):
                fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
                if _said(fd) != _cut(holder).rstrip():
                    raise BlockingIOError(errno.EWOULDBLOCK, os.strerror(errno.EWOULDBLOCK))
        except BlockingIOError:
            return None
        return cls(os.fspath(path), fd)

    def is_current(self) -> bool:
        """False when the file was taken away since it was opened: then others lock another one."""
        try:
            there, held = stat_own(self.path), os.fstat(self.fd)
        except (FileNotFoundError, NotOwnFile):
            return False
        return (there.st_dev, there.st_ino) == (held.st_dev, held.st_ino)

    def close(self) -> None:
        """Give this process's hold of it up; those that inherited it hold it on."""
        if self.fd >= 0:
            os.close(self.fd)
            self.fd = -1


@contextlib.contextmanager
def _closed_on_error(descriptor: int) -> Iterator[None]:
    try:
        yield
    except BaseException:
        os.close(descriptor)
        raise


def _take(descriptor: int, *, shared: bool) -> None:
    """Raises: BlockingIOError when somebody has it, OSError."""
    for _ in range(_TRIES):
        with contextlib.suppress(BlockingIOError):
            fcntl.flock(descriptor, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
            return
        # Who only looks whether it is taken has it for a moment, shared; on a network that is some milliseconds.
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        fcntl.flock(descriptor, fcntl.LOCK_UN)
        time.sleep(_MOMENT)
    raise BlockingIOError(errno.EWOULDBLOCK, os.strerror(errno.EWOULDBLOCK))


@contextlib.contextmanager
def project_lock(paths: ProjectPaths, name: str, patience: float) -> Iterator[None]:
    """Have the lock ``name`` of a project meanwhile; ``patience`` is how many seconds to wait for another program.

    Raises: OSError when that keeps it for longer.
    """
    paths.make_state()
    make_private(paths.locks)
    path, deadline = paths.locks / f"{name}.lock", time.monotonic() + patience
    while (lock := Lock.acquire(path, f"process {os.getpid()}")) is None:
        if time.monotonic() > deadline:
            raise OSError(errno.ETIMEDOUT, "another program does not give it free", str(path))
        time.sleep(_PAUSE)
    try:
        yield
    finally:
        lock.free()


def is_locked(path: Path | str) -> bool:
    """True while some process has the lock on the file; False when there is no such file."""
    return _look(path) is not None


def holder_of(path: Path | str) -> str | None:
    """The sentence of whoever holds the lock now; None when it is free."""
    text = _look(path, _HOLDER_BYTES)
    return None if text is None else text.decode("utf-8", "replace").strip() or "another process"


def named_in(path: Path | str) -> str:
    """The sentence in the file of a lock that could not be had: of whoever has it alone, or shares it; empty where
    there is none."""
    try:
        fd = open_own(path)
    except (FileNotFoundError, NotOwnFile):
        return ""
    try:
        return _said(fd).decode("utf-8", "replace")
    finally:
        os.close(fd)


def _cut(holder: str) -> bytes:
    return holder.encode("utf-8", "replace")[:_MOST_SAID]


def _said(descriptor: int) -> bytes:
    return os.pread(descriptor, _HOLDER_BYTES, 0).partition(_RECORD)[0].rstrip()


def _look(path: Path | str, count: int = 0) -> bytes | None:
    """The first bytes of the file if it is locked."""
    try:
        fd = open_own(path)
    except (FileNotFoundError, NotOwnFile):
        # What is no file of ours holds nothing; whoever wants to take the lock is told.
        return None
    try:
        fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return os.pread(fd, count, 0).partition(_RECORD)[0]
    else:
        return _carried_elsewhere(fd)
    finally:
        os.close(fd)


def carried_by(path: Path | str) -> Path | None:
    """The directory of the attempt elsewhere that holds the lock; None when it is no such one that does."""
    try:
        fd = open_own(path)
    except (FileNotFoundError, NotOwnFile):
        return None
    try:
        return _carried(fd)[1]
    finally:
        os.close(fd)


def _carried_elsewhere(descriptor: int) -> bytes | None:
    """Who holds the lock by an attempt that another machine carries; None when nobody does so."""
    said, attempt = _carried(descriptor)
    return said if attempt is not None else None


def _carried(descriptor: int) -> tuple[bytes, Path | None]:
    said, record, rest = os.pread(descriptor, _MOST_BYTES, 0).partition(_RECORD)
    attempt = Path(os.fsdecode(rest.partition(b"\n")[0])) if record else None
    return said, attempt if attempt is not None and is_any_carried(attempt) else None
