"""The tables of the project: how large they are, when they were written, who writes them and who reads them."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from textual import work
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content

from orch_tui.lineage.values import Kind, Node
from orch_tui.model.errors import OrchError
from orch_tui.model.texts.sizes import size_text
from orch_tui.model.texts.text import counted, safe_line
from orch_tui.project.project import open_project
from orch_tui.project.table_uses import TableUses, table_uses
from orch_tui.storage.opening import open_storage
from orch_tui.storage.tables import TableInfo
from orch_tui.tui.actions import bindings
from orch_tui.tui.actions import data as actions
from orch_tui.tui.data.cells import fitted, short_kind
from orch_tui.tui.data.files import FilesScreen
from orch_tui.tui.data.freshening import freshen
from orch_tui.tui.data.lineage import LineageScreen
from orch_tui.tui.data.table import TableScreen
from orch_tui.tui.data.versions import VersionsScreen
from orch_tui.tui.dates import show_when
from orch_tui.tui.dialogs.base import FullScreen
from orch_tui.tui.filtering import matches
from orch_tui.tui.text import line
from orch_tui.tui.widgets.bars import KeyBar, TitleBar
from orch_tui.tui.widgets.filter_field import FilterField
from orch_tui.tui.widgets.fitted_text import FittedText
from orch_tui.tui.widgets.line_tree import LineList, Part, Row, ScreenList
from orch_tui.tui.widgets.list_head import ListHead

if TYPE_CHECKING:
    from orch_tui.tui.application import Application

_NOBODY = TableUses()
_ROWS, _COLUMNS, _SIZE, _WHEN = 14, 5, 10, 10
_USES_FROM = 96
"""Columns of the screen from which writers and readers stand in the list as well."""


@dataclass(frozen=True, slots=True)
class StoredTable:
    """A table with what the definitions say of it."""

    info: TableInfo
    uses: TableUses

    def fits(self, words: Sequence[str]) -> bool:
        """Whether all words are in its name, its columns or the configurations that use it."""
        columns = (name for name, _ in self.info.columns)
        return matches(" ".join((self.info.table, *columns, *self.uses.writers, *self.uses.readers)), words)


class TableList(ScreenList):
    """A line for each table."""

    def __init__(self, now: float, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.tables: Sequence[StoredTable] = ()
        self._now = now

    def show(self, tables: Sequence[StoredTable], now: float) -> None:
        """Show these; the cursor stays on its table while it is there."""
        here, self._now = self.chosen, now
        self.tables = tables
        names = [one.info.table for one in tables]
        if here is not None and here.info.table in names:
            self.cursor = names.index(here.info.table)
        self.reload()

    @property
    def chosen(self) -> StoredTable | None:
        return self.tables[self.cursor] if self.cursor < len(self.tables) else None

    def count(self) -> int:
        return len(self.tables)

    def _uses_width(self) -> int:
        left = self.size.width - _ROWS - _COLUMNS - _SIZE - _WHEN - 12
        return max(0, left - 30) if self.size.width >= _USES_FROM else 0

    def head(self, width: int) -> Row:
        """The titles of the columns."""
        uses = self._uses_width()
        words = fitted("written by → read by", uses) + "  " if uses else ""
        right = f"{words}{'rows':>{_ROWS}}  {'cols':>{_COLUMNS}}  {'size':>{_SIZE}}  {'written':>{_WHEN}} "
        return Row((Part(" table", "dim"),), (Part(right, "dim"),))

    def row(self, index: int) -> Row:
        one = self.tables[index]
        info = one.info
        if info.problem is not None:
            return Row((Part(f" {info.table}", "error"), Part(f"  {safe_line(info.problem.message)}", "dim")))
        rows = f"{info.rows:,}".replace(",", " ")
        numbers = f"{rows:>{_ROWS}}  {len(info.columns):>{_COLUMNS}}  {size_text(info.bytes):>{_SIZE}}"
        when = show_when(info.created.timestamp(), self._now)
        uses = self._uses_width()
        words = Part(fitted(_used(one.uses), uses) + "  " if uses else "", "dim")
        return Row((Part(f" {info.table}", "strong"),), (words, Part(numbers), Part(f"  {when:>{_WHEN}} ", "dim")))


def _used(uses: TableUses) -> str:
    return f"{', '.join(uses.writers) or 'nobody'} → {', '.join(uses.readers) or 'nobody'}"


def _stored_tables(root: Path) -> list[StoredTable]:
    """For a thread, with a project of its own: the screen's is read by others meanwhile.

    Raises:
        OrchError, OSError: the storage cannot be read.
    """
    project = open_project(root, tolerant=True)
    tables, uses = open_storage(project.paths).tables(), table_uses(project)
    return [StoredTable(info, uses.get(info.table, _NOBODY)) for info in tables]


class StorageScreen(FullScreen[None]):
    """The list, what is under its cursor, and a filter."""

    BINDINGS = bindings(actions.STORAGE)
    DEFAULT_CSS = """
    StorageScreen {
        & #list {
            height: 1fr;
            border: round $border;
            border-title-color: $text-primary;
            border-title-style: bold;
            border-subtitle-color: $text-muted;
        }
        & #details {
            height: 9;
            padding: 0 1;
            border: round $border-blurred;
            border-title-color: $foreground;
            border-subtitle-color: $text-muted;
        }
        &.-low #details { display: none; }
    }
    """
    VERTICAL_BREAKPOINTS = [(0, "-low"), (20, "-high")]  # noqa: RUF012
    HELP = "The tables that tasks have written into the project's storage. Enter shows the rows of one."
    app: Application

    def __init__(self, *, cursor: str | None = None) -> None:
        """``cursor`` is the name of the table to begin at."""
        super().__init__()
        self._begin_at = cursor
        self._all: Sequence[StoredTable] = ()
        self._refusal = ""
        self.list = TableList(0.0, id="tables")
        self._filter = FilterField(self.list, "words of names, columns or configurations")

    def compose(self) -> ComposeResult:
        yield TitleBar(Content.styled("Storage", "bold"))
        with Vertical(id="list") as pane:
            pane.border_title = "Tables"
            yield ListHead(self.list)
            yield self.list
            yield self._filter
        yield FittedText(id="details")
        yield KeyBar()

    def on_mount(self) -> None:
        self.list.empty_text = " Reading…"
        self.set_focus(self.list)
        self._read()

    @work(group="storage", exclusive=True, description="read the storage")
    async def _read(self) -> None:
        try:
            self._all = await asyncio.to_thread(_stored_tables, self.app.project.root)
            self._refusal = ""
        except (OrchError, OSError) as error:
            self.app.say(str(error), "error")
            self._all, self._refusal = (), str(error)
        self._show()
        if self._begin_at is not None:
            names = [one.info.table for one in self.list.tables]
            if self._begin_at in names:
                self.list.go(names.index(self._begin_at))
            self._begin_at = None

    def _show(self) -> None:
        words = self._filter.words
        shown = [one for one in self._all if one.fits(words)]
        self.list.empty_text = (
            " Nothing fits the filter" if words else " No table yet: tasks write them when they succeed"
        )
        if self._refusal:
            self.list.empty_text = f" {safe_line(self._refusal)}"
        self.list.show(shown, self.app.clock.wall())
        rows = sum(one.info.rows for one in self._all)
        size = size_text(sum(one.info.bytes for one in self._all))
        numbers = f"{counted(len(self._all), 'table')} · {counted(rows, 'row')} · {size}"
        self.query_one(TitleBar).show(Content.styled("Storage", "bold"), Content.styled(numbers, "$text-muted"))
        self.query_one("#list").border_subtitle = Content(f"{len(shown)} of {len(self._all)}") if words else None
        self._show_details()

    def _show_details(self) -> None:
        details, one = self.query_one("#details", FittedText), self.list.chosen
        if one is None:
            details.border_title = details.border_subtitle = None
            details.update("")
            return
        details.border_title = line(one.info.table, limit=60)
        kept = len(one.info.previous) + 1
        details.border_subtitle = Content(f"version {one.info.version}, {counted(kept, 'version')} kept")
        details.update(Content("\n").join(self._details(one)))

    def _details(self, one: StoredTable) -> list[Content]:
        info = one.info
        if info.problem is not None:
            return [line(info.problem.message, "$text-error"), line(info.problem.remedy)]
        columns = ", ".join(f"{name} {short_kind(kind)}" for name, kind in info.columns)
        written = f"{info.created.astimezone():%Y-%m-%d %H:%M:%S}"
        by = f" by {info.task} in run {info.run}" if info.task else ""
        facts = [
            ("written", f"{written}{by}"),
            ("writers", ", ".join(one.uses.writers) or "no configuration writes it"),
            ("readers", ", ".join(one.uses.readers) or "no configuration reads it"),
            ("key", ", ".join(info.primary_key)),
            ("columns", columns),
        ]
        return [Content.assemble((f"{name:<9}", "$text-muted"), line(text, limit=600)) for name, text in facts if text]

    # What can be done

    def on_line_list_moved(self, event: LineList.Moved) -> None:
        event.stop()
        self._show_details()

    def on_line_list_chosen(self, event: LineList.Chosen) -> None:
        event.stop()
        self.action_open()

    def action_open(self) -> None:
        one = self.list.chosen
        if one is None:
            return
        if one.info.problem is not None:
            self.app.say(f"{one.info.problem.message}; {one.info.problem.remedy}", "error")
            return
        self.app.push_screen(TableScreen(self.app.project.paths, one.info.table))

    def action_versions(self) -> None:
        one = self.list.chosen
        if one is None or one.info.problem is not None:
            self.app.say("Put the cursor on a table that can be read.", "warning")
            return
        self.app.push_screen(VersionsScreen(one.info.table), self._read_again)

    def action_files(self) -> None:
        self.app.push_screen(FilesScreen())

    def action_lineage(self) -> None:
        if (one := self.list.chosen) is not None:
            self.app.push_screen(LineageScreen(Node(Kind.TABLE, one.info.table)))

    @work(group="fresh", exclusive=True, description="bring a table up to date")
    async def action_fresh(self) -> None:
        if (one := self.list.chosen) is not None and await freshen(self.app, one.info.table):
            self._read()

    def _read_again(self, _: None) -> None:
        self._read()

    def action_filter(self) -> None:
        self._filter.open()

    def on_filter_field_filtered(self) -> None:
        self._show()

    def action_reload(self) -> None:
        self._read()

    def action_leave(self) -> None:
        # The filter first, whose field it is.
        if not self._filter.close():
            self.dismiss(None)
