"""Actions of the picture of the sequence."""

from __future__ import annotations

from orch_tui.tui.actions.base import Action

_MOVE, _VIEW = "Moving about", "View"

PICTURE: tuple[Action, ...] = (
    Action("sequence.cursor-down", "down,j", "Down", "Go to the next task.", group=_MOVE),
    Action("sequence.cursor-up", "up,k", "Up", "Go to the task before.", group=_MOVE),
    Action("sequence.next-phase", "right,l", "Next phase", "Go to the next phase.", group=_MOVE),
    Action("sequence.previous-phase", "left,h", "Phase before", "Go to the phase before.", group=_MOVE),
    Action("sequence.page-down", "pagedown,ctrl+d", "Page down", "Scroll down by one page.", group=_MOVE),
    Action("sequence.page-up", "pageup,ctrl+u", "Page up", "Scroll up by one page.", group=_MOVE),
    Action("sequence.first", "home", "First", "Go to the first phase.", group=_MOVE),
    Action("sequence.last", "end,G", "Last", "Go to the last task.", group=_MOVE),
    Action(
        "sequence.choose", "enter,o", "Open", "Go to the task under the cursor where it can be edited.", True, _VIEW
    ),
    Action("sequence.all-tasks", "a", "All tasks", "Show long lists whole, or cut them again.", True, _VIEW),
)
SCREEN: tuple[Action, ...] = (
    Action("sequence.leave", "escape,P", "Back", "Back to where you came from.", footer=True, group=_VIEW),
)
ACTIONS: tuple[Action, ...] = (*PICTURE, *SCREEN)
