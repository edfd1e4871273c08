"""How an attempt on another machine ends for its executor."""

from __future__ import annotations

import errno
import os
import shutil
from pathlib import Path

import pytest
from orch_tui.engine.backends.remote import ending as ending_module
from orch_tui.engine.backends.remote import handoff
from orch_tui.engine.backends.remote.ending import Ending
from orch_tui.engine.backends.remote.handoff import End, Node
from orch_tui.engine.backends.remote.telling import Telling
from orch_tui.engine.processes.launcher import AttemptSpec, Exit, Identity, StopRequest
from orch_tui.engine.processes.log import open_log
from orch_tui.model.failure import FailureKind
from orch_tui.project.attempt_dir import is_carried, queue_log


class Notes:
    """What people are told."""

    def __init__(self) -> None:
        self.texts: list[str] = []

    def queued(self, job: str, reason: str) -> None: ...

    def started(self, *, process: Identity | None = None, node: str = "", job: str = "") -> None: ...

    def killing(self, why: FailureKind, grace: float) -> None: ...

    def note(self, level: str, text: str) -> None:
        self.texts.append(text)


def _full(monkeypatch: pytest.MonkeyPatch, times: int) -> list[End]:
    """A disk that takes no end so many times; what it has taken."""
    taken: list[End] = []
    real = handoff.write_end

    def write_end(directory: Path, end: End) -> None:
        nonlocal times
        if times:
            times -= 1
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(directory))
        taken.append(end)
        real(directory, end)

    monkeypatch.setattr(handoff, "write_end", write_end)
    monkeypatch.setattr(ending_module, "_AGAIN", 0.0)
    return taken


async def test_what_never_began_is_carried_by_no_one_once_that_is_told_also_on_a_full_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # GIVEN an attempt that its queue has refused, and a disk without room for that word
    spec, told = AttemptSpec(("x",), {}, "/", tmp_path), Notes()
    ending = Ending(spec, Telling(spec, None))
    handoff.write_start(spec, {}, None)
    taken = _full(monkeypatch, 3)
    # WHEN it is closed THEN that waits for room, is said once, and nothing of it can begin or holds anything
    refused = Exit(None, unstarted="the queue refused it")
    assert await ending.close_unasked(refused, StopRequest(), told) == refused
    assert len(taken) == 1 and len(told.texts) == 1 and "No space left" in told.texts[0]
    assert not is_carried(tmp_path) and handoff.take_start(tmp_path) is None


async def test_nobody_waits_for_room_who_wants_it_to_stop_at_once_or_whose_run_was_deleted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = tmp_path / "1"
    place.mkdir()
    spec, end = AttemptSpec(("x",), {}, "/", place), Exit(None, unstarted="the queue refused it")
    _full(monkeypatch, -1)
    stop = StopRequest()
    stop.ask(FailureKind.CANCEL, now=True)
    assert await Ending(spec, Telling(spec, None)).close_unasked(end, stop, Notes()) == end
    shutil.rmtree(place)
    assert await Ending(spec, Telling(spec, None)).close_unasked(end, StopRequest(), Notes()) == end


async def test_an_end_that_cannot_be_written_is_no_end_yet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # GIVEN an attempt that began on a node, and a disk that is full for a moment
    spec = AttemptSpec(("x",), {}, "/", tmp_path)
    ending = Ending(spec, Telling(spec, None))
    handoff.claim(tmp_path, Node("n1", "7"))
    queue_log(tmp_path).touch(0o600)
    _full(monkeypatch, 1)
    # WHEN it is lost THEN whoever follows it looks again: else its configuration would be in use for ever
    with pytest.raises(OSError, match="No space"):
        await ending.lost("its node failed")
    assert is_carried(tmp_path)
    await ending.lost("its node failed")
    assert not is_carried(tmp_path)


async def test_what_is_lost_says_whether_something_of_it_still_lives(tmp_path: Path) -> None:
    # GIVEN an attempt without an answer, whose log a process still holds
    spec = AttemptSpec(("x",), {}, "/", tmp_path)
    ending = Ending(spec, Telling(spec, None))
    queue_log(tmp_path).touch(0o600)
    held = open_log(tmp_path)
    # WHEN it is lost THEN that is said
    why = "lost: its node failed, and it left no exit code"
    assert (await ending.lost("its node failed")).lost == f"{why}; something of it still runs where it was"
    # WHEN nothing holds it any more THEN there is nothing to say, and what is known is kept
    os.close(held)
    assert (await ending.lost("its node failed")).lost == why
    end = handoff.read_end(tmp_path)
    assert end is not None and end.exit.lost == why
