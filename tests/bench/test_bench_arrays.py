"""10,000 parts of an array beside 10,000 tasks: journal, reading it, memory, and the queue; and real runs of both.

``pytest -n 0 -m bench -s``; the real runs take a minute each.
"""

from __future__ import annotations

import gc
import statistics
import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import pytest
from orch_tui.engine.phases.phase_queue import PhaseQueue
from orch_tui.model.events import events
from orch_tui.model.events.events import Event
from orch_tui.model.orchestration.each import Each
from orch_tui.model.run.plan import Decision, PlannedPhase, PlannedTask, RunPlan
from orch_tui.model.run.run_start import initial_state
from orch_tui.model.run.runstate import RunHeader, RunState, fold
from orch_tui.model.status import Status
from orch_tui.project.journal.file import Journal, read_run

from tests.bench.lines import measured
from tests.bench.tasks import executed, parts, trivial

pytestmark = pytest.mark.bench
COUNT = 10_000
ROUNDS = 2
MOST = 1.1
"""Times what as many tasks cost; of bytes and memory, and of the processor's time."""
MOST_CPU = 1.5
T = 1_790_000_000.0
ITEMS = [f"data/2026/11/30/file-{number:05d}.csv" for number in range(COUNT)]


def _array() -> RunPlan:
    task = PlannedTask("load", "command/load", "Load", "p", Decision.RUN, digest="d" * 16, each=Each(files="data/*"))
    return RunPlan("o", "O", (PlannedPhase("p", "P", (task,), 10),))


def _tasks() -> RunPlan:
    tasks = tuple(
        PlannedTask(f"load-{number}", f"command/load-{number}", f"Load {item}", "p", Decision.RUN, digest="d" * 16)
        for number, item in enumerate(ITEMS, 1)
    )
    return RunPlan("o", "O", (PlannedPhase("p", "P", tasks, 10),))


def _happened(ids: list[str], first: list[Event]) -> list[Event]:
    found = [
        events.executor(T, pid=1, start=(1, 1), host="h", boot_id="b", by="me"),
        events.phase_started(T, "p"),
        *first,
    ]
    for at, one in enumerate(ids):
        found += [
            events.spawning(T + at, one, 1),
            events.started(T + at, one, 1, pid=1000 + at, start=(100, 101)),
            events.ended(T + at + 1, one, 1, Status.SUCCESS, exit_code=0),
        ]
    return [*found, events.phase_ended(T + COUNT + 1, "p", Status.SUCCESS)]


def _write(directory: Path, plan: RunPlan, happened: list[Event]) -> int:
    directory.mkdir(parents=True)
    journal = Journal.create(directory, RunHeader("r", "o", "O", T, "me"), plan)
    for event in happened:
        journal.append(event)
    journal.close()
    return (directory / "run.toml").stat().st_size


def _cpu(work: Callable[[], object]) -> float:
    gc.collect()
    began = time.process_time()
    work()
    return time.process_time() - began


def _memory(directory: Path) -> int:
    gc.collect()
    tracemalloc.start()
    state = read_run(directory)
    gc.collect()
    size = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    assert isinstance(state, RunState)
    return size


def _empty(queue: PhaseQueue) -> None:
    running: list[PlannedTask] = []
    while (task := queue.next(running)) is not None:
        queue.remove(task)
        running.append(task)
        if len(running) == 10:
            running.pop(0)


def _parts(plan: RunPlan) -> tuple[PlannedTask, list[PlannedTask]]:
    state = initial_state(RunHeader("r", "o", "O", T, "me"), plan)
    fold(state, [events.unfolded(T, "load", ITEMS)])
    array = next(plan.tasks())
    return array, [part.planned for part in state.parts.values()]


def test_parts_cost_what_tasks_cost(tmp_path: Path) -> None:
    # GIVEN journals of as many parts and tasks
    array, tasks = _array(), _tasks()
    of_parts = _happened([f"load@{number}" for number in range(1, COUNT + 1)], [events.unfolded(T, "load", ITEMS)])
    alone = _happened([task.id for task in tasks.tasks()], [])
    here, there = tmp_path / "array", tmp_path / "tasks"
    size, whole = _write(here, array, of_parts), _write(there, tasks, alone)
    # WHEN they are read, and given out by the queue of their phase, in turns
    reads = [(_cpu(lambda: read_run(here)), _cpu(lambda: read_run(there))) for _ in range(ROUNDS)]
    unfolding, given = _parts(array)
    queues = []
    for _ in range(ROUNDS):
        lane, plain = PhaseQueue(10, [], T), PhaseQueue(10, list(tasks.tasks()), T)
        lane.unfold(unfolding, given)
        queues.append((_cpu(lambda q=lane: _empty(q)), _cpu(lambda q=plain: _empty(q))))  # type: ignore[misc]
    reading, giving = (statistics.median(a / b for a, b in pairs) for pairs in (reads, queues))
    memory, all_memory = _memory(here), _memory(there)
    print(
        f"\n{COUNT} parts ÷ tasks: journal {size / whole:.2f} ({size >> 10} of {whole >> 10} KiB), reading it "
        f"{reading:.2f}, memory of the state {memory / all_memory:.2f} ({memory >> 20} of {all_memory >> 20} MiB), "
        f"queue {giving:.2f}"
    )
    # THEN none of it is more
    assert size <= MOST * whole and memory <= MOST * all_memory
    assert reading <= MOST_CPU and giving <= MOST_CPU


def test_a_run_of_parts_costs_what_one_of_tasks_costs(tmp_path: Path) -> None:
    # WHEN as many trivial processes are run, as parts of an array and as tasks
    array = executed(parts(tmp_path / "array", COUNT))
    tasks = executed(trivial(tmp_path / "tasks", COUNT))
    # THEN the executor takes as much of the processor, of memory and of the disk for both
    for what, unit, most in (("cpu", "s", MOST), ("rss_mb", "MB", MOST), ("journal_bytes", "bytes", MOST)):
        measured(f"{COUNT:,} parts: {what}", unit, None, [array[what]])
        measured(f"{COUNT:,} tasks: {what}", unit, None, [tasks[what]])
        measured(f"{COUNT:,} parts ÷ tasks: {what}", "×", most, [array[what] / tasks[what]])
