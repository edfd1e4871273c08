"""Files that people give, wherever their links lead: found without a circle, and read only where reading has an end."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

MAX_BYTES = 5 * 1024 * 1024
"""More of a text is not read."""
_TRIES = 5
_T = TypeVar("_T")


class NotRegular(OSError):
    """It is a directory, a named pipe, a device or a socket: reading it might never end."""

    def __init__(self) -> None:
        super().__init__("it is no regular file")


class TooLarge(OSError):
    """It has more than :data:`MAX_BYTES`; ``size`` is what is known of it."""

    def __init__(self, size: int) -> None:
        self.size = size
        super().__init__(f"it has {size / 1024 / 1024:.1f} MiB; more than {MAX_BYTES // 1024 // 1024} are not read")


def real_path(path: Path) -> Path:
    """``path`` without symbolic links; what is not there stays as it is.

    Raises:
        OSError: links lead in a circle (``Path.resolve`` has a RuntimeError for that before Python 3.13).
    """
    found = os.path.realpath(path)
    if os.path.islink(found):
        raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), str(path))
    return Path(found)


def is_inside(path: Path, root: Path) -> bool:
    """Whether no link leads out of ``root``. One that leads in a circle leads nowhere: opening it is the error."""
    return Path(os.path.realpath(path)).is_relative_to(os.path.realpath(root))


def again_when_stale(read: Callable[[], _T]) -> _T:
    """What ``read`` gives, which opens a file and reads it. On NFS a file that another machine replaces in between is
    gone at once (ESTALE): it is opened again, and read as it is then. Raises what ``read`` does."""
    for _ in range(_TRIES):
        try:
            return read()
        except OSError as error:
            if error.errno != errno.ESTALE:
                raise
    return read()


def read_given(path: Path) -> bytes:
    """All of a file of at most :data:`MAX_BYTES`; links are followed.

    Raises:
        NotRegular, TooLarge: it is not read.
        OSError: it cannot be.
    """
    # O_NONBLOCK: opening a named pipe must not wait for somebody to write into it.
    flags = os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK
    return again_when_stale(lambda: read_descriptor(os.open(path, flags)))


def read_descriptor(descriptor: int) -> bytes:
    """As :func:`read_given` of a file that was opened without blocking; the descriptor is closed."""
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise NotRegular
        size, pieces = status.st_size, []
        while size <= MAX_BYTES and (piece := os.read(descriptor, status.st_size + 4096)):
            pieces.append(piece)
            size = max(size, sum(map(len, pieces)))
        if size > MAX_BYTES:
            raise TooLarge(size)
        return b"".join(pieces)
    finally:
        os.close(descriptor)
