"""The pane with the list: titles of the columns, rows, and the field to filter them with while it is open."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.message import Message

from orch_tui.tui.home.panes.orchestration_list import OrchestrationList
from orch_tui.tui.widgets.list_head import ListHead

if TYPE_CHECKING:
    from orch_tui.tui.widgets.filter_field import FilterField

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
        self._field: FilterField | None = None

    def compose(self) -> ComposeResult:
        yield ListHead(self.table)
        yield self.table

    @property
    def filtering(self) -> bool:
        """Whether the field of the filter is open."""
        return self._field is not None and self._field.display

    @property
    def typing(self) -> bool:
        """Whether letters go into the filter."""
        return self._field is not None and self._field.has_focus

    async def open_filter(self) -> None:
        """Open the field, or go to it."""
        # Importing the field takes longer than the first picture may.
        from orch_tui.tui.widgets.filter_field import FilterField

        if self._field is None:
            self._field = FilterField(self.table, "words of the name or description", id="filter")
            await self.mount(self._field)
        self._field.open()

    def close_filter(self) -> None:
        """All rows again."""
        if self._field is not None:
            self._field.close()

    def on_filter_field_filtered(self) -> None:
        if self._field is not None:
            self.table.empty_text = "   Nothing fits the filter" if self._field.words else _EMPTY
            self.post_message(self.Filtered(self._field.value))
