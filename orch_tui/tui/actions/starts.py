"""Actions of what starts an orchestration and who is told of it."""

from __future__ import annotations

from orch_tui.tui.actions.base import Action

_EDIT = "Editing"

ACTIONS: tuple[Action, ...] = (
    Action("starts.add", "n,a,insert", "New", "Add a schedule, trigger or alert, by where the cursor is.", True, _EDIT),
    Action("starts.enable", "x,space", "Enable", "Enable or disable the schedule or trigger.", True, _EDIT),
    Action("starts.delete", "d,delete", "Delete", "Take it out; undo brings it back.", True, _EDIT),
    Action("starts.undo", "u", "Undo", "Take the last change back.", True, _EDIT),
    Action("starts.close", "escape,S", "Close", "Back to where you were; what was changed is kept.", True),
)
