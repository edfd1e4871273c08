"""The components of a project, grouped by their type."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.binding import BindingType

from orch_tui.model.components.component import ComponentType
from orch_tui.tui.actions import bindings, handed_on
from orch_tui.tui.actions import workbench as actions
from orch_tui.tui.widgets.line_tree import LineList, Part, Row
from orch_tui.tui.workbench.catalog import ComponentEntry

_OF_BOTH = ("configurations.new",)
"""Keys of the configurations that the component under the cursor is enough for."""


class ComponentList(LineList, inherit_bindings=False):
    """Component types as headings, components with the number of their configurations."""

    BINDINGS: ClassVar[list[BindingType]] = [
        *bindings((*actions.LIST, *actions.LIST_TOP)),
        *handed_on((one for one in actions.LISTS if one.context == "components" or one.id in _OF_BOTH), "screen"),
    ]

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._rows: list[ComponentType | ComponentEntry] = []
        self.empty_text = " No component fits the filter"

    def show(self, entries: Sequence[ComponentEntry]) -> None:
        """Show these, which are sorted by type; the cursor stays on its component while it is there."""
        here = self.chosen
        rows: list[ComponentType | ComponentEntry] = []
        for entry in entries:
            if not rows or (isinstance(rows[-1], ComponentEntry) and rows[-1].type is not entry.type):
                rows.append(entry.type)
            rows.append(entry)
        self._rows = rows
        if here is not None:
            ids = [row.id if isinstance(row, ComponentEntry) else "" for row in rows]
            self.cursor = ids.index(here.id) if here.id in ids else 0
        self.reload()

    @property
    def chosen(self) -> ComponentEntry | None:
        """The component under the cursor."""
        row = self._rows[self.cursor] if self.cursor < len(self._rows) else None
        return row if isinstance(row, ComponentEntry) else None

    def go_to(self, component_id: str) -> None:
        """Put the cursor on a component if it is shown."""
        for index, row in enumerate(self._rows):
            if isinstance(row, ComponentEntry) and row.id == component_id:
                self.go(index)

    def go_to_named(self, text: str) -> None:
        """Put the cursor on the component of this name; else on one whose name begins so; else on the first."""
        wanted = text.strip().casefold()
        entries = [(index, row) for index, row in enumerate(self._rows) if isinstance(row, ComponentEntry)]
        same = [index for index, row in entries if row.name.casefold() == wanted]
        begins = [index for index, row in entries if row.name.casefold().startswith(wanted)]
        self.go((same or begins or [0])[0])

    def count(self) -> int:
        return len(self._rows)

    def selectable(self, index: int) -> bool:
        return isinstance(self._rows[index], ComponentEntry)

    def row(self, index: int) -> Row:
        row = self._rows[index]
        if isinstance(row, ComponentType):
            return Row((Part(str(row), "heading"),))
        count = Part(f"{row.configurations} ", "dim") if row.configurations else Part("– ", "dim")
        return Row((Part("  "), Part(row.name, "text" if row.configurations else "dim")), (count,))
