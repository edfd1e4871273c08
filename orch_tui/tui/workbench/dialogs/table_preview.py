"""The first rows of a table."""

from __future__ import annotations

from collections.abc import Sequence

from rich.text import Text
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widgets import DataTable

from orch_tui.model.text import counted, safe_line
from orch_tui.tui.actions import bindings
from orch_tui.tui.actions import run as actions
from orch_tui.tui.dialogs.base import Dialog
from orch_tui.tui.text import line
from orch_tui.tui.workbench import look

_CELL = 60


class TablePreview(Dialog[None]):
    """``names`` with ``types`` are its columns; None in a row is a null."""

    CSS_PATH = look.OWN
    BINDINGS = bindings(actions.DIALOGS, "table-preview")

    def __init__(
        self, table: str, names: Sequence[str], types: Sequence[str], rows: Sequence[Sequence[str | None]]
    ) -> None:
        super().__init__()
        self._table, self._names, self._types, self._rows = table, names, types, rows

    def compose(self) -> ComposeResult:
        with Vertical(id="dialog") as dialog:
            dialog.border_title = line(self._table, limit=80)
            dialog.border_subtitle = line(f"the first {counted(len(self._rows), 'row')}, Esc closes")
            yield DataTable(zebra_stripes=True, cursor_type="row")

    def on_mount(self) -> None:
        # Text, not str: a str cell would be parsed as markup.
        table = self.query_one(DataTable)
        for number, name in enumerate(self._names):
            kind = self._types[number] if number < len(self._types) else ""
            table.add_column(Text.assemble((safe_line(name, _CELL), "bold"), f" {safe_line(kind, 20).lower()}"))
        for row in self._rows:
            table.add_row(*(Text("NULL", "dim") if cell is None else Text(safe_line(cell, _CELL)) for cell in row))
        self.set_focus(table)

    def action_close(self) -> None:
        self.dismiss(None)
