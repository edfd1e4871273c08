"""The titles of a list's columns."""

from __future__ import annotations

from typing import Protocol

from textual.content import Content
from textual.geometry import Size
from textual.widgets import Static

from orch_tui.tui.widgets.line_tree import Row


class HasHead(Protocol):
    """A list that knows the titles of its columns."""

    @property
    def size(self) -> Size:
        """The cells of the list."""

    def head(self, width: int) -> Row:
        """The titles, laid out like the rows of a list of that width."""


class ListHead(Static):
    """One line, drawn to the width of the list below."""

    DEFAULT_CSS = "ListHead { height: 1; color: $text-muted; }"

    def __init__(self, view: HasHead) -> None:
        super().__init__(id="head")
        self._view = view

    def render(self) -> Content:
        width = self._view.size.width
        row = self._view.head(width)
        left, right = ("".join(part.text for part in parts) for parts in (row.left, row.right))
        return Content(left + right.rjust(width - len(left)))
