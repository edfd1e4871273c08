"""The tables that a task reads and writes, as rows that come and go."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Button

from orch_tui.tui.configuration.form.names import KnownNames
from orch_tui.tui.configuration.form.rows import Heading, TableRow
from orch_tui.tui.configuration.form.state import FormState
from orch_tui.tui.text import line


class Tables(Vertical):
    """Two lists with a button each; the form has the state."""

    class Asked(Message):
        """A button was pressed: one more of ``inputs`` or ``outputs``, or without ``row``."""

        def __init__(self, kind: str, row: TableRow | None = None) -> None:
            super().__init__()
            self.kind = kind
            self.row = row

    def __init__(self, state: FormState, known: Callable[[], KnownNames]) -> None:
        super().__init__(id="tables")
        self._state = state
        self._known = known

    def compose(self) -> ComposeResult:
        yield from self._rows()

    def _rows(self) -> Iterator[Widget]:
        yield Heading(line("Input tables"))
        for index, row in enumerate(self._state.inputs):
            yield TableRow("inputs", index, row, self._known)
        yield Button(line("+ Add input table"), id="add-inputs", compact=True, classes="add")
        yield Heading(line("Output tables"))
        for index, output in enumerate(self._state.outputs):
            yield TableRow("outputs", index, output, self._known)
        yield Button(line("+ Add output table"), id="add-outputs", compact=True, classes="add")

    async def show(self, state: FormState) -> None:
        """Make the rows anew."""
        self._state = state
        with self.app.batch_update():
            await self.remove_children()
            await self.mount_all(list(self._rows()))

    @on(Button.Pressed)
    def _pressed(self, event: Button.Pressed) -> None:
        event.stop()
        row = next((one for one in event.button.ancestors if isinstance(one, TableRow)), None)
        kind = row.kind if row is not None else str(event.button.id).removeprefix("add-")
        self.post_message(self.Asked(kind, row))
