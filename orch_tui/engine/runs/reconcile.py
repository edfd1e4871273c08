"""What became of the tasks of a run whose executor is gone, as the backend of each attempt finds it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from orch_tui.engine.backends.backend import Finding
from orch_tui.engine.backends.chosen import Inspectors, inspectors
from orch_tui.model.run.attempt_state import AttemptState
from orch_tui.model.run.runstate import RunState
from orch_tui.model.status import UNDER_WAY
from orch_tui.project.attempt_dir import attempt_directory


def inspect_run(directory: Path, state: RunState, backends: Inspectors = inspectors) -> dict[str, Finding]:
    """A finding for every task that the journal leaves running. For a run that nobody executes.

    Without ``backends`` those are asked that need no settings of a project for it.
    """
    found = {}
    for task in state.units():
        attempt = task.attempt
        if attempt is not None and task.status in UNDER_WAY:
            place = attempt_directory(directory, task.id, attempt.number)
            found[task.id] = backends.of_attempt(attempt).inspect(place, attempt, starter_of(state, attempt))
    return found


def starter_of(state: RunState, attempt: AttemptState) -> Mapping[str, Any]:
    """The identity of the process that started an attempt; empty when the journal does not say."""
    return state.executors[attempt.executor] if 0 <= attempt.executor < len(state.executors) else {}
