"""Actions of what starts an orchestration and who is told of it."""

from __future__ import annotations

from orch_tui.tui.actions.base import Action

_EDIT, _VIEW = "Editing", "View"

BACKFILL: tuple[Action, ...] = (
    Action("backfill.run", "R", "Run", "Run the marked intervals, or this one; asks first.", True, _EDIT),
    Action("backfill.mark", "space", "Mark", "Mark the interval, or take its mark away.", True, _EDIT),
    Action("backfill.mark-range", "V", "Mark range", "Mark all from the last mark to the cursor.", group=_EDIT),
    Action("backfill.mark-open", "asterisk", "Mark open", "Mark all that are not done as they are now.", True, _EDIT),
    Action("backfill.every", "e", "Every", "Intervals of an hour, a day, a week or a month.", True, _VIEW),
    Action("backfill.span", "f", "Span", "From when to when: asks for two dates.", True, _VIEW),
    Action("backfill.open", "enter,o", "Open", "Show the interval's run.", True, _VIEW),
    Action("backfill.left", "left,h", "Before", "Go to the interval before.", group=_VIEW),
    Action("backfill.right", "right,l", "After", "Go to the next interval.", group=_VIEW),
    Action("backfill.reload", "r", "Reload", "Look again at what became of them.", group=_VIEW),
    Action("backfill.leave", "escape", "Back", "Take all marks away; then back to where you were.", True, _VIEW),
)
STARTS: tuple[Action, ...] = (
    Action("starts.add", "n,a,insert", "New", "Add a schedule, trigger or alert, by where the cursor is.", True, _EDIT),
    Action("starts.enable", "x,space", "Enable", "Enable or disable the schedule or trigger.", True, _EDIT),
    Action("starts.delete", "d,delete", "Delete", "Take it out; undo brings it back.", True, _EDIT),
    Action("starts.undo", "u", "Undo", "Take the last change back.", True, _EDIT),
    Action("starts.close", "escape,S", "Close", "Back to where you were; what was changed is kept.", True),
)
ACTIONS: tuple[Action, ...] = (*STARTS, *BACKFILL)
