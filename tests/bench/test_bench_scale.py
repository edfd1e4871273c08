"""What breaks first when there are ever more tasks, machines and tables.

``pytest -n 0 -m bench -s tests/bench/test_bench_scale.py`` (minutes).
100 orchestrations of 10,000 tasks on 1,000 nodes are a million attempts: each figure is taken at 1,000, 10,000 and
100,000, where the last is 100,000 or what ``ORCH_TUI_BENCH_SCALE`` says. What ought to grow with the number, or not at
all, is told per piece: a figure that breaks is one that gets dearer. Nothing of it runs a program; all readers and
writers are those of the program. docs/scale.md says what follows from it.
"""

from __future__ import annotations

import asyncio
import gc
import os
import subprocess
import sys
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from orch_tui.engine.backends.backend import Finding, Left, Told, Verdict
from orch_tui.engine.backends.remote import handoff
from orch_tui.engine.backends.slurm import commands, programs
from orch_tui.engine.backends.slurm.watch import Seen, Watch
from orch_tui.engine.processes.launcher import AttemptSpec, Exit, StopRequest
from orch_tui.engine.runs import start
from orch_tui.engine.runs.start import RunRequest, plan_run, start_run
from orch_tui.model.components.configuration import WriteMode
from orch_tui.model.events import events
from orch_tui.model.run.attempt_state import AttemptState
from orch_tui.model.run.plan import Decision, PlannedPhase, PlannedTask, RunPlan
from orch_tui.model.run.runstate import RunHeader
from orch_tui.model.status import Status
from orch_tui.project.attempt_dir import attempt_directory, make_attempt
from orch_tui.project.journal.file import JOURNAL, Journal, read_run
from orch_tui.project.project import Project, open_project
from orch_tui.storage.publishing.committing import write_manifest
from orch_tui.storage.storage import Storage
from orch_tui.storage.tables import TableInfo

from tests.bench.memory import peak_memory

pytestmark = [pytest.mark.bench, pytest.mark.timeout(7200)]
MOST = int(os.environ.get("ORCH_TUI_BENCH_SCALE", "100000"))
COUNTS = sorted({count for count in (1_000, 10_000, MOST) if count <= MOST})
RUNS, JOBS = 100, 200
"""Executors at once, and how many jobs each has in the queue (``max_jobs``)."""


def _say(what: str, count: int, seconds: float, more: str = "") -> None:
    print(f"  {count:7} {what}: {seconds:7.2f} s, {seconds / count * 1e6:8.1f} us each{more}", flush=True)


def _seconds(work: Any) -> tuple[float, Any]:
    gc.collect()
    before = time.process_time()
    made = work()
    return time.process_time() - before, made


def test_journal(tmp_path: Path) -> None:
    print("\njournal of a run, of the processor (each task: spawning, queued, started, ended)")
    for count in COUNTS:
        tasks = tuple(PlannedTask(f"t{n}", f"command/t{n}", f"T{n}", "p", Decision.RUN) for n in range(count))
        plan = RunPlan("o", "O", (PlannedPhase("p", "P", tasks, count),))
        directory = tmp_path / str(count)
        directory.mkdir()
        journal = Journal.create(directory, RunHeader("r", "o", "O", time.time(), "bench"), plan)

        def write(journal: Journal = journal, count: int = count) -> None:
            now = time.time()
            for n in range(count):
                name = f"orch-{n:016x}"
                journal.append(events.spawning(now, f"t{n}", 1, backend="cluster", name=name))
                journal.append(events.queued(now, f"t{n}", 1, "Resources: waits for room", job=str(n)))
                journal.append(events.started(now, f"t{n}", 1, node=f"n{n % 1000}", job=str(n)))
                journal.append(events.ended(now, f"t{n}", 1, Status.SUCCESS, exit_code=0))

        wrote, _ = _seconds(write)
        journal.close()
        size = (directory / JOURNAL).stat().st_size
        _say("tasks written", count, wrote, f", {size / 2**20:.0f} MB, {size / count:.0f} bytes each")
        read = [sys.executable, "-c", _READ, str(directory)]
        told = subprocess.run(read, check=True, capture_output=True, text=True).stdout.split()
        _say("tasks read", count, float(told[0]), f", {float(told[1]):.0f} MB of memory")


_READ = """
import resource, sys, time
from pathlib import Path
from orch_tui.project.journal.file import read_run
before = time.process_time()
state = read_run(Path(sys.argv[1]))
print(time.process_time() - before, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
"""


def test_directories(tmp_path: Path) -> None:
    print("\ndirectories of attempts (with a data folder)")
    for count in COUNTS:
        run = tmp_path / str(count)

        def make(run: Path = run, count: int = count) -> None:
            for n in range(count):
                make_attempt(attempt_directory(run, f"t{n}", 1), {}, data_folder=True)

        seconds, _ = _seconds(make)
        entries = sum(len(dirs) + len(files) for _, dirs, files in os.walk(attempt_directory(run, "t0", 1).parent)) + 1
        _say("made", count, seconds, f", {entries} entries each")
        some = [attempt_directory(run, f"t{n * (count // JOBS)}", 1) for n in range(JOBS)]
        seconds, _ = _seconds(lambda some=some: [handoff.listings(some) for _ in range(10)])
        _say("listed among so many", 10 * JOBS, seconds, f" (of {count})")
        seconds, names = _seconds(lambda run=run: os.listdir(run / "tasks"))
        assert len(names) == count
        _say("names of tasks listed", count, seconds)
    print(
        f"  {RUNS} executors with {JOBS} jobs each, all looked at ten times a second: {RUNS * JOBS * 5} looks a second"
    )
    rare = ", ".join(f"{_looks_a_second(age) * RUNS * JOBS:.0f} of {age:.0f} s" for age in (10.0, 60.0, 600.0, 3600.0))
    print(f"  the same as it is done, of tasks of so many seconds: {rare}")


def _looks_a_second(seconds: float) -> float:
    """How often the directory of a task that takes so long is looked at."""
    seen, looks, now = Seen(Path(), "orch-1", lambda level, text: None), 0, 0.0
    # A watch with so many looks once in so many seconds.
    step = 0.1 + JOBS * 0.0005
    while now < seconds:
        if seen.is_due(now):
            seen.take_files(frozenset(("node.json",)), now)
            looks += 1
        now += step
    return looks / seconds


def test_queue(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    print("\nanswer of squeue, read and given to the jobs that are followed")
    for count in COUNTS:
        rows = "".join(f"{n}|orch-{n:016x}|PENDING|Resources|\n" for n in range(count))

        async def answer(*_: Any, rows: str = rows) -> programs.Answer:
            return programs.Answer(0, rows, "")

        monkeypatch.setattr(commands, "run", answer)
        followed = Watch("cluster")

        async def ask(followed: Watch = followed, count: int = count) -> float:
            """How long the loop was held at a time, at most."""
            for n in range(min(count, JOBS)):
                seen = Seen(tmp_path, f"orch-{n:016x}", lambda level, text: None)
                followed._seen[seen.name] = seen
            late, over = [0.0], asyncio.Event()

            async def beat() -> None:
                while not over.is_set():
                    before = time.perf_counter()
                    await asyncio.sleep(0.001)
                    late.append(time.perf_counter() - before - 0.001)

            beating = asyncio.ensure_future(beat())
            await asyncio.sleep(0.05)
            late.clear()
            await followed._ask()
            await asyncio.sleep(0.01)
            over.set()
            await beating
            return max(late)

        seconds, held = _seconds(lambda ask=ask: asyncio.run(ask()))
        _say("rows", count, seconds, f", the loop was held for {held * 1e3:.1f} ms, {len(rows) / 2**20:.1f} MB")
    print(f"  {RUNS} executors ask for all jobs of their user: {RUNS / 2:.0f} answers of {RUNS * JOBS} rows a second")


def test_manifests(tmp_path: Path) -> None:
    print("\ntables of a project (table.toml)")
    for count in COUNTS:
        project = tmp_path / str(count)
        place = project / ".orch" / "storage"
        columns = tuple((f"column_{n}", "VARCHAR") for n in range(10))
        for n in range(count):
            home = place / f"bucket{n % 100}" / f"table{n}"
            home.mkdir(parents=True)
            file, when = home / "000001.parquet", datetime.now(UTC)
            info = TableInfo(f"bucket{n % 100}/table{n}", 1, file, 10, 100, columns, (), WriteMode.FULL, when)
            (home / "table.toml").write_text(write_manifest(info))
        storage = Storage(place)
        seconds, found = _seconds(storage.tables)
        assert len(found) == count
        _say("listed", count, seconds)
        seconds, _ = _seconds(lambda storage=storage: [storage.get("bucket0/table0") for _ in range(1000)])
        _say("one of them read", 1000, seconds, f" (of {count})")


class _AtOnce:
    """A backend whose jobs end as soon as they are followed."""

    key = "cluster"

    def __init__(self, settings: Any) -> None:
        self._number = 0

    def name_job(self) -> str:
        self._number += 1
        return f"orch-{self._number:016x}"

    async def start(self, spec: AttemptSpec, name: str, inherit: tuple[int, ...] = ()) -> _AtOnce:
        return self

    async def wait(self, stop: StopRequest, told: Told) -> Exit:
        told.queued("4711", "Resources: waits for room")
        told.started(node="n17", job="4711")
        await asyncio.sleep(0)
        return Exit(0)

    def inspect(self, directory: Path, known: AttemptState, starter: Mapping[str, Any]) -> Finding:
        return Finding(Verdict.QUEUED, None, "")

    def adopt(self, spec: AttemptSpec, left: Left) -> _AtOnce:
        return self


def test_executor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    print("\na run whose tasks end at once elsewhere: the executor alone, of the processor")
    for count in COUNTS:
        root = _project(tmp_path / str(count), count)
        told = subprocess.run(
            [sys.executable, "-m", "tests.bench.test_bench_scale", str(root)],
            check=True,
            capture_output=True,
            text=True,
        )
        seconds, memory, entries = told.stdout.split()
        _say("tasks", count, float(seconds), f", {float(memory):.0f} MB of memory, {entries} events")


def _project(root: Path, count: int) -> Path:
    (root / "configurations" / "command").mkdir(parents=True)
    (root / "orchestrations").mkdir()
    (root / "orch.toml").write_text('name = "Bench"\nruns_on = "cluster"\n[backends.cluster]\nkind = "slurm"\n')
    lines = ['name = "O"', f"max_parallel = {JOBS}", "[[phases]]", 'id = "p"', 'name = "P"']
    for number in range(count):
        path = root / "configurations" / "command" / f"t{number}.toml"
        path.write_text(f'name = "T{number}"\n[parameters]\ncommand = "true"\n')
        # Without ids 100,000 just fit into the 5 MiB that a file may have.
        lines += ["[[phases.tasks]]", f'configuration = "command/t{number}"']
    (root / "orchestrations" / "o.toml").write_text("\n".join(lines) + "\n")
    return root


def _run_at_once(root: Path) -> None:
    """In a process of its own: prints seconds of the processor, MB of memory and events."""
    project = open_project(root)
    backends = start.backends_of(project)
    backends._made["cluster"] = _AtOnce(None)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(start, "backends_of", lambda *_: backends)
        patch.setattr(start, "lacking_fault", lambda *_: None)
        _run_plan(project)


def _run_plan(project: Project) -> None:
    plan = plan_run(project, RunRequest("o"))
    before = time.process_time()
    run = start_run(project, plan, by="bench")
    assert run.wait() is Status.SUCCESS
    seconds = time.process_time() - before
    memory = peak_memory()
    print(seconds, memory, (run.directory / JOURNAL).read_bytes().count(b"[[event]]"))
    assert len(read_run(run.directory).tasks) > 0


if __name__ == "__main__":
    _run_at_once(Path(sys.argv[1]))
