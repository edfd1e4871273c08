"""The runs of nested orchestrations, found and followed below the run that started them. No Textual; for a thread."""

from __future__ import annotations

from orch_tui.project.journal.file import BrokenJournal
from orch_tui.project.paths import ProjectPaths
from orch_tui.runs.live.feed import RunFeed
from orch_tui.runs.live.view import RunModel

MOST = 20
"""Nested runs of one run that are followed, at most."""


class NestedRuns:
    """Belongs to one run that is shown."""

    def __init__(self, paths: ProjectPaths | None) -> None:
        self._paths = paths
        self._feeds: dict[str, RunFeed] = {}

    def read(self, model: RunModel, feed: RunFeed, key: str = "") -> bool:
        """Find nested runs that have begun, and take in what is new of them; True when anything is different."""
        different = False
        for task in model.nested_tasks()[:MOST]:
            name, attempt = f"{key}/{task.id}/{task.attempts[-1].number}", task.attempts[-1]
            child, child_feed = model.children.get(task.id), self._feeds.get(name)
            try:
                if child is None or child_feed is None:
                    inner = task.configuration.partition("/")[2]
                    directory = feed.nested_run(task.id, attempt.number, inner, attempt.spawned, model.clock)
                    if directory is None:
                        continue
                    self._feeds[name] = child_feed = RunFeed(directory, self._paths, model.machine)
                    state, live = child_feed.open()
                    child = RunModel(directory, state, live=live, depth=model.depth + 1, machine=model.machine)
                    model.children[task.id] = child
                    different = True
                elif child.moving:
                    different |= child.take(child_feed.read())
            except (OSError, BrokenJournal):
                # The task itself says how it ended; a nested run that cannot be read has nothing to add.
                continue
            different |= self.read(child, child_feed, name)
        return different
