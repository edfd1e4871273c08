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
    Action("rehearsal.leave", "escape", "Back", "Back to where you were.", True, _VIEW),
)
