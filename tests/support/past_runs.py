"""A long history, written as journals and logs without running anything."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from orch_tui.model.events import events
from orch_tui.model.events.reasons import Cause, Reason
from orch_tui.model.run.plan import Decision, PlannedPhase, PlannedTask, RunPlan
from orch_tui.model.run.runstate import RunHeader, ScheduledTime
from orch_tui.model.status import Status
from orch_tui.project.attempt_dir import attempt_directory, log_file
from orch_tui.project.files.own_files import create_own
from orch_tui.project.journal.file import JOURNAL
from orch_tui.project.journal.format import write_event, write_header
from orch_tui.project.paths import ProjectPaths, make_private

# 1 November 2026, 05:30 UTC.
BEGIN = 1_793_511_000.0
FAILURES = (
    "exit code 1: ERROR: connection to 10.1.2.{n} port 5432 failed: timeout after {n}.{n} s",
    "exit code 1: no such table: raw/orders_2026{m:02}{d:02}",
    "exit code 2: KeyError: 'campaign-{n}'",
    "ended by SIGKILL: out of memory (used {n}{n} MB)",
)


@dataclass(frozen=True, slots=True)
class Past:
    """A run that is to have been. ``why`` is what its task failed of; ``digest`` is of the task's configuration;
    ``node`` of a cluster carried it, as job 4711."""

    orchestration: str = "o"
    at: float = BEGIN
    status: Status | None = Status.SUCCESS
    seconds: float = 5.0
    by: str = "ann@host (pts/1)"
    why: str = ""
    digest: str = "d1"
    schedule: str = ""
    continues: str | None = None
    parent: str | None = None
    log: str = ""
    task: str = "load"
    node: str = ""


def run_id(at: float, number: int = 0) -> str:
    moment = datetime.fromtimestamp(at, UTC)
    return f"{moment:%Y%m%dT%H%M%S}.{moment.microsecond // 1000:03}Z-{number % 256:02x}"


def write_past(paths: ProjectPaths, past: Past, number: int = 0) -> str:
    """Its journal, and its log if it has one; the id."""
    run = run_id(past.at, number)
    directory = paths.run(past.orchestration, run)
    make_private(directory)
    task = PlannedTask(past.task, f"command/{past.task}", past.task.capitalize(), "p", Decision.RUN, digest=past.digest)
    plan = RunPlan(past.orchestration, past.orchestration, (PlannedPhase("p", "P", (task,), 1),))
    scheduled = ScheduledTime(past.schedule, past.at) if past.schedule else None
    header = RunHeader(
        run,
        past.orchestration,
        past.orchestration.capitalize(),
        past.at,
        past.by,
        rerun_of=past.continues,
        parent=past.parent,
        scheduled=scheduled,
    )
    create_own(directory / JOURNAL, "".join([write_header(header, plan), *_events(past)]).encode())
    if past.log:
        attempt = attempt_directory(directory, past.task, 1)
        make_private(attempt)
        create_own(log_file(attempt), past.log.encode())
    return run


def _events(past: Past) -> Iterator[str]:
    end = past.at + past.seconds
    yield write_event(events.phase_started(past.at, "p"))
    if past.node:
        yield write_event(events.spawning(past.at, past.task, 1, backend="cluster", name="orch-1"))
        yield write_event(events.started(past.at, past.task, 1, node=past.node, job="4711"))
    else:
        yield write_event(events.spawning(past.at, past.task, 1))
    if past.status is None:
        return
    yield write_event(events.ended(end, past.task, 1, past.status, past.why))
    yield write_event(events.phase_ended(end, "p", past.status))
    why = None
    if past.why:
        why = Reason.of(Cause.TASK_FAILED, task=past.task, name=past.task.capitalize(), why=past.why, others=0)
    yield write_event(events.run_ended(end, past.status, why, past.seconds, {past.status: 1}))


def many(count: int, orchestrations: Sequence[str], *, logs: bool = False, seed: int = 12) -> Iterator[Past]:
    """So many runs over some weeks, a tenth of them failures, some gone on with."""
    draw = random.Random(seed)
    for number in range(count):
        name = orchestrations[number % len(orchestrations)]
        at = BEGIN + number * 240
        failed = draw.random() < 0.1
        n = draw.randrange(1, 200)
        why = draw.choice(FAILURES).format(n=n, m=n % 12 + 1, d=n % 28 + 1) if failed else ""
        past = Past(
            name,
            at,
            Status.ERROR if failed else Status.SUCCESS,
            draw.uniform(1, 90),
            draw.choice(("ann@host (pts/1)", "bob@host (pts/2)")),
            why,
            schedule="morning" if number % 3 else "",
        )
        lines = "".join(f"{at + k:.0f} row {k} of {name} loaded\n" for k in range(40)) if logs else ""
        yield replace(past, log=f"{lines}{why}\n" if logs else "")


def make_history(root: Path, count: int, orchestrations: Sequence[str], *, logs: bool = False) -> ProjectPaths:
    """A project of one task each, with a history."""
    from tests.support.projects import make_project

    make_project(root, {name: {"P": {"load": "true"}} for name in orchestrations})
    paths = ProjectPaths(root)
    paths.make_state()
    for number, past in enumerate(many(count, orchestrations, logs=logs)):
        write_past(paths, past, number)
    return paths
