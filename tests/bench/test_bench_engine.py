"""What the engine costs, as ratios within one run on one machine. ``pytest -m bench -s tests/bench``.

The baseline of a trivial task is ``xargs -P 8`` starting ``sh`` with a log file for each, on the same file system, just
before and just after. Nothing is deleted in between: a file system that has just freed many inodes makes new ones
slowly, and would measure that.
"""

from __future__ import annotations

import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from orch_tui.model.events import events
from orch_tui.model.run.plan import Decision, PlannedPhase, PlannedTask, RunPlan
from orch_tui.model.run.runstate import RunHeader
from orch_tui.model.status import Status
from orch_tui.project.journal.file import Journal, read_run

from tests.bench.tasks import executed, trivial, xargs

pytestmark = pytest.mark.bench
ROUNDS = 3


@pytest.fixture(params=["memory", "disk"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Path]:
    """A directory in memory (what the program costs) or on the disk (what a user feels)."""
    if request.param == "disk":
        yield tmp_path
        return
    if not os.access("/dev/shm", os.W_OK):
        pytest.skip("no file system in memory here")
    with tempfile.TemporaryDirectory(dir="/dev/shm") as name:
        yield Path(name)


def test_cost_of_a_trivial_task(place: Path) -> None:
    print(f"\n{place.parts[1]}: ms per task, executor / xargs -P 8 with a log file each (budget 1.5)")
    per_task = {}
    for count in (100, 1_000, 10_000):
        ratios, costs, rss = [], [], 0.0
        for turn in range(ROUNDS if count < 10_000 else 1):
            before = xargs(place / f"logs-{count}-{turn}-a", count)
            result = executed(trivial(place / f"project-{count}-{turn}", count))
            after = xargs(place / f"logs-{count}-{turn}-b", count)
            ratios.append(result["wall"] / statistics.mean([before, after]))
            costs.append(result["wall"] / count * 1e3)
            rss = max(rss, result["rss_mb"])
        per_task[count] = statistics.median(costs)
        print(f"  {count:6} tasks: {per_task[count]:.2f} ms, ratio {statistics.median(ratios):.2f}, {rss:.0f} MB")
    print(f"  10,000 against 100 tasks, per task: {per_task[10_000] / per_task[100]:.2f} (budget 1.0)")


def test_cost_of_an_event(tmp_path: Path) -> None:
    task = PlannedTask("t", "c/t", "T", "p", Decision.RUN)
    plan = RunPlan("o", "O", (PlannedPhase("p", "P", (task,), 1),))
    journal = Journal.create(tmp_path, RunHeader("r", "o", "O", time.time(), "bench"), plan)
    event = events.ended(time.time(), "t", 1, Status.SUCCESS, exit_code=0)

    def append(count: int) -> float:
        before = time.perf_counter()
        for _ in range(count):
            journal.append(event)
        return (time.perf_counter() - before) / count * 1e6

    first, last = append(1_000), 0.0
    append(98_000)
    last = append(1_000)
    before = time.perf_counter()
    read_run(tmp_path)
    read = (time.perf_counter() - before) / 100_000 * 1e6
    print(f"\njournal: {first:.1f} us an event at first, {last:.1f} us after 99,000: ratio {last / first:.2f}")
    print(f"journal: {read:.1f} us to read and fold an event, 100,000 of them")


def test_start_up() -> None:
    """``orch-tui --help`` and ``run`` up to the first task, against a bare interpreter."""

    def best(argv: list[str], directory: str | None = None) -> float:
        times = []
        for _ in range(7):
            before = time.perf_counter()
            subprocess.run(argv, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=directory)
            times.append(time.perf_counter() - before)
        return min(times)

    bare = best([sys.executable, "-c", "pass"])
    helped = best([sys.executable, "-m", "orch_tui", "--help"])
    with tempfile.TemporaryDirectory() as name:
        root = trivial(Path(name) / "p", 3)
        first = min(until_first_task(root) for _ in range(7))
    print(f"\nstart-up: --help {helped * 1e3:.0f} ms = {helped / bare:.1f} x a bare interpreter (budget 150 ms)")
    print(f"start-up: run before its first task {first * 1e3:.0f} ms = {first / bare:.1f} x (budget 150 ms)")


def test_cpu_of_a_trivial_run(tmp_path: Path) -> None:
    """The whole process with its task, against an interpreter that only loads the libraries that a run stands on."""
    root = trivial(tmp_path / "p", 1)
    libraries = [sys.executable, "-c", "import click, asyncio, tomllib, hashlib"]
    run = [sys.executable, "-m", "orch_tui", "run", "o", "--project", str(root), "--quiet"]
    ratios = []
    for turn in range(9):
        # The first turn writes what Python keeps of the modules.
        ratio = _cpu(run) / _cpu(libraries)
        ratios += [ratio] * (turn > 0)
    print(f"\nstart-up: CPU of a trivial run = {statistics.median(ratios):.2f} x its libraries (budget 1.8)")


def _cpu(argv: list[str]) -> float:
    """Seconds of a process and its children."""
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(argv, check=True, stdout=subprocess.DEVNULL, env=kept)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def until_first_task(root: Path) -> float:
    """Seconds from starting the program to the journal's first "spawning", on the same wall clock."""
    begun = time.time()
    subprocess.run(
        [sys.executable, "-m", "orch_tui", "run", "o", "--project", str(root), "--quiet"],
        check=True,
        stdout=subprocess.DEVNULL,
    )
    newest = max((root / ".orch" / "runs" / "o").iterdir())
    spawned = [attempt.spawned for task in read_run(newest).tasks.values() for attempt in task.attempts]
    return min(spawned) - begun
