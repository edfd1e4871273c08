"""One configuration tried alone: what its end means in a sentence."""

from __future__ import annotations

from pathlib import Path

import pytest
from orch_tui.engine.trials import trial as trials
from orch_tui.engine.trials.trial import Trial, TrialResult

from tests.support.engine_kit import make_commands


def _tried(root: Path, command: str, *, cancelled: bool = False) -> TrialResult:
    project = make_commands(root, {"P": {"a": command}})
    trial = Trial(root, project.configuration("command/a"))
    if cancelled:
        trial.cancel()
    return trial.run()


@pytest.mark.parametrize(
    ("command", "ok", "message"),
    [
        ("echo done", True, ""),
        ("echo first; echo no such table; exit 1", False, "no such table"),
        ("exit 1", False, "exit code 1"),
        ("echo boom; exit 2", False, "exit code 2: boom"),
    ],
)
def test_a_try_tells_how_its_program_ended(tmp_path: Path, command: str, ok: bool, message: str) -> None:
    # WHEN a configuration is tried THEN its last word is told where it failed, and how long it took
    result = _tried(tmp_path, command)
    assert (result.ok, result.message) == (ok, message) and 0 <= result.seconds < 3600


def test_a_try_that_is_stopped_tells_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # WHEN somebody stops it THEN it says so
    result = _tried(tmp_path, "sleep 100", cancelled=True)
    assert (result.ok, result.message) == (False, "cancelled")
    # WHEN it takes longer than it may THEN it says that
    monkeypatch.setattr(trials, "LIMIT", 0.05)
    result = _tried(tmp_path, "sleep 100")
    assert not result.ok and result.message.startswith("it took longer than ") and "was stopped" in result.message
