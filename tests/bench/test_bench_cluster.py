"""What tasks on other machines cost beside the queue itself, as ratios. ``pytest -m bench -s tests/bench``.

On a real cluster of two nodes on this machine (``tests/servers/slurm.py``): what is measured of it is its own pace too,
so the same jobs are sent by ``sbatch`` alone just before and just after.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import os
import shlex
import statistics
import subprocess
import sys
import time
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from orch_tui.engine.backends.backend import Backend
from orch_tui.engine.backends.dask.backend import DaskBackend
from orch_tui.engine.backends.remote import handoff
from orch_tui.engine.backends.remote.sending import SUPERVISOR
from orch_tui.engine.backends.slurm import commands, watch
from orch_tui.engine.backends.slurm.backend import SlurmBackend
from orch_tui.engine.processes.launcher import AttemptSpec, StopRequest
from orch_tui.engine.runs.loop import make_loop
from orch_tui.model.failure import FailureKind
from orch_tui.model.run.attempt_state import AttemptState
from orch_tui.model.status import Status
from orch_tui.project.attempt_dir import log_file
from orch_tui.project.definitions.backends import BackendSettings
from orch_tui.project.definitions.dask_settings import DaskSettings

from tests.servers.dask import dask
from tests.servers.slurm import Cluster, slurm
from tests.support.backend_contract import Told
from tests.support.engine_kit import begin, make_commands
from tests.support.launcher_contract import happens, shell

pytestmark = [pytest.mark.bench, pytest.mark.timeout(3600)]
TASKS = 50
ROUNDS = 3
_SUBMIT = (
    "sbatch",
    "--parsable",
    "--no-requeue",
    "--export=NIL",
    "--input=/dev/null",
    "--output=/dev/null",
    "--chdir=/",
)


@pytest.fixture
def cluster(monkeypatch: pytest.MonkeyPatch) -> Iterator[Cluster]:
    with slurm() as found:
        for name, value in found.environment.items():
            monkeypatch.setenv(name, value)
        yield found


def _sent_by_hand(cluster: Cluster, scripts: list[str], ends: list[Path]) -> float:
    """Seconds until each script, sent by ``sbatch``, four at once, has made its file."""
    before = time.perf_counter()
    waiting, going = list(scripts), list[subprocess.Popen[str]]()
    while waiting or going:
        going = [one for one in going if one.poll() is None]
        while waiting and len(going) < 4:
            process = subprocess.Popen(_SUBMIT, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)
            assert process.stdin is not None
            process.stdin.write(f"#!/bin/sh\n{waiting.pop()}\n")
            process.stdin.close()
            going.append(process)
        time.sleep(0.002)
    while not all(end.exists() for end in ends):
        assert time.perf_counter() - before < 300
        time.sleep(0.02)
    return time.perf_counter() - before


def _supervisors(cluster: Cluster, home: Path) -> float:
    """The same supervisor, of as many trivial tasks, without an executor."""
    directories = [home / "tasks" / f"t{number}" / "1" for number in range(TASKS)]
    scripts = []
    for directory in directories:
        spec = shell(directory, "true")
        log_file(directory).touch()
        handoff.write_start(spec, spec.environment, None)
        scripts.append(f"exec {shlex.join([sys.executable, '-P', '-m', SUPERVISOR, str(directory)])}")
    return _sent_by_hand(cluster, scripts, [directory / handoff.END for directory in directories])


def _lines(cluster: Cluster, home: Path) -> float:
    """A line of the shell each."""
    home.mkdir()
    ends = [home / str(number) for number in range(TASKS)]
    return _sent_by_hand(cluster, [f"touch {end}" for end in ends], ends)


def test_fifty_trivial_tasks_beside_sbatch_alone(
    cluster: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    questions, look = list[float](), commands.look

    async def counted(names: Collection[str]) -> list[commands.Row]:
        questions.append(time.monotonic())
        return await look(names)

    monkeypatch.setattr(watch, "look", counted)
    settings = f'runs_on = "cluster"\nmax_parallel = {TASKS}\n[backends.cluster]\nkind = "slurm"\n'
    found: dict[str, list[float]] = {"supervisor": [], "line": [], "orch-tui": []}
    asked = []
    for turn in range(ROUNDS):
        found["line"].append(_lines(cluster, tmp_path / f"line{turn}"))
        found["supervisor"].append(_supervisors(cluster, tmp_path / f"supervisor{turn}"))
        project = make_commands(tmp_path / f"p{turn}", {"P": {f"t{n}": "true" for n in range(TASKS)}}, settings)
        questions.clear()
        before = time.perf_counter()
        active = begin(project)
        assert active.wait(600) is Status.SUCCESS
        found["orch-tui"].append(time.perf_counter() - before)
        asked.append(len(questions) / found["orch-tui"][-1] * 20)
        cluster.wait_until_empty()
    walls = {name: statistics.median(seconds) for name, seconds in found.items()}
    print(f"\n{TASKS} trivial tasks: " + ", ".join(f"{name} {seconds:.1f} s" for name, seconds in walls.items()))
    for name, budget in (("supervisor", 1.1), ("line", 1.3)):
        ratios = [own / other for own, other in zip(found["orch-tui"], found[name], strict=True)]
        print(f"  / sbatch of the same with a {name}: {statistics.median(ratios):.2f} (budget {budget})")
    print(f"  squeue in 20 s: {max(asked):.1f} (budget 10)")


def _told(backend: Backend) -> Told:
    return Told(AttemptState(1, 0.0, backend=backend.key))


_CONTROL = """
import sys, time
late = []
print(flush=True)
while True:
    before = time.perf_counter()
    time.sleep(0.001)
    late.append(time.perf_counter() - before - 0.001)
    if len(late) % 50 == 0 and __import__("os").path.exists(sys.argv[1]):
        break
print(*late)
"""


@contextlib.contextmanager
def _control(over: Path, late: list[float]) -> Iterator[None]:
    """By how much another process is late that does nothing but sleep: what the machine does to all, with a cluster's
    programs on it."""
    argv = [sys.executable, "-c", _CONTROL, str(over)]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        process.stdout.readline()
        try:
            yield
        finally:
            over.touch()
            late.extend(sorted(map(float, process.stdout.read().split())))


async def _beat(late: list[float], over: asyncio.Event) -> None:
    """By how much the loop is late, a thousand times a second."""
    while not over.is_set():
        before = time.perf_counter()
        await asyncio.sleep(0.001)
        late.append(time.perf_counter() - before - 0.001)


@contextlib.contextmanager
def _holding(monkeypatch: pytest.MonkeyPatch, held: list[float]) -> Iterator[None]:
    """For how long each step of what is on the loop holds it."""
    run = asyncio.Handle._run

    def measured(self: asyncio.Handle) -> None:
        before = time.perf_counter()
        run(self)
        held.append(time.perf_counter() - before)

    with monkeypatch.context() as patched:
        patched.setattr(asyncio.Handle, "_run", measured)
        yield
    held.sort()


def _words(seconds: Sequence[float]) -> str:
    """Of sorted values."""
    each = f"{statistics.median(seconds) * 1e3:.2f} ms (median), {seconds[int(len(seconds) * 0.99)] * 1e3:.1f} ms"
    return f"{each} (of 100 once), {seconds[-1] * 1e3:.1f} ms at most"


def _attempts(home: Path, count: int) -> list[AttemptSpec]:
    specs = [shell(home / "tasks" / f"t{number}" / "1", "true") for number in range(count)]
    for spec in specs:
        log_file(spec.directory).touch()
    return specs


async def _submit_many(backend: Backend, specs: Sequence[AttemptSpec], late: list[float]) -> float:
    """Seconds until all are in the queue; and by how much the loop was late each time, in the meantime."""
    over = asyncio.Event()
    told = [_told(backend) for _ in specs]
    stops = [StopRequest() for _ in specs]
    beating = asyncio.ensure_future(_beat(late, over))
    before = time.perf_counter()
    waiting = []
    for spec, stop, one in zip(specs, stops, told, strict=True):
        job = await backend.start(spec, backend.name_job())
        waiting.append(asyncio.ensure_future(job.wait(stop, one)))
        await asyncio.sleep(0)
    for one in told:
        await happens(lambda one=one: one.known.job, 300)  # type: ignore[misc]
    seconds = time.perf_counter() - before
    over.set()
    await beating
    for stop in stops:
        stop.ask(FailureKind.CANCEL)
    await asyncio.gather(*waiting)
    late.sort()
    return seconds


@pytest.mark.parametrize("kind", ["slurm", "dask"])
def test_a_thousand_submissions(kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    count = int(os.environ.get("ORCH_TUI_BENCH_JOBS", "1000"))
    busy = _backend(kind, monkeypatch, most=count, busy=True)
    specs = _attempts(tmp_path, count)
    late, held, control = list[float](), list[float](), list[float]()
    # As the program does, which has less in memory than these tests.
    gc.set_threshold(100_000)
    gc.freeze()
    with (
        busy as backend,
        asyncio.Runner(loop_factory=make_loop) as runner,
        _holding(monkeypatch, held),
        _control(tmp_path / "over", control),
    ):
        seconds = runner.run(_submit_many(backend, specs, late))
    gc.unfreeze()
    print(f"\n{kind}: {count} in the queue after {seconds:.1f} s (budget 10 s of 1,000), and out of it again")
    print(f"  a step held the loop for {_words(held)} (budget 5 ms)")
    print(f"  the loop was late by {_words(late)}")
    print(f"  beside it a process that only sleeps by {_words(control)}")


@contextlib.contextmanager
def _backend(kind: str, monkeypatch: pytest.MonkeyPatch, *, most: int = 200, busy: bool = False) -> Iterator[Backend]:
    """One on a cluster of its own; ``busy``: nothing begins there."""
    if kind == "dask":
        with dask() as lab:
            resources = (("none", 1.0),) if busy else ()
            own = DaskSettings(lab.address, resources=resources)
            yield DaskBackend(BackendSettings("lab", "dask", max_jobs=most, dask=own))
        return
    with slurm() as found:
        for name, value in found.environment.items():
            monkeypatch.setenv(name, value)
        if busy:
            for node in found.nodes:
                found.run("scontrol", "update", f"nodename={node}", "state=drain", "reason=busy")
        yield SlurmBackend(BackendSettings("cluster", "slurm", max_jobs=most))
        found.cancel_all()


def test_what_a_supervisor_loads(tmp_path: Path) -> None:
    """Its start on a node, beside a bare interpreter: with nothing to do, as for a job that is not wanted any more."""
    own, bare = list[float](), list[float]()
    for _ in range(9):
        for argv, found in ((["-m", SUPERVISOR, str(tmp_path)], own), (["-c", "pass"], bare)):
            before = os.times()
            subprocess.run([sys.executable, "-P", *argv], check=False, capture_output=True)
            after = os.times()
            found.append(after.children_user + after.children_system - before.children_user - before.children_system)
    cost = statistics.median(own) - statistics.median(bare)
    print(
        f"\nsupervisor: {cost:.3f} s of the processor beyond Python's own {statistics.median(bare):.3f} s (budget 0.15)"
    )


@pytest.mark.parametrize("kind", ["slurm", "dask"])
def test_from_a_cancel_to_its_signals(kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def measure(backend: Backend) -> tuple[list[float], list[float]]:
        term, kill = list[float](), list[float]()
        for turn in range(5):
            for grace, found in ((10.0, term), (1.0, kill)):
                directory = tmp_path / f"{kind}{turn}" / "tasks" / f"t{grace:.0f}" / "1"
                hears = "trap 'date +%s.%N > heard; exit 0' TERM" if grace > 1 else "trap '' TERM"
                spec = replace(shell(directory, f"{hears}; touch ready; while :; do sleep 0.01; done"), grace=grace)
                log_file(directory).touch()
                job, stop = await backend.start(spec, backend.name_job()), StopRequest()
                waiting = asyncio.ensure_future(job.wait(stop, _told(backend)))
                await happens((directory / "ready").exists, 120)
                asked = time.time()
                stop.ask(FailureKind.CANCEL)
                end = await waiting
                if grace > 1:
                    found.append(float((directory / "heard").read_text()) - asked)
                else:
                    assert end.killed and end.seconds_to_stop is not None
                    found.append(end.seconds_to_stop - grace)
        return term, kill

    with _backend(kind, monkeypatch) as backend, asyncio.Runner(loop_factory=make_loop) as runner:
        term, kill = runner.run(measure(backend))
    print(f"\n{kind}: TERM {statistics.median(term):.2f} s after a cancel, {max(term):.2f} at most (budget 0.5)")
    print(f"  KILL {statistics.median(kill):.2f} s after the grace time, {max(kill):.2f} at most (budget 0.5)")
