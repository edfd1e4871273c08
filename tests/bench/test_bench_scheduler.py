"""What a scheduler costs that has nothing to do."""

from __future__ import annotations

import re
import subprocess
import time
from pathlib import Path

import pytest

from tests.support.projects import end, make_project, start, wait_for_file
from tests.support.tracing import tracer

SECONDS = 60


@pytest.mark.bench
def test_an_idle_scheduler_does_not_wake_up(tmp_path: Path) -> None:
    # GIVEN a scheduler whose next start is far away
    project = make_project(tmp_path / "p", {"o": {"P": {"t": "true"}}})
    with (project / "orchestrations" / "o.toml").open("a") as file:
        file.write('\n[[schedules]]\ncron = "0 0 29 2 *"\n')
    process = start(project, "scheduler")
    try:
        wait_for_file(project / ".orch" / "scheduling" / "scheduler.json", process)
        time.sleep(1)
        trace = [*tracer(), "-f", "-p", str(process.pid), "-o", str(tmp_path / "trace")]
        # WHEN it is watched for a minute
        subprocess.run(["timeout", "-s", "INT", str(SECONDS), *trace], capture_output=True, check=False)
        calls = re.findall(r"^\d+ +(?!\+\+\+|---|strace)(\w+)\(", (tmp_path / "trace").read_text(), re.MULTILINE)
        status = Path(f"/proc/{process.pid}/status").read_text()
    finally:
        end(process)
    # THEN it did nothing
    memory = next(line for line in status.splitlines() if line.startswith("VmRSS"))
    print(f"{len(calls)} system calls in {SECONDS} s: {calls}; {memory}")
    assert len(calls) <= 1
