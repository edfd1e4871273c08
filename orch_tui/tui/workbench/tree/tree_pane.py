"""The tree with the line above it that has the times of its bars."""

from __future__ import annotations

from textual import events
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.geometry import Size

from orch_tui.tui.breakpoints import BARS_FROM
from orch_tui.tui.text import line
from orch_tui.tui.widgets.line_tree import Row
from orch_tui.tui.widgets.list_head import ListHead
from orch_tui.tui.workbench.tree.find_field import FindField
from orch_tui.tui.workbench.tree.phase_tree import PhaseTree, arrange

_FRAME = 2


class _Heading:
    """What stands above the columns of the tree."""

    def __init__(self, tree: PhaseTree) -> None:
        self.about = ""
        self._tree = tree

    @property
    def size(self) -> Size:
        """The cells of the tree."""
        return self._tree.size

    def head(self, width: int) -> Row:
        """The times of the axis, above their columns."""
        arrange(self._tree)
        return self._tree.look.chart.head(f"  {self.about}")


class TreePane(Vertical):
    """``phase_tree`` and its heading, in one frame."""

    def __init__(self, tree: PhaseTree, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.phase_tree = tree
        self._heading = _Heading(tree)
        self._head = ListHead(self._heading)
        self._find = FindField(tree, id="find")

    def compose(self) -> ComposeResult:
        yield self._head
        yield self.phase_tree
        yield self._find

    @property
    def lines_wanted(self) -> int:
        """Lines of the screen in which nothing of it would be hidden."""
        return self.phase_tree.count() + _FRAME + self._head.display

    def show_about(self, text: str) -> None:
        """What the heading says beside the times."""
        if text != self._heading.about:
            self._heading.about = text
            self._head.refresh()

    def find(self) -> None:
        """Let words be typed that a task, rule or phase is found by."""
        self._find.open()

    def on_find_field_told(self, event: FindField.Told) -> None:
        event.stop()
        self.border_subtitle = line(event.text)

    def on_resize(self, event: events.Resize) -> None:
        self._head.display = self.screen.size.width >= BARS_FROM

    def on_phase_tree_arranged(self, event: PhaseTree.Arranged) -> None:
        self._head.refresh()
