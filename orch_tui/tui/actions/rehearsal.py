"""Actions of a rehearsal."""

from __future__ import annotations

from orch_tui.tui.actions.base import Action

_EDIT, _VIEW = "Assuming", "View"

ACTIONS: tuple[Action, ...] = (
    Action(
        "rehearsal.assume", "enter,o", "Assume", "Assume something of the task or rule under the cursor.", True, _EDIT
    ),
    Action("rehearsal.type", "plus,a", "Type", "Type an assumption, such as task.load.rows=0.", True, _EDIT),
    Action("rehearsal.fail", "x", "Fails", "Let the task under the cursor fail, or not.", True, _EDIT),
    Action(
        "rehearsal.forget",
        "d,delete",
        "Forget",
        "Forget the assumption, or all of the task under the cursor.",
        True,
        _EDIT,
    ),
    Action("rehearsal.undo", "u", "Undo", "Take the last change of what is assumed back.", True, _EDIT),
    Action("rehearsal.redo", "U", "Redo", "Do again what was undone.", group=_EDIT),
    Action("rehearsal.picture", "P", "Picture", "Show the way as the picture of the sequence.", True, _VIEW),
    Action("rehearsal.tree", "t", "In the tree", "Show the way in the tree of the workbench.", True, _VIEW),
    Action("rehearsal.leave", "escape", "Back", "Back to where you were.", True, _VIEW),
)
IN_TREE: tuple[Action, ...] = (
    Action("rehearsal-tree.assume", "enter,t,W", "Assume", "Back to the rehearsal, to assume something.", True, _EDIT),
    Action("rehearsal-tree.picture", "P", "Picture", "Show the way as the picture of the sequence.", True, _VIEW),
    Action("rehearsal-tree.leave", "escape", "Leave", "Back to the plan, or to the run.", True, _VIEW),
    Action("rehearsal-tree.down", "down,j", "Down", "Look at the next task or rule.", group=_VIEW),
    Action("rehearsal-tree.up", "up,k", "Up", "Look at the task or rule before.", group=_VIEW),
)
