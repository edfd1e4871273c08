"""Actions of the project's storage: its list of tables, and one table."""

from __future__ import annotations

from orch_tui.tui.actions.base import Action

_MOVE, _VIEW = "Moving about", "View"

STORAGE: tuple[Action, ...] = (
    Action("storage.open", "enter,o", "Open", "Look at the rows of the table.", True, _VIEW),
    Action("storage.filter", "slash", "Filter", "Show only those with the words you type.", True, _VIEW),
    Action("storage.versions", "v", "Versions", "Show its versions, compare them, go back to one.", True, _VIEW),
    Action("storage.lineage", "L", "Lineage", "Show what it comes from and where it goes to.", True, _VIEW),
    Action("storage.fresh", "F", "Fresh", "Run what is stale on the way to it; shows that first.", True, _VIEW),
    Action("storage.files", "f", "Files", "Show the files beside the tables, with their tags.", True, _VIEW),
    Action("storage.reload", "r", "Reload", "Read the storage again.", False, _VIEW),
    Action("storage.leave", "escape,D", "Back", "Back to where you came from.", True, _VIEW),
)
FILES: tuple[Action, ...] = (
    Action("files.filter", "slash", "Filter", "Show only those with the words you type.", True, _VIEW),
    Action("files.remove", "X", "Delete", "Delete the file from the storage; asks first.", True),
    Action("files.reload", "r", "Reload", "Read the file storage again.", False, _VIEW),
    Action("files.leave", "escape", "Back", "Back to the tables.", True, _VIEW),
)
VERSIONS: tuple[Action, ...] = (
    Action("versions.open", "enter,o", "Open", "Look at the rows of the version.", True, _VIEW),
    Action("versions.restore", "R", "Go back", "Make a new version with the rows of this one; asks for a note.", True),
    Action("versions.reload", "r", "Reload", "Read the versions again.", False, _VIEW),
    Action("versions.leave", "escape", "Back", "Back to where you came from.", True, _VIEW),
)
LINEAGE: tuple[Action, ...] = (
    Action("lineage.center", "enter,l,right", "Go there", "Put what is under the cursor in the middle.", True, _MOVE),
    Action("lineage.back", "h,left,backspace", "Back", "Put in the middle what was there before.", True, _MOVE),
    Action("lineage.jump", "slash", "Jump", "Go to any table or configuration by a part of its name.", True, _MOVE),
    Action("lineage.column", "c", "Column", "Follow one column of the table under the cursor.", True, _VIEW),
    Action("lineage.rows", "o", "Open", "Show the rows of the table, or the form of the configuration.", True, _VIEW),
    Action("lineage.fresh", "F", "Fresh", "Run what is stale on the way to the table; shows that first.", False, _VIEW),
    Action("lineage.leave", "escape", "Close", "Leave the column, or close.", True, _VIEW),
)
GRID: tuple[Action, ...] = (
    Action("grid.cursor-down", "down,j", "Down", "Go to the next row.", group=_MOVE),
    Action("grid.cursor-up", "up,k", "Up", "Go to the row before.", group=_MOVE),
    Action("grid.cursor-right", "right,l", "Right", "Go to the next column.", group=_MOVE),
    Action("grid.cursor-left", "left,h", "Left", "Go to the column before.", group=_MOVE),
    Action("grid.page-down", "pagedown,ctrl+d", "Page down", "Go down by one page.", group=_MOVE),
    Action("grid.page-up", "pageup,ctrl+u", "Page up", "Go up by one page.", group=_MOVE),
    Action("grid.first-row", "g", "First row", "Go to the first row.", group=_MOVE),
    Action("grid.last-row", "G", "Last row", "Go to the last row.", group=_MOVE),
    Action("grid.first-column", "home,0", "First column", "Go to the first column.", group=_MOVE),
    Action("grid.last-column", "end,dollar_sign", "Last column", "Go to the last column.", group=_MOVE),
)
TABLE: tuple[Action, ...] = (
    Action("table.sort", "s", "Sort", "Sort by the column: upward, downward, as it is stored.", True, _VIEW),
    Action("table.filter", "slash", "Filter", "Show only the rows that have the words you type.", True, _VIEW),
    Action("table.query", "e", "SQL", "Run a line of SQL that reads: the table is called this.", True, _VIEW),
    Action("table.facts", "c", "Column", "Show nulls, distinct values, least and greatest of the column.", True, _VIEW),
    Action("table.cell", "enter,v", "Value", "Show the whole value of the cell.", True, _VIEW),
    Action("table.copy", "y", "Copy", "Copy the whole value of the cell.", False, _VIEW),
    Action("table.reload", "r", "Reload", "Read the newest version of the table.", False, _VIEW),
    Action("table.leave", "escape", "Back", "Close the filter or the SQL, or go back.", True, _VIEW, context="table"),
)
DIALOGS: tuple[Action, ...] = (Action("facts.close", "escape,enter", "Close", "Close it.", True, context="facts"),)
ACTIONS: tuple[Action, ...] = (*STORAGE, *FILES, *VERSIONS, *LINEAGE, *GRID, *TABLE, *DIALOGS)
