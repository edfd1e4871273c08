"""Asking whether the connection works, with what is on the form, saved or not."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from textual.timer import Timer

from orch_tui.model.texts.text import safe_line, slug
from orch_tui.tui.configuration.editing import Editing
from orch_tui.tui.configuration.form.state import OutputRow
from orch_tui.tui.configuration.page import Background, Page
from orch_tui.tui.dialogs.confirm import Confirm

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
        if result.ok:
            self._offer_table(result.columns)

    def _show_seconds(self) -> None:
        seconds = int(time.monotonic() - self._begun)
        key = self._page.app.key_of("configuration.back")
        self._page.notice(f"Testing the connection… {seconds} s. {key} cancels it.")

    def _offer_table(self, columns: Sequence[str]) -> None:
        """A table for what came, where the form names none yet: what the test found need not be typed."""
        form = self._editing.form
        offered = table_for(form.state.name, self._editing.editor.ref, columns) if form is not None else None
        if form is None or offered is None or any(output.table.strip() for output in form.state.outputs):
            return

        def take(answer: str | None) -> None:
            if answer == "add":
                self._background.worker(partial(self._add, offered), "offer", "add an output table")

        key = f" with the key {offered.primary_key}" if offered.primary_key else ""
        self._page.app.push_screen(
            Confirm(
                f'Write the records into the table "{offered.table}"{key}?',
                [("a", "Add the output table", "add"), ("n", "Not now", "none")],
                f"Found: {safe_line(', '.join(columns), 200)}. All of it can be changed in the form.",
            ),
            take,
        )

    async def _add(self, offered: OutputRow) -> None:
        form = self._editing.form
        if form is not None:
            kept = tuple(one for one in form.state.outputs if one.table.strip())
            await self._editing.put(replace(form.state, outputs=(*kept, offered)), "adding of an output table")
            form.go_to(("outputs", str(len(kept)), "table"), edit=False)


def table_for(name: str, ref: str, columns: Sequence[str]) -> OutputRow | None:
    """The output for rows with these columns: a table of the configuration's name in the bucket of its component, and
    its key where a column looks like one. None without columns."""
    if not columns:
        return None
    component, _, configuration = ref.partition("/")
    table = slug(name or configuration, "table").replace("-", "_")
    own = table.removesuffix("s")
    folded = {column.casefold().replace("_", ""): column for column in reversed(columns)}
    key = next((folded[one] for one in ("id", f"{own}id".replace("_", ""), "uuid", "guid", "key") if one in folded), "")
    return OutputRow("", f"{component.removesuffix('-extractor')}/{table}", primary_key=key)
