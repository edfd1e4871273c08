"""Small lists inside dialogs, whose rows are given to them."""

from __future__ import annotations

from collections.abc import Sequence

from orch_tui.tui.widgets.line_tree import LineList, Row


class RowList(LineList):
    """Shows rows as they are; with ``pick`` a single click chooses."""

    def __init__(
        self, rows: Sequence[Row] = (), *, pick: bool = False, driven: bool = False, id: str | None = None
    ) -> None:
        """``driven``: a text field has the focus and moves the cursor."""
        super().__init__(id=id)
        self._rows = rows
        self._pick = pick
        self.driven = driven
        self.can_focus = not driven

    def show(self, rows: Sequence[Row], cursor: int = 0) -> None:
        """Show other rows."""
        self._rows, self.cursor = rows, cursor
        self.reload()

    def on_mount(self) -> None:
        self.reload()

    def count(self) -> int:
        return len(self._rows)

    def row(self, index: int) -> Row:
        return self._rows[index]

    def clicked(self, index: int, x: int) -> bool:
        if self._pick:
            self.go(index)
            self.action_choose()
        return self._pick
