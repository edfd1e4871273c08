"""What the rows of the tree say behind the names. Pure apart from the parts of rows."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from orch_tui.runs.live.timeline import Bar
from orch_tui.tui.widgets.row_painter import Part
from orch_tui.tui.workbench.tree.columns import TIME, WORD


class RuleLook(NamedTuple):
    """How a rule of a run looks: its sign, the styles of sign and text, what it saw, what stands at the right."""

    sign: str
    sign_style: str
    style: str
    note: str
    behind: Sequence[Part]


class TreeStates(NamedTuple):
    """What stands behind a name instead of what is set of it: the state of a run, say; by the ids of tasks, of phases.

    ``notes`` are sentences beside the names of phases, ``rules`` those of phases by the ids of their rows. ``width`` is
    how many columns the usual ones of ``tasks`` need. ``part`` gives what stands behind a part of an array, and its
    bar, by the id of the part: there are too many to ask for all.
    """

    tasks: Mapping[str, Sequence[Part]] = {}
    phases: Mapping[str, Sequence[Part]] = {}
    width: int = WORD + TIME
    notes: Mapping[str, str] = {}
    rules: Mapping[str, RuleLook] = {}
    part: Callable[[str], tuple[Sequence[Part], Bar | None]] | None = None
