"""What was deleted, and putting it back."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.containers import Vertical

from orch_tui.model.errors import OrchError
from orch_tui.project.saving.catalog import Trashed, restore, trashed
from orch_tui.tui.actions import bindings
from orch_tui.tui.actions import definitions as actions
from orch_tui.tui.dialogs.base import FullScreen
from orch_tui.tui.text import line
from orch_tui.tui.widgets.bars import KeyBar, TitleBar
from orch_tui.tui.widgets.line_tree import LineList, Part, Row, ScreenList

if TYPE_CHECKING:
    from orch_tui.tui.application import Application


class TrashList(ScreenList):
    """A line for each deleted file, the newest first."""

    def __init__(self, root_length: int, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._root_length = root_length
        self.items: Sequence[Trashed] = ()

    def show(self, items: Sequence[Trashed]) -> None:
        self.items = items
        self.cursor = min(self.cursor, max(0, len(items) - 1))
        self.reload()

    def count(self) -> int:
        return len(self.items)

    def row(self, index: int) -> Row:
        one = self.items[index]
        when = time.strftime(" %Y-%m-%d %H:%M:%S  ", time.localtime(one.when))
        return Row((Part(when, "dim"), Part(str(one.original)[self._root_length :])))


class TrashScreen(FullScreen[None]):
    """Definitions that were deleted on the screen or by a command."""

    BINDINGS = bindings(actions.TRASH)
    DEFAULT_CSS = """
    TrashScreen #list {
        border: round $border;
        border-title-color: $text-primary;
        border-title-style: bold;
        height: 1fr;
    }
    """
    HELP = "Deleted definitions. Enter puts the one under the cursor back where it was."
    app: Application

    def __init__(self) -> None:
        super().__init__()
        self._list: TrashList | None = None

    def compose(self) -> ComposeResult:
        yield TitleBar(line("Trash", "bold"))
        with Vertical(id="list") as pane:
            pane.border_title = "Deleted"
            self._list = TrashList(len(str(self.app.project.root)) + 1, id="items")
            self._list.empty_text = " The trash is empty"
            yield self._list
        yield KeyBar()

    def on_mount(self) -> None:
        if self._list is not None:
            self.set_focus(self._list)
            self._list.show(trashed(self.app.project))

    def on_line_list_chosen(self, event: LineList.Chosen) -> None:
        event.stop()
        self.action_put_back()

    def action_put_back(self) -> None:
        if self._list is None or not self._list.items:
            return
        item = self._list.items[self._list.cursor]
        try:
            path = restore(self.app.project, item)
        except (OrchError, OSError) as error:
            self.app.say(f"{error}.", "error")
            return
        self.app.say(f"{self.app.project.paths.relative(path)} is back.")
        self._list.show(trashed(self.app.project))

    def action_leave(self) -> None:
        self.dismiss(None)
