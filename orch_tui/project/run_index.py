"""The whole history at once: what ended runs say is kept, so that ten thousand are read in a fraction of a second."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from operator import attrgetter
from pathlib import Path
from typing import Any

from orch_tui.model.events.reasons import decode_reason
from orch_tui.model.run.runstate import ScheduledTime
from orch_tui.model.status import Status
from orch_tui.project.history import RunSummary, orchestrations_that_ran, run_directories, summarize
from orch_tui.project.line_cache import Line, LineCache, stamp_of
from orch_tui.project.paths import ProjectPaths

_WIDTH = 13
_STATUS = {status.value: status for status in Status}


class RunIndex:
    """The history of a project, read by way of what is known of it already."""

    def __init__(self, paths: ProjectPaths) -> None:
        self._paths = paths

    def all_runs(self) -> list[RunSummary]:
        """The runs of all orchestrations, newest first. Raises: OSError."""
        found = list(chain.from_iterable(map(self.runs, orchestrations_that_ran(self._paths))))
        found.sort(key=attrgetter("id"), reverse=True)
        return found

    def runs(self, orchestration: str) -> list[RunSummary]:
        """Newest first; the same as :func:`orch_tui.project.history.runs` gives. Raises: OSError."""
        cache = LineCache(self._paths, orchestration, _WIDTH)
        known, found, new = cache.read(), list[RunSummary](), dict[str, Line]()
        parent = self._paths.runs(orchestration)
        for name in run_directories(self._paths, orchestration):
            try:
                stamp, line = stamp_of(f"{parent}/{name}"), known.get(name)
                summary = _summary(parent, name, line.values) if line is not None and line.stamp == stamp else None
                if summary is None:
                    summary = summarize(parent / name)
                    if stamp is not None and summary.status.final and summary.broken is None:
                        new[name] = Line(stamp, _values(summary))
            except (FileNotFoundError, NotADirectoryError):
                # About to begin, or deleted meanwhile.
                continue
            found.append(summary)
        cache.add(new, len(found))
        return found


def _values(run: RunSummary) -> Sequence[Any]:
    scheduled, because = run.scheduled, run.because
    return [
        *(run.status.value, run.reason, because.encoded() if because is not None else None),
        *(run.started, run.seconds, run.by, run.tasks, run.partial),
        {status.value: number for status, number in run.counts.items()},
        *(run.continues, run.parent, [scheduled.schedule, scheduled.at] if scheduled is not None else None),
        run.orchestration,
    ]


def _summary(parent: Path, name: str, values: Sequence[Any]) -> RunSummary | None:
    """None when somebody has put something else there."""
    status, reason, because, started, seconds, by, tasks, partial, counts, continues, run, scheduled, owner = values
    texts = (reason, by, owner, continues or "", run or "")
    if not all(isinstance(text, str) for text in texts) or not isinstance(tasks, int):
        return None
    if not (isinstance(started, float) and isinstance(seconds, int | float) and isinstance(partial, bool)):
        return None
    try:
        return RunSummary(
            name,
            owner,
            parent / name,
            _STATUS[status],
            reason,
            started,
            seconds,
            by,
            tasks,
            partial,
            False,
            {_STATUS[word]: number for word, number in counts.items()},
            continues=continues,
            parent=run,
            scheduled=ScheduledTime(*scheduled) if scheduled is not None else None,
            because=decode_reason(because, reason) if because is not None else None,
        )
    except (ValueError, TypeError, KeyError, AttributeError):
        return None
