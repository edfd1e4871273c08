"""Which run of each orchestration was looked at last: ``.orch/looked.toml``, so that new failures stand out."""

from __future__ import annotations

import tomllib

import tomli_w

from orch_tui.project.files.own_files import read_own_text, replace_own
from orch_tui.project.paths import ProjectPaths, make_private

_TABLE = "looked"


def read_looked(paths: ProjectPaths) -> dict[str, str]:
    """Ids of runs by ids of orchestrations. A file that is not there or cannot be read tells nothing."""
    try:
        table = tomllib.loads(read_own_text(paths.looked)).get(_TABLE)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError):
        return {}
    runs = table if isinstance(table, dict) else {}
    return {orchestration: run for orchestration, run in runs.items() if isinstance(run, str)}


def keep_looked(paths: ProjectPaths, orchestration: str, run: str) -> None:
    """Remember that a run, and with it all before it, was looked at. Raises: OSError."""
    looked = read_looked(paths)
    if run > looked.get(orchestration, ""):
        make_private(paths.state)
        text = tomli_w.dumps({_TABLE: {**looked, orchestration: run}})
        replace_own(paths.looked, text)
