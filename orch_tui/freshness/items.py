"""What an array is run for now, beside what it was run for at its last success."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path

from orch_tui.model.events.reasons import Cause, Reason


def other_items(now: Sequence[str] | None, then: Mapping[str, float] | None, run: str) -> Reason | None:
    """Why they are not the same, None where they are; their order does not count. ``now`` and ``then`` (with when the
    part of each began, in seconds since the epoch) are None for a task that is no array; ``run`` is that of then."""
    if now is None and then is None:
        return None
    more = [item for item in now or () if item not in (then or {})]
    fewer = sorted((then or {}).keys() - set(now or ()))
    if not more and not fewer and (now is None) == (then is None):
        return None
    item = next(iter((*more, *fewer)), "")
    return Reason.of(Cause.OTHER_ITEMS, more=len(more), fewer=len(fewer), item=item, run=run)


def changed_file(files: Mapping[str, float], root: Path) -> Reason | None:
    """The first of these files, by their paths below the project, that was changed after the time beside it; None
    where none was."""
    for path, began in files.items():
        try:
            at = os.stat(root / path).st_mtime
        except OSError:
            # Whether that is an error is the task's business.
            continue
        if at > began:
            when = datetime.fromtimestamp(at).astimezone()
            return Reason.of(Cause.SOURCE_CHANGED, source=path, by=f"{when:%Y-%m-%d %H:%M:%S}")
    return None
