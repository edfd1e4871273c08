"""A limit of memory for one attempt, held by the kernel: a control group where one may be made, else RLIMIT_DATA.

The group is for all processes of the attempt together, and the kernel counts in it what it killed. RLIMIT_DATA is for
each process by itself, of its private memory that can be written (not of what is reserved or mapped from files, as
RLIMIT_AS would be); more is refused, and that is counted nowhere.

The shim enters the group before the task begins, and writes down which limit holds, and at the end what the kernel
counted: whoever comes later finds it, also when the executor was killed and the group is gone.

Sources: Documentation/admin-guide/cgroup-v2.rst (``memory.max``, ``memory.events``; a group with processes in it can
have no limited ones below it), cgroup-v1/memory.rst (``memory.limit_in_bytes``,
``memory.max_usage_in_bytes``, ``memory.oom_control``), getrlimit(2).
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from orch_tui.engine.processes.process import own_identity, read_stat
from orch_tui.model.memory import MemoryEnd
from orch_tui.model.texts.pattern import pattern
from orch_tui.project.attempt_dir import memory_file
from orch_tui.project.files.own_files import read_own

_PREFIX = "orch-tui-"
_NAME = pattern(rf"{_PREFIX}(\d+)-(\d+)-\d+", re.ASCII)
_COUNT = pattern(r"^(oom|oom_kill|peak) (\d+)$", re.MULTILINE)
_GROUP = pattern(r"^group (/.+)$", re.MULTILINE)
# Version 1 has no count of how often the limit was met (memory.failcnt stays 0 where swap is limited as well), but the
# most that there was, with and without swap: pages are charged by up to so many at once.
_PEAKS = ("memory.max_usage_in_bytes", "memory.memsw.max_usage_in_bytes")
_CHARGED_AT_ONCE = 65 * os.sysconf("SC_PAGE_SIZE")
_BYTES = 65536
_MOST_TRIES = 20
_PAUSE = 0.02
_KIB = 1024
NO_GROUP = ""

# $4 is where it is written down, $5 the group (empty: none), $6 the limit in KiB. That the group cannot be entered
# must not leave the task without a limit; a lower one that holds already cannot be raised, and need not be.
ENTER = (
    'orch_m=$4 orch_g=$5; if [ -n "$5" ] && { echo 0 >"$5/cgroup.procs"; } 2>/dev/null; '
    'then echo "group $5" >"$4"; else orch_g=; ulimit -d "$6" 2>/dev/null; echo rlimit >"$4"; fi; '
)
# Behind the end of the task, whose exit code is in rc.
LEAVE = (
    'if [ -n "$orch_g" ]; then { '
    'for f_ in memory.events memory.oom_control; do [ -r "$orch_g/$f_" ] && while read -r a_ b_; do '
    'case $a_ in oom|oom_kill) echo "$a_ $b_";; esac; done <"$orch_g/$f_"; done; '
    "for f_ in memory.max_usage_in_bytes memory.memsw.max_usage_in_bytes; do "
    '[ -r "$orch_g/$f_" ] && read -r b_ <"$orch_g/$f_" && echo "peak $b_"; done; '
    '} >>"$orch_m" 2>/dev/null; fi; '
)


def shim_words(directory: Path, group: Path | None, limit: int) -> list[str]:
    """What :data:`ENTER` is given from its fourth argument on; ``limit`` in bytes."""
    return [str(memory_file(directory)), NO_GROUP if group is None else str(group), str(max(1, limit // _KIB))]


class MemoryGroups:
    """Makes the groups of the attempts of this process."""

    def __init__(self, proc: str = "/proc", cgroups: str = "/sys/fs/cgroup") -> None:
        self._proc = proc
        self._cgroups = cgroups
        self._places: list[_Place] | None = None
        self._numbers = itertools.count(1)

    def make(self, limit: int) -> Path | None:
        """An empty group that may have ``limit`` bytes; None where this process may make none."""
        if self._places is None:
            self._places = list(_places(self._proc, self._cgroups))
            for place in self._places:
                sweep(place.path)
        me = own_identity()
        name = f"{_PREFIX}{me.pid}-{me.start}-{next(self._numbers)}"
        for place in tuple(self._places):
            if (group := _make(place, name, limit)) is not None:
                # The next ones are made where this one could be.
                self._places = [place]
                return group
        self._places = []
        return None


class _Place(NamedTuple):
    """A group below which others are made, of version 1 or 2 of the interface."""

    path: Path
    version: int


def _places(proc: str, cgroups: str) -> Iterator[_Place]:
    """Where groups may be made below, the smallest first; never outside of a limit that holds for this process."""
    try:
        lines = Path(f"{proc}/self/cgroup").read_text(encoding="utf-8").splitlines()
    except OSError:
        return
    for line in lines:
        _, controllers, path = [*line.split(":", 2), "", ""][:3]
        if "memory" in controllers.split(","):
            # In a container the path may be the one outside, while what is mounted begins with our group.
            own = next((one for one in (f"{cgroups}/memory{path}", f"{cgroups}/memory") if os.path.isdir(one)), None)
            if own is not None:
                yield _Place(Path(own), 1)
        elif controllers == "" and os.path.exists(f"{cgroups}/cgroup.controllers"):
            own = f"{cgroups}{path}" if os.path.isdir(f"{cgroups}{path}") else cgroups
            yield from _upwards(Path(own), Path(cgroups))


def _upwards(group: Path, top: Path) -> Iterator[_Place]:
    while True:
        yield _Place(group, 2)
        if group == top or group.name.startswith(_PREFIX) or _read(group / "memory.max").strip() not in ("", "max"):
            return
        group = group.parent


def _make(place: _Place, name: str, limit: int) -> Path | None:
    group = place.path / name
    # Whoever moves a process must be allowed to take it out of where it is, which is below here.
    if not os.access(place.path / "cgroup.procs", os.W_OK):
        return None
    if place.version == 2 and "memory" not in _read(place.path / "cgroup.subtree_control").split():
        if "memory" not in _read(place.path / "cgroup.controllers").split():
            return None
        if not _write(place.path / "cgroup.subtree_control", "+memory"):
            return None
    try:
        group.mkdir()
    except OSError:
        return None
    if not _write(group / ("memory.max" if place.version == 2 else "memory.limit_in_bytes"), str(limit)):
        discard_group(group)
        return None
    # What is over the limit must not go to the swap instead; where there is none, there is no such file.
    if place.version == 2:
        _write(group / "memory.swap.max", "0")
    else:
        _write(group / "memory.memsw.limit_in_bytes", str(limit))
    return group


def sweep(place: Path) -> None:
    """Take away empty groups below ``place`` whose maker is gone: it was killed, and nobody took its run over."""
    try:
        names = os.listdir(place)
    except OSError:
        return
    for name in names:
        found = _NAME.fullmatch(name)
        if found is None:
            continue
        try:
            maker = read_stat(int(found[1]))
        except OSError:
            continue
        if maker is None or maker.start != int(found[2]):
            discard_group(place / name)


async def memory_end(directory: Path, limit: int) -> MemoryEnd | None:
    """What is known of the limit (in bytes) of an attempt that is over, and of which nothing lives; its group goes.

    None: it never began.
    """
    try:
        written = read_own(memory_file(directory), _BYTES).decode("utf-8", "replace")
    except OSError:
        return None
    found = _GROUP.search(written)
    if found is None:
        return MemoryEnd.REFUSING
    group = Path(found[1])
    if _NAME.fullmatch(group.name) is None:
        return MemoryEnd.KEPT
    told = written
    for name in ("memory.events", "memory.oom_control"):
        told += "\n" + _read(group / name)
    for name in _PEAKS:
        told += f"\npeak {_read(group / name).strip() or 0}"
    counts: dict[str, int] = {}
    for name, count in _COUNT.findall(told):
        counts[name] = max(counts.get(name, 0), int(count))
    await remove_group(group)
    if not counts.get("oom_kill"):
        return MemoryEnd.KEPT
    met = counts.get("oom") or counts.get("peak", 0) > limit - _CHARGED_AT_ONCE
    return MemoryEnd.EXCEEDED if met else MemoryEnd.SHORT


async def remove_group(group: Path) -> None:
    """Take a group away that nothing is in any more, or only what is about to be gone."""
    for _ in range(_MOST_TRIES):
        if discard_group(group):
            return
        await asyncio.sleep(_PAUSE)


def discard_group(group: Path) -> bool:
    """Take a group away that nothing is in; False when something is."""
    try:
        group.rmdir()
    except FileNotFoundError:
        return True
    except OSError:
        return False
    return True


def _read(path: Path) -> str:
    """Empty where there is no such file, or none that is told."""
    try:
        return path.read_text(encoding="ascii", errors="replace")
    except OSError:
        return ""


def _write(path: Path, text: str) -> bool:
    with contextlib.suppress(OSError):
        path.write_text(text, encoding="ascii")
        return True
    return False
