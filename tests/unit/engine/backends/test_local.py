"""What the backend of this machine knows of others."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from orch_tui.engine.backends.backend import Verdict
from orch_tui.engine.backends.local import LocalBackend
from orch_tui.engine.processes.local import LocalLauncher
from orch_tui.engine.processes.process import boot_id, own_identity
from orch_tui.model.run.attempt_state import AttemptState


def test_what_another_machine_started_is_not_judged_here(tmp_path: Path) -> None:
    finding = LocalBackend(LocalLauncher()).inspect(tmp_path, AttemptState(1, 0.0, pid=os.getpid()), {"host": "far"})
    assert finding.verdict is Verdict.OTHER_HOST and "far" in finding.text


@pytest.mark.parametrize("start", [None, (1, 2)])
def test_a_process_of_which_nobody_wrote_down_who_it_is_is_not_followed(
    tmp_path: Path, start: tuple[int, int] | None
) -> None:
    # GIVEN an attempt that is gone, whose pid another process has by now, or of whose start nothing is known
    known = AttemptState(1, 0.0, pid=os.getpid(), start=start)
    # WHEN it is looked for, with the boot that it was of or without THEN it does not count as running
    for starter in ({}, {"boot_id": boot_id()}):
        finding = LocalBackend(LocalLauncher()).inspect(tmp_path / "gone", known, starter)
        assert finding.verdict is Verdict.LOST
    # AND with its start on this boot it does
    own = own_identity()
    known = AttemptState(1, 0.0, pid=own.pid, start=(own.start, own.start))
    finding = LocalBackend(LocalLauncher()).inspect(tmp_path / "gone", known, {"boot_id": boot_id()})
    assert finding.verdict is Verdict.RUNNING
