"""Asking whether the connection works, with what is on the form, saved or not."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from textual.timer import Timer

from orch_tui.tui.configuration.editing import Editing
from orch_tui.tui.configuration.page import Background, Page

if TYPE_CHECKING:
    from orch_tui.engine.trials.actions import ActionResult, ActionRun


class ConnectionTest:
    """One test at a time, as a program of the component."""

    def __init__(self, page: Page, background: Background, editing: Editing) -> None:
        self._page = page
        self._background = background
        self._editing = editing
        self._test: ActionRun | None = None
        self._begun = 0.0
        self._timer: Timer | None = None

    @property
    def offered(self) -> bool:
        """Whether the component can be asked."""
        component = self._editing.editor.component
        return component is not None and component.can_be_tested and self._editing.form is not None

    @property
    def running(self) -> bool:
        """True while the answer is waited for."""
        return self._test is not None

    def start(self) -> None:
        """Start the component's program with what is on the form; the answer comes as a notice."""
        from orch_tui.engine.trials.actions import ActionRun

        component = self._editing.editor.component
        if self.running or component is None or self._editing.form is None:
            return
        if not self.offered:
            self._page.app.say(f"{component.name} has no connection that could be tested.", "warning")
            return
        checked = self._editing.checked("Not tested")
        if checked is None:
            return
        self._test = test = ActionRun(self._page.app.project.root, checked.configuration)
        self._begun = time.monotonic()
        self._timer = self._background.each(1.0, self._show_seconds)
        self._show_seconds()
        self._background.thread(lambda: self._wait_for(test), "test", "test the connection")

    def cancel(self) -> bool:
        """Stop the test; False when there is none."""
        if self._test is None:
            return False
        self._test.cancel()
        return True

    def _wait_for(self, test: ActionRun) -> None:
        result = test.run()
        self._background.tell(lambda: self._answered(test, result))

    def _answered(self, test: ActionRun, result: ActionResult) -> None:
        if self._test is not test:
            return
        self._test = None
        if self._timer is not None:
            self._timer.stop()
            self._timer = None
        self._page.notice(f"{'✔' if result.ok else '✖'} {result.message} ({result.seconds:.1f} s)")

    def _show_seconds(self) -> None:
        seconds = int(time.monotonic() - self._begun)
        key = self._page.app.key_of("configuration.back")
        self._page.notice(f"Testing the connection… {seconds} s. {key} cancels it.")
