"""A run in a process of its own, to be killed: ``python -m tests.integration.kill_me PROJECT``."""

from __future__ import annotations

import sys
from pathlib import Path

from orch_tui.engine.runs.start import RunRequest, plan_run, start_run
from orch_tui.project.project import open_project

if __name__ == "__main__":
    project = open_project(Path(sys.argv[1]))
    run = start_run(project, plan_run(project, RunRequest("o")), by="kill test")
    print(run.directory, flush=True)
    run.wait()
