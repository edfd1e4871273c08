"""Which kept runs read which versions of tables."""

from __future__ import annotations

from collections.abc import Collection

from orch_tui.engine.attempts.results import read_result
from orch_tui.project.history import runs
from orch_tui.project.project import Project

Version = tuple[str, int]
"""A table and the number of one of its versions."""


def readers_of(project: Project, versions: Collection[Version]) -> dict[Version, list[str]]:
    """The ids of the runs, the newest first, whose tasks had these versions as inputs. Raises: OSError."""
    found: dict[Version, list[str]] = {}
    if not versions:
        return found
    for name in project.orchestration_ids():
        for run in runs(project.paths, name, project.settings.keep_runs):
            seen = set()
            for attempt in run.directory.glob("tasks/*/*"):
                inputs = read_result(attempt).get("inputs")
                for one in inputs if isinstance(inputs, list) else ():
                    if isinstance(one, dict) and (one.get("table"), one.get("version")) in versions:
                        seen.add((one["table"], one["version"]))
            for version in seen:
                found.setdefault(version, []).append(run.id)
    return found
