"""One program at a time changes the definitions of a project, from looking at what is there to writing.

The lock is on the project's directory itself, so that it holds for every user who may read the directory; and on a
file, since a network file system refuses that of a directory (NFS), or takes it for this machine alone (FUSE, whose
directories have no such operation). It keeps programs of this kind apart; an editor does not ask for it.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from orch_tui.project.files.own_files import open_own
from orch_tui.project.paths import ProjectPaths, make_private

_WAIT = 10.0
"""Seconds to wait for another program: saving takes a fraction of one."""
_PAUSE = 0.005
# What network file systems say of a lock on a directory.
_NOT_LOCKABLE = (errno.EBADF, errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOSYS, errno.EINVAL)


class _Held(threading.local):
    """The directories that this thread has locked."""

    def __init__(self) -> None:
        self.roots: set[Path] = set()


_held = _Held()


@contextmanager
def saving(root: Path) -> Iterator[None]:
    """Nobody else saves into the project meanwhile. In a thread that holds it already, it costs nothing.

    Raises:
        OSError: another program keeps it for long, or the directory cannot be locked.
    """
    if root in _held.roots:
        yield
        return
    with contextlib.ExitStack() as locks:
        lockable = _lock_directory(root, locks)
        try:
            _lock_file(root, locks)
        except PermissionError:
            # The state is another user's: on one machine the directory keeps both apart.
            if not lockable:
                raise
        _held.roots.add(root)
        locks.callback(_held.roots.discard, root)
        yield


def _lock_directory(root: Path, locks: contextlib.ExitStack) -> bool:
    """False where its file system has no such lock. Raises: OSError."""
    descriptor = os.open(root, os.O_RDONLY | os.O_CLOEXEC | os.O_DIRECTORY)
    locks.callback(os.close, descriptor)
    try:
        _flock(descriptor)
    except OSError as error:
        if error.errno not in _NOT_LOCKABLE:
            raise
        return False
    return True


def _lock_file(root: Path, locks: contextlib.ExitStack) -> None:
    """Raises: OSError."""
    paths = ProjectPaths(root)
    paths.make_state()
    make_private(paths.locks)
    descriptor = open_own(paths.saving_lock, os.O_RDWR | os.O_CREAT)
    locks.callback(os.close, descriptor)
    _flock(descriptor)


def _flock(descriptor: int) -> None:
    deadline = time.monotonic() + _WAIT
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError as error:
            if time.monotonic() >= deadline:
                raise OSError("another program is saving into this project and does not end") from error
        time.sleep(_PAUSE)
