"""Actions of the list of orchestrations."""

from __future__ import annotations

from orch_tui.tui.actions.base import Action

_RUN, _EDIT, _VIEW = "Running", "Orchestrations", "View"

ACTIONS: tuple[Action, ...] = (
    Action("home.open", "enter,o", "Open", "Open the orchestration in the workbench.", True, _EDIT),
    Action("home.run", "R", "Run", "Run all tasks of it; shows first what would happen.", True, _RUN),
    Action("home.stop", "X", "Stop", "Stop its run; asks first.", True, _RUN),
    Action("home.log", "L", "Log", "Open the log of what failed first in its run, or of a task of it.", True, _RUN),
    Action(
        "home.failure", "exclamation_mark", "Failure", "Go to the next one that failed since you looked.", True, _RUN
    ),
    Action("home.acknowledge", "a", "Acknowledge", "Take care of what fails: asks for a note.", group=_RUN),
    Action("home.new", "n,insert", "New", "Create an orchestration: asks for its name.", True, _EDIT),
    Action(
        "home.import",
        "I",
        "Import",
        "Bring in a project of Keboola, or a part of one; shows the report first.",
        False,
        _EDIT,
    ),
    Action("home.duplicate", "y", "Duplicate", "Copy the orchestration, comments included.", True, _EDIT),
    Action("home.rename", "c", "Rename", "Give it another name; its id and its history stay.", True, _EDIT),
    Action(
        "home.orchestration",
        "O",
        "Orchestration",
        "Name, description, variables, parallel limit, and what holds for all its tasks.",
        group=_EDIT,
    ),
    Action(
        "home.starts",
        "S",
        "Schedules",
        "Schedules, triggers and alerts: what starts it by itself, and who is told of its runs.",
        group=_EDIT,
    ),
    Action(
        "home.pause",
        "p",
        "Pause",
        "Let the schedules of one orchestration or of all start nothing, until a time; or let them go on.",
        group=_RUN,
    ),
    Action("home.missed", "M", "Missed", "Show what was missed of the schedules, and start it after all.", group=_RUN),
    Action("home.backfill", "B", "Backfill", "Show and run its intervals: done, missing, failed, changed.", group=_RUN),
    Action("home.change-id", "i", "Change id", "Rename its file; history and tasks that run it follow.", False, _EDIT),
    Action("home.delete", "d,delete", "Delete", "Move it to .orch/trash; undo brings it back.", True, _EDIT),
    Action("home.undo", "u", "Undo", "Take back the last change made in this list.", True, _EDIT),
    Action("home.edit-file", "F", "Edit file", "Open the orchestration's file in $EDITOR.", False, _EDIT),
    Action("home.versions", "f6", "Versions", "Show what the orchestration was, compare, go back.", False, _EDIT),
    Action("home.trash", "f7", "Trash", "Show what was deleted, and put it back.", False, _EDIT),
    Action("home.sequence", "P", "Picture", "Show phases and tasks as boxes and arrows, live in a run.", True, _VIEW),
    Action("home.grep", "f3", "All logs", "Find text in the logs of all runs.", False, _VIEW),
    Action("home.storage", "D", "Data", "Show the stored tables of the project.", False, _VIEW),
    Action("home.filter", "slash", "Filter", "Show only those with the words you type.", True, _VIEW),
    Action("home.clear-filter", "escape", "Clear filter", "Show all orchestrations again.", True, _VIEW),
    Action("home.reload", "r", "Reload", "Read all files of the project again.", False, _VIEW),
)
IMPORT_REPORT: tuple[Action, ...] = (
    Action("import-report.take", "enter", "Import", "Write what the report says.", True, _EDIT, priority=True),
    Action("import-report.down", "down,j", "Down", "Go down in the report.", group=_VIEW),
    Action("import-report.up", "up,k", "Up", "Go up in the report.", group=_VIEW),
    Action("import-report.page-down", "pagedown,space", "Page down", "Go down by one page.", group=_VIEW),
    Action("import-report.page-up", "pageup", "Page up", "Go up by one page.", group=_VIEW),
)
