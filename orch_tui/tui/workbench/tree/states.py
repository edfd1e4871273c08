"""What the rows of the tree say behind the names. Pure apart from the parts of rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from orch_tui.tui.widgets.row_painter import Part
from orch_tui.tui.workbench.tree.columns import TIME, WORD


class TreeStates(NamedTuple):
    """What stands behind a name instead of what is set of it: the state of a run, say; by the ids of tasks, of phases.

    ``width`` is how many columns the usual ones need.
    """

    tasks: Mapping[str, Sequence[Part]] = {}
    phases: Mapping[str, Sequence[Part]] = {}
    width: int = WORD + TIME
