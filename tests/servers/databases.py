"""What servers from Debian packages need to run for tests: a directory, a port, a user that is not root."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any


def free_port() -> int:
    """A port of 127.0.0.1 that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def home(prefix: str, account: str) -> Iterator[tuple[Path, dict[str, Any]]]:
    """A directory outside pytest's (which other accounts may not enter), and how to start programs that own it.

    Database servers refuse to run as root: then they get the account that their package made.
    """
    path = Path(tempfile.mkdtemp(prefix=prefix))
    how: dict[str, Any] = {}
    if os.geteuid() == 0:
        entry = pwd.getpwnam(account)
        os.chown(path, entry.pw_uid, entry.pw_gid)
        how = {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}
    try:
        yield path, {**how, "cwd": path, "env": {"PATH": os.environ.get("PATH", ""), "LC_ALL": "C.UTF-8"}}
    finally:
        shutil.rmtree(path, ignore_errors=True)
