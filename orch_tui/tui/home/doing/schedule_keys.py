"""The keys of the home screen that are about schedules; what they do is imported when one is pressed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from orch_tui.tui.application import Application
    from orch_tui.tui.home.panes.orchestration_list import OrchestrationList
    from orch_tui.tui.home.state.model import Entry, HomeModel


class LooksAtRuns(Protocol):
    """What is needed of the screen."""

    @property
    def table(self) -> OrchestrationList:
        """The list with the cursor."""

    def look_at_runs(self) -> None:
        """Something is another now: look."""


class ScheduleKeys:
    """Pausing, what was missed, and intervals."""

    def __init__(self, app: Application, model: HomeModel, home: LooksAtRuns) -> None:
        self._app, self._model, self._home = app, model, home

    @property
    def actions(self) -> Mapping[str, Callable[[], object]]:
        """What carries out which action, by its id."""
        return {"home.pause": self.pause, "home.missed": self.missed, "home.backfill": self.backfill}

    async def pause(self) -> None:
        """Pause schedules, or let them go on."""
        from orch_tui.tui.home.doing import schedules

        if await schedules.pause_or_lift(self._app, self._chosen):
            self._home.look_at_runs()

    async def missed(self) -> None:
        """Show what was missed, and start it."""
        from orch_tui.tui.home.doing import schedules

        if await schedules.catch_up(self._app, self._chosen):
            self._home.look_at_runs()

    def backfill(self) -> None:
        """Show the intervals of the orchestration under the cursor."""
        from orch_tui.tui.starts.backfill import BackfillScreen

        if (chosen := self._chosen) is not None and chosen.value is not None:
            self._app.push_screen(BackfillScreen(self._app.project.root, chosen.id))

    @property
    def _chosen(self) -> Entry | None:
        chosen = self._home.table.chosen
        return self._model.entry(chosen) if chosen is not None else None
