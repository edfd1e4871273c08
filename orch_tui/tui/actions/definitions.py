"""Actions of the versions of a definition, and of the trash."""

from __future__ import annotations

from orch_tui.tui.actions.base import Action

_VIEW = "View"

VERSIONS: tuple[Action, ...] = (
    Action("kept.roll-back", "R", "Go back", "Make it as in this version, comments and all; asks for a note.", True),
    Action("kept.compare-now", "n", "With now", "Compare with the files of now, or the version before.", True, _VIEW),
    Action("kept.down", "space", "Scroll down", "Scroll what is different down.", False, _VIEW),
    Action("kept.up", "b", "Scroll up", "Scroll what is different up.", False, _VIEW),
    Action("kept.reload", "r", "Reload", "Read the versions again.", False, _VIEW),
    Action("kept.leave", "escape", "Back", "Back to where you came from.", True, _VIEW),
)
TRASH: tuple[Action, ...] = (
    Action("trash.put-back", "enter,u", "Put back", "Put the file back where it was.", True),
    Action("trash.leave", "escape", "Back", "Back to where you came from.", True, _VIEW),
)
ACTIONS: tuple[Action, ...] = (*VERSIONS, *TRASH)
