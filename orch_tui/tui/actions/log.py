"""Actions of logs: in a pane, and full screen."""

from __future__ import annotations

from orch_tui.tui.actions.base import Action

_MOVE, _FIND, _VIEW, _COPY = "Moving about", "Finding", "View", "Copying"

LOG: tuple[Action, ...] = (
    Action("log.down", "down,j", "Down", "Go to the next line; after the last one, follow the log.", group=_MOVE),
    Action("log.up", "up,k", "Up", "Go to the line before; the log is no longer followed.", group=_MOVE),
    Action("log.page-down", "pagedown,space,ctrl+f", "Page down", "Go down by one page.", group=_MOVE),
    Action("log.page-up", "pageup", "Page up", "Go up by one page.", group=_MOVE),
    Action("log.half-down", "ctrl+d", "Half down", "Go down by half a page.", group=_MOVE),
    Action("log.half-up", "ctrl+u", "Half up", "Go up by half a page.", group=_MOVE),
    Action("log.start", "g,home", "Start", "Go to the first line.", group=_MOVE),
    Action("log.end", "G,end", "Follow", "Go to the end, and follow the log as it grows.", True, _MOVE),
    Action("log.left", "left,h", "Left", "Show what is further to the left.", group=_MOVE),
    Action("log.right", "right,l", "Right", "Show what is further to the right.", group=_MOVE),
    Action("log.line-start", "0", "Line start", "Show the beginning of the lines again.", group=_MOVE),
    # Priority: what is typed right after the key must reach the field, not the log.
    Action("log.search", "slash", "Search", "Search for text, or after a second / an expression.", True, _FIND, True),
    Action("log.next-match", "n", "Next", "Go to the next line that matches.", True, _FIND),
    Action("log.previous-match", "N", "Previous", "Go to the line before that matches.", False, _FIND),
    Action("log.next-error", "e", "Error", "Go to the next line that looks like an error.", True, _FIND),
    Action("log.previous-error", "E", "Error before", "Go to the error before.", False, _FIND),
    Action("log.clear", "escape", "Clear", "Forget the selection, then the search.", False, _FIND),
    Action("log.wrap", "w", "Wrap", "Show long lines on several rows, or cut at the edge.", True, _VIEW),
    Action("log.follow", "f", "Hold", "Follow the log as it grows, or stay where you are.", False, _VIEW),
    Action("log.select", "v", "Select", "Select lines from here to where you go; again to end it.", True, _COPY),
    Action("log.copy", "y", "Copy", "Copy the selection, or else the line.", True, _COPY),
)
VIEWER: tuple[Action, ...] = (
    Action("log-viewer.earlier", "left_square_bracket", "Attempt before", "Show the attempt before.", group=_VIEW),
    Action("log-viewer.later", "right_square_bracket", "Next attempt", "Show the next attempt.", group=_VIEW),
    Action("log-viewer.copy-all", "Y", "Copy all", "Copy the whole log.", group=_COPY),
    Action(
        "log-viewer.copy-command",
        "C",
        "Copy command",
        "Copy the shell command that starts this attempt by hand, as it was started in the run.",
        group=_COPY,
    ),
    Action(
        "log-viewer.text",
        "t",
        "Text run",
        "Show the configuration that this attempt ran, and what was edited since.",
        group=_VIEW,
    ),
    Action("log-viewer.pager", "o", "Pager", "Open the log in $PAGER.", True, _COPY),
    Action(
        "log-viewer.print",
        "P",
        "Print",
        "Print the end of the log into the terminal itself, where its own selection and scrollback work.",
        True,
        _COPY,
    ),
    Action("log-viewer.close", "escape,q", "Back", "Close the log.", True, _VIEW),
)
ACTIONS: tuple[Action, ...] = (*LOG, *VIEWER)
