"""What the system refuses: whether it is worth waiting for, and how it is said."""

from __future__ import annotations

import errno
import os
from pathlib import Path

from orch_tui.model.events.reasons import Cause, Reason
from orch_tui.project.files.own_files import open_own

_DISK = (errno.ENOSPC, errno.EDQUOT)
# What was made of an attempt before the last file failed is gone again when one looks.
_FILES_OF_AN_ATTEMPT = 16
_PASSING = {
    errno.EMFILE: "too many files are open",
    errno.ENFILE: "too many files are open on this machine",
    errno.ENOMEM: "no memory is left",
    errno.EAGAIN: "too many processes",
}


def passing_obstacle(error: OSError) -> Reason | None:
    """Why it is worth trying again later; None when waiting would not help."""
    if error.errno in _DISK:
        return Reason.of(Cause.DISK_FULL, error=f"{error.strerror}{_no_inode(error)}")
    word = _PASSING.get(error.errno or 0)
    return None if word is None else Reason.of(Cause.SYSTEM_SHORT, what=word, error=error.strerror)


def disk_refusal(directory: Path) -> str | None:
    """Why no file can be made in a directory now, where that may pass; None when one can."""
    probe = directory / ".room"
    try:
        os.close(open_own(probe, os.O_WRONLY | os.O_CREAT))
        os.unlink(probe)
    except OSError as error:
        reason = passing_obstacle(error)
        return None if reason is None else reason.sentence
    return None


def obstacle(error: OSError) -> str:
    """What was refused, and where."""
    return f"{error.strerror or error}" + (f": {error.filename}" if error.filename else "")


def _no_inode(error: OSError) -> str:
    """A file system can be out of files while it has room for bytes."""
    if error.errno != errno.ENOSPC or not isinstance(error.filename, str):
        return ""
    place = error.filename
    while place not in ("", "/") and not os.path.isdir(place):
        place = os.path.dirname(place)
    try:
        room = os.statvfs(place or "/")
    except OSError:
        return ""
    few = room.f_files and room.f_favail < _FILES_OF_AN_ATTEMPT
    return " (no inode is left: it holds too many files)" if few and room.f_bavail else ""
