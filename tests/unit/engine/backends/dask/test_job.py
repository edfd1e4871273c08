"""When an attempt counts as over, and when that would be guessed."""

from __future__ import annotations

import errno
import os
import time
from pathlib import Path

import pytest
from orch_tui.engine.attempts.obstacles import passing_obstacle
from orch_tui.engine.backends.backend import Finding, Left, NotStarted, Verdict
from orch_tui.engine.backends.dask import watch
from orch_tui.engine.backends.dask.job import DaskJob, Scheduler
from orch_tui.engine.backends.dask.states import why_waiting
from orch_tui.engine.backends.dask.watch import Seen, Watch
from orch_tui.engine.backends.remote import handoff
from orch_tui.engine.backends.remote.handoff import Node
from orch_tui.engine.backends.remote.slots import Slots
from orch_tui.engine.processes.launcher import StopRequest
from orch_tui.model.run.attempt_state import AttemptState
from orch_tui.project.attempt_dir import node_file, start_file
from orch_tui.project.definitions.dask_settings import DaskSettings

from tests.support.launcher_contract import shell
from tests.unit.engine.backends.remote.test_ending import Notes

SETTINGS = DaskSettings("tcp://127.0.0.1:1")


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    return tmp_path / "run" / "tasks" / "t" / "1"


def job(directory: Path, *, known: AttemptState | None = None) -> tuple[DaskJob, Seen]:
    """``known`` is what an earlier executor had written down."""
    left = None
    if known is not None:
        left = Left(known, {}, Finding(Verdict.QUEUED, None, ""), lambda at: at)
    made = DaskJob(shell(directory, "true"), "orch-1", Scheduler(SETTINGS, Watch("lab", SETTINGS), Slots(1)), left)
    return made, Seen(directory, "orch-1", lambda level, text: None)


def begun(directory: Path, *, refused: str = "") -> tuple[DaskJob, Seen]:
    made, seen = job(directory)
    assert handoff.claim(directory, Node("n1", "orch-1", refused))
    seen.take_files(handoff.names_in(directory), 0.0)
    return made, seen


@pytest.mark.parametrize(
    ("held_before", "fresh", "state", "over"),
    [
        (True, False, None, True),  # its lock was seen from here, and is free: it is gone, whatever the scheduler knows
        (False, False, None, False),  # no lock of it was ever seen, and nobody can be asked
        (False, True, "processing", False),  # a worker has it: locks do not reach this machine
        (False, True, None, True),  # neither a lock, nor does the scheduler know it
        (False, True, "memory", True),
    ],
)
def test_what_has_begun_is_gone_only_when_that_is_known(
    directory: Path, held_before: bool, fresh: bool, state: str | None, over: bool
) -> None:
    made, seen = begun(directory)
    if held_before:
        seen.take_lock(held=True)
    seen.fresh, seen.state = fresh, state
    # GIVEN one look that finds it free THEN that is not enough
    seen.take_lock(held=False)
    assert not made._is_over(seen)
    # WHEN it stays so
    seen.take_lock(held=False)
    # THEN it is not either, unless that is so for a while
    assert not made._is_over(seen)
    seen.free_since = time.monotonic() - 60
    assert made._is_over(seen) is over
    # AND whoever has it again has begun anew to be followed
    seen.take_lock(held=True)
    assert not made._is_over(seen)


def test_what_was_refused_or_never_asked_for_does_not_begin(directory: Path) -> None:
    made, seen = begun(directory, refused="it was stopped")
    assert made._is_over(seen)
    # GIVEN one that nobody has taken, and a scheduler that does not know it once: it may not have come there yet
    made, seen = job(directory.parent / "2")
    seen.take_state(None)
    assert not made._is_over(seen)
    seen.take_state(None)
    assert made._is_over(seen)
    # GIVEN one whose executor died before it was told that it is there THEN once is enough, as nobody asks any more
    made, seen = job(directory.parent / "3", known=AttemptState(1, 0.0, backend="lab", job_name="orch-1"))
    seen.take_state(None)
    assert made._is_over(seen)
    # AND not while its question is on its way
    seen.take_state("asked")
    assert not made._is_over(seen)


async def test_what_is_not_wanted_any_more_cannot_begin_and_leaves_no_secret(directory: Path) -> None:
    made, _ = job(directory)
    spec = shell(directory, "true")
    handoff.write_start(spec, {"TOKEN": "s3cret"}, None)
    assert "s3cret" in start_file(directory).read_text()
    # WHEN it is closed
    end = await made._unwanted(StopRequest())
    # THEN a worker that takes it finds nothing to do
    assert end.unstarted == "it had not begun" and handoff.take_start(directory) is None
    assert not handoff.claim(directory, Node("n2")) and "start.json" not in os.listdir(directory)


async def test_whoever_was_killed_as_it_said_that_it_has_it_is_not_waited_for_without_end(directory: Path) -> None:
    # GIVEN a worker that made the file of its name, and had no room or no time to write the name
    made, seen = job(directory)
    handoff.write_start(shell(directory, "true"), {}, None)
    node_file(directory).touch(0o600)
    seen.take_files(handoff.names_in(directory), 0.0)
    seen.fresh, seen.state = True, None
    assert not made._is_over(seen)
    # WHEN nobody has its locks for a while
    seen.take_lock(held=False)
    seen.take_lock(held=False)
    seen.free_since = time.monotonic() - 60
    # THEN it is over, once its answer had time to come; and it is sent again, since nothing of it was taken
    assert made._is_over(seen) and await made._settle(StopRequest(), seen) is None
    made._over_since = time.monotonic() - 60
    end = await made._settle(StopRequest(), seen)
    assert end is not None and end.unstarted and end.again


async def test_without_room_for_the_program_that_asks_it_is_not_started_and_leaves_no_secret(
    directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # GIVEN a machine that starts no more processes
    def refuse(*_: object) -> None:
        raise BlockingIOError(errno.EAGAIN, os.strerror(errno.EAGAIN))

    made, _ = job(directory)
    handoff.write_start(shell(directory, "true"), {"TOKEN": "s3cret"}, None)
    monkeypatch.setattr(watch, "Link", refuse)
    # WHEN it is to be asked for THEN that is a start that may be tried again, and no end of the run
    with pytest.raises(NotStarted) as raised:
        await made.wait(StopRequest(), Notes())
    assert raised.value.errno == errno.EAGAIN and passing_obstacle(raised.value) is not None
    assert not start_file(directory).exists()


def test_reasons_to_wait_are_in_words() -> None:
    assert why_waiting("no-worker", {"slot": 2, "GPU": 1}) == "no-worker: waits for a worker with slot 2 and GPU 1"
    assert why_waiting("no-worker", {}) == "no-worker: waits for a worker"
    assert why_waiting("queued", {}).startswith("queued: ") and why_waiting("asked", {}) == ""
