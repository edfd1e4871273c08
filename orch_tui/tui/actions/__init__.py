"""The registry of actions: every key of the program comes from here."""

from __future__ import annotations

from orch_tui.tui.actions import (
    app,
    configuration,
    data,
    definitions,
    home,
    log,
    rehearsal,
    run,
    sequence,
    starts,
    workbench,
)
from orch_tui.tui.actions.base import Action, bindings, handed_on

ALL: tuple[Action, ...] = (
    *app.ACTIONS,
    *home.ACTIONS,
    *home.IMPORT_REPORT,
    *workbench.ACTIONS,
    *configuration.ACTIONS,
    *run.ACTIONS,
    *log.ACTIONS,
    *sequence.ACTIONS,
    *rehearsal.ACTIONS,
    *rehearsal.IN_TREE,
    *data.ACTIONS,
    *definitions.ACTIONS,
    *starts.ACTIONS,
)
BY_ID: dict[str, Action] = {action.id: action for action in ALL}

__all__ = ["ALL", "BY_ID", "Action", "bindings", "handed_on"]
