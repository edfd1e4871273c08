"""From the list of orchestrations to the versions of one, and to the trash."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from orch_tui.model.components.component import ORCHESTRATION_COMPONENT

if TYPE_CHECKING:
    from orch_tui.tui.application import Application


class DefinitionKeys:
    """``chosen`` gives the orchestration under the cursor. The list looks again when it is on top again."""

    def __init__(self, app: Application, chosen: Callable[[], str | None]) -> None:
        self._app = app
        self._chosen = chosen

    @property
    def actions(self) -> Mapping[str, Callable[[], object]]:
        """What carries out which action, by its id."""
        return {"home.versions": self.versions, "home.trash": self.trash}

    def versions(self) -> None:
        from orch_tui.tui.definitions.versions import DefinitionVersionsScreen

        if (orchestration := self._chosen()) is not None:
            self._app.push_screen(DefinitionVersionsScreen(f"{ORCHESTRATION_COMPONENT}/{orchestration}"))

    def trash(self) -> None:
        from orch_tui.tui.definitions.trash import TrashScreen

        self._app.push_screen(TrashScreen())
