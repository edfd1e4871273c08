"""Actions of the workbench: its lists, its tree and its dialogs."""

from __future__ import annotations

from orch_tui.tui.actions.base import Action

MOVE, EDIT, MARK, VIEW = "Moving about", "Editing", "Marking", "View"

LIST: tuple[Action, ...] = (
    Action("list.cursor-down", "down,j", "Down", "Go to the next row.", group=MOVE),
    Action("list.cursor-up", "up,k", "Up", "Go to the row before.", group=MOVE),
    Action("list.page-down", "pagedown,ctrl+d", "Page down", "Go down by one page.", group=MOVE),
    Action("list.page-up", "pageup,ctrl+u", "Page up", "Go up by one page.", group=MOVE),
    Action("list.last-row", "end,G", "Last row", "Go to the last row.", group=MOVE),
    Action("list.first-row", "home", "First row", "Go to the first row.", group=MOVE),
    Action("list.choose", "enter", "Choose", "Choose the row under the cursor.", group=MOVE),
)
LIST_TOP: tuple[Action, ...] = (Action("list.top-row", "g", "First row", "Go to the first row.", group=MOVE),)
TREE: tuple[Action, ...] = (
    Action("tree.fold", "h,left", "Fold", "Fold the phase or the array; on a task, go to its phase.", group=VIEW),
    Action("tree.unfold", "l,right", "Unfold", "Unfold the phase or the array, or go to its first row.", group=VIEW),
    Action("tree.fold-all", "C", "Fold all", "Fold all phases, so that only their names show.", group=VIEW),
    Action("tree.unfold-all", "E", "Unfold all", "Unfold all phases.", group=VIEW),
    Action("tree.find", "slash", "Find", "Find a task, a rule or a phase by words of its name.", True, VIEW),
    Action("tree.mark", "space", "Mark", "Mark the task, or the phase with all its tasks.", footer=True, group=MARK),
    Action("tree.mark-range", "V", "Mark range", "Mark all from the last mark to the cursor.", group=MARK),
    Action("tree.mark-all", "asterisk", "Mark all", "Mark all tasks; again to unmark them.", group=MARK),
    Action("tree.next-phase", "right_curly_bracket", "Next phase", "Go to the next phase.", group=MOVE),
    Action("tree.previous-phase", "left_curly_bracket", "Phase before", "Go to the phase before.", group=MOVE),
    Action(
        "tree.toggle-enabled",
        "x",
        "Enable",
        "Enable or disable the marked tasks; a run skips disabled ones.",
        footer=True,
        group=EDIT,
    ),
    Action(
        "tree.toggle-continue",
        "f",
        "On failure",
        "Let the run continue, or stop, when one of the marked tasks fails.",
        group=EDIT,
    ),
    Action(
        "tree.options",
        "o",
        "Options",
        "Retry, timeout, delay, variables and limits of the marked tasks; on a phase, its limit and retry.",
        footer=True,
        group=EDIT,
    ),
    Action(
        "tree.rule",
        "b",
        "Rule",
        "Add a rule after the phase: under which condition the run goes on where; Enter on a rule opens its form.",
        group=EDIT,
    ),
    Action("tree.rename", "c", "Rename", "Give the phase another name.", group=EDIT),
    Action("tree.move-up", "K,alt+up", "Move up", "Move the task, the rule or the phase up by one place.", group=EDIT),
    Action(
        "tree.move-down",
        "J,alt+down",
        "Move down",
        "Move the task, the rule or the phase down by one place.",
        group=EDIT,
    ),
    Action(
        "tree.phase-up",
        "left_square_bracket",
        "Phase up",
        "Move the phase of the cursor up, so that it runs earlier.",
        group=EDIT,
    ),
    Action(
        "tree.phase-down",
        "right_square_bracket",
        "Phase down",
        "Move the phase of the cursor down, so that it runs later.",
        group=EDIT,
    ),
    Action("tree.duplicate", "y", "Duplicate", "Put a copy behind each of the marked tasks.", group=EDIT),
    Action(
        "tree.delete",
        "d,delete",
        "Delete",
        "Take the marked tasks, the phase or the rule out of the orchestration; undo brings them back.",
        group=EDIT,
    ),
    Action("tree.edit-configuration", "e", "Configuration", "Open the form of the task's configuration.", group=EDIT),
)
WORKBENCH: tuple[Action, ...] = (
    Action(
        "workbench.add-tasks",
        "a,insert",
        "Add",
        "Add tasks: pick a component, then its configurations, as many as you want.",
        footer=True,
        group=EDIT,
    ),
    Action(
        "workbench.copy-phases",
        "p",
        "Copy from",
        "Copy all phases with their tasks from another orchestration, behind the phase of the cursor.",
        group=EDIT,
    ),
    Action(
        "workbench.automate",
        "z",
        "Automate",
        "Make an orchestration that runs only the configuration under the cursor, by a schedule that is asked for.",
        group=EDIT,
    ),
    Action("workbench.new-phase", "n", "Phase", "Make a new phase behind the one of the cursor.", True, EDIT),
    Action(
        "workbench.move-tasks",
        "m",
        "Move",
        "Move the marked tasks to another phase, or to a new one by typing its name.",
        footer=True,
        group=EDIT,
    ),
    Action(
        "workbench.group",
        "g",
        "Group",
        "Group the tasks by component type, one phase for each; g again arranges them by what reads what.",
        footer=True,
        group=EDIT,
    ),
    Action("workbench.merge-phases", "M", "Merge", "Merge the marked phases, or this phase, into one.", group=EDIT),
    Action("workbench.drop-empty", "Z", "Drop empty", "Remove all phases without tasks.", group=EDIT),
    Action(
        "workbench.orchestration",
        "O",
        "Orchestration",
        "Name, description, variables, parallel limit, and what holds for all its tasks.",
        group=EDIT,
    ),
    Action(
        "workbench.starts",
        "S",
        "Schedules",
        "Schedules, triggers and alerts: what starts it by itself, and who is told of its runs.",
        group=EDIT,
    ),
    Action("workbench.undo", "u", "Undo", "Take the last edit back; without limit.", True, EDIT),
    Action("workbench.redo", "U", "Redo", "Do again what was undone.", group=EDIT),
    Action("workbench.save", "s", "Save", "Write the orchestration to its file, comments kept.", True, EDIT),
    Action(
        "workbench.edit-file",
        "F",
        "Edit file",
        "Open the orchestration's file in $EDITOR and read it again afterwards.",
        group=EDIT,
    ),
    Action(
        "workbench.versions",
        "f6",
        "Versions",
        "Show what the orchestration was at each save and run, compare, go back.",
        group=EDIT,
    ),
    Action(
        "workbench.leave",
        "escape",
        "Back",
        "Unmark all; then panes share the screen again, a run gives way to the plan, and it goes back.",
        group=VIEW,
    ),
    Action(
        "workbench.larger",
        "plus",
        "Larger",
        "Give the pane with the focus half of the screen, and then all of it; in the configurations, + adds.",
        group=VIEW,
    ),
    Action(
        "workbench.smaller", "underscore", "Smaller", "Give the pane with the focus less of the screen.", group=VIEW
    ),
    Action("workbench.filter", "slash", "Filter", "Filter components and configurations.", group=VIEW),
    Action(
        "workbench.menu",
        "full_stop",
        "Menu",
        "Show all actions for what is under the cursor; a right click does too.",
        True,
        VIEW,
    ),
    Action(
        "workbench.sequence",
        "P",
        "Picture",
        "Show phases and tasks as boxes and arrows in full width: the plan as it is edited, or the run that is shown.",
        group=VIEW,
    ),
    Action(
        "workbench.lineage",
        "B",
        "Lineage",
        "Show what the task under the cursor makes its tables of, and what is made of them.",
        group=VIEW,
    ),
    Action("workbench.storage", "D", "Data", "Show the stored tables of the project.", group=VIEW),
    Action("workbench.pane-tree", "1", "Tasks", "Go to phases and tasks.", group=VIEW),
    Action("workbench.pane-components", "2", "Components", "Go to the components.", group=VIEW),
    Action("workbench.pane-run", "3", "Run", "Go to the run that is shown; in the plan, to the problems.", group=VIEW),
    Action("workbench.pane-problems", "4", "Problems", "Go to the problems.", group=VIEW),
)
FIND: tuple[Action, ...] = (
    Action("find.next", "down,ctrl+n", "Next", "Go to the next row that has the words.", True, MOVE),
    Action("find.previous", "up", "Previous", "Go to the row before that has them.", True, MOVE),
    Action("find.back", "escape", "Back", "Go back to the row where it began.", True, MOVE),
)
LISTS: tuple[Action, ...] = (
    Action("component-filter.clear", "escape", "Clear", "Show all again, and go back to them.", True, MOVE),
    Action(
        "configurations.add",
        "a,plus",
        "Add",
        "Add the configuration as a task to the phase of the tree's cursor.",
        footer=True,
        group=EDIT,
    ),
    Action("configurations.edit", "e", "Edit", "Open the form of the configuration.", True, group=EDIT),
    Action("configurations.new", "N", "New", "Make a new configuration of the component.", True, EDIT),
    Action("configurations.back", "h,left", "Components", "Back to the components.", group=MOVE),
    Action("components.open", "l,right", "Configurations", "Go to the component's configurations.", group=MOVE),
)
DIALOGS: tuple[Action, ...] = (
    Action("add-tasks.down", "down", "Down", "Go to the next row.", group=MOVE, priority=True),
    Action("add-tasks.up", "up", "Up", "Go to the row before.", group=MOVE, priority=True),
    Action("add-tasks.page-down", "pagedown", "Page down", "Go down by one page.", group=MOVE, priority=True),
    Action("add-tasks.page-up", "pageup", "Page up", "Go up by one page.", group=MOVE, priority=True),
    Action(
        "add-tasks.enter",
        "enter",
        "Choose",
        "Choose the component; on a configuration, add it as a task.",
        group=EDIT,
        priority=True,
    ),
    Action(
        "add-tasks.add",
        "plus",
        "Add",
        "Add the configuration as a task; the dialog stays open for the next one.",
        group=EDIT,
        priority=True,
        footer=True,
    ),
    Action(
        "add-tasks.back", "escape", "Back", "Back to the components; from there, close.", priority=True, footer=True
    ),
    Action("pick-phase.down", "down", "Down", "Go to the next row.", group=MOVE, priority=True),
    Action("pick-phase.up", "up", "Up", "Go to the row before.", group=MOVE, priority=True),
    Action("pick-phase.enter", "enter", "Choose", "Take the phase, or make the new one.", priority=True, footer=True),
    Action("pick-phase.cancel", "escape", "Cancel", "Close and change nothing.", priority=True, footer=True),
    Action("menu.enter", "enter", "Do it", "Do what is under the cursor.", footer=True),
    Action("menu.cancel", "escape,full_stop", "Close", "Close and do nothing.", footer=True),
    Action("options.cancel", "escape", "Cancel", "Close and change nothing.", priority=True, footer=True),
    Action("options.accept", "ctrl+o,f10", "Accept", "Take the values over.", priority=True, footer=True),
    Action("rule.next", "ctrl+n", "Next offer", "Offer what else may come next in the condition.", priority=True),
    Action("group.accept", "enter", "Group", "Make the phases that are shown.", footer=True, priority=True),
    Action(
        "group.other",
        "g",
        "By data",
        "By what reads what, so that all runs as early as it can; or by type again.",
        footer=True,
    ),
    Action("group.first-row", "home", "First row", "Do not group; go to the first row of the tree."),
    Action("group.cancel", "escape", "Cancel", "Close and change nothing.", footer=True),
    Action("conflict.overwrite", "o", "Overwrite", "Write these edits over what is on disk.", footer=True),
    Action("conflict.reload", "r", "Reload", "Read the file; these edits stay in the undo list.", footer=True),
    Action("conflict.cancel", "escape", "Stay", "Close and save nothing yet.", footer=True),
    Action("broken.edit", "e,enter", "Edit", "Open the file in $EDITOR and read it again.", footer=True),
    Action("broken.reload", "r", "Read again", "Read the file again.", footer=True),
    Action("broken.leave", "escape", "Back", "Back to the list.", footer=True),
)
BELOW: tuple[Action, ...] = (
    Action("problems.find", "slash", "Find", "Find a problem by its words.", True, VIEW),
    Action(
        "run-tables.find", "slash", "Find", "Find a table or file that the run wrote by a part of its name.", True, VIEW
    ),
)
ACTIONS: tuple[Action, ...] = (*LIST, *LIST_TOP, *TREE, *WORKBENCH, *FIND, *LISTS, *BELOW, *DIALOGS)

_NO_CHANGE = (
    "tree.edit-configuration",
    "configurations.edit",
    "configurations.new",
    "workbench.save",
    "workbench.edit-file",
    "workbench.versions",
    "workbench.automate",
)
CHANGES: frozenset[str] = frozenset(
    action.id for action in (*TREE, *WORKBENCH, *LISTS) if action.group == EDIT and action.id not in _NO_CHANGE
)
"""The ids of the actions that change the orchestration."""
