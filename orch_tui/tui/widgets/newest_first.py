"""A list of what there was of one thing, a line for each, the newest first."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

from orch_tui.tui.widgets.line_tree import Row, ScreenList

T = TypeVar("T")


class NewestFirst(ScreenList, Generic[T]):
    """``row`` draws an entry; it is told whether that is the newest."""

    def __init__(self, row: Callable[[T, bool], Row], *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.entries: Sequence[T] = ()
        self._row = row

    def show(self, entries: Sequence[T]) -> None:
        """The cursor stays in its line as far as there is one."""
        self.entries = entries
        self.cursor = min(self.cursor, max(0, len(entries) - 1))
        self.reload()

    @property
    def chosen(self) -> T | None:
        """The entry under the cursor."""
        return self.entries[self.cursor] if self.cursor < len(self.entries) else None

    def count(self) -> int:
        return len(self.entries)

    def row(self, index: int) -> Row:
        return self._row(self.entries[index], index == 0)
