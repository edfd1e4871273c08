"""How an attempt on another machine ends for its executor."""

from __future__ import annotations

import os
from pathlib import Path

from orch_tui.engine.backends.remote import handoff
from orch_tui.engine.backends.remote.ending import Ending
from orch_tui.engine.backends.remote.telling import Telling
from orch_tui.engine.processes.launcher import AttemptSpec
from orch_tui.engine.processes.log import open_log
from orch_tui.project.attempt_dir import queue_log


def test_what_is_lost_says_whether_something_of_it_still_lives(tmp_path: Path) -> None:
    # GIVEN an attempt without an answer, whose log a process still holds
    spec = AttemptSpec(("x",), {}, "/", tmp_path)
    ending = Ending(spec, Telling(spec, None))
    queue_log(tmp_path).touch(0o600)
    held = open_log(tmp_path)
    # WHEN it is lost THEN that is said
    why = "lost: its node failed, and it left no exit code"
    assert ending.lost("its node failed").lost == f"{why}; something of it still runs where it was"
    # WHEN nothing holds it any more THEN there is nothing to say, and what is known is kept
    os.close(held)
    assert ending.lost("its node failed").lost == why
    end = handoff.read_end(tmp_path)
    assert end is not None and end.exit.lost == why
