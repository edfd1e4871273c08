"""One table of the storage: its rows as a grid, sorted and filtered, or the result of a line of SQL."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, TypeVar

from textual import work
from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import Input

from orch_tui.model.errors import UserError
from orch_tui.model.texts.text import counted
from orch_tui.project.paths import ProjectPaths
from orch_tui.storage.browse import Asked, Found, Order, is_number
from orch_tui.storage.tables import TableInfo
from orch_tui.tui.actions import bindings
from orch_tui.tui.actions import data as actions
from orch_tui.tui.clipboard import copy
from orch_tui.tui.data.cells import GridColumn
from orch_tui.tui.data.facts import Facts, column_facts
from orch_tui.tui.data.grid import PAGE, DataGrid
from orch_tui.tui.data.source import TableSource
from orch_tui.tui.dialogs.base import FullScreen
from orch_tui.tui.text import line
from orch_tui.tui.widgets.bars import KeyBar, TitleBar

if TYPE_CHECKING:
    from orch_tui.tui.application import Application, SayAs

R = TypeVar("R")
_HINTS = {
    "filter": "words that a row has in any of its columns; empty for all rows",
    "query": "select … from this, or from another table such as raw.rows; empty for the table as it is",
}


class TableScreen(FullScreen[None]):
    """Reads nothing but the rows in view, in a thread of its own."""

    BINDINGS = bindings(actions.TABLE)
    DEFAULT_CSS = """
    TableScreen {
        & DataGrid { height: 1fr; margin: 0 1; }
        & Input { height: 1; margin: 0 1; background: $panel; }
    }
    """
    app: Application
    HELP = "The rows of a table. Only what is in view is read, however long it is; nothing here changes it."

    def __init__(self, paths: ProjectPaths, table: str, *, version: int | None = None) -> None:
        """``version`` is one that is kept; without it the newest."""
        super().__init__()
        self._source = TableSource(paths, table, version)
        self._info: TableInfo | None = None
        self._asked = Asked()
        self.grid = DataGrid(id="grid")

    def compose(self) -> ComposeResult:
        yield TitleBar(line(self._source.table, "bold"))
        yield self.grid
        for name, hint in _HINTS.items():
            field = Input(placeholder=hint, id=name, compact=True)
            field.cursor_blink = field.display = False
            yield field
        yield KeyBar()

    def on_mount(self) -> None:
        self.set_focus(self.grid)
        self.grid.empty_text = "Reading…"
        self._open()

    def on_unmount(self) -> None:
        self._source.close()

    # Reading

    @work(group="view", exclusive=True, description="open a table")
    async def _open(self) -> None:
        info = await self._said(self._source.open)
        if info is None:
            self.dismiss(None)
            return
        self._info = info
        self._show(Asked(), Found(info.columns, info.rows))

    @work(group="view", exclusive=True, description="look at a table in another way")
    async def _look(self, asked: Asked) -> None:
        if asked == self._asked:
            return
        self._tell("…")
        found = await self._said(lambda: self._source.look(asked))
        if found is not None:
            self._show(asked, found)
        elif (back := await self._said(lambda: self._source.look(self._asked))) is not None:
            # The view before is looked at again: the one that failed has left none.
            self._show(self._asked, back)

    def _show(self, asked: Asked, found: Found) -> None:
        self._asked = asked
        names = [name for name, _ in found.columns]
        columns = [GridColumn(line(name).plain, kind, is_number(kind)) for name, kind in found.columns]
        order = asked.order
        by = (names.index(order.column), order.descending) if order is not None and order.column in names else None
        self.grid.empty_text = "No row fits" if asked.words else "No rows"
        self.grid.show(columns, found.rows, by)
        self._tell(counted(found.rows, "row"), cut=found.cut)

    def _tell(self, rows: str, *, cut: bool = False) -> None:
        left = [line(self._source.table, "bold")]
        if self._info is not None:
            left.append(Content.styled(f"  version {self._info.version}", "$text-muted"))
        if self._asked.query:
            left.append(line(f"  {self._asked.query}", "$text-accent", limit=200))
        elif self._asked.words:
            left.append(line(f"  has {' '.join(self._asked.words)}", "$text-accent", limit=100))
        of = ""
        if self._info is not None and self._asked.words:
            of = f" of {counted(self._info.rows, 'row')}"
        more = "the first " if cut else ""
        right = Content.styled(f"{more}{rows}{of} · {counted(len(self.grid.columns), 'column')}", "$text-muted")
        self.query_one(TitleBar).show(Content.assemble(*left), right)

    async def _said(self, do: Callable[[], Awaitable[R]]) -> R | None:
        """What it gives; None when it cannot, after saying why."""
        try:
            return await do()
        except (UserError, OSError) as error:
            self._say(str(error), "error")
            return None

    def _say(self, text: str, severity: SayAs = "information") -> None:
        self.app.say(text, severity, seconds=10)

    @work(description="rows of a table")
    async def on_data_grid_wanted(self, event: DataGrid.Wanted) -> None:
        asked = self._asked
        try:
            rows = await self._source.window(event.first, PAGE)
        except UserError:
            # Broken off for another view, which asks anew; or what that one says as well.
            event.grid.forget(event.first)
            return
        if asked == self._asked and self.is_attached:
            event.grid.put(event.first, rows)

    # What can be done

    @property
    def _column(self) -> GridColumn | None:
        grid = self.grid
        return grid.columns[grid.column] if grid.columns and grid.rows else None

    def action_sort(self) -> None:
        if self._info is None or not self.grid.columns:
            return
        if self._asked.query:
            self._say("A result of SQL has the order of its own: write order by.")
            return
        name = self._info.columns[self.grid.column][0]
        order = self._asked.order
        if order is None or order.column != name:
            wanted: Order | None = Order(name)
        else:
            wanted = None if order.descending else Order(name, descending=True)
        self._look(Asked(self._asked.words, wanted))

    def on_data_grid_head_clicked(self, event: DataGrid.HeadClicked) -> None:
        self.action_sort()

    def on_data_grid_chosen(self, event: DataGrid.Chosen) -> None:
        self.action_cell()

    def action_filter(self) -> None:
        self._ask("filter", " ".join(self._asked.words))

    def action_query(self) -> None:
        self._ask("query", self._asked.query)

    def _ask(self, name: str, value: str) -> None:
        self._close_fields()
        field = self.query_one(f"#{name}", Input)
        field.value = value
        field.cursor_position = len(value)
        # Not by a class: what is typed after the key must find the focus where it will be.
        field.display = True
        self.set_focus(field)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        text = event.value.strip()
        if event.input.id == "query":
            self._look(Asked(query=text))
        else:
            order = None if self._asked.query else self._asked.order
            self._look(Asked(tuple(text.split()), order))
        self._close_fields()

    def _close_fields(self) -> bool:
        """True when one was open."""
        opened = [field for field in self.query(Input) if field.display]
        for field in opened:
            field.display = False
        if opened:
            self.set_focus(self.grid)
        return bool(opened)

    @work(group="facts", exclusive=True, description="facts of a column")
    async def action_facts(self) -> None:
        column, at = self._column, self.grid.column
        if column is not None and (found := await self._said(lambda: self._source.facts(at))) is not None:
            self.app.push_screen(column_facts(found, column))

    @work(group="facts", exclusive=True, description="the whole value of a cell")
    async def action_cell(self) -> None:
        column, row, at = self._column, self.grid.row, self.grid.column
        if column is None:
            return
        text = await self._said(lambda: self._source.cell(row, at))
        null = Content.styled("NULL", "italic $text-muted")
        size = "" if text is None else counted(len(text), "character")
        number = f"{row + 1:,}".replace(",", " ")
        self.app.push_screen(Facts(f"{column.name}, row {number}", size, [null if text is None else line(text)]))

    @work(group="facts", exclusive=True, description="copy a cell")
    async def action_copy(self) -> None:
        row, at = self.grid.row, self.grid.column
        if self._column is not None and (text := await self._said(lambda: self._source.cell(row, at))) is not None:
            self._say(copy(text, self.app))

    def action_reload(self) -> None:
        self._asked = Asked()
        self._open()

    def action_leave(self) -> None:
        if not self._close_fields():
            self.dismiss(None)
