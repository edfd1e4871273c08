"""The scheduler's sign of life: which process is the project's scheduler, and what it starts next."""

from __future__ import annotations

import os
import time
from dataclasses import asdict
from pathlib import Path

from orch_tui.engine.requests.requests import who_am_i
from orch_tui.model.texts.json_text import parse_json
from orch_tui.project.concurrent.locks import Lock, holder_of
from orch_tui.project.files.own_files import read_own, replace_json
from orch_tui.project.paths import ProjectPaths, make_private
from orch_tui.scheduling.next_start import NextStart
from orch_tui.scheduling.outage import Moment, Sign
from orch_tui.scheduling.store import scheduling_directory


def _file(paths: ProjectPaths) -> Path:
    return scheduling_directory(paths) / "scheduler.json"


def scheduler_lock(paths: ProjectPaths) -> Path:
    """Held by the project's scheduler for as long as it lives."""
    return paths.locks / "scheduler.lock"


def become_scheduler(paths: ProjectPaths, now: float) -> Lock | str:
    """The lock that makes this process the project's scheduler; who has it, when it is taken. Raises: OSError."""
    paths.make_state()
    make_private(paths.locks)
    make_private(scheduling_directory(paths))
    since = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(now))
    lock = Lock.acquire(scheduler_lock(paths), f"{who_am_i()}, process {os.getpid()}, since {since}")
    return lock or scheduler_of(paths) or "another process"


def scheduler_of(paths: ProjectPaths) -> str | None:
    """Who the project's scheduler is; None when there is none. Raises: OSError."""
    return holder_of(scheduler_lock(paths))


def keep_sign(paths: ProjectPaths, sign: Sign, following: NextStart | None) -> None:
    """Leave a sign of life. Raises: OSError."""
    values = {"moment": asdict(sign.moment), "ended": sign.ended, "next": asdict(following) if following else None}
    replace_json(_file(paths), values)


def last_sign(paths: ProjectPaths) -> Sign | None:
    """The sign that the last scheduler left; None when there is none that can be read. Raises: OSError."""
    try:
        values = parse_json(read_own(_file(paths)))
        return Sign(Moment(**values["moment"]), bool(values["ended"]))
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError):
        return None
