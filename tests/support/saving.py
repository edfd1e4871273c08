"""Saving what is being edited, as the screen does it but at once."""

from __future__ import annotations

from orch_tui.project.saving.writer import save_orchestration
from orch_tui.tui.workbench.model import Workbench


def save(bench: Workbench, *, force: bool = False) -> None:
    """Write the file. Raises: ChangedOnDisk, DefinitionError, SaveError."""
    value = bench.value
    bench.saved(value, save_orchestration(bench.project, value, bench.base, force=force))
