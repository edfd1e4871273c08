"""The places where something is tried: private, and gone afterwards."""

from __future__ import annotations

import os
import time
from pathlib import Path

from orch_tui.engine.trials.alone import scratch_directory

from tests.support.engine_kit import make_commands


def test_what_a_killed_try_left_is_removed_and_what_others_are_at_stays(tmp_path: Path) -> None:
    # GIVEN what a killed program left days ago, and what another one is at
    project = make_commands(tmp_path, {})
    home = tmp_path / ".orch" / "tmp"
    with scratch_directory(project, "try-") as others:
        old, foreign = home / "try-old", home / "probe-old"
        for left in (old, foreign):
            left.mkdir()
            os.utime(left, (time.time() - 7 * 86400,) * 2)
        # WHEN something is tried THEN the one is gone, the other stays, as does what another kind of try left
        with scratch_directory(project, "try-") as mine:
            assert sorted(home.iterdir()) == sorted([others, foreign, mine])
            assert mine.stat().st_mode & 0o077 == 0
            (mine / "file").touch()
        assert not mine.exists() and others.exists()
