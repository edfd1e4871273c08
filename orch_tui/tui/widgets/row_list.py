"""Lists whose rows are given to them."""

from __future__ import annotations

from collections.abc import Sequence

from orch_tui.tui.widgets.line_tree import LineList, Row


class GivenRows(LineList):
    """Shows rows as they are; of other ones only what differs is drawn."""

    def __init__(self, rows: Sequence[Row] = (), *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._rows = rows

    def show(self, rows: Sequence[Row]) -> None:
        """Show these rows."""
        if rows == self._rows:
            return
        same_count, self._rows = len(rows) == len(self._rows), rows
        if same_count:
            self.refresh_changed()
        else:
            self.reload()

    def count(self) -> int:
        return len(self._rows)

    def row(self, index: int) -> Row:
        return self._rows[index]


class RowList(GivenRows):
    """A small list inside a dialog; with ``pick`` a single click chooses."""

    def __init__(
        self, rows: Sequence[Row] = (), *, pick: bool = False, driven: bool = False, id: str | None = None
    ) -> None:
        """``driven``: a text field has the focus and moves the cursor."""
        super().__init__(rows, id=id)
        self._pick = pick
        self.driven = driven
        self.can_focus = not driven

    def show(self, rows: Sequence[Row], cursor: int = 0) -> None:
        """Show other rows."""
        self._rows, self.cursor = rows, cursor
        self.reload()

    def on_mount(self) -> None:
        self.reload()

    def clicked(self, index: int, x: int) -> bool:
        if self._pick:
            self.go(index)
            self.action_choose()
        return self._pick
