"""The alerts of the project on the screen: each change is saved at once, and can be taken back. Without Textual."""

from __future__ import annotations

from collections.abc import Callable

from orch_tui.model.errors import OrchError
from orch_tui.model.orchestration.alerts import AlertRule
from orch_tui.project.files.source import DefinitionError
from orch_tui.project.project import Project


class SharedAlerts:
    """``say`` tells people what was refused."""

    def __init__(self, project: Project, say: Callable[[str], object]) -> None:
        self._project, self._say = project, say
        self._changes: list[tuple[tuple[AlertRule, ...], tuple[AlertRule, ...]]] = []
        # What another program wrote meanwhile is shown, and only that is written over.
        project.reload_settings()

    @property
    def rules(self) -> tuple[AlertRule, ...]:
        """As they are now, as far as anybody looked."""
        return self._project.settings.alerts

    def change(self, new: tuple[AlertRule, ...]) -> bool:
        """Save these instead; False when that was refused, which has been said: what is there now is read again."""
        before = self.rules
        if not self._save(new):
            return False
        self._changes.append((before, new))
        return True

    def undo(self) -> None:
        """Take the last change back, unless somebody has changed them since."""
        before, after = self._changes.pop()
        self._project.reload_settings()
        if self.rules != after:
            self._say("The alerts of orch.toml were changed by somebody else since: they stay as they are.")
        else:
            self._save(before)

    def _save(self, new: tuple[AlertRule, ...]) -> bool:
        # Saving needs more than showing does.
        from orch_tui.project.saving.project_alerts import save_project_alerts

        path = self._project.paths.settings
        try:
            save_project_alerts(self._project, new, self._project.source(path) if path.exists() else None)
        except (OrchError, OSError) as error:
            problem = error.problems[0] if isinstance(error, DefinitionError) else None
            self._say(f"orch.toml: {problem.message}; {problem.remedy}" if problem else str(error))
            self._project.reload_settings()
            return False
        return True
