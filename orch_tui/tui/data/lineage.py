"""The lineage of a table, a configuration or a column: a graph to walk."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING

from textual import work
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content

from orch_tui.lineage.values import Column, Kind, Node
from orch_tui.model.errors import OrchError
from orch_tui.model.texts.text import safe_line
from orch_tui.project.project import Project
from orch_tui.tui.actions import bindings
from orch_tui.tui.actions import data as actions
from orch_tui.tui.data.freshening import freshen
from orch_tui.tui.data.lineage_model import LineageModel, LineageRow, Place, Shown
from orch_tui.tui.data.table import TableScreen
from orch_tui.tui.dialogs.base import FullScreen
from orch_tui.tui.dialogs.pick import Pick
from orch_tui.tui.text import line
from orch_tui.tui.widgets.bars import KeyBar, TitleBar
from orch_tui.tui.widgets.line_tree import LineList, Part, Row, ScreenList

if TYPE_CHECKING:
    from orch_tui.tui.application import Application

_MARKS = {Kind.TABLE: "▤", Kind.JOB: "▸", Kind.OUTSIDE: "◇"}
_STYLES = {Shown.HEAD: "heading", Shown.MIDDLE: "strong", Shown.NOTE: "dim", Shown.NODE: ""}


class LineageList(ScreenList):
    """The middle, and below it the two trees."""

    def __init__(self) -> None:
        super().__init__(id="nodes")
        self.rows: Sequence[LineageRow] = ()

    def show(self, rows: Sequence[LineageRow], cursor: int = 0) -> None:
        self.rows, self.cursor = rows, cursor
        self.reload()

    @property
    def chosen(self) -> LineageRow | None:
        return self.rows[self.cursor] if self.cursor < len(self.rows) else None

    def count(self) -> int:
        return len(self.rows)

    def selectable(self, index: int) -> bool:
        return self.rows[index].place is not None

    def row(self, index: int) -> Row:
        one = self.rows[index]
        mark = f"{_MARKS[one.kind]} " if one.kind is not None else ""
        style = _STYLES[one.shown] or ("" if one.kind is not Kind.OUTSIDE else "dim")
        text = Part(f" {'  ' * one.depth}{mark}{safe_line(one.text)}", style) if style else Part(
            f" {'  ' * one.depth}{mark}{safe_line(one.text)}"
        )  # fmt: skip
        return Row((text,), (Part(f"{safe_line(one.right, 70)} ", "dim"),) if one.right else ())


class LineageScreen(FullScreen[None]):
    """One node in the middle; Enter on another puts that there."""

    BINDINGS = bindings(actions.LINEAGE)
    DEFAULT_CSS = """
    LineageScreen {
        & #pane {
            height: 1fr;
            border: round $border;
            border-title-color: $text-primary;
            border-title-style: bold;
            border-subtitle-color: $text-muted;
        }
    }
    """
    HELP = "What a table is made of, down to files and databases, and what is made of it, across all orchestrations."
    app: Application

    def __init__(self, place: Place) -> None:
        super().__init__()
        self._place = place
        self._before: list[Place] = []
        self._model: LineageModel | None = None
        self.list = LineageList()

    def compose(self) -> ComposeResult:
        yield TitleBar(Content.styled("Lineage", "bold"))
        with Vertical(id="pane") as pane:
            pane.border_title = "Lineage"
            yield self.list
        yield KeyBar()

    def on_mount(self) -> None:
        self.list.empty_text = " Reading…"
        self.set_focus(self.list)
        self._look()

    @work(group="lineage", exclusive=True, description="read the lineage")
    async def _look(self) -> None:
        place = self._place
        try:
            rows = await asyncio.to_thread(self._rows, place)
        except (OrchError, OSError) as error:
            self.app.say(f"{error}.", "error")
            return
        self.list.show(rows)
        name = f"{place.table} · {place.name}" if isinstance(place, Column) else rows[0].text
        self.query_one(TitleBar).show(
            Content.styled("Lineage", "bold"), Content.styled(safe_line(name, 100), "$text-muted")
        )
        self.query_one("#pane").border_title = line(name, limit=100)

    def _rows(self, place: Place) -> list[LineageRow]:
        """In a thread."""
        if self._model is None:
            self._model = LineageModel(Project(self.app.project.root, tolerant=True))
        return self._model.rows(place)

    def go(self, place: Place) -> None:
        """Put this in the middle."""
        if place != self._place:
            self._before.append(self._place)
            self._place = place
            self._look()

    @property
    def place(self) -> Place:
        """What is in the middle."""
        return self._place

    def on_line_list_chosen(self, event: LineList.Chosen) -> None:
        event.stop()
        self.action_center()

    def action_center(self) -> None:
        if (row := self.list.chosen) is not None and row.place is not None:
            self.go(row.place)

    def action_back(self) -> None:
        if self._before:
            self._place = self._before.pop()
            self._look()

    @work(group="jump", exclusive=True, description="jump to a table")
    async def action_jump(self) -> None:
        if self._model is None:
            return
        found = await self.app.push_screen_wait(Pick("Go to", self._model.places(), "a part of a name"))
        if found is not None:
            self.go(self._model.node(found))

    @work(group="jump", exclusive=True, description="choose a column")
    async def action_column(self) -> None:
        row = self.list.chosen
        if self._model is None or row is None or row.place is None:
            return
        columns = await asyncio.to_thread(self._model.columns, row.place)
        if not columns:
            self.app.say("Put the cursor on a table whose columns are known.", "warning")
            return
        table = row.place.table if isinstance(row.place, Column) else row.place.name
        found = await self.app.push_screen_wait(Pick(f"Which column of {table}?", columns, "a part of a name"))
        if found is not None:
            self.go(Column(table, found))

    def action_rows(self) -> None:
        row = self.list.chosen
        place = row.place if row is not None else None
        if isinstance(place, Column):
            place = Node(Kind.TABLE, place.table)
        if place is None or place.kind is Kind.OUTSIDE:
            self.app.say("Put the cursor on a table or a configuration.", "warning")
        elif place.kind is Kind.JOB:
            self.app.push_screen(self.app.ways.configuration(place.name))
        else:
            self.app.push_screen(TableScreen(self.app.project.paths, place.name))

    @work(group="fresh", exclusive=True, description="bring a table up to date")
    async def action_fresh(self) -> None:
        row = self.list.chosen
        place = row.place if row is not None else None
        table = place.table if isinstance(place, Column) else place.name if place is not None else ""
        if isinstance(place, Node) and place.kind is not Kind.TABLE:
            self.app.say("Put the cursor on a table.", "warning")
        elif table:
            await freshen(self.app, table)

    def action_leave(self) -> None:
        if isinstance(self._place, Column) and self._before:
            self.action_back()
        else:
            self.dismiss(None)
