"""What an array is run for, and the hold of its configuration."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest
from orch_tui.engine.attempts.programs import PrepareError
from orch_tui.engine.phases.arrays import Arrays, find
from orch_tui.engine.record.recorder import Recorder
from orch_tui.model.clocks.run_time import RunTime
from orch_tui.model.orchestration.each import Each
from orch_tui.model.run.phase_state import Parts
from orch_tui.model.run.plan import Decision, PlannedPhase, PlannedTask, RunPlan
from orch_tui.model.run.run_start import initial_state
from orch_tui.model.run.runstate import RunHeader, RunState, TaskState
from orch_tui.project.concurrent.locks import Lock
from orch_tui.project.journal.file import Journal
from orch_tui.project.paths import ProjectPaths

T = RunTime(1_790_000_000.0)


def array_of(each: Each) -> tuple[PlannedTask, RunPlan, RunState]:
    task = PlannedTask("load", "command/l", "Load", "p", Decision.RUN, each=each)
    plan = RunPlan("o", "O", (PlannedPhase("p", "P", (task,), 2),))
    return task, plan, initial_state(RunHeader("r", "o", "O", T, "me"), plan)


def test_an_array_whose_name_could_not_be_written_has_its_configuration_when_there_is_room(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # GIVEN an array, and a disk that is full when it takes its configuration
    task, plan, state = array_of(Each(items=("de", "fr")))
    paths = ProjectPaths(tmp_path)
    directory = paths.run("o", "r")
    directory.mkdir(parents=True)
    journal = Journal.create(directory, RunHeader("r", "o", "O", T, "me"), plan)
    recorder = Recorder(journal, state, lambda: T)
    arrays = Arrays(plan, recorder, paths, directory, "run r, {}".format, lambda: None)
    part = Parts.unfold(TaskState(task), 1.0, {"items": ["de", "fr"]}, 0).states[0].planned

    def full(*_: object) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patched:
        patched.setattr(os, "pwrite", full)
        # WHEN it is to be held / THEN that waits, and others could have it
        with pytest.raises(OSError, match="No space left"):
            arrays.hold(task, far=False)
    free = Lock.acquire(paths.configuration_lock(task.configuration), "another")
    assert free is not None
    free.close()
    # WHEN there is room again / THEN its parts join
    assert arrays.hold(task, far=False)
    joined = arrays.join(part)
    assert joined is not None
    joined.close()
    arrays.leave()
    journal.close()


def test_a_pattern_that_no_name_can_have_is_a_fault_of_the_task(tmp_path: Path) -> None:
    # GIVEN a pattern with a variable that holds what no name of a file can hold
    task, plan, _ = array_of(Each(files="{{ folder }}/*.csv"))
    # WHEN its files are looked for / THEN the task is told why there are none
    with pytest.raises(PrepareError, match="a character that is not shown"):
        find(task, plan, ProjectPaths(tmp_path), {"folder": "a\0b"})
