"""What earlier runs let expect: how long a run and each of its tasks take. No Textual; reads files, for a thread."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from statistics import fmean, median

from orch_tui.model.status import Status
from orch_tui.project.history import run_ids, runs
from orch_tui.project.journal.file import JOURNAL, BrokenJournal, read_run
from orch_tui.project.paths import ProjectPaths

RUNS = 20
"""So many successful runs count."""
LONGER = 1.2
"""Over this many times the mean is longer than usual."""
_LOOK_AT = 200
_BYTES = 16 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Estimates:
    """Seconds. Those of the run are from complete runs only: a part of it takes less."""

    run_median: float | None = None
    run_mean: float | None = None
    task_medians: Mapping[str, float] = field(default_factory=dict)
    task_means: Mapping[str, float] = field(default_factory=dict)


def read_estimates(paths: ProjectPaths, orchestration: str, *, before: str | None = None) -> Estimates:
    """From the last 20 successful runs; those from the run ``before`` on do not count.

    A run that cannot be read tells nothing. Reading stops after 16 MiB of journals.
    """
    whole: list[float] = []
    tasks: dict[str, list[float]] = {}
    left, found = _BYTES, 0
    for summary in runs(paths, orchestration, _LOOK_AT):
        if found >= RUNS or left < 0:
            break
        if summary.status is not Status.SUCCESS or summary.seconds is None or (before and summary.id >= before):
            continue
        found += 1
        if not summary.partial:
            whole.append(summary.seconds)
        try:
            left -= (summary.directory / JOURNAL).stat().st_size
            state = read_run(summary.directory) if left >= 0 else None
        except (OSError, BrokenJournal):
            continue
        for task in state.tasks.values() if state is not None else ():
            last = task.attempt
            if last is not None and last.seconds is not None and last.status is Status.SUCCESS:
                tasks.setdefault(task.id, []).append(last.seconds)
    return Estimates(
        median(whole) if whole else None,
        fmean(whole) if whole else None,
        {task: median(seconds) for task, seconds in tasks.items()},
        {task: fmean(seconds) for task, seconds in tasks.items()},
    )


def task_medians(paths: ProjectPaths, orchestration: str, limit: int = RUNS) -> dict[str, float]:
    """Median seconds of the successful tries of each task, by task id, in the last ``limit`` runs.

    A run that cannot be read tells nothing. Reading stops after 16 MiB of journals: with ten thousand tasks a few
    runs say enough.
    """
    found: dict[str, list[float]] = {}
    left = _BYTES
    for run in run_ids(paths, orchestration)[:limit]:
        directory = paths.run(orchestration, run)
        try:
            left -= (directory / JOURNAL).stat().st_size
            if left < 0:
                break
            state = read_run(directory)
        except (OSError, BrokenJournal):
            continue
        for task in state.tasks.values():
            attempt = task.attempt
            if attempt is not None and attempt.seconds is not None and attempt.status is Status.SUCCESS:
                found.setdefault(task.id, []).append(attempt.seconds)
    return {task: median(seconds) for task, seconds in found.items()}
