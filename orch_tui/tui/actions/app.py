"""Actions that work everywhere, and those of dialogs."""

from __future__ import annotations

from orch_tui.tui.actions.base import Action

ACTIONS: tuple[Action, ...] = (
    Action(
        "app.help",
        "question_mark,f1",
        "Help",
        "Show the keys that work here, with what each of them does.",
        footer=True,
        group="Program",
    ),
    Action(
        "app.palette",
        "colon,ctrl+p",
        "Palette",
        "Find any action, orchestration, task, configuration, table or run by a part of its name.",
        group="Program",
    ),
    Action(
        "app.jump",
        "ctrl+g",
        "Jump",
        "Show a letter at every pane and field, and go to the one whose letter is pressed.",
        group="Program",
        priority=True,
    ),
    Action("app.theme", "f2", "Theme", "Choose the colours of the screen; the choice is kept.", group="Program"),
    Action("app.quit", "q", "Quit", "Leave the program; asks first when something is not saved.", group="Program"),
    Action(
        "app.interrupt",
        "ctrl+c",
        "Copy or quit",
        "Copy the selection; without one, pressed twice, leave the program.",
        group="Program",
        priority=True,
    ),
    Action(
        "app.suspend-process",
        "ctrl+z",
        "Suspend",
        "Put the program to sleep and return to the shell; fg wakes it up.",
        group="Program",
        priority=True,
    ),
    Action("dialog.cancel", "escape", "Cancel", "Close the dialog and change nothing.", group="Dialog", footer=True),
    Action("question.next", "right,down", "Next", "Go to the next answer.", group="Dialog"),
    Action("question.previous", "left,up", "Previous", "Go to the answer before.", group="Dialog"),
    Action("pick.down", "down,ctrl+n", "Down", "Go to the next row.", group="Dialog", priority=True),
    Action("pick.up", "up", "Up", "Go to the row before.", group="Dialog", priority=True),
    Action("pick.page-down", "pagedown", "Page down", "Go down by one page.", group="Dialog", priority=True),
    Action("pick.page-up", "pageup", "Page up", "Go up by one page.", group="Dialog", priority=True),
    Action(
        "help.close",
        "escape,question_mark,q,f1",
        "Close",
        "Close the help, or take its filter away.",
        group="Dialog",
        footer=True,
    ),
    Action("help.filter", "slash", "Filter", "Show only those with the words you type.", group="Dialog", footer=True),
    Action(
        "help.down",
        "down,ctrl+n",
        "Down",
        "Go to the next row, also while the filter is typed.",
        group="Dialog",
        priority=True,
    ),
    Action(
        "help.up", "up", "Up", "Go to the row before, also while the filter is typed.", group="Dialog", priority=True
    ),
)
