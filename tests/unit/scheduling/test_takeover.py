"""When the scheduler goes on with a run whose executor died, and when it does not."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from orch_tui.engine.processes.process import boot_id, host
from orch_tui.engine.runs.start import RunRequest, plan_run
from orch_tui.model.events import events
from orch_tui.model.events.events import Event
from orch_tui.model.run.runstate import RunHeader, ScheduledTime
from orch_tui.model.status import Status
from orch_tui.project.journal.file import Journal
from orch_tui.project.journal.format import write_event
from orch_tui.project.paths import make_private
from orch_tui.project.project import Project, open_project
from orch_tui.scheduling.outage import Moment
from orch_tui.scheduling.takeover import TRIES, TakeOver

from tests.support.projects import make_project

T = 1_795_359_600.0
RUN = "20261122T140000.000Z-aa"


def _executor(machine: str = "") -> Event:
    return events.executor(T, pid=1, start=(1, 1), host=machine or host(), boot_id=boot_id(), by="x")


@dataclass
class World:
    """A run that was started by a schedule, and what is started for it."""

    project: Project
    started: list[str] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    now: float = T
    by: str = "night"

    def __post_init__(self) -> None:
        self.directory = self.project.paths.run("o", RUN)
        make_private(self.directory)
        plan = plan_run(self.project, RunRequest("o"))
        header = RunHeader(RUN, "o", "O", T, "schedule night", scheduled=ScheduledTime(self.by, T))
        journal = Journal.create(self.directory, header, plan)
        journal.append(_executor())
        journal.close()

    def write(self, *more: Event) -> None:
        """As executors do that are gone by now."""
        with (self.directory / "run.toml").open("a") as file:
            file.write("".join(map(write_event, more)))

    def turn(self, seconds: float = 0.0) -> float | None:
        """A scheduler looks, so much later, which knows only what is on the disk."""
        self.now += seconds

        def start(command: list[str], directory: Path, log: Path) -> subprocess.Popen[bytes]:
            self.started.append(command[command.index("--resume") + 1])
            process = subprocess.Popen(["true"])
            process.wait()
            return process

        return TakeOver(self.project, self.said.append, start).turn(Moment(self.now, self.now - T, self.now - T, "b"))


@pytest.fixture
def world(tmp_path: Path) -> World:
    root = make_project(tmp_path, {"o": {"P": {"a": "true", "b": "true"}}})
    with (root / "orchestrations" / "o.toml").open("a") as file:
        file.write('\n[[schedules]]\nid = "night"\ncron = "0 0 1 1 *"\n')
    return World(open_project(root))


@pytest.mark.parametrize(("enabled", "started"), [("true", [RUN]), ("false", [])])
def test_runs_of_triggers_are_gone_on_with_too(tmp_path: Path, enabled: str, started: list[str]) -> None:
    # GIVEN a run that a trigger started, of an orchestration that has no schedule
    root = make_project(tmp_path, {"o": {"P": {"a": "true", "b": "true"}}})
    with (root / "orchestrations" / "o.toml").open("a") as file:
        file.write(f'\n[[triggers]]\nid = "in"\nfiles = "in/*"\nenabled = {enabled}\n')
    world = World(open_project(root), by="trigger.in")
    # WHEN its executor is gone, THEN it is gone on with, as long as the trigger is enabled
    world.turn()
    assert world.started == started


def test_each_death_is_answered_once(world: World) -> None:
    # WHEN a scheduler looks, and others right after it, while the process that was started comes up
    wakes = [world.turn(), world.turn(5), world.turn(5)]
    # THEN one was started, and they look again when it should be there
    assert world.started == [RUN] and all(wake is not None and wake > world.now - 10 for wake in wakes)
    # WHEN it has come and died THEN another is started at once
    world.write(_executor())
    world.turn(1)
    assert world.started == [RUN] * 2
    # WHEN one never comes THEN after a while another is started
    world.turn(59)
    assert world.started == [RUN] * 2
    world.turn(2)
    assert world.started == [RUN] * 3 and world.said == []


def test_tasks_that_end_give_it_as_many_tries_again(world: World) -> None:
    for _ in range(TRIES):
        world.turn(100)
        world.write(_executor())
    # GIVEN a run that is given up, of which people are told once
    world.turn(100)
    world.turn(100)
    assert world.started == [RUN] * TRIES and len(world.said) == 1
    # WHEN a task had ended all the same THEN it is gone on with
    world.write(events.spawning(T, "a", 1), events.ended(T, "a", 1, Status.SUCCESS))
    world.turn(100)
    assert world.started == [RUN] * (TRIES + 1)


def test_a_run_that_others_have_had_in_hand_is_left_alone(world: World) -> None:
    world.write(_executor())
    assert world.turn() is None and world.started == []


def test_a_run_of_another_machine_is_left_alone(world: World) -> None:
    world.turn()
    world.write(_executor("elsewhere"))
    assert world.turn(100) is None and world.started == [RUN]


def test_a_run_that_has_ended_or_is_damaged_is_left_alone(world: World) -> None:
    world.write(events.phase_started(T, "none"))
    assert world.turn() is None
    world.write(events.run_ended(T, Status.ERROR, None, 1.0, {}))
    assert world.turn() is None and world.started == []
