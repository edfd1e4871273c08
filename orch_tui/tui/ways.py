"""The ways from one screen to another: knows them all, and loads each when somebody goes there."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from textual.screen import Screen

    from orch_tui.model.components.fault import Fault
    from orch_tui.runs.past.again import Again
    from orch_tui.tui.application import Application


class ScreenWays:
    """See :class:`orch_tui.tui.application.Ways`."""

    def __init__(self, app: Application) -> None:
        self._app = app

    def workbench(
        self, orchestration_id: str, *, focus: str | None = None, run: Path | None = None, again: Again | None = None
    ) -> Screen[Any]:
        """Also what stands in its place while its file cannot be read."""
        from orch_tui.tui.workbench.opening import workbench_screen

        return workbench_screen(self._app, orchestration_id, focus=focus, run=run, again=again)

    def is_workbench(self, screen: Screen[Any], orchestration_id: str) -> bool:
        from orch_tui.tui.workbench.screen import WorkbenchScreen

        return isinstance(screen, WorkbenchScreen) and screen.orchestration_id == orchestration_id

    def jump(self, workbench: Screen[Any], focus: str) -> None:
        from orch_tui.tui.workbench.screen import WorkbenchScreen

        if isinstance(workbench, WorkbenchScreen):
            workbench.desk.jump(focus)

    def configuration(self, ref: str, fault: Fault | None = None) -> Screen[Any]:
        from orch_tui.tui.configuration.screen import ConfigurationScreen

        return ConfigurationScreen(ref, fault=fault)

    def log_search(self, orchestration_id: str | None) -> Screen[Any]:
        from orch_tui.tui.log.grep import GrepScreen

        return GrepScreen(self._app.project, orchestration_id)
