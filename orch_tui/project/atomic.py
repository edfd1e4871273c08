"""Files that are either the old or the new text, never half of one."""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path
from typing import Any


def write_atomic(path: Path, text: str | bytes, mode: int | None = None) -> None:
    """Write to a temporary file beside ``path``, fsync, rename over it, fsync the directory.

    An existing file keeps its permissions unless ``mode`` is given; a new one gets ``mode`` or 0644. A symbolic
    link stays one: its target is replaced.

    Raises:
        OSError: nothing was changed.
    """
    target = path.resolve()
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


def replace_json(path: Path, value: Any, *, durable: bool = True) -> None:
    """Replace a JSON file, readable by the owner only, so that readers see the old or the new one. Raises: OSError."""
    text = json.dumps(value, ensure_ascii=False, default=str).encode("utf-8", "replace")
    if durable:
        write_atomic(path, text, mode=0o600)
        return
    temporary = path.with_name(f".{path.name}.tmp")
    temporary.touch(mode=0o600)
    temporary.write_bytes(text)
    temporary.replace(path)
