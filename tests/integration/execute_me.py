"""An executor on the main thread of its process, so that a tracer of one thread sees all that the executor does.

``python -m tests.integration.execute_me PROJECT`` runs ``o``; with a run's directory behind it, it takes that run over.
"""

from __future__ import annotations

import sys
from pathlib import Path

from orch_tui.engine.runs import ActiveRun, RunRequest, plan_run, start_run
from orch_tui.engine.takeover import take_over
from orch_tui.project.project import open_project

if __name__ == "__main__":
    ActiveRun.start = ActiveRun._main  # type: ignore[method-assign]
    project = open_project(Path(sys.argv[1]))
    if sys.argv[2:]:
        take_over(project, Path(sys.argv[2]), by="successor")
    else:
        start_run(project, plan_run(project, RunRequest("o")), by="kill test")
