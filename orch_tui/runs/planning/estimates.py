"""What earlier runs let expect: how long a run and each of its tasks take, and what tasks use of the machine.

No Textual; reads files, for a thread.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import field
from statistics import fmean, median

from orch_tui.model.dataclass import dataclass
from orch_tui.model.run.runstate import RunState
from orch_tui.model.status import Status
from orch_tui.project.history import runs
from orch_tui.project.journal.file import JOURNAL, BrokenJournal, read_run
from orch_tui.project.paths import ProjectPaths

RUNS = 20
"""So many runs count."""
ENOUGH = 3
"""From so many runs on one can say what is usual."""
LONGER = 1.2
"""Over this many times the mean is longer than usual."""
MORE = 1.5
"""Over this many times the mean it is more memory or CPU than usual."""
_LOOK_AT = 200
_BYTES = 16 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Estimates:
    """Seconds, and bytes of memory (``task_peaks``). Those of the run are from complete successful runs of the same
    tasks: others take less or more.

    Means, and what the run usually takes, are known from :data:`ENOUGH` runs on; the median of a task from one on.
    """

    run_median: float | None = None
    run_mean: float | None = None
    task_medians: Mapping[str, float] = field(default_factory=dict)
    task_means: Mapping[str, float] = field(default_factory=dict)
    task_peaks: Mapping[str, float] = field(default_factory=dict)
    task_cpus: Mapping[str, float] = field(default_factory=dict)
    task_ends: Mapping[str, Status] = field(default_factory=dict)
    """How each task ended when it was tried last."""


def read_estimates(
    paths: ProjectPaths, orchestration: str, *, before: str | None = None, tasks: Set[str] | None = None
) -> Estimates:
    """From the last 20 runs; those from the run ``before`` on do not count. ``tasks`` are what the run consists of.

    Of each run the tries count that succeeded. A run that cannot be read tells nothing. Reading stops after 16 MiB of
    journals: with ten thousand tasks a few runs say enough.
    """
    whole: list[float] = []
    tries: dict[str, list[float]] = {}
    peaks: dict[str, list[float]] = {}
    cpus: dict[str, list[float]] = {}
    ends: dict[str, Status] = {}
    left, read = _BYTES, 0
    for summary in runs(paths, orchestration, _LOOK_AT):
        if summary.broken is not None or (before and summary.id >= before):
            continue
        try:
            left -= (summary.directory / JOURNAL).stat().st_size
            if left < 0 or read >= RUNS:
                break
            state = read_run(summary.directory)
        except (OSError, BrokenJournal):
            continue
        read += 1
        for task in state.tasks.values():
            last = task.attempt
            if last is not None and task.status.final:
                ends.setdefault(task.id, task.status)
            if last is not None and last.seconds is not None and last.status is Status.SUCCESS:
                tries.setdefault(task.id, []).append(last.seconds)
                if last.usage is not None and last.usage.peak_memory is not None:
                    peaks.setdefault(task.id, []).append(last.usage.peak_memory)
                if last.usage is not None and last.usage.cpu is not None:
                    cpus.setdefault(task.id, []).append(last.usage.cpu)
        complete = summary.status is Status.SUCCESS and summary.seconds is not None and not summary.partial
        if complete and summary.seconds is not None and (tasks is None or tasks_to_run(state) == tasks):
            whole.append(summary.seconds)
    known = len(whole) >= ENOUGH
    return Estimates(
        median(whole) if known else None,
        fmean(whole) if known else None,
        {task: median(seconds) for task, seconds in tries.items()},
        _usual(tries),
        _usual(peaks),
        _usual(cpus),
        ends,
    )


def _usual(found: Mapping[str, Sequence[float]]) -> dict[str, float]:
    """The means, by task, of what enough runs tell."""
    return {task: fmean(values) for task, values in found.items() if len(values) >= ENOUGH}


def tasks_to_run(state: RunState) -> frozenset[str]:
    """The tasks of a run but those that are skipped in it, or reused."""
    return frozenset(task.id for task in state.tasks.values() if task.attempts or task.status is not Status.SKIPPED)
