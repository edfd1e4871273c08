"""What a run's tasks have written: tables with their rows and columns, and files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from orch_tui.model.texts.text import counted, safe_line
from orch_tui.runs.live.view import Written
from orch_tui.tui.actions import bindings
from orch_tui.tui.actions import workbench as actions
from orch_tui.tui.dialogs.find_row import find_row
from orch_tui.tui.dialogs.pick import Choice
from orch_tui.tui.widgets.line_tree import LineList, Part, Row


class TablesPane(LineList):
    """Enter on a table asks for its first rows; the screen reads them."""

    BINDINGS = bindings(actions.BELOW, "run-tables")
    shows_place = False

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._items: Sequence[Written] = ()
        self._columns: Mapping[str, Sequence[tuple[str, str]]] = {}
        self.empty_text = " No table was written yet"

    def show(self, items: Sequence[Written], columns: Mapping[str, Sequence[tuple[str, str]]]) -> None:
        """``columns`` are (name, type) of tables, by the name of the table."""
        if items != self._items or columns != self._columns:
            self._items, self._columns = items, columns
            self.reload()

    @property
    def summary(self) -> str:
        """``12 345 rows in 3 tables``."""
        tables = [item for item in self._items if item.is_table]
        if not tables:
            return ""
        return f"{counted(sum(item.rows for item in tables), 'row')} in {counted(len(tables), 'table')}"

    def action_find(self) -> None:
        """By a dialog."""
        choices = [
            Choice(
                str(2 * number), one.name, right=one.counts or (counted(one.rows, "row") if one.is_table else "a file")
            )
            for number, one in enumerate(self._items)
        ]
        find_row(self, "Tables and files", choices)

    def count(self) -> int:
        return 2 * len(self._items)

    def selectable(self, index: int) -> bool:
        return index % 2 == 0

    def item_at(self, index: int) -> Written | None:
        """The table or file of a line."""
        return self._items[index // 2] if index < self.count() else None

    def clicked(self, index: int, x: int) -> bool:
        self.go(index - index % 2)
        return index % 2 == 1

    def row(self, index: int) -> Row:
        item = self._items[index // 2]
        if item.counts:
            part = Part(f" {item.name}", "text") if index % 2 == 0 else Part(f"   {item.counts}", "accent")
            return Row((part,))
        if index % 2 == 0:
            style = "strong" if item.is_table else "text"
            return Row((Part(f" {item.name}", style),), (Part(f"{counted(item.rows, 'row')} ", "accent"),))
        if not item.is_table:
            return Row((Part("   a file", "dim"),))
        columns = self._columns.get(item.name)
        if columns is None:
            return Row((Part("   Enter shows its rows", "dim"),))
        names = ", ".join(f"{safe_line(name, 60)} {kind}" for name, kind in columns)
        return Row((Part(f"   {counted(len(columns), 'column')}: {names}", "dim"),))
