"""Trying the configuration alone, as it is on the form: what it would write is shown, nothing is published."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING

from textual.timer import Timer

from orch_tui.model.components.component import ComponentType
from orch_tui.model.components.configuration import Configuration
from orch_tui.model.errors import UserError
from orch_tui.tui.configuration.editing import Editing
from orch_tui.tui.configuration.page import Background, Page
from orch_tui.tui.configuration.trial_result import ShownTable, TrialShown

if TYPE_CHECKING:
    from orch_tui.engine.trials.trial import Trial, TrialResult

_ACTS_OUTSIDE = {
    ComponentType.WRITER: "A writer hands today's tables over to the other side, in a try as in a run.",
    ComponentType.APPLICATION: "An application does in a try what it does in a run, but for its tables.",
}


class TryIt:
    """One try at a time; the directory of its tables is gone with the next one, and with the screen."""

    def __init__(self, page: Page, background: Background, editing: Editing) -> None:
        self._page = page
        self._background = background
        self._editing = editing
        self._trial: Trial | None = None
        self._begun = 0.0
        self._timer: Timer | None = None

    @property
    def running(self) -> bool:
        """True until the program has ended."""
        return self._timer is not None

    async def start(self) -> None:
        """Start the component's program; its end is shown."""
        from orch_tui.tui.dialogs.confirm import Confirm

        component = self._editing.editor.component
        if self.running or component is None:
            return
        checked = self._editing.checked("Not tried")
        if checked is None:
            return
        if detail := _ACTS_OUTSIDE.get(component.type):
            choices = [("t", "Try it all the same", True), ("k", "Keep editing", False)]
            if not await self._page.app.push_screen_wait(Confirm(f"Try {component.name} now?", choices, detail)):
                return
        self._begin(checked.configuration)

    def _begin(self, configuration: Configuration) -> None:
        from orch_tui.engine.trials.trial import Trial

        self.close()
        self._trial = trial = Trial(self._page.app.project.root, configuration)
        self._begun = time.monotonic()
        self._timer = self._background.each(1.0, self._show_seconds)
        self._show_seconds()
        self._background.thread(lambda: self._run(trial), "try", "try the configuration")

    def cancel(self) -> bool:
        """Stop the program; False when none is running."""
        if self._trial is None or not self.running:
            return False
        self._trial.cancel()
        return True

    def close(self) -> None:
        """Stop what runs, and remove what it wrote."""
        if self._trial is not None:
            self._trial.cancel()
            self._trial.close()
            self._trial = None

    def _run(self, trial: Trial) -> None:
        result = trial.run()
        tables: tuple[ShownTable, ...] = ()
        try:
            tables = tuple(ShownTable.read(one) for one in result.tables)
        except UserError as error:
            result = replace(result, ok=False, message=str(error))
        self._background.tell(lambda: self._ended(trial, result, tables))

    def _ended(self, trial: Trial, result: TrialResult, tables: tuple[ShownTable, ...]) -> None:
        if trial is not self._trial:
            return
        if self._timer is not None:
            self._timer.stop()
            self._timer = None
        took = f"{result.seconds:.1f} s"
        if result.ok:
            self._page.notice(f"✔ tried in {took}; nothing was published")
            self._page.app.push_screen(TrialShown(tables, result.lines))
        else:
            self._page.notice(f"✖ {result.message} ({took})")
            if result.fault is not None:
                self._editing.show_fault(result.fault)
        trial.close()

    def _show_seconds(self) -> None:
        seconds = int(time.monotonic() - self._begun)
        key = self._page.app.key_of("configuration.back")
        self._page.notice(f"Trying… {seconds} s. {key} cancels it.")
