"""What the backend of this machine knows of others."""

from __future__ import annotations

import os
from pathlib import Path

from orch_tui.engine.backends.backend import Verdict
from orch_tui.engine.backends.local import LocalBackend
from orch_tui.engine.processes.local import LocalLauncher
from orch_tui.model.run.attempt_state import AttemptState


def test_what_another_machine_started_is_not_judged_here(tmp_path: Path) -> None:
    finding = LocalBackend(LocalLauncher()).inspect(tmp_path, AttemptState(1, 0.0, pid=os.getpid()), {"host": "far"})
    assert finding.verdict is Verdict.OTHER_HOST and "far" in finding.text
