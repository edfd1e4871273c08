"""Who ends what a killed supervisor has left says how that attempt ended, and of no other."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from orch_tui.engine.backends.remote import handoff
from orch_tui.engine.backends.remote.handoff import Node
from orch_tui.engine.processes.process import host
from orch_tui.engine.supervisor import leftovers

from tests.support.launcher_contract import shell


@pytest.mark.parametrize("here", [True, False])
def test_what_another_machine_carries_is_not_called_lost(
    tmp_path: Path, here: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    # GIVEN an attempt that a machine has, of whose locks this one sees nothing
    directory = tmp_path / "run" / "tasks" / "t" / "1"
    shell(directory, "true")
    assert handoff.claim(directory, Node(host() if here else "elsewhere", "orch-1"))
    monkeypatch.setattr(leftovers, "hold", lambda: True)
    monkeypatch.setattr(sys, "argv", ["leftovers", str(directory)])
    # WHEN what was to carry it a second time, here, was killed
    leftovers.main()
    # THEN it is lost only where this was the machine that had it
    end = handoff.read_end(directory)
    assert (end is not None and "was killed" in end.exit.lost) is here
