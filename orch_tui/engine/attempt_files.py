"""The directory of an attempt: made whole or not at all."""

from __future__ import annotations

import errno
import json
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from orch_tui.project.masking.files import UNMASKED
from orch_tui.project.paths import make_private

_DATA_FOLDER = ("in", "in/tables", "in/files", "out", "out/tables", "out/files")


def make_attempt(directory: Path, config: Mapping[str, Any], *, data_folder: bool, secrets: bool = False) -> None:
    """Create the directory (0700), its ``config.json`` and an empty log (0600), and the data folder if wanted.

    With ``secrets`` what the task will write there counts as unmasked, see :mod:`orch_tui.project.masking.files`.
    The log is made here so that a full disk is noticed before anything is started. The caller has no record of this
    attempt yet: what is there under its name goes.

    Raises:
        OSError: nothing of it is left behind.
    """
    path = os.fspath(directory)
    make_private(directory.parent)
    try:
        os.mkdir(path, 0o700)
    except FileExistsError:
        # An executor was killed between making it and recording the start: nothing ever ran in it.
        shutil.rmtree(directory)
        os.mkdir(path, 0o700)
    try:
        # On one line: only then does the encoder that is written in C do it. TOML has dates and times, JSON has not.
        text = json.dumps(config, ensure_ascii=False, default=str)
        _write(f"{path}/config.json", f"{text}\n".encode("utf-8", "replace"))
        _write(f"{path}/log", b"")
        if secrets:
            _write(f"{path}/{UNMASKED}", b"")
        for part in _DATA_FOLDER if data_folder else ():
            os.mkdir(f"{path}/{part}", 0o700)
    except OSError:
        shutil.rmtree(directory, ignore_errors=True)
        raise


def _write(path: str, data: bytes) -> None:
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        if data and os.write(fd, data) != len(data):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), path)
    finally:
        os.close(fd)
