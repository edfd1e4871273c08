"""Saving an orchestration of 10,000 tasks after one edit: in the midst of it, in its name, of everything."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from orch_tui.model.edits import edits
from orch_tui.model.orchestration.orchestration import Orchestration
from orch_tui.project.project import Project
from orch_tui.project.saving.writer import save_orchestration

from tests.bench.lines import measured
from tests.tui.seed import big_project

pytestmark = pytest.mark.bench
_TIMES = 5


def _toggled(value: Orchestration) -> Orchestration:
    task = value.phases[50].tasks[50]
    return edits.set_enabled(value, [task.id], not task.enabled)


def _renamed(value: Orchestration) -> Orchestration:
    return replace(value, name=value.name + "x")


def _all_toggled(value: Orchestration) -> Orchestration:
    tasks = list(value.tasks())
    return edits.set_enabled(value, [task.id for task in tasks], not tasks[0].enabled)


@pytest.mark.parametrize("per_phase", [100, 10_000])
def test_one_edit_of_ten_thousand_tasks(tmp_path: Path, per_phase: int) -> None:
    project = big_project(tmp_path, 10_000, per_phase)
    where = f"10,000 tasks, {per_phase:,} in a phase"
    if per_phase == 100:
        _measure(project, f"{where}: a task", 200, _toggled)
        _measure(project, f"{where}: each task", None, _all_toggled)
    _measure(project, f"{where}: its name", 200, _renamed)


def _measure(project: Project, what: str, budget: float | None, edit: Callable[[Orchestration], Orchestration]) -> None:
    path = project.paths.orchestration("big")
    value = project.orchestration("big")
    base = project.source(path)
    cpu, wall = [], []
    for _ in range(_TIMES):
        value = edit(value)
        started, clock = time.process_time(), time.monotonic()
        base = save_orchestration(project, value, base)
        cpu.append((time.process_time() - started) * 1000)
        wall.append((time.monotonic() - clock) * 1000)
    assert project.orchestration("big") == value
    measured(f"save {what}: CPU", "ms", budget, cpu)
    measured(f"save {what}: wall", "ms", None, wall)
