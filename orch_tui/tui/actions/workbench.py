"""Actions of the workbench: its lists, its tree and its dialogs."""

from __future__ import annotations

from orch_tui.tui.actions.base import Action

MOVE, EDIT, MARK, VIEW = "Moving about", "Editing", "Marking", "View"

LIST: tuple[Action, ...] = (
    Action("list.cursor-down", "down,j", "Down", "Go to the next row.", "list", group=MOVE),
    Action("list.cursor-up", "up,k", "Up", "Go to the row before.", "list", group=MOVE),
    Action("list.page-down", "pagedown,ctrl+d", "Page down", "Go down by one page.", "list", group=MOVE),
    Action("list.page-up", "pageup,ctrl+u", "Page up", "Go up by one page.", "list", group=MOVE),
    Action("list.last-row", "end,G", "Last row", "Go to the last row.", "list", group=MOVE),
    Action("list.first-row", "home", "First row", "Go to the first row.", "list", group=MOVE),
    Action("list.choose", "enter", "Choose", "Choose the row under the cursor.", "list", group=MOVE),
)
LIST_TOP: tuple[Action, ...] = (Action("list.top-row", "g", "First row", "Go to the first row.", "list", group=MOVE),)
TREE: tuple[Action, ...] = (
    Action("tree.fold", "h,left", "Fold", "Fold the phase; on a task, go to its phase.", "tree", group=VIEW),
    Action("tree.unfold", "l,right", "Unfold", "Unfold the phase, or go to its first task.", "tree", group=VIEW),
    Action("tree.fold-all", "C", "Fold all", "Fold all phases, so that only their names show.", "tree", group=VIEW),
    Action("tree.unfold-all", "E", "Unfold all", "Unfold all phases.", "tree", group=VIEW),
    Action(
        "tree.mark", "space", "Mark", "Mark the task, or the phase with all its tasks.", "tree", footer=True, group=MARK
    ),
    Action("tree.mark-range", "V", "Mark range", "Mark all from the last mark to the cursor.", "tree", group=MARK),
    Action("tree.mark-all", "asterisk", "Mark all", "Mark all tasks; again to unmark them.", "tree", group=MARK),
    Action("tree.next-phase", "right_curly_bracket", "Next phase", "Go to the next phase.", "tree", group=MOVE),
    Action("tree.previous-phase", "left_curly_bracket", "Phase before", "Go to the phase before.", "tree", group=MOVE),
    Action(
        "tree.toggle-enabled",
        "x",
        "Enable",
        "Enable or disable the marked tasks; a run skips disabled ones.",
        "tree",
        footer=True,
        group=EDIT,
    ),
    Action(
        "tree.toggle-continue",
        "f",
        "On failure",
        "Let the run continue, or stop, when one of the marked tasks fails.",
        "tree",
        group=EDIT,
    ),
    Action(
        "tree.options",
        "o",
        "Options",
        "Retry, timeout, delay, variables and limits of the marked tasks; on a phase, its limit.",
        "tree",
        footer=True,
        group=EDIT,
    ),
    Action("tree.rename", "c", "Rename", "Give the phase another name.", "tree", group=EDIT),
    Action("tree.move-up", "K,alt+up", "Move up", "Move the task or the phase up by one place.", "tree", group=EDIT),
    Action(
        "tree.move-down", "J,alt+down", "Move down", "Move the task or the phase down by one place.", "tree", group=EDIT
    ),
    Action(
        "tree.phase-up",
        "left_square_bracket",
        "Phase up",
        "Move the phase of the cursor up, so that it runs earlier.",
        "tree",
        group=EDIT,
    ),
    Action(
        "tree.phase-down",
        "right_square_bracket",
        "Phase down",
        "Move the phase of the cursor down, so that it runs later.",
        "tree",
        group=EDIT,
    ),
    Action("tree.duplicate", "y", "Duplicate", "Put a copy behind each of the marked tasks.", "tree", group=EDIT),
    Action(
        "tree.delete",
        "d,delete",
        "Delete",
        "Take the marked tasks or the phase out of the orchestration; undo brings them back.",
        "tree",
        group=EDIT,
    ),
    Action(
        "tree.edit-configuration",
        "e",
        "Configuration",
        "Open the form of the task's configuration.",
        "tree",
        group=EDIT,
    ),
)
WORKBENCH: tuple[Action, ...] = (
    Action(
        "workbench.add-tasks",
        "a,insert",
        "Add",
        "Add tasks: pick a component, then its configurations, as many as you want.",
        "workbench",
        footer=True,
        group=EDIT,
    ),
    Action(
        "workbench.new-phase", "n", "Phase", "Make a new phase behind the one of the cursor.", "workbench", True, EDIT
    ),
    Action(
        "workbench.move-tasks",
        "m",
        "Move",
        "Move the marked tasks to another phase, or to a new one by typing its name.",
        "workbench",
        footer=True,
        group=EDIT,
    ),
    Action(
        "workbench.group",
        "g",
        "Group",
        "Group the tasks by component type, one phase for each; g again goes to the first row instead.",
        "workbench",
        footer=True,
        group=EDIT,
    ),
    Action(
        "workbench.merge-phases",
        "M",
        "Merge",
        "Merge the marked phases, or this phase, into one.",
        "workbench",
        group=EDIT,
    ),
    Action("workbench.drop-empty", "Z", "Drop empty", "Remove all phases without tasks.", "workbench", group=EDIT),
    Action("workbench.undo", "u", "Undo", "Take the last edit back; without limit.", "workbench", True, EDIT),
    Action("workbench.redo", "U", "Redo", "Do again what was undone.", "workbench", group=EDIT),
    Action(
        "workbench.save", "s", "Save", "Write the orchestration to its file, comments kept.", "workbench", True, EDIT
    ),
    Action(
        "workbench.edit-file",
        "F",
        "Edit file",
        "Open the orchestration's file in $EDITOR and read it again afterwards.",
        "workbench",
        group=EDIT,
    ),
    Action(
        "workbench.leave", "escape", "Back", "Unmark all; with no marks, go back to the list.", "workbench", group=VIEW
    ),
    Action("workbench.filter", "slash", "Filter", "Filter components and configurations.", "workbench", group=VIEW),
    Action(
        "workbench.menu",
        "full_stop",
        "Menu",
        "Show all actions for what is under the cursor; a right click does too.",
        "workbench",
        True,
        VIEW,
    ),
    Action("workbench.pane-tree", "1", "Tasks", "Go to phases and tasks.", "workbench", group=VIEW),
    Action("workbench.pane-components", "2", "Components", "Go to the components.", "workbench", group=VIEW),
    Action("workbench.pane-sequence", "3", "Sequence", "Go to sequence and problems.", "workbench", group=VIEW),
    Action("workbench.pane-problems", "4", "Problems", "Go to the problems.", "workbench", group=VIEW),
)
LISTS: tuple[Action, ...] = (
    Action(
        "configurations.add",
        "a,plus",
        "Add",
        "Add the configuration as a task to the phase of the tree's cursor.",
        "configurations",
        footer=True,
        group=EDIT,
    ),
    Action(
        "configurations.edit", "e", "Edit", "Open the form of the configuration.", "configurations", True, group=EDIT
    ),
    Action(
        "configurations.new", "N", "New", "Make a new configuration of the component.", "configurations", group=EDIT
    ),
    Action("configurations.back", "h,left", "Components", "Back to the components.", "configurations", group=MOVE),
    Action(
        "components.open",
        "l,right",
        "Configurations",
        "Go to the component's configurations.",
        "components",
        group=MOVE,
    ),
)
DIALOGS: tuple[Action, ...] = (
    Action("add-tasks.down", "down", "Down", "Go to the next row.", "add-tasks", group=MOVE, priority=True),
    Action("add-tasks.up", "up", "Up", "Go to the row before.", "add-tasks", group=MOVE, priority=True),
    Action(
        "add-tasks.page-down", "pagedown", "Page down", "Go down by one page.", "add-tasks", group=MOVE, priority=True
    ),
    Action("add-tasks.page-up", "pageup", "Page up", "Go up by one page.", "add-tasks", group=MOVE, priority=True),
    Action(
        "add-tasks.enter",
        "enter",
        "Choose",
        "Choose the component; on a configuration, add it as a task.",
        "add-tasks",
        group=EDIT,
        priority=True,
    ),
    Action(
        "add-tasks.add",
        "plus",
        "Add",
        "Add the configuration as a task; the dialog stays open for the next one.",
        "add-tasks",
        group=EDIT,
        priority=True,
    ),
    Action(
        "add-tasks.back", "escape", "Back", "Back to the components; from there, close.", "add-tasks", priority=True
    ),
    Action("pick-phase.down", "down", "Down", "Go to the next row.", "pick-phase", group=MOVE, priority=True),
    Action("pick-phase.up", "up", "Up", "Go to the row before.", "pick-phase", group=MOVE, priority=True),
    Action("pick-phase.enter", "enter", "Choose", "Take the phase, or make the new one.", "pick-phase", priority=True),
    Action("pick-phase.cancel", "escape", "Cancel", "Close and change nothing.", "pick-phase", priority=True),
    Action("menu.enter", "enter", "Do it", "Do what is under the cursor.", "menu"),
    Action("menu.cancel", "escape,full_stop", "Close", "Close and do nothing.", "menu"),
    Action("options.cancel", "escape", "Cancel", "Close and change nothing.", "options", priority=True),
    Action("options.accept", "ctrl+o,f10", "Accept", "Take the values over.", "options", priority=True),
    Action("group.accept", "enter", "Group", "Group the tasks as shown.", "group", footer=True, priority=True),
    Action("group.first-row", "g", "First row", "Do not group; go to the first row of the tree.", "group"),
    Action("group.cancel", "escape", "Cancel", "Close and change nothing.", "group", footer=True),
    Action("conflict.overwrite", "o", "Overwrite", "Write these edits over what is on disk.", "conflict", footer=True),
    Action(
        "conflict.reload", "r", "Reload", "Read the file; these edits stay in the undo list.", "conflict", footer=True
    ),
    Action("conflict.cancel", "escape", "Stay", "Close and save nothing yet.", "conflict", footer=True),
    Action("broken.edit", "e,enter", "Edit", "Open the file in $EDITOR and read it again.", "broken", footer=True),
    Action("broken.reload", "r", "Read again", "Read the file again.", "broken", footer=True),
    Action("broken.leave", "escape", "Back", "Back to the list.", "broken", footer=True),
)
ACTIONS: tuple[Action, ...] = (*LIST, *LIST_TOP, *TREE, *WORKBENCH, *LISTS, *DIALOGS)
