"""Actions of the list of orchestrations."""

from __future__ import annotations

from orch_tui.tui.actions.base import Action

ACTIONS: tuple[Action, ...] = (
    Action("home.open", "enter,o", "Open", "Open the orchestration in the workbench.", "home", footer=True),
)
