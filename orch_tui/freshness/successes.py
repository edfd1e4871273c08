"""The last success of each configuration: in which run, with which text, variables and versions of tables."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from orch_tui.engine.attempts.results import read_result
from orch_tui.engine.runs.previous import to_previous
from orch_tui.model.run.plan import PreviousTask
from orch_tui.model.run.runstate import RunState, TaskState
from orch_tui.project.attempt_dir import attempt_directory
from orch_tui.project.history import runs
from orch_tui.project.journal.file import JOURNAL, BrokenJournal, read_run
from orch_tui.project.paths import ProjectPaths

_LOOK_AT = 200
_BYTES = 32 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Success:
    """``began`` is in seconds since the epoch. ``variables`` are those that the run was started with, under those of
    the task, as texts. ``inputs`` are the versions that were read, ``outputs`` those that were made, by table."""

    run: str
    began: float
    digest: str
    task: PreviousTask
    variables: Mapping[str, str] = field(default_factory=dict)
    inputs: Mapping[str, int] = field(default_factory=dict)
    outputs: Mapping[str, int] = field(default_factory=dict)


def last_successes(paths: ProjectPaths, orchestrations: Iterable[str], configurations: set[str]) -> dict[str, Success]:
    """By the reference of the configuration; those without one are missing.

    Of each orchestration its last 200 runs count, as far as their journals have no more than 32 MiB together.
    """
    found: dict[str, Success] = {}
    for orchestration in orchestrations:
        for configuration, success in _of_orchestration(paths, orchestration, configurations).items():
            if configuration not in found or found[configuration].began < success.began:
                found[configuration] = success
    return found


def _of_orchestration(paths: ProjectPaths, orchestration: str, wanted: set[str]) -> dict[str, Success]:
    found: dict[str, Success] = {}
    left = _BYTES
    for summary in runs(paths, orchestration, _LOOK_AT):
        if summary.broken is not None:
            continue
        try:
            left -= (summary.directory / JOURNAL).stat().st_size
            state = read_run(summary.directory) if left >= 0 else None
        except (OSError, BrokenJournal):
            continue
        if state is None:
            break
        mine = [task for task in state.tasks.values() if task.configuration in wanted - found.keys() and task.attempts]
        if mine:
            previous = to_previous(paths, state).tasks
            found |= {
                task.configuration: _success(paths, state, task, previous[task.id])
                for task in mine
                if previous[task.id].succeeded
            }
        if found.keys() == wanted:
            break
    return found


def _success(paths: ProjectPaths, state: RunState, task: TaskState, previous: PreviousTask) -> Success:
    last = task.attempts[-1]
    directory = attempt_directory(paths.run(state.header.orchestration, state.header.id), task.id, last.number)
    result = read_result(directory)
    return Success(
        state.header.id,
        last.started or last.spawned,
        task.digest,
        previous,
        {**state.header.variables, **task.variables},
        _versions(result.get("inputs")),
        _versions(result.get("tables")),
    )


def _versions(told: Any) -> dict[str, int]:
    """The versions of tables, of what a program has told."""
    items = told if isinstance(told, list) else []
    return {
        item["table"]: item["version"]
        for item in items
        if isinstance(item, dict) and isinstance(item.get("table"), str) and isinstance(item.get("version"), int)
    }
