"""The last success of each configuration: in which run, with which text, variables and versions of tables."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
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
    the task, as texts. ``inputs`` are the versions that were read, by table: the parts of an array may have read
    several. ``items`` are what an array was run for, with when the part of each began; None of any other task."""

    run: str
    began: float
    digest: str
    task: PreviousTask
    variables: Mapping[str, str] = field(default_factory=dict)
    inputs: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    items: Mapping[str, float] | None = None


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
    room = _BYTES
    for summary in runs(paths, orchestration, _LOOK_AT):
        if summary.broken is not None:
            continue
        try:
            room -= (summary.directory / JOURNAL).stat().st_size
            state = read_run(summary.directory) if room >= 0 else None
        except (OSError, BrokenJournal):
            continue
        if state is None:
            break
        left = wanted - found.keys()
        mine = [
            task
            for task in state.tasks.values()
            if task.configuration in left and (task.attempts or task.nothing_to_do)
        ]
        if mine:
            try:
                previous = to_previous(paths, state).tasks
            except OSError:
                continue
            found |= {
                task.configuration: _success(paths, state, task, previous[task.id])
                for task in mine
                if previous[task.id].succeeded
            }
        if found.keys() == wanted:
            break
    return found


def _success(paths: ProjectPaths, state: RunState, task: TaskState, previous: PreviousTask) -> Success:
    variables = {**state.header.variables, **task.variables}
    inputs: dict[str, set[int]] = {}
    items: dict[str, float] = {}
    for run, one in _worked(paths, state, task, {state.header.id: state}):
        last = one.attempts[-1]
        if one.planned.item is not None:
            items[one.planned.item.text] = last.started or last.spawned
        for table, version in _read_by(attempt_directory(run, one.id, last.number)):
            inputs.setdefault(table, set()).add(version)
    began = state.header.created
    if task.attempts:
        began = task.attempts[-1].started or task.attempts[-1].spawned
    return Success(
        state.header.id,
        began,
        task.digest,
        previous,
        variables,
        {table: tuple(sorted(versions)) for table, versions in inputs.items()},
        items if task.planned.each is not None else None,
    )


def _worked(
    paths: ProjectPaths, state: RunState, task: TaskState, known: dict[str, RunState | None]
) -> Iterator[tuple[Path, TaskState]]:
    """Whose attempts did the work of a task, with the directories of their runs: the task itself, or the parts of an
    array, of which some may be reused from runs before. What cannot be found any more is missing. ``known`` are the
    runs that were read."""
    directory = paths.run(state.header.orchestration, state.header.id)
    if task.parts is None:
        if task.attempts:
            yield directory, task
        return
    reused: dict[str, set[str]] = {}
    for part in task.parts.states:
        if part.succeeded and part.attempts:
            yield directory, part
        elif part.reused and part.because is not None and part.planned.item is not None:
            reused.setdefault(part.because.fields.get("run", ""), set()).add(part.planned.item.text)
    for run, items in reused.items():
        before = known.get(run) if run in known else _run(paths.run(state.header.orchestration, run))
        known[run] = before
        then = before.tasks.get(task.id) if before is not None else None
        # A journal may have been edited by a person: no run is reused from a later one.
        if before is not None and then is not None and before.header.created < state.header.created:
            for place, part in _worked(paths, before, then, known):
                if part.planned.item is not None and part.planned.item.text in items:
                    yield place, part


def _run(directory: Path) -> RunState | None:
    try:
        return read_run(directory)
    except (OSError, BrokenJournal):
        return None


def _read_by(attempt: Path) -> Iterator[tuple[str, int]]:
    """The tables that an attempt has read, with their versions, of what its program has told."""
    told: Any = read_result(attempt).get("inputs")
    for item in told if isinstance(told, list) else []:
        if isinstance(item, dict) and isinstance(item.get("table"), str) and isinstance(item.get("version"), int):
            yield item["table"], item["version"]
