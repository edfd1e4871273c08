"""Runs of nested orchestrations, seen from the task whose own run they are.

A nested orchestration is executed by the task's process and has a journal of its own, which names the task as its
parent. When that process is gone, the journal is there still: what it says goes before any exit code.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

from orch_tui.model.components.component import ORCHESTRATION_COMPONENT
from orch_tui.model.failure import FailureKind
from orch_tui.model.run.outcome import Outcome
from orch_tui.model.run.plan import PlannedTask, RunPlan
from orch_tui.model.status import Status
from orch_tui.model.variables.values import Value, decode_all, encode
from orch_tui.project.history import RunSummary, judge_by, newest_ids
from orch_tui.project.journal.file import BrokenJournal, read_run
from orch_tui.project.paths import ProjectPaths

_CHAIN = 50
"""Runs of which one continues the other that are looked through, at most."""

_UNREADABLE = "the variables that its run has set cannot be read"


def parent_name(orchestration: str, run: str, task: str) -> str:
    """What the journal of a nested run calls the task that it belongs to."""
    return f"{orchestration}/{run}/{task}"


def inner_orchestration(configuration: str) -> str | None:
    """The orchestration that a task with this configuration runs; None for any other task."""
    component, _, name = configuration.partition("/")
    return name if component == ORCHESTRATION_COMPONENT else None


def newest_nested(paths: ProjectPaths, orchestration: str, parent: str) -> RunSummary | None:
    """The newest run of ``orchestration`` that belongs to the task ``parent``. Raises: OSError: whose one of them is
    cannot be read now; what it has done must not be begun anew."""
    outer = parent.split("/")[1]
    for run in newest_ids(paths, orchestration):
        if run < outer:
            # A nested run begins after the run that it is part of.
            return None
        try:
            summary = judge_by(paths.run(orchestration, run))
        except FileNotFoundError:
            continue
        if summary.parent == parent:
            return summary
    return None


def nested_in_run(paths: ProjectPaths, plan: RunPlan, run: str, task: PlannedTask) -> RunSummary | None:
    """The newest run that a task of a nested orchestration started in ``run``. Raises: OSError."""
    inner = inner_orchestration(task.configuration)
    return None if inner is None else newest_nested(paths, inner, parent_name(plan.orchestration, run, task.id))


def nested_before(paths: ProjectPaths, plan: RunPlan, task: PlannedTask) -> RunSummary | None:
    """The newest nested run of a task in the run that ``plan`` continues, or in the one that this one continued.
    Raises: OSError."""
    run, looked = plan.rerun_of, 0
    while run is not None and looked < _CHAIN:
        if (found := nested_in_run(paths, plan, run, task)) is not None:
            return found
        try:
            run, looked = judge_by(paths.run(plan.orchestration, run)).continues, looked + 1
        except FileNotFoundError:
            break
    return None


def outcome_of_run(inner: RunSummary) -> Outcome:
    """What a nested run that has ended means for the task whose process could not say so any more."""
    if inner.status is Status.SUCCESS:
        return Outcome(Status.SUCCESS)
    reason = f"run {inner.id} ended in {inner.status.value}" + (f": {inner.reason}" if inner.reason else "")
    if inner.status is Status.WARNING:
        return Outcome(Status.WARNING, inner.reason or reason)
    return Outcome(Status.ERROR, reason, FailureKind.USER)


def as_its_run_has_it(outcome: Outcome, inner: RunSummary | None) -> Outcome:
    """The end of a task whose nested run failed, with the reason of that run's journal: the last line that it wrote is
    one of a report."""
    if inner is None or inner.broken is not None or not inner.reason:
        return outcome
    return replace(outcome, reason=f"exit code 1: {inner.reason}")


def values_of_nested(
    task: PlannedTask, find: Callable[[PlannedTask], RunSummary | None]
) -> tuple[dict[str, Value], list[str]]:
    """Of the variables of a nested run those that its task says it sets, and what is wrong with others of them, or that
    they cannot be read; ``find`` is :func:`nested_in_run`."""
    if not task.sets:
        return {}, []
    try:
        inner = find(task)
        if inner is None or inner.broken is not None:
            return {}, []
        state = read_run(inner.directory)
    except OSError as error:
        return {}, [f"{_UNREADABLE}: {error.strerror or error}"]
    except BrokenJournal as error:
        return {}, [f"{_UNREADABLE}: {error.brief}"]
    known: dict[str, Value] = {**state.header.variables}
    known |= {name: one.value for name, one in state.values.items()}
    return decode_all({name: encode(known[name]) for name in task.sets if name in known})


def interrupted_below(paths: ProjectPaths, run: Path) -> Iterator[Path]:
    """Nested runs of a run (and theirs) that have not ended and that nobody executes, the innermost first.
    Raises: OSError."""
    beginning = f"{run.parent.name}/{run.name}/"
    try:
        orchestrations = sorted(entry.name for entry in run.parent.parent.iterdir() if entry.is_dir())
    except FileNotFoundError:
        return
    for orchestration in orchestrations:
        for name in newest_ids(paths, orchestration):
            if name < run.name:
                break
            try:
                summary = judge_by(paths.run(orchestration, name))
            except FileNotFoundError:
                continue
            if (summary.parent or "").startswith(beginning):
                yield from interrupted_below(paths, summary.directory)
                if summary.interrupted:
                    yield summary.directory
