"""Whether locks on a file system reach the other machines that have it mounted.

Sources: nfs(5) (``nolock``, ``local_lock``), mount.cifs(8) (``nobrl``), mount.lustre(8) (``flock``, ``localflock``);
proc_pid_mountinfo(5) for how mounts are listed.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from orch_tui.model.texts.pattern import pattern

_MOUNTS = Path("/proc/self/mountinfo")
_LOCAL: Mapping[str, frozenset[str]] = {
    "nfs": frozenset(("nolock", "local_lock=all", "local_lock=flock")),
    "nfs4": frozenset(("nolock", "local_lock=all", "local_lock=flock")),
    "cifs": frozenset(("nobrl",)),
    "smb3": frozenset(("nobrl",)),
    "lustre": frozenset(("localflock",)),
}
"""Options by which a network file system keeps ``flock`` to the machine."""
_OCTAL = pattern(r"\\([0-7]{3})")


def why_locks_stay_here(path: Path, mounts: str | None = None) -> str | None:
    """What keeps locks on the file to this machine, though others may have the file system too: ``nfs4 with nolock``.

    None where they reach the others, where the file system is of this machine alone, and where that cannot be told.
    ``mounts`` is the list of mounts; default: that of this process.
    """
    if mounts is None:
        try:
            mounts = _MOUNTS.read_text(errors="surrogateescape")
        except OSError:
            return None
    kind, options = _mount_of(os.path.realpath(path), mounts)
    local = sorted(_LOCAL.get(kind, frozenset()) & options)
    return f"{kind} with {' and '.join(local)}" if local else None


def _mount_of(path: str, mounts: str) -> tuple[str, frozenset[str]]:
    """The kind and the options of the file system that has the path."""
    found, length = ("", frozenset[str]()), -1
    for line in mounts.splitlines():
        own, separator, rest = line.partition(" - ")
        fields, others = own.split(" "), rest.split(" ")
        if not separator or len(fields) < 6 or len(others) < 3:
            continue
        place = _OCTAL.sub(lambda match: chr(int(match[1], 8)), fields[4]).rstrip("/")
        # Of two in one place the later one lies over the other.
        if len(place) >= length and (path == place or path.startswith(f"{place}/")):
            found, length = (others[0], frozenset((*fields[5].split(","), *others[2].split(",")))), len(place)
    return found
