"""Rows that tasks name."""

from __future__ import annotations

from collections.abc import Iterator

from orch_tui.model.components.configuration import Configuration
from orch_tui.model.orchestration.orchestration import Phase, Task
from orch_tui.model.problem import Problem, Severity
from orch_tui.project.lint.task_names import NameOf
from orch_tui.project.toml.decode import did_you_mean, quote


def unknown_rows(
    phase: Phase, task: Task, configuration: Configuration, severity: Severity, name_of: NameOf
) -> Iterator[Problem]:
    """Those that the configuration does not have."""
    known = {row.id for row in configuration.rows}
    for row in task.rows:
        if row not in known:
            message = f"task {name_of(task)} names the row {quote(row)}, which {quote(task.configuration)} has not"
            remedy = did_you_mean(row, known) or "take it out of the task's rows"
            yield Problem(severity, "unknown-row", message, remedy, phase=phase.id, task=task.id)
