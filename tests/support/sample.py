"""A small orchestration that the tests of single edits start from."""

from __future__ import annotations

from orch_tui.model.orchestration.orchestration import Orchestration, Phase, Task


def task(task_id: str, configuration: str = "sql/a") -> Task:
    return Task(task_id, configuration)


def sample() -> Orchestration:
    """Phases A (a1 a2 a3), B (b1), C (none)."""
    return Orchestration(
        id="sample",
        name="Sample",
        phases=(
            Phase("a", "A", (task("a1"), task("a2"), task("a3")), max_parallel=3),
            Phase("b", "B", (task("b1"),), max_parallel=2),
            Phase("c", "C"),
        ),
    )


def shape(orch: Orchestration) -> dict[str, str]:
    """Names of the phases with the ids of their tasks."""
    return {phase.name: " ".join(item.id for item in phase.tasks) for phase in orch.phases}
