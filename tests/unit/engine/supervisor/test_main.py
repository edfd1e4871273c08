"""What carries an attempt on its node: it hears that it shall stop, whatever the file system refuses meanwhile."""

from __future__ import annotations

import errno
import gc
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from orch_tui.engine.backends.remote import handoff
from orch_tui.engine.backends.remote.handoff import Node
from orch_tui.engine.processes.launcher import AttemptSpec
from orch_tui.engine.processes.process import TASK_TAG
from orch_tui.engine.supervisor.__main__ import main
from orch_tui.model.failure import FailureKind


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    """It is a program of its own, which need not put back what it sets."""
    handler, threshold = signal.getsignal(signal.SIGTERM), gc.get_threshold()
    yield
    signal.signal(signal.SIGTERM, handler)
    gc.set_threshold(*threshold)


def _left(directory: Path, script: str) -> None:
    environment = {TASK_TAG: str(directory)}
    spec = AttemptSpec(("/bin/sh", "-c", script), environment, str(directory), directory)
    handoff.write_start(spec, environment, None)


def test_an_attempt_is_carried_once_and_its_end_is_told(tmp_path: Path) -> None:
    # GIVEN what an executor left
    _left(tmp_path, "echo out; exit 3")
    # WHEN a node takes it THEN its end is there, with who had it
    assert main(tmp_path, "7") == 0
    end, node = handoff.read_end(tmp_path), handoff.read_node(tmp_path)
    assert end is not None and end.exit.code == 3 and node is not None and node.job == "7"
    # AND no other node begins with it, nor with one that is not wanted any more
    assert main(tmp_path, "8") == 0 and handoff.read_end(tmp_path) == end
    other = tmp_path / "other"
    other.mkdir()
    _left(other, "exit 0")
    assert handoff.claim(other, Node(refused="it was stopped"))
    assert main(other, "9") == 0 and handoff.read_end(other) is None


def test_a_stop_is_heard_also_when_the_file_system_did_not_answer_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # GIVEN a task that would go on, whose executor wants it stopped, on a file system that refuses what it is asked
    _left(tmp_path, "echo out; sleep 20")
    handoff.ask_to_stop(tmp_path, FailureKind.CANCEL, now=True)
    real, refused = handoff.asked_to_stop, 0

    def asked(directory: Path) -> tuple[FailureKind, bool] | None:
        nonlocal refused
        refused += 1
        if refused < 3:
            raise OSError(errno.ESTALE, os.strerror(errno.ESTALE))
        return real(directory)

    def to_disk(descriptor: int) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(handoff, "asked_to_stop", asked)
    monkeypatch.setattr(os, "fdatasync", to_disk)
    # WHEN it looks again and again THEN it hears it, and tells that it has stopped it
    assert main(tmp_path, "7", look=0.01) == 0
    end = handoff.read_end(tmp_path)
    assert end is not None and end.exit.stopped is FailureKind.CANCEL and refused >= 3
