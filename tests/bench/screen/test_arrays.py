"""A key in the tree of a run whose one array is unfolded to 10,000 parts."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from orch_tui.engine.runs.start import RunRequest, plan_run
from orch_tui.model.events import events
from orch_tui.model.run.runstate import RunHeader
from orch_tui.model.status import Status
from orch_tui.project.journal.file import Journal
from orch_tui.project.paths import make_private
from orch_tui.project.project import Project

from tests.bench.lines import measured
from tests.support.engine_kit import make_commands
from tests.tui.driving import text_of, until, workbench

pytestmark = pytest.mark.bench
COUNT = 10_000
_MS = 20
_AT = 1_790_000_000.0


def _ended_run(project: Project, items: list[str]) -> None:
    """A run of the array, each of whose parts has succeeded, without their files."""
    run = "20261130T100000-aaaa"
    directory = project.paths.run("o", run)
    make_private(directory)
    journal = Journal.create(directory, RunHeader(run, "o", "O", _AT, "me"), plan_run(project, RunRequest("o")))
    journal.append(events.executor(_AT, pid=1, start=(1, 1), host="h", boot_id="b", by="me"))
    journal.append(events.phase_started(_AT, "p"))
    journal.append(events.unfolded(_AT, "load", items))
    for number in range(1, len(items) + 1):
        part = f"load@{number}"
        journal.append(events.spawning(_AT + number, part, 1))
        journal.append(events.started(_AT + number, part, 1, pid=1000 + number, start=(100, 101)))
        journal.append(events.ended(_AT + number + 1, part, 1, Status.SUCCESS, exit_code=0))
    end = _AT + len(items) + 2
    journal.append(events.phase_ended(end, "p", Status.SUCCESS))
    journal.append(events.run_ended(end, Status.SUCCESS, None, 0, {Status.SUCCESS: 1}))
    journal.close()


async def test_a_key_in_a_tree_of_parts(tmp_path: Path) -> None:
    items = [f"data/2026/11/30/file-{number:05d}.csv" for number in range(COUNT)]
    task = {"command": "true", "each": '"data/*.csv"'}
    project = make_commands(tmp_path, {"P": {"load": task, "other": "true"}})
    _ended_run(project, items)
    async with workbench(project, "o") as (pilot, screen):
        tree = screen.phase_tree

        async def pressed(key: str) -> float:
            """Milliseconds of this thread until the key is dealt with and painted."""
            before = time.thread_time()
            await pilot.press(key)
            return (time.thread_time() - before) * 1000

        await pilot.press("w")
        await until(pilot, lambda: "10000/10000" in text_of(pilot), "the run")
        tree.focus()
        tree.go(1)
        await pilot.pause()
        for name, keys in _STEPS:
            measured(f"{COUNT:,} parts: {name}", "ms", _MS, [await pressed(key) for key in keys])
        assert tree.count() > COUNT


_STEPS = (
    ("unfold and fold", ("right", "left", "right", "left", "right")),
    ("cursor", ("down", "up") * 10),
    ("page", ("pagedown",) * 6),
    ("end and home", ("end", "home") * 3),
)
