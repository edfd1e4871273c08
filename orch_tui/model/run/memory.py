"""Memory: what a task may have of it, and whether that fits into what the project has for its tasks. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from orch_tui.model.orchestration.orchestration import TaskOptions
from orch_tui.model.orchestration.places import stays_here
from orch_tui.model.run.plan import PlannedTask, RunPlan
from orch_tui.model.run.pools import pool_fault
from orch_tui.model.texts.sizes import write_size


def memory_of(task: PlannedTask) -> int:
    """The bytes that a task may have, and that are kept for it while it runs; 0 for one without a limit."""
    return memory_needed(task.configuration, task.options)


def memory_needed(configuration: str, options: TaskOptions) -> int:
    """The same for a task with this configuration and these options. An approval uses nothing, and a nested
    orchestration nothing of its own: its tasks have limits."""
    if options.memory is None or stays_here(configuration):
        return 0
    return options.memory


def limit_fault(
    plan: RunPlan,
    pools: Mapping[str, int],
    memory: int | None,
    is_far: Callable[[str | None], bool] = lambda name: False,
) -> str:
    """Why a task of a plan can never start by the limits of the project, slots of pools and bytes of memory; empty when
    all can. ``is_far``: what ``runs_on`` names is another machine, whose memory is not counted."""
    for task in plan.tasks():
        if is_far(task.options.runs_on):
            continue
        if wrong := wrong_memory(memory_of(task), memory):
            return f"task {task.id} {wrong}"
    return pool_fault(plan, pools)


def wrong_memory(memory: int, limit: int | None) -> str:
    """What is wrong with needing that much, behind the name of what does; empty when nothing is."""
    if limit is None or memory <= limit:
        return ""
    return (
        f"may have {write_size(memory)} of memory, and all tasks together {write_size(limit)} ([limits] of orch.toml), "
        f"so it can never start; lower its memory, or raise that of the project"
    )
