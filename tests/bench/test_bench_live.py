"""What watching a run costs a terminal: bytes and CPU while 50 tasks run, and when it is over."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from orch_tui.engine.requests.requests import CancelRequest
from orch_tui.engine.runs.start import RunRequest, plan_run, start_run
from orch_tui.project.project import open_project

from tests.pty.harness import PtyApp, orch_tui
from tests.support.projects import make_project

_TASKS = 50
_SECONDS = 20
_BUDGET = 2048


@pytest.mark.bench
@pytest.mark.parametrize("size", [(120, 40), (80, 24)])
def test_bytes_while_fifty_tasks_run(tmp_path: Path, size: tuple[int, int]) -> None:
    tasks = {f"task-{number:02}": "sleep 120" for number in range(_TASKS)}
    root = make_project(tmp_path / "p", {"main": {"First": tasks, "Second": {"last": "true"}}}, "max_parallel = 50\n")
    project = open_project(root)
    run = start_run(project, plan_run(project, RunRequest("main")), by="bench")
    try:
        with PtyApp(orch_tui(root), size=size, environment={"ORCH_TUI_CONFIG": str(tmp_path / "c.toml")}) as app:
            app.wait_for("Main")
            app.send("\r")
            app.wait_for("processing")
            app.pump(5)
            bytes_before, cpu, began = len(app.log), app.cpu(), time.monotonic()
            while time.monotonic() - began < _SECONDS:
                app.pump(0.5)
            seconds = time.monotonic() - began
            rate, load = (len(app.log) - bytes_before) / seconds, (app.cpu() - cpu) / seconds * 100
            run.cancel(CancelRequest("bench", now=True))
            run.wait()
            app.wait_for("terminated")
            app.settle(2)
            idle = len(app.pump(8))
            print(f"\n{size[0]}x{size[1]}: {_TASKS} tasks {rate:.0f} B/s, {load:.1f} % CPU; over: {idle} bytes in 8 s")
    finally:
        run.cancel(CancelRequest("bench", now=True))
        run.wait()
    assert rate <= _BUDGET
    assert idle == 0
