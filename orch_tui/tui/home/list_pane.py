"""The pane with the list: titles of the columns, rows, and the field to filter them with while it is open."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from textual import events
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.message import Message

from orch_tui.tui.home.orchestration_list import OrchestrationList
from orch_tui.tui.widgets.list_head import ListHead

if TYPE_CHECKING:
    from textual.widgets import Input

_EMPTY = "   No orchestrations yet: n creates one"


class ListPane(Vertical):
    """Says with :class:`Filtered` what was typed; the screen shows what fits."""

    @dataclass
    class Filtered(Message):
        """Keep the rows with these words; all of them when there are none."""

        text: str

    def __init__(self, table: OrchestrationList) -> None:
        super().__init__(id="list")
        self.table = table
        self.table.empty_text = _EMPTY
        self.border_title = "Orchestrations"

    def compose(self) -> ComposeResult:
        yield ListHead(self.table)
        yield self.table

    @property
    def field(self) -> Input | None:
        """The field of the filter, while it is open."""
        from textual.widgets import Input

        return next(iter(self.query("#filter").results(Input)), None)

    @property
    def typing(self) -> bool:
        """Whether letters go into the filter."""
        return self.field is not None and self.field.has_focus

    async def open_filter(self) -> None:
        """Open the field, or go to it."""
        # Importing the field takes longer than the first picture may.
        from textual.widgets import Input

        if self.field is None:
            field = Input(placeholder="words of the name or description", id="filter", compact=True)
            field.cursor_blink = False
            await self.mount(field)
        if self.field is not None:
            self.field.focus()

    async def close_filter(self) -> None:
        """All rows again."""
        self.table.focus()
        if self.field is not None:
            await self.field.remove()
        self._filter("")

    def _filter(self, text: str) -> None:
        self.table.empty_text = "   Nothing fits the filter" if text else _EMPTY
        self.post_message(self.Filtered(text))

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
        self._filter(event.value)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self.table.focus()
        if not event.value:
            self.call_later(self.close_filter)

    def on_key(self, event: events.Key) -> None:
        # The list can be walked while the filter is typed.
        if event.key in ("up", "down") and self.typing:
            event.stop()
            self.table.go(self.table.cursor + (1 if event.key == "down" else -1))
