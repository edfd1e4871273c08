"""From the list of orchestrations to an import, and what they were in Keboola, read when the cursor rests on one."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from orch_tui.model.components.component import ORCHESTRATION_COMPONENT
from orch_tui.model.errors import OrchError
from orch_tui.project.files.source import DefinitionError
from orch_tui.project.toml.decode import came_from_keboola
from orch_tui.tui.background import in_background
from orch_tui.tui.home.editor import HasList

if TYPE_CHECKING:
    from pathlib import Path

    from orch_tui.keboola.kept import Origin
    from orch_tui.tui.application import Application
    from orch_tui.tui.home.model import HomeModel


class Origins:
    """``told`` is called with the id of an orchestration under the cursor whose origin has become known."""

    def __init__(self, app: Application, model: HomeModel, home: HasList, told: Callable[[str], None]) -> None:
        self._app, self._model, self._home, self._told = app, model, home, told
        self._project = app.project
        self._found: dict[str, Origin | None] = {}

    @property
    def actions(self) -> Mapping[str, Callable[[], object]]:
        """What carries out which action, by its id."""
        return {"home.import": self.bring_in}

    async def bring_in(self) -> None:
        """Ask what is to be imported, and show what came."""
        from orch_tui.tui.importing.bringing import bring_in

        if (came := await bring_in(self._app)) is not None:
            self._model.reload()
            self.forget()
            self._home.show(came)

    def known(self, orchestration_id: str) -> Origin | None:
        """None for what was made here, and as long as nobody has looked."""
        return self._found.get(orchestration_id)

    def forget(self) -> None:
        """The files were read again."""
        self._found.clear()

    def look(self, orchestration_id: str) -> None:
        """Read it, unless it is known."""
        if orchestration_id in self._found or not self._came(orchestration_id):
            return

        async def read() -> None:
            self._found[orchestration_id] = await asyncio.to_thread(_origin, self._project.root, orchestration_id)
            if self._home.table.chosen == orchestration_id:
                self._told(orchestration_id)

        in_background(self._app, read, "origin", "what it was in Keboola", exclusive=True)

    def _came(self, orchestration_id: str) -> bool:
        try:
            text = self._project.source(self._project.paths.orchestration(orchestration_id)).text
            return came_from_keboola(text)
        except (DefinitionError, ValueError):
            return False


def _origin(root: Path, orchestration_id: str) -> Origin | None:
    from orch_tui.keboola.kept import origin_of
    from orch_tui.project.project import open_project

    try:
        return origin_of(open_project(root), f"{ORCHESTRATION_COMPONENT}/{orchestration_id}")
    except OrchError:
        # A damaged original: an import or an export says so.
        return None
