"""The application: one project, its screens, and what all of them share."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

from textual.app import App
from textual.filter import LineFilter

from orch_tui.model.text import safe_line
from orch_tui.project.project import Project, open_project
from orch_tui.tui.actions import app as app_actions
from orch_tui.tui.actions import bindings
from orch_tui.tui.text import StripControls

SayAs = Literal["information", "warning", "error"]


class OrchApp(App[int], inherit_bindings=False):
    """``project`` is shared by all screens; widgets never touch it."""

    BINDINGS = bindings(app_actions.ACTIONS, "app")
    ENABLE_COMMAND_PALETTE = False
    CSS_PATH = "app.tcss"

    def __init__(self, project: Project) -> None:
        super().__init__()
        self.project = project
        self.animation_level = "none"

    def get_line_filters(self) -> list[LineFilter]:
        return [*super().get_line_filters(), StripControls()]

    def say(self, text: str, severity: SayAs = "information", seconds: float = 6.0) -> None:
        """Show a sentence in the corner for a while; it is never parsed as markup."""
        self.notify(safe_line(text), severity=severity, timeout=seconds, markup=False)

    def open_workbench(self, orchestration_id: str) -> None:
        """Show one orchestration in the workbench."""
        from orch_tui.tui.screens.workbench import WorkbenchScreen

        self.push_screen(WorkbenchScreen(orchestration_id))

    def open_configuration(self, ref: str) -> None:
        """Show the form of one configuration (``component-id/configuration-id``)."""
        from orch_tui.tui.screens.configuration import ConfigurationScreen

        self.push_screen(ConfigurationScreen(ref))


def run_app(project_path: Path, *, mouse: bool = True) -> int:
    """Open the project's screen and stay until it is left; the exit code of the process."""
    app: Any = OrchApp(open_project(project_path, tolerant=True))
    app.run(mouse=mouse)
    return app.return_code or 0
