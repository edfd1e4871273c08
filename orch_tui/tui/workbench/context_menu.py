"""The menu of all that can be done where the focus is: for the mouse, and for whoever does not know the keys yet."""

from __future__ import annotations

from collections.abc import Callable

from orch_tui.tui.actions import Action
from orch_tui.tui.actions import run as run_actions
from orch_tui.tui.actions import workbench as actions

# Moving about is what the mouse does anyway.
_LEFT_OUT = (
    "tree.fold",
    "tree.unfold",
    "tree.next",
    "tree.previous",
    "tree.mark",
    "tree.phase-",
    "configurations.back",
    "components.open",
    "workbench.pane",
    "workbench.menu",
    "workbench.leave",
    "workbench.filter",
    "workbench.larger",
    "workbench.smaller",
)
_KEPT = ("tree.fold-all", "tree.unfold-all", "tree.mark-all", "tree.mark-range")


def menu_actions(focused: str | None, allows: Callable[[str], bool]) -> list[Action]:
    """The actions of the widget with that id and of the workbench that have something to work on, edits first."""
    near = actions.TREE if focused == "tree" else [one for one in actions.LISTS if one.context == focused]
    chosen = [
        action
        for action in (*near, *run_actions.WORKBENCH, *actions.WORKBENCH)
        if (action.id in _KEPT or not action.id.startswith(_LEFT_OUT)) and allows(action.id)
    ]
    return sorted(chosen, key=lambda action: action.group != actions.EDIT)
