"""What the list of a definition's versions shows: versions and commits of git, the newest first. Pure."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

from orch_tui.project.kept.commits import Commit
from orch_tui.project.kept.versions import Version
from orch_tui.tui.widgets.line_tree import Part, Row

_NAME = 10


@dataclass(frozen=True, slots=True)
class Entry:
    """``name`` is how the state is asked for: the number of a version, or a commit's id. ``at`` is seconds since the
    epoch."""

    name: str
    at: float
    words: str
    is_commit: bool = False
    deleted: bool = False


def entries(versions: Sequence[Version], commits: Sequence[Commit]) -> list[Entry]:
    """Both together, the newest first."""
    found = [Entry(str(one.number), one.at, one.words, deleted=not one.files) for one in versions]
    found += [Entry(one.id, one.at, f"commit by {one.author}: {one.subject}", is_commit=True) for one in commits]
    return sorted(found, key=lambda one: (one.at, one.name), reverse=True)


def entry_row(entry: Entry, newest: bool) -> Row:
    """One line: its number or the beginning of its id, when, and how it came to be."""
    name = f"{entry.name[:_NAME]:>{_NAME}}  "
    return Row(
        (
            Part(name, "accent" if entry.is_commit else "strong" if newest else "text"),
            Part(time.strftime("%Y-%m-%d %H:%M:%S  ", time.localtime(entry.at)), "dim"),
            Part(entry.words, "dim" if entry.deleted else "text"),
        )
    )
