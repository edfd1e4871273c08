"""What the list of orchestrations does about runs: their history, and a word on those that were interrupted."""

from __future__ import annotations

import asyncio
from abc import abstractmethod
from typing import TYPE_CHECKING

from textual.screen import Screen

from orch_tui.model.text import safe_line
from orch_tui.tui.actions import bindings
from orch_tui.tui.actions import run as actions

if TYPE_CHECKING:
    from pathlib import Path

    from orch_tui.project.history import RunSummary
    from orch_tui.tui.app import OrchApp

_LOOK_AT = 500
_NAMES = 3


class HomeRuns(Screen[None]):
    """The screen says with ``chosen_orchestration`` what the cursor is on."""

    BINDINGS = bindings(actions.HOME)
    app: OrchApp

    # abstractmethod without ABCMeta, which Textual's metaclass excludes: it is the type checker that looks at it.
    @property
    @abstractmethod
    def chosen_orchestration(self) -> str | None:
        """The id under the cursor."""

    def on_mount(self) -> None:
        self.call_after_refresh(self._look_for_interrupted)

    def _look_for_interrupted(self) -> None:
        self.run_worker(self._tell_of_interrupted(), group="interrupted", description="look for interrupted runs")

    async def _tell_of_interrupted(self) -> None:
        found = await asyncio.to_thread(self._interrupted)
        if found:
            names = ", ".join(safe_line(run.orchestration, 40) for run in found[:_NAMES])
            more = f" and {len(found) - _NAMES} more" if len(found) > _NAMES else ""
            was = "run was" if len(found) == 1 else "runs were"
            text = (
                f"{len(found)} {was} interrupted: {names}{more}. Open it to see what was found, and to go on with it."
            )
            self.app.say(text, "warning", seconds=12)

    def _interrupted(self) -> list[RunSummary]:
        from orch_tui.project.history import latest

        ids = self.app.project.orchestration_ids()[:_LOOK_AT]
        last = [latest(self.app.project.paths, orchestration) for orchestration in ids]
        return [run for run in last if run is not None and run.interrupted]

    def action_history(self) -> None:
        from orch_tui.tui.runs.history import HistoryScreen

        orchestration = self.chosen_orchestration
        if orchestration is None:
            return

        def take(answer: tuple[str, Path] | None) -> None:
            if answer is not None:
                self.app.open_run(orchestration, answer[1], rerun=answer[0] == "rerun")

        self.app.push_screen(HistoryScreen(self.app.project, orchestration), take)
