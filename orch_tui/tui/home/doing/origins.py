"""From the list of orchestrations to an import, and what they were in Keboola, read when the cursor rests on one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from orch_tui.model.components.component import ORCHESTRATION_COMPONENT
from orch_tui.tui.home.doing.editor import HasList
from orch_tui.tui.importing.origins import look_for_origin

if TYPE_CHECKING:
    from orch_tui.keboola.kept import Origin
    from orch_tui.tui.application import Application
    from orch_tui.tui.home.state.model import HomeModel


class Origins:
    """``told`` is called with the id of an orchestration under the cursor whose origin has become known."""

    def __init__(self, app: Application, model: HomeModel, home: HasList, told: Callable[[str], None]) -> None:
        self._app, self._model, self._home, self._told = app, model, home, told
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
        if orchestration_id in self._found:
            return

        def take(origin: Origin | None) -> None:
            self._found[orchestration_id] = origin
            if self._home.table.chosen == orchestration_id:
                self._told(orchestration_id)

        project = self._app.project
        ref, path = f"{ORCHESTRATION_COMPONENT}/{orchestration_id}", project.paths.orchestration(orchestration_id)
        look_for_origin(self._app, project, ref, path, take)
