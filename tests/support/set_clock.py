"""A run of this machine that began before somebody set the clock: its journal, and clocks that show it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from orch_tui.engine.processes.process import boot_id, host
from orch_tui.engine.runs.start import RunRequest, plan_run
from orch_tui.model.events import events
from orch_tui.model.events.events import Event
from orch_tui.model.run.runstate import RunHeader
from orch_tui.project.journal.file import Journal
from orch_tui.project.paths import make_private
from orch_tui.project.project import Project

from tests.support.clocks import Machine

T0 = 1_795_359_600.0
"""When the run began, by the clock on the wall of then."""
UP = 5000.0
"""How long the machine was on then, in seconds."""
RUN = "20261122T140000.000Z-aa"


def machine(*, after: float, set_by: float) -> Machine:
    """So many seconds after the run began, when the clock on the wall was set by so many seconds meanwhile."""
    return Machine(T0 + after + set_by, UP + after)


def executor(at: float = T0, up: float = UP) -> Event:
    return events.executor(at, pid=1, start=(1, 1), host=host(), boot_id=boot_id(), by="ann@host", uptime=up)


def begun(task: str, at: float) -> tuple[Event, Event]:
    return events.spawning(at, task, 1), events.started(at, task, 1, pid=9, start=(1, 1))


@contextmanager
def live_run(
    project: Project,
    orchestration: str,
    *more: Event,
    name: str = RUN,
    at: float = T0,
    up: float = UP,
    parent: str | None = None,
) -> Iterator[Path]:
    """The directory of a run that somebody executes as long as it is open."""
    directory = project.paths.run(orchestration, name)
    make_private(directory)
    plan = plan_run(project, RunRequest(orchestration))
    journal = Journal.create(directory, RunHeader(name, orchestration, "O", at, "ann@host", parent=parent), plan)
    for event in (executor(at, up), *more):
        journal.append(event)
    try:
        yield directory
    finally:
        journal.close()
