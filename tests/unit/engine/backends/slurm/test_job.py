"""When a job of the queue counts as over though its node said nothing that can be read."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import pytest
from orch_tui.engine.backends.remote import handoff
from orch_tui.engine.backends.remote.slots import Slots
from orch_tui.engine.backends.slurm.commands import Row
from orch_tui.engine.backends.slurm.job import SlurmJob
from orch_tui.engine.backends.slurm.nodes import BadNodes
from orch_tui.engine.backends.slurm.queue import Queue
from orch_tui.engine.backends.slurm.watch import Seen, Watch
from orch_tui.engine.processes.launcher import StopRequest
from orch_tui.project.attempt_dir import is_carried, node_file, queue_log
from orch_tui.project.definitions.backends import BackendSettings

from tests.support.launcher_contract import shell


@pytest.mark.parametrize("taken", [False, True], ids=["its start is there", "its start was taken"])
async def test_a_node_that_was_killed_as_it_wrote_its_name_is_not_waited_for_without_end(
    tmp_path: Path, taken: bool
) -> None:
    # GIVEN a job that has ended, whose node made the file of its name, and had no room or no time to write the name
    directory = tmp_path / "run" / "tasks" / "t" / "1"
    spec = shell(directory, "true")
    settings = BackendSettings("cluster", "slurm")
    queue = Queue(settings, Watch("cluster"), BadNodes(), Slots(1), asyncio.Semaphore(1), asyncio.Semaphore(1))
    job, seen = SlurmJob(spec, "orch-1", queue), Seen(directory, "orch-1", lambda level, text: None)
    handoff.write_start(spec, {}, None)
    queue_log(directory).touch(0o600)
    node_file(directory).touch(0o600)
    if taken:
        assert handoff.take_start(directory) is not None
    seen.take_files(handoff.names_in(directory), 0.0)
    seen.row = Row("7", "orch-1", "FAILED", "NonZeroExitCode", "n1")
    assert job._is_over(seen) and await job._settle(StopRequest(), seen) is None
    # WHEN its answer had time to come THEN it is sent again where nothing of it was taken, and lost where it was
    job._over_since = time.monotonic() - 60
    end = await job._settle(StopRequest(), seen)
    assert end is not None and bool(end.lost) is taken and bool(end.unstarted and end.again) is not taken
    # AND it holds its configuration no longer
    assert not is_carried(directory)
