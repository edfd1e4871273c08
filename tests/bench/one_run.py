"""One run of a project's orchestration ``o``; prints what the executor cost: ``python -m tests.bench.one_run DIR``."""

from __future__ import annotations

import json
import resource
import sys
import time
from pathlib import Path

from orch_tui.engine.runs.start import RunRequest, plan_run, start_run
from orch_tui.project.project import open_project

from tests.bench.memory import peak_memory


def main(root: Path) -> None:
    project = open_project(root)
    plan = plan_run(project, RunRequest("o"))
    before = time.perf_counter()
    run = start_run(project, plan, by="bench")
    status = run.wait()
    wall = time.perf_counter() - before
    own = resource.getrusage(resource.RUSAGE_SELF)
    journal = (run.directory / "run.toml").stat().st_size
    told = {"status": status, "wall": wall, "cpu": own.ru_utime + own.ru_stime, "rss_mb": peak_memory()}
    print(json.dumps({**told, "journal_bytes": journal}))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
