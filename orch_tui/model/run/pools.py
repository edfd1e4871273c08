"""Pools: what a task needs of them, and whether the project has that. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from orch_tui.model.components.component import ORCHESTRATION_COMPONENT, Component
from orch_tui.model.components.configuration import Configuration
from orch_tui.model.orchestration.approval import is_approval
from orch_tui.model.orchestration.orchestration import TaskOptions
from orch_tui.model.run.plan import PlannedTask, RunPlan


def pool_of(task: PlannedTask) -> tuple[str, int]:
    """The pool of a task, empty for none, and how many of its slots it needs."""
    return needed(task.configuration, task.options)


def needed(configuration: str, options: TaskOptions) -> tuple[str, int]:
    """What a task with this configuration and these options needs: a pool, empty for none, and slots of it.

    An approval uses nothing, and a nested orchestration nothing of its own: its tasks have pools.
    """
    component = configuration.partition("/")[0]
    if options.pool is None or is_approval(configuration) or component == ORCHESTRATION_COMPONENT:
        return "", 0
    return options.pool, options.weight or 1


def pool_options(component: Component | None, configuration: Configuration | None) -> TaskOptions:
    """What holds for tasks of a configuration that say nothing themselves: what it says, else its component."""
    own = TaskOptions() if component is None else TaskOptions(pool=component.pool, weight=component.weight)
    if configuration is None:
        return own
    return TaskOptions(pool=configuration.pool, weight=configuration.weight).over(own)


def pool_fault(plan: RunPlan, sizes: Mapping[str, int]) -> str:
    """Why the tasks of a plan cannot get what they need of the project's pools; empty when they can."""
    for task in plan.tasks():
        pool, weight = pool_of(task)
        if pool and (wrong := wrong_pool(pool, weight, sizes)):
            return f"task {task.id} {wrong}"
    return ""


def wrong_pool(pool: str, weight: int, sizes: Mapping[str, int]) -> str:
    """What is wrong with needing that much of a pool, behind the name of what does; empty when nothing is."""
    if pool not in sizes:
        known = ", ".join(sorted(sizes))
        has = f"it has {known}" if known else "it has none"
        return f'is in the pool "{pool}", which the project does not have ({has}); write it into [pools] of orch.toml'
    if weight > sizes[pool]:
        return (
            f'needs {weight} slots of the pool "{pool}", which has {sizes[pool]}; lower its weight, or raise the pool'
        )
    return ""
