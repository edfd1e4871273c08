"""What is told of an attempt that waits elsewhere, and what is held back."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from orch_tui.engine.backends.remote.telling import Telling
from orch_tui.engine.processes.launcher import AttemptSpec
from orch_tui.model.run.attempt_state import AttemptState

from tests.support.backend_contract import Told


def test_reasons_are_held_back_for_a_while_and_the_name_of_the_job_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    telling, told, now = Telling(AttemptSpec((), {}, "/", Path("/nowhere")), None), Told(AttemptState(1, 0.0)), 0.0
    monkeypatch.setattr(time, "monotonic", lambda: now)
    # GIVEN one whose reason was known before it had a name
    telling.queued(told, "waits for room")
    telling.queued(told, "waits for room")
    assert told.words == ["queued"] and told.known.job == ""
    # WHEN it gets one THEN that is told though the reason is the same
    telling.job = "4711"
    telling.queued(told, "waits for room")
    assert told.words == ["queued"] * 2 and told.known.job == "4711"
    # WHEN the reason changes THEN that is told only later
    telling.queued(told, "waits behind others")
    assert len(told.words) == 2
    now = 60.0
    telling.queued(told, "waits behind others")
    assert len(told.words) == 3
