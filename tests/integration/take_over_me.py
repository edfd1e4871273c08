"""A takeover in a process of its own, to be killed.

``python -m tests.integration.take_over_me PROJECT RUN_DIRECTORY``.
"""

from __future__ import annotations

import sys
from pathlib import Path

from orch_tui.engine.runs.takeover import take_over
from orch_tui.project.project import open_project

if __name__ == "__main__":
    run = take_over(open_project(Path(sys.argv[1])), Path(sys.argv[2]), by="successor")
    print("took over", flush=True)
    run.wait()
