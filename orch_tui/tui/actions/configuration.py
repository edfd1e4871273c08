"""Actions of the configuration screen."""

from __future__ import annotations

from orch_tui.tui.actions.base import Action

ACTIONS: tuple[Action, ...] = ()
