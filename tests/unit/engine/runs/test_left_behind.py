"""What holds a configuration on another machine, of a run that nobody executes, is followed by who waits for it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from orch_tui.engine.backends.backend import Finding, Left, Told, Verdict
from orch_tui.engine.backends.chosen import Backends
from orch_tui.engine.backends.remote.handoff import End, write_end
from orch_tui.engine.processes.launcher import AttemptSpec, Exit, StopRequest
from orch_tui.engine.runs.left_behind import LeftBehind
from orch_tui.model.events import events
from orch_tui.model.orchestration.each import Each
from orch_tui.model.run.attempt_state import AttemptState
from orch_tui.model.run.plan import Decision, PlannedPhase, PlannedTask, RunPlan
from orch_tui.model.run.runstate import RunHeader
from orch_tui.project.attempt_dir import attempt_directory, is_carried, parts_record, start_file
from orch_tui.project.concurrent.locks import Lock
from orch_tui.project.journal.file import JOURNAL, Journal

from tests.support.engine_kit import make_commands

T = 1_790_000_000.0


class Gone:
    """A backend whose queue knows none of its jobs any more: whoever follows one writes down that it is lost."""

    key = "cluster"

    def __init__(self) -> None:
        self.adopted: list[str] = []

    def inspect(self, directory: Path, known: AttemptState, starter: Mapping[str, Any]) -> Finding:
        return Finding(Verdict.QUEUED, None, "")

    def adopt(self, spec: AttemptSpec, left: Left) -> Gone.Job:
        self.adopted.append(left.known.job_name)
        return Gone.Job(spec)

    class Job:
        def __init__(self, spec: AttemptSpec) -> None:
            self._directory = spec.directory

        async def wait(self, stop: StopRequest, told: Told) -> Exit:
            told.queued("4711", "Resources")
            end = Exit(None, lost="lost: the queue does not know it")
            write_end(self._directory, End(end))
            return end


class Stand:
    """A run ``r`` with two jobs: of a task, and of a part of an array; its executor is gone."""

    def __init__(self, root: Path) -> None:
        self.project = make_commands(root, {"P": {"t": "true"}}, '[backends.cluster]\nkind = "slurm"\n')
        self.backend = Gone()
        backends = Backends(self.project.settings)
        backends._made["cluster"] = self.backend  # type: ignore[assignment]
        self.left = LeftBehind(backends)
        task = PlannedTask("t", "command/t", "T", "p", Decision.RUN)
        array = PlannedTask("load", "command/load", "Load", "p", Decision.RUN, each=Each(items=("a", "b")))
        plan = RunPlan("o", "O", (PlannedPhase("p", "P", (task, array), 2),))
        self.run = self.project.paths.run("o", "r")
        self.run.mkdir(parents=True)
        journal = Journal.create(self.run, RunHeader("r", "o", "O", T, "ann"), plan)
        for event in (
            events.executor(T, pid=1, start=(1, 1), host="elsewhere", boot_id="b", by="ann"),
            events.phase_started(T, "p"),
            events.spawning(T, "t", 1, backend="cluster", name="orch-t"),
            events.unfolded(T, "load", ["a", "b"]),
            events.spawning(T, "load@2", 1, backend="cluster", name="orch-load"),
        ):
            journal.append(event)
        journal.close()
        for name in ("t", "load@2"):
            place = attempt_directory(self.run, name, 1)
            place.mkdir(parents=True)
            start_file(place).touch(0o600)

    def holds(self, name: str, record: Path) -> Path:
        """The lock of a configuration, as the executor that is gone has left it."""
        path = self.project.paths.configuration_lock(f"command/{name}")
        lock = Lock.acquire(path, "run r")
        assert lock is not None
        lock.describe("run r", record)
        lock.close()
        assert Lock.acquire(path, "another") is None
        return path


@pytest.mark.parametrize("name", ["t", "load"])
async def test_a_configuration_is_free_once_the_queue_knows_its_job_no_more(tmp_path: Path, name: str) -> None:
    # GIVEN a configuration that a job of an interrupted run holds, or one of a part of its array
    stand = Stand(tmp_path)
    record = attempt_directory(stand.run, "t", 1) if name == "t" else parts_record(stand.run, "load")
    path, before = stand.holds(name, record), (stand.run / JOURNAL).read_bytes()
    # WHEN somebody waits for it, who looks again and again
    stand.left.follow(stand.run, record)
    stand.left.follow(stand.run, record)
    place = attempt_directory(stand.run, "t" if name == "t" else "load@2", 1)
    while is_carried(place):
        await asyncio.sleep(0)
    # THEN its queue was asked once, what became of it stands in its directory, and its journal is as it was
    assert stand.backend.adopted == [f"orch-{name}"] and (stand.run / JOURNAL).read_bytes() == before
    lock = Lock.acquire(path, "another")
    assert lock is not None
    lock.close()


async def test_what_its_run_does_not_know_is_left_alone(tmp_path: Path) -> None:
    # GIVEN a lock that names an attempt which no journal has
    stand = Stand(tmp_path)
    place = attempt_directory(stand.run, "t", 2)
    place.mkdir(parents=True)
    start_file(place).touch(0o600)
    stand.left.follow(stand.run, place)
    following = next(iter(stand.left._followed.values()))
    # THEN nobody is asked for it
    await asyncio.wait({following}, timeout=0.5)
    assert stand.backend.adopted == [] and is_carried(place)
    following.cancel()
