"""Actions of the configuration screen and of its form."""

from __future__ import annotations

from orch_tui.tui.actions.base import Action

_EDIT = "Configuration"
_MOVE = "Moving in the form"

ACTIONS: tuple[Action, ...] = (
    Action(
        "configuration.save",
        "s,f3",
        "Save",
        "Check everything and write the file; comments in it stay.",
        footer=True,
        group=_EDIT,
    ),
    Action(
        "configuration.back",
        "escape",
        "Back",
        "Leave the configuration (asks when something is not saved).",
        footer=True,
        group=_MOVE,
    ),
    Action(
        "configuration.test-connection",
        "T",
        "Test",
        "Test the connection with what is on the form, saved or not; Esc cancels it. For components that can.",
        footer=True,
        group=_EDIT,
    ),
    Action(
        "configuration.ask",
        "a",
        "Ask",
        "Ask the component for what it offers, such as the tables of its service, and put what you choose into "
        "the field "
        "under the cursor. For components that answer.",
        footer=True,
        group=_EDIT,
    ),
    Action(
        "configuration.try",
        "R,f5",
        "Try",
        "Run this configuration alone, as it is on the form, on today's tables; what it writes is shown and nothing is "
        "published. Esc cancels it.",
        footer=True,
        group=_EDIT,
    ),
    Action("configuration.undo", "u", "Undo", "Take the last change of the form back.", footer=True, group=_EDIT),
    Action("configuration.redo", "U", "Redo", "Make the change again that was taken back.", group=_EDIT),
    Action(
        "configuration.edit-file",
        "e",
        "Edit file",
        "Open the file in $EDITOR; what cannot be read is not taken, and your text is kept.",
        footer=True,
        group=_EDIT,
    ),
    Action(
        "configuration.versions",
        "f6",
        "Versions",
        "Show what it was at each save and run, its SQL too, compare, go back.",
        group=_EDIT,
    ),
    Action(
        "configuration.edit-text",
        "t,f4",
        "Edit text",
        "Open the text of the field under the cursor in $EDITOR (SQL, a script, a list).",
        group=_EDIT,
    ),
    Action("configuration.add-input", "i", "Add input", "Add a table that the task reads.", footer=True, group=_EDIT),
    Action(
        "configuration.add-output", "o", "Add output", "Add a table that the task writes.", footer=True, group=_EDIT
    ),
    Action(
        "configuration.used-by",
        "w",
        "Used by",
        "Show the tasks that run this configuration; Enter opens the orchestration there.",
        footer=True,
        group=_EDIT,
    ),
    Action("configuration.duplicate", "y", "Duplicate", "Make a copy under another name and open it.", group=_EDIT),
    Action(
        "configuration.rename-id",
        "c",
        "Rename id",
        "Give the configuration another id; all tasks that run it follow.",
        group=_EDIT,
    ),
    Action(
        "configuration.delete",
        "X",
        "Delete",
        "Move the configuration to the trash; refused while a task runs it.",
        group=_EDIT,
    ),
    Action("form.next", "j", "Down", "Go to the next field; letters stay keys.", group=_MOVE),
    Action("form.previous", "k", "Up", "Go to the field before; letters stay keys.", group=_MOVE),
    Action("form.next-field", "down", "Next field", "Go into the next field; letters are text there.", group=_MOVE),
    Action("form.previous-field", "up", "Field before", "Go into the field before.", group=_MOVE),
    Action("form.first", "g,home", "First", "Go to the first field.", group=_MOVE),
    Action("form.last", "G,end", "Last", "Go to the last field.", group=_MOVE),
    Action("form.edit", "enter,l", "Edit", "Go into the field under the cursor: letters are text there.", True, _MOVE),
    Action(
        "form.leave-field",
        "escape",
        "Commands",
        "Leave the field: letters are keys then; Enter or an arrow leads back into a field.",
        footer=True,
        group=_MOVE,
        context="field",
    ),
    Action("form.submit", "enter", "Next field", "Go into the next field.", True, _MOVE, context="line"),
    Action(
        "form.remove-row",
        "d,delete",
        "Remove",
        "Take the table under the cursor out; undo brings it back.",
        group=_EDIT,
    ),
    Action("form.indent", "tab", "Indent", "Indent to the next stop.", group=_EDIT, context="code"),
    Action(
        "form.names",
        "ctrl+n",
        "Names",
        "Pick a table or column and write its name; the right arrow takes one that is offered.",
        footer=True,
        group=_EDIT,
        context="code",
    ),
    Action("form.pick", "enter,space", "Choose", "Show all choices of this field.", True, _MOVE, context="choice"),
    Action("form.next-choice", "l,right", "Next choice", "Take the next choice.", group=_MOVE, context="choice"),
    Action("form.previous-choice", "h,left", "Choice before", "Take the choice before.", group=_MOVE, context="choice"),
    Action(
        "form.unfold",
        "enter,space,right",
        "Show fields",
        "Show the fields at their defaults.",
        True,
        _MOVE,
        context="fold",
    ),
    Action("form.flip", "space,enter", "Yes or no", "Turn yes into no and back.", group=_MOVE, context="yes-no"),
    Action("trial.next", "right,l,tab", "Next table", "Show the next table.", True, context="trial"),
    Action("trial.previous", "left,h,shift+tab", "Table before", "Show the table before.", context="trial"),
    Action("trial.close", "escape", "Close", "Close the result; its tables are gone then.", True, context="trial"),
    Action("new-configuration.down", "down", "Down", "Go to the next component.", group=_MOVE),
    Action("new-configuration.up", "up", "Up", "Go to the component before.", group=_MOVE),
)
