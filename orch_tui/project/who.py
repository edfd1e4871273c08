"""Who works with the program: for "started by", "saved by" and "cancelled by"."""

from __future__ import annotations

import getpass
import os


def who_am_i() -> str:
    """``user@host`` and the terminal, if there is one."""
    try:
        user = getpass.getuser()
    except (KeyError, OSError):
        user = f"uid {os.getuid()}"
    host = os.uname().nodename
    for descriptor in (0, 1, 2):
        try:
            return f"{user}@{host} ({os.ttyname(descriptor).removeprefix('/dev/')})"
        except OSError:
            continue
    return f"{user}@{host}"
