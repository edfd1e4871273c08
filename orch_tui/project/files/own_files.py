"""The one way to the files below ``.orch/``: without following links, never waiting, and only when they are ours.

What lies there was made by this program for its user alone. A link, a named pipe, a directory or somebody else's file
in the place of such a file is not read and not written through; it is said what it is, where, and what to do.
Directories may be links to another disk, see :func:`orch_tui.project.paths.make_private`.

``tests/structure/test_own_files_only.py`` refuses other ways in the modules that touch these files.
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

from orch_tui.project.files.atomic import sync_directory
from orch_tui.project.files.given_files import again_when_stale

_PRIVATE = 0o600
# O_NONBLOCK: opening a named pipe must not wait for somebody at its other end.
_ALWAYS = os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK
_BLOCK = 1 << 20
# What open(2) says of a link, of a socket or a pipe that nobody reads, and of a directory.
_NO_FILE = (errno.ELOOP, errno.ENXIO, errno.EISDIR, errno.ENODEV)
_OTHERS: tuple[tuple[Callable[[int], bool], str], ...] = (
    (stat.S_ISLNK, "a symbolic link"),
    (stat.S_ISDIR, "a directory"),
    (stat.S_ISFIFO, "a named pipe"),
    (stat.S_ISSOCK, "a socket"),
)


class NotOwnFile(PermissionError):
    """What is there is no regular file of this user, or must not be used as one.

    ``what`` says what it is, ``remedy`` what to do; ``strerror`` is both.
    """

    def __init__(self, path: Path | str, what: str, remedy: str) -> None:
        super().__init__(errno.EPERM, f"{what}; {remedy}", os.fspath(path))
        self.what = what
        self.remedy = remedy


def open_own(path: Path | str, flags: int = os.O_RDONLY, mode: int = _PRIVATE) -> int:
    """``os.open`` for a file below ``.orch/``; the descriptor is not handed on to programs that are started.

    With ``O_TRUNC`` the file is emptied only once it is known to be ours.

    Raises:
        NotOwnFile: it is no regular file, or belongs to another user. Nothing was changed.
        OSError: it cannot be opened.
    """
    try:
        descriptor = os.open(path, (flags & ~os.O_TRUNC) | _ALWAYS, mode)
    except OSError as error:
        if error.errno in _NO_FILE or isinstance(error, PermissionError):
            require_own(path)
        raise
    if flags & os.O_EXCL:
        # Made by this very call.
        return descriptor
    try:
        _require(os.fstat(descriptor), path)
        if flags & os.O_TRUNC:
            os.ftruncate(descriptor, 0)
        if flags & (os.O_WRONLY | os.O_RDWR):
            # It may be handed on as the output of a program, which need not know this flag.
            os.set_blocking(descriptor, True)
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def stat_own(path: Path | str) -> os.stat_result:
    """What a file is now. It is opened: a network file system answers ``stat`` out of what it knew up to a minute ago,
    and asks its server when a file is opened (close-to-open consistency, nfs(5)).

    Raises: NotOwnFile, OSError.
    """
    descriptor = open_own(path)
    try:
        return os.fstat(descriptor)
    finally:
        os.close(descriptor)


def is_listed(path: Path | str) -> bool:
    """Whether there is such a name, as whoever serves its directory says now: for single names a network file system
    answers out of what it knew, also that one is gone or not yet there (``lookupcache`` of nfs(5), ``entry-timeout`` of
    FUSE). Raises: OSError."""
    directory, name = os.path.split(path)
    try:
        return name in os.listdir(directory)
    except (FileNotFoundError, NotADirectoryError):
        return False


def require_own(path: Path | str) -> None:
    """For those who hand the name on to a library that opens it.

    Raises:
        NotOwnFile: it is no regular file, or belongs to another user.
        OSError: it cannot be looked at; :class:`FileNotFoundError`: it is not there.
    """
    _require(os.lstat(path), path)


def read_own(path: Path | str, limit: int | None = None) -> bytes:
    """All bytes of a file, or the first ``limit``. Raises: NotOwnFile, OSError."""
    return again_when_stale(lambda: _read(path, limit))


def _read(path: Path | str, limit: int | None) -> bytes:
    descriptor = open_own(path)
    try:
        left = os.fstat(descriptor).st_size + 1 if limit is None else limit
        pieces = []
        # A file that grows meanwhile, and one of /proc, is longer than it says.
        while left > 0 and (piece := os.read(descriptor, min(left, _BLOCK))):
            pieces.append(piece)
            left = _BLOCK if limit is None else left - len(piece)
        return b"".join(pieces)
    finally:
        os.close(descriptor)


def read_own_text(path: Path | str) -> str:
    """A text in UTF-8. Raises: NotOwnFile, OSError, UnicodeDecodeError."""
    return read_own(path).decode("utf-8")


def create_own(path: Path | str, data: bytes) -> None:
    """Make a file (0600) that is not there yet. Raises: FileExistsError; OSError: there is none of ours then."""
    descriptor = open_own(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL)
    try:
        try:
            write_all(descriptor, data, path)
        finally:
            os.close(descriptor)
    except BaseException:
        # Nobody else has made it, and nobody must find half of it.
        with contextlib.suppress(OSError):
            os.unlink(path)
        raise


def sync_own(path: Path | str) -> None:
    """Wait until what is in a file is on the disk. Raises: NotOwnFile, OSError."""
    descriptor = open_own(path)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_all(descriptor: int, data: bytes, path: Path | str) -> None:
    """Write all of it, at the descriptor's place. Raises: OSError; part of it may be written then."""
    view = memoryview(data)
    while view:
        written = os.write(descriptor, view)
        if not written:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), os.fspath(path))
        view = view[written:]


def replace_own(path: Path, data: str | bytes, *, durable: bool = True) -> None:
    """Give a file (0600) new contents, so that readers see the old or the new ones. A link there is replaced itself.

    ``durable``: they are on the disk when this returns.

    Raises:
        OSError: nothing was changed.
    """
    raw = data.encode() if isinstance(data, str) else data
    if durable:
        # Several may write: none renames what another has only begun.
        temporary = path.with_name(f".{path.name}.{os.urandom(4).hex()}.tmp")
    else:
        # One program writes it again and again, and what it leaves when it is killed must not add up.
        temporary = path.with_name(f".{path.name}.tmp")
        temporary.unlink(missing_ok=True)
    descriptor = open_own(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL)
    try:
        try:
            write_all(descriptor, raw, temporary)
            if durable:
                os.fsync(descriptor)
        finally:
            os.close(descriptor)
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    if durable:
        sync_directory(path.parent)


def replace_json(path: Path, value: Any, *, durable: bool = True) -> None:
    """:func:`replace_own` with a value as JSON; what JSON has no form for becomes a text. Raises: OSError."""
    # A lone surrogate (a name that is no UTF-8) is written as JSON escapes it: who reads it knows the name again.
    text = json.dumps(value, ensure_ascii=False, default=str).encode("utf-8", "backslashreplace")
    replace_own(path, text, durable=durable)


def current_user() -> int:
    """The number of the user as whom this process opens files."""
    return os.geteuid()


def name_of(uid: int) -> str:
    """The name of a user, for sentences; the number where there is none."""
    import pwd

    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"user {uid}"


def _require(status: os.stat_result, path: Path | str) -> None:
    if not stat.S_ISREG(status.st_mode):
        what = next((name for fits, name in _OTHERS if fits(status.st_mode)), "a device")
        raise NotOwnFile(path, f"it is {what}, where orch-tui keeps a file", "take it away")
    if status.st_uid != current_user():
        owner, user = name_of(status.st_uid), name_of(current_user())
        raise NotOwnFile(path, f"it belongs to {owner}, not to {user}", f"work as {owner}, or take the file away")
