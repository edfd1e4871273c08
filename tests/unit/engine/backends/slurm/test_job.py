"""When a job of the queue counts as over though its node said nothing that can be read."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import pytest
from orch_tui.engine.backends.remote import handoff
from orch_tui.engine.backends.remote.slots import Slots
from orch_tui.engine.backends.slurm import job as job_module
from orch_tui.engine.backends.slurm.commands import Row, Submission, Submitted
from orch_tui.engine.backends.slurm.job import SlurmJob
from orch_tui.engine.backends.slurm.nodes import BadNodes
from orch_tui.engine.backends.slurm.queue import Queue
from orch_tui.engine.backends.slurm.states import why_over
from orch_tui.engine.backends.slurm.watch import Seen, Watch
from orch_tui.engine.processes.launcher import Exit, StopRequest
from orch_tui.project.attempt_dir import exit_file, is_carried, log_file, node_file, queue_log
from orch_tui.project.definitions.backends import BackendSettings

from tests.support.launcher_contract import shell
from tests.unit.engine.backends.remote.test_ending import Notes


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


def _job(directory: Path) -> tuple[SlurmJob, Seen, Queue]:
    settings = BackendSettings("cluster", "slurm")
    queue = Queue(settings, Watch("cluster"), BadNodes(), Slots(1), asyncio.Semaphore(1), asyncio.Semaphore(1))
    job = SlurmJob(shell(directory, "true"), "orch-1", queue)
    return job, Seen(directory, "orch-1", lambda level, text: None), queue


@pytest.mark.parametrize(
    ("state", "reason", "said", "again", "blamed"),
    [
        ("FAILED", "NonZeroExitCode", "the queue says FAILED on n1", True, ("n1",)),
        ("NODE_FAIL", "None", "its node failed (NODE_FAIL on n1)", True, ("n1",)),
        ("CANCELLED", "None", "it was cancelled there (scancel) (CANCELLED on n1)", False, ()),
        ("PENDING", "BadConstraints", "will never start; no node has what it asks for", False, ()),
    ],
)
async def test_what_never_began_says_why_and_goes_elsewhere_if_it_may(
    tmp_path: Path, state: str, reason: str, said: str, again: bool, blamed: tuple[str, ...]
) -> None:
    # GIVEN a job that the queue has ended before its node had it
    job, _, queue = _job(tmp_path)
    # WHEN that is certain
    end = await job._never_began(StopRequest(), why_over(state, "n1"), state, reason, "n1")
    # THEN it says why, it is tried again unless the queue would not take it, and its node is left out if it is to blame
    assert end.unstarted.startswith("it had not begun: ") and end.unstarted.endswith(said)
    assert (bool(end.again), queue.bad_nodes.names) == (again, blamed)


@pytest.mark.parametrize(("state", "blamed"), [("NODE_FAIL", ("n1",)), ("TIMEOUT", ())], ids=["its node", "its time"])
async def test_what_left_no_answer_is_lost_and_only_a_node_that_failed_is_left_out(
    tmp_path: Path, state: str, blamed: tuple[str, ...]
) -> None:
    # GIVEN a job that began, and that the queue has ended
    job, _, queue = _job(tmp_path)
    log_file(tmp_path).touch(0o600)
    queue_log(tmp_path).touch(0o600)
    # WHEN its node says nothing of it
    end = await job._without_answer(StopRequest(), state, why_over(state, "n1"), "n1")
    # THEN it is lost, and why is said
    assert end.lost.startswith("lost: ") and state in end.lost and end.code is None
    assert queue.bad_nodes.names == blamed
    # AND with an exit code it is not
    exit_file(tmp_path).write_text("3\n")
    end = await job._without_answer(StopRequest(), state, why_over(state, "n1"), "n1")
    assert (end.code, end.lost) == (3, "")


@pytest.mark.parametrize(
    ("how", "unstarted"),
    [
        (Submission.DONE, None),
        (Submission.UNKNOWN, None),
        (Submission.BUSY, "the queue took no more: why"),
        (Submission.REFUSED, "the queue refused it: why"),
    ],
)
async def test_what_the_queue_answers_decides_whether_the_job_is_followed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, how: Submission, unstarted: str | None
) -> None:
    # GIVEN a queue that answers so
    async def submit(*_: object) -> Submitted:
        return Submitted(how, "7" if how is Submission.DONE else "", "why")

    monkeypatch.setattr(job_module, "submit", submit)
    job, seen, _ = _job(tmp_path)
    told: list[tuple[str, str]] = []
    notes = Notes()
    monkeypatch.setattr(notes, "queued", lambda job, reason: told.append((job, reason)))
    # WHEN it is asked THEN it is over only where no job can have come of it
    end = await job._ask(seen, notes)
    assert (None if end is None else end.unstarted) == unstarted
    # AND people are told what is known of it
    heard = {Submission.DONE: [("7", "")], Submission.UNKNOWN: [("", "asked for it, and got no answer: why")]}
    assert told == heard.get(how, [])


@pytest.mark.parametrize("gone", [False, True])
async def test_what_lost_its_directory_is_lost_and_followed_no_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, gone: bool
) -> None:
    # GIVEN a job that is followed to its end, or until its directory is gone
    async def to_its_end(*_: object) -> Exit | None:
        return None if gone else Exit(0)

    monkeypatch.setattr(job_module, "to_its_end", to_its_end)
    job, seen, queue = _job(tmp_path)
    dropped: list[str] = []
    monkeypatch.setattr(queue.watch, "follow", lambda seen: None)
    monkeypatch.setattr(queue.watch, "drop", dropped.append)
    # WHEN
    end = await job._follow(StopRequest(), seen, Notes())
    # THEN
    assert end == (Exit(None, lost="lost: its directory is gone") if gone else Exit(0))
    assert dropped == ["orch-1"] * gone
