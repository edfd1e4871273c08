"""People's own files that are either the old or the new text, never half of one.

For files below ``.orch/`` see :mod:`orch_tui.project.files.own_files`.
"""

from __future__ import annotations

import os
from pathlib import Path

from orch_tui.project.files.given_files import real_path


def write_atomic(path: Path, text: str | bytes, mode: int | None = None) -> None:
    """Write to a temporary file beside ``path``, fsync, rename over it, fsync the directory.

    An existing file keeps its permissions unless ``mode`` is given; a new one gets ``mode`` or 0644. A symbolic
    link stays one: its target is replaced.

    Raises:
        OSError: nothing was changed.
    """
    # Only who saves needs it.
    import tempfile

    target = real_path(path)
    if mode is None:
        try:
            mode = target.stat().st_mode & 0o7777
        except FileNotFoundError:
            mode = 0o644
    data = text.encode() if isinstance(text, str) else text
    descriptor, temporary = tempfile.mkstemp(prefix=f".{target.name}.", suffix=".tmp", dir=target.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fchmod(file.fileno(), mode)
            os.fsync(file.fileno())
        Path(temporary).replace(target)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
    sync_directory(target.parent)


def sync_directory(path: Path) -> None:
    """Make a rename in this directory durable. Raises: OSError."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def modified_ns(directory: Path) -> int:
    """When something came into a directory or went, as whoever serves it says now. Raises: OSError."""
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        return os.fstat(descriptor).st_mtime_ns
    finally:
        os.close(descriptor)
