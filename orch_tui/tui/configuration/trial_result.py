"""What a try would have written: its tables, and the end of its log."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich.text import Text
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widgets import DataTable, Static

from orch_tui.model.texts.text import safe_line
from orch_tui.tui.actions import bindings
from orch_tui.tui.actions.configuration import ACTIONS
from orch_tui.tui.dialogs.base import Dialog
from orch_tui.tui.text import join, line, lines

if TYPE_CHECKING:
    from orch_tui.engine.trials.trial import TriedTable
    from orch_tui.storage.preview import FilePreview

_CELL = 60
_LINES = 4
_NUMBERS = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT")
_FRACTIONS = ("FLOAT", "DOUBLE", "DECIMAL")


@dataclass(frozen=True, slots=True)
class ShownTable:
    """A table with its first rows."""

    name: str
    table: str
    preview: FilePreview

    @staticmethod
    def read(tried: TriedTable) -> ShownTable:
        """Raises: UserError when its file cannot be read."""
        from orch_tui.storage.preview import preview_file

        return ShownTable(tried.name, tried.table, preview_file(tried.file, tried.file.parent))


class TrialShown(Dialog[None]):
    """One table at a time; nothing of it is kept."""

    CSS_PATH = "trial_result.tcss"
    BINDINGS = bindings(ACTIONS, "trial")

    def __init__(self, tables: Sequence[ShownTable], log: Sequence[str]) -> None:
        """``log``: the last lines of what the program wrote."""
        super().__init__()
        self._tables = list(tables)
        self._log = list(log)
        self._at = 0

    def compose(self) -> ComposeResult:
        with Vertical(id="dialog") as dialog:
            dialog.border_title = line("Tried: nothing was published")
            yield Static("", id="which")
            yield DataTable(zebra_stripes=True, cursor_type="row", id="rows")
            yield Static(lines("\n".join(self._log[-_LINES:]), "$text-muted"), id="log")

    def on_mount(self) -> None:
        table = self.query_one(DataTable)
        table.display = bool(self._tables)
        self.set_focus(table if self._tables else None)
        self._show()

    def _show(self) -> None:
        which, dialog = self.query_one("#which", Static), self.query_one("#dialog")
        if not self._tables:
            which.update(line("It declares no output table; its log ends so:"))
            dialog.border_subtitle = line("Esc closes")
            return
        one = self._tables[self._at]
        count, shown = one.preview.count, len(one.preview.rows)
        rows = "1 row" if count == 1 else f"{count:,} rows"
        first = f", the first {shown:,} of them" if shown < count else ""
        more = f"table {self._at + 1} of {len(self._tables)}" if len(self._tables) > 1 else ""
        name = f"{one.name} → {one.table}" if one.name != one.table.rpartition("/")[2] else one.table
        which.update(join([line(name, "bold"), line(f"{rows}{first}"), line(more, "$text-muted")]))
        dialog.border_subtitle = line("← → other tables, Esc closes" if len(self._tables) > 1 else "Esc closes")
        self._fill(one.preview)

    def _fill(self, preview: FilePreview) -> None:
        # Text, not str: a str cell would be parsed as markup.
        table = self.query_one(DataTable)
        table.clear(columns=True)
        right = [kind in _NUMBERS or kind.startswith(_FRACTIONS) for _, kind in preview.columns]
        for name, kind in preview.columns:
            table.add_column(Text.assemble((safe_line(name, _CELL), "bold"), f" {safe_line(kind, 20).lower()}"))
        for row in preview.rows:
            table.add_row(*(_cell(cell, number) for cell, number in zip(row, right, strict=True)))

    def action_next(self) -> None:
        self._go(1)

    def action_previous(self) -> None:
        self._go(-1)

    def _go(self, by: int) -> None:
        if len(self._tables) > 1:
            self._at = (self._at + by) % len(self._tables)
            self._show()

    def action_close(self) -> None:
        self.dismiss(None)


def _cell(value: str | None, number: bool) -> Text:
    if value is None:
        return Text("NULL", "dim")
    return Text(safe_line(value, _CELL), justify="right" if number else "left")
