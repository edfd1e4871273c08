"""How long tasks took in earlier runs: medians from their journals. No Textual; for a thread, since it reads files."""

from __future__ import annotations

from statistics import median

from orch_tui.model.status import Status
from orch_tui.project.history import run_ids
from orch_tui.project.journal.file import JOURNAL, BrokenJournal, read_run
from orch_tui.project.paths import ProjectPaths

RUNS = 20
_BYTES = 16 * 1024 * 1024


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
