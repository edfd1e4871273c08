"""Where tasks run."""

from __future__ import annotations

from orch_tui.model.components.component import ORCHESTRATION_COMPONENT
from orch_tui.model.orchestration.approval import is_approval


def stays_here(configuration: str) -> bool:
    """Whether tasks with this configuration run on the machine of their executor in any case."""
    return configuration.partition("/")[0] == ORCHESTRATION_COMPONENT or is_approval(configuration)
