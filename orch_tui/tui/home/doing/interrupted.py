"""A word on runs that were interrupted, when the program starts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from orch_tui.model.texts.text import safe_line

if TYPE_CHECKING:
    from orch_tui.project.history import RunSummary

_NAMES = 3


def told(found: Sequence[RunSummary]) -> str:
    """``2 runs were interrupted: alpha, beta. …``."""
    names = ", ".join(safe_line(run.orchestration, 40) for run in found[:_NAMES])
    more = f" and {len(found) - _NAMES} more" if len(found) > _NAMES else ""
    was = "run was" if len(found) == 1 else "runs were"
    return f"{len(found)} {was} interrupted: {names}{more}. Open it to see what was found, and to go on with it."
