"""What watching costs a terminal: 50 tasks that run, a log that is flooded, and then nothing."""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
from orch_tui.engine.requests.requests import CancelRequest
from orch_tui.engine.runs.start import RunRequest, plan_run, start_run
from orch_tui.project.project import Project, open_project

from tests.bench.lines import measured
from tests.bench.screen.terminal import command, installed, memory, opened, process_ms
from tests.bench.tasks import parts, trivial
from tests.bench.test_bench_engine import until_first_task
from tests.pty.harness import PtyApp
from tests.support.engine_kit import make_commands
from tests.support.projects import make_project
from tests.tui.seed import big_project

pytestmark = pytest.mark.bench
_TASKS = 50
_WINDOWS, _SECONDS = 5, 4.0
_FLOOD = (
    f"{sys.executable} -c \"import time; begun = time.monotonic(); number = 0\n"
    "while True:\n"
    "    for number in range(number, int((time.monotonic() - begun) * 2000)):\n"
    "        print(f'2026-11-22 14:02:13 INFO  loader wrote row {number:09} into out.c-main.campaigns', flush=False)\n"
    "    print(end='', flush=True); time.sleep(0.02)\""
)  # fmt: skip


def _rates(app: PtyApp) -> tuple[list[float], list[float]]:
    """Bytes each second, and percent of a processor, in some windows one after another."""
    rates, loads = [], []
    for _ in range(_WINDOWS):
        had, cpu, began = len(app.log), process_ms(app), time.monotonic()
        app.pump(_SECONDS)
        seconds = time.monotonic() - began
        rates.append((len(app.log) - had) / seconds)
        loads.append((process_ms(app) - cpu) / seconds / 10)
    return rates, loads


@pytest.mark.parametrize("size", [(120, 40), (80, 24)])
def test_fifty_tasks(tmp_path: Path, size: tuple[int, int]) -> None:
    tasks = {f"task-{number:02}": "sleep 120" for number in range(_TASKS)}
    root = make_project(tmp_path / "p", {"main": {"First": tasks, "Second": {"last": "true"}}}, "max_parallel = 50\n")
    project = open_project(root)
    run = start_run(project, plan_run(project, RunRequest("main")), by="bench")
    try:
        with PtyApp(command(root), size=size, environment=installed(tmp_path), cold=True) as app:
            app.wait_for("Main")
            app.send("\r")
            app.wait_for("processing")
            app.pump(5)
            rates, loads = _rates(app)
            run.cancel(CancelRequest("bench", now=True))
            run.wait()
            app.wait_for("terminated")
            app.settle(2)
            idle = len(app.pump(8))
    finally:
        run.cancel(CancelRequest("bench", now=True))
        run.wait()
    where = f"{size[0]}x{size[1]}"
    measured(f"{_TASKS} tasks that run, {where}", "bytes/s", 1024, rates)
    measured(f"{_TASKS} tasks that run, {where}: CPU", "%", None, loads)
    measured(f"their run is over, {where}, 8 s", "bytes", 0, [idle])
    assert idle == 0


def test_a_flooded_log(tmp_path: Path) -> None:
    """A task that prints 2,000 lines a second, its log in full width."""
    root = make_project(tmp_path / "p", {"main": {"First": {"flood": _FLOOD}}})
    project = open_project(root)
    run = start_run(project, plan_run(project, RunRequest("main")), by="bench")
    try:
        with PtyApp(command(root), environment=installed(tmp_path), cold=True) as app:
            app.wait_for("Main")
            app.send("\r")
            app.wait_for("processing")
            app.send("jL")
            app.wait_for("following")
            app.pump(3)
            rates, loads = _rates(app)
    finally:
        run.cancel(CancelRequest("bench", now=True))
        run.wait()
    measured("log of 2,000 lines a second", "bytes/s", 2048, rates)
    measured("log of 2,000 lines a second: CPU", "%", None, loads)


def _watched(project: Project, directory: Path) -> float:
    """MB of the process at the end of the run that it executes and shows."""
    with opened(project.root, directory, waits_for="Phases") as app:
        app.send("\r")
        app.wait_for("Components")
        app.send("R")
        app.wait_for("will run")
        app.send("\r")
        app.wait_for("processing")
        # Reading each frame would take the processor from what is measured.
        while "processing" in app.text():
            app.pump(2)
        return memory(app)


def test_ten_thousand_parts_watched(tmp_path: Path) -> None:
    """As below, of one array."""
    root = parts(tmp_path / "p", 10_000)
    measured("10,000 parts, executed and watched", "MB", 90, [_watched(open_project(root), tmp_path)])


def test_ten_thousand_tasks_watched(tmp_path: Path) -> None:
    """On the screen of the process that executes them."""
    found = []
    for turn in range(2):
        phases = {f"P{p}": {f"t{p}-{n}": "/bin/true" for n in range(100)} for p in range(100)}
        project = make_commands(tmp_path / f"p{turn}", phases, "max_parallel = 8")
        found.append(_watched(project, tmp_path))
        shutil.rmtree(project.root)
    measured("10,000 tasks, executed and watched", "MB", 90, found)


def test_saving_ten_thousand_tasks(tmp_path: Path) -> None:
    """Seconds until it is said to be saved, and how long a key waits meanwhile."""
    seconds, waited = [], []
    with opened(big_project(tmp_path, 10_000).root, tmp_path, waits_for="Big") as app:
        app.send("\r")
        app.wait_for("Phase 2")
        app.settle(2)
        for _ in range(5):
            app.send("x")
            app.wait_for("unsaved")
            app.settle(2)
            began, cpu = time.monotonic(), process_ms(app)
            app.send("s")
            app.wait_gone("unsaved")
            seconds.append(process_ms(app) - cpu)
            waited.append(time.monotonic() - began)
            app.settle(1)
    measured("10,000 tasks: save, CPU", "ms", 200, seconds)
    measured("10,000 tasks: save, wall", "s", 0.2, waited)


def test_run_before_its_first_task(tmp_path: Path) -> None:
    """``orch-tui run`` to the journal's first "spawning", beside an interpreter that does nothing."""
    root = trivial(tmp_path / "p", 3)
    first, bare = [], []
    for _ in range(12):
        began = time.perf_counter()
        subprocess.run([sys.executable, "-c", "pass"], check=True)
        bare.append((time.perf_counter() - began) * 1000)
        first.append(until_first_task(root) * 1000)
    measured("a bare interpreter", "ms", None, bare[1:])
    measured("run before its first task", "ms", 110, first[1:])
    ratios = [one / base for one, base in zip(first, bare, strict=True)]
    # 15 ms was an interpreter when the budget was set.
    measured("run before its first task ÷ a bare interpreter", "×", round(110 / 15, 1), ratios[1:])
