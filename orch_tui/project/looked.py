"""Which run of each orchestration was looked at last: ``.orch/looked.toml``, so that new failures stand out."""

from __future__ import annotations

import tomllib

import tomli_w

from orch_tui.project.concurrent.locks import project_lock
from orch_tui.project.files.own_files import NotOwnFile, read_own_text, replace_own
from orch_tui.project.paths import ProjectPaths

_TABLE = "looked"
_WAIT = 1.0
"""Seconds for another screen, which has it for a moment; this one stands still meanwhile."""


def read_looked(paths: ProjectPaths) -> dict[str, str]:
    """Ids of runs by ids of orchestrations. A file that is not there or cannot be read tells nothing."""
    try:
        return _looked(paths)
    except OSError:
        return {}


def _looked(paths: ProjectPaths) -> dict[str, str]:
    """Nothing where there is no such file, or it is damaged. Raises: OSError: it cannot be read now."""
    try:
        table = tomllib.loads(read_own_text(paths.looked)).get(_TABLE)
    except (FileNotFoundError, NotOwnFile, UnicodeDecodeError, tomllib.TOMLDecodeError):
        return {}
    runs = table if isinstance(table, dict) else {}
    return {orchestration: run for orchestration, run in runs.items() if isinstance(run, str)}


def keep_looked(paths: ProjectPaths, orchestration: str, run: str) -> None:
    """Remember that a run, and with it all before it, was looked at. Raises: OSError; what was known stays then."""
    # Another screen may keep what was looked at there.
    with project_lock(paths, "looked", _WAIT):
        looked = _looked(paths)
        if run > looked.get(orchestration, ""):
            text = tomli_w.dumps({_TABLE: {**looked, orchestration: run}})
            replace_own(paths.looked, text)
