"""The versions of one table: what is different in each, its rows, and going back to one."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING

from textual import work
from textual.app import ComposeResult
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import Static

from orch_tui.engine.requests.requests import who_am_i
from orch_tui.model.errors import UserError
from orch_tui.model.texts.sizes import size_text
from orch_tui.model.texts.text import counted
from orch_tui.storage.difference import difference
from orch_tui.storage.difference_lines import DifferenceLine, Tone, difference_lines
from orch_tui.storage.opening import open_storage
from orch_tui.storage.storage import Storage
from orch_tui.storage.tables import TableVersion
from orch_tui.storage.versions import restore, version_info
from orch_tui.tui.actions import bindings
from orch_tui.tui.actions import data as actions
from orch_tui.tui.data.table import TableScreen
from orch_tui.tui.dialogs.base import FullScreen
from orch_tui.tui.dialogs.prompt import Prompt
from orch_tui.tui.text import line
from orch_tui.tui.widgets.bars import KeyBar, TitleBar
from orch_tui.tui.widgets.line_tree import LineList, Part, Row
from orch_tui.tui.widgets.newest_first import NewestFirst

if TYPE_CHECKING:
    from orch_tui.tui.application import Application

_STYLES = {
    Tone.PLAIN: "",
    Tone.ADDED: "$text-success",
    Tone.REMOVED: "$text-error",
    Tone.CHANGED: "$text-warning",
    Tone.TITLE: "bold",
}
_ROWS, _SIZE = 14, 10


def _version_row(one: TableVersion, newest: bool) -> Row:
    rows = f"{one.rows:,}".replace(",", " ")
    now = "now" if newest else ""
    numbers = f"{one.version:>7} {now:<4}{rows:>{_ROWS}}  {size_text(one.bytes):>{_SIZE}}"
    when = f"  {one.created.astimezone():%Y-%m-%d %H:%M:%S}  "
    by = one.decision.words if one.decision is not None else f"{one.task} in run {one.run}" if one.task else ""
    return Row((Part(numbers, "strong" if newest else "text"), Part(when, "dim"), Part(by)))


class VersionsScreen(FullScreen[None]):
    """Below the list stands what is different from the version before."""

    BINDINGS = bindings(actions.VERSIONS)
    DEFAULT_CSS = """
    VersionsScreen {
        & #list, & #difference {
            border: round $border;
            border-title-color: $text-primary;
            border-title-style: bold;
            border-subtitle-color: $text-muted;
        }
        & #list { height: 1fr; max-height: 12; }
        & #difference { height: 2fr; padding: 0 1; }
    }
    """
    HELP = "The versions of a table that are kept. Going back to one makes a new version of it; nothing is lost."
    app: Application

    def __init__(self, table: str) -> None:
        super().__init__()
        self._table = table
        self.list = NewestFirst(_version_row, id="versions")

    @property
    def _storage(self) -> Storage:
        project = self.app.project
        settings = project.settings
        return open_storage(project.paths, keep=settings.keep_versions, keep_days=settings.keep_version_days)

    def compose(self) -> ComposeResult:
        yield TitleBar(line(self._table, "bold"))
        with Vertical(id="list") as pane:
            pane.border_title = "Versions"
            yield self.list
        with VerticalScroll(id="difference", can_focus=False) as below:
            below.border_title = "What is different"
            yield Static(id="lines", markup=False)
        yield KeyBar()

    def on_mount(self) -> None:
        self.list.empty_text = " Reading…"
        self.set_focus(self.list)
        self._read()

    @work(group="versions", exclusive=True, description="read the versions of a table")
    async def _read(self) -> None:
        try:
            versions = await asyncio.to_thread(self._storage.versions, self._table)
        except (UserError, OSError) as error:
            self.app.say(str(error), "error")
            versions = []
        self.list.empty_text = " No version"
        self.list.show(versions)
        self.query_one(TitleBar).show(
            line(self._table, "bold"), Content.styled(f"{counted(len(versions), 'version')} kept", "$text-muted")
        )
        self._compare()

    @work(group="difference", exclusive=True, description="compare two versions of a table")
    async def _compare(self) -> None:
        below = self.query_one("#difference")
        one, before = self.list.chosen, self._before()
        if one is None or before is None:
            below.border_subtitle = None
            self._show([DifferenceLine(Tone.PLAIN, "The oldest version that is kept." if one is not None else "")])
            return
        below.border_subtitle = Content(f"version {before.version} → {one.version}")
        self._show([DifferenceLine(Tone.PLAIN, "Comparing…")])
        try:
            lines = await asyncio.to_thread(self._difference, before.version, one.version)
        except (UserError, OSError) as error:
            lines = [DifferenceLine(Tone.REMOVED, str(error))]
        if self.list.chosen == one:
            self._show(lines)

    def _difference(self, before: int, after: int) -> list[DifferenceLine]:
        storage = self._storage
        first, second = (version_info(storage, self._table, number) for number in (before, after))
        return difference_lines(
            difference(storage.shown_file(first), storage.shown_file(second), second.primary_key, storage.root / ".tmp")
        )

    def _before(self) -> TableVersion | None:
        at = self.list.cursor + 1
        return self.list.entries[at] if at < len(self.list.entries) else None

    def _show(self, lines: Sequence[DifferenceLine]) -> None:
        texts = [line(text, _STYLES[tone], limit=400) for tone, text in lines]
        self.query_one("#lines", Static).update(Content("\n").join(texts))

    def on_line_list_moved(self, event: LineList.Moved) -> None:
        event.stop()
        self._compare()

    def on_line_list_chosen(self, event: LineList.Chosen) -> None:
        event.stop()
        self.action_open()

    def action_open(self) -> None:
        if (one := self.list.chosen) is not None:
            self.app.push_screen(TableScreen(self.app.project.paths, self._table, version=one.version))

    @work(group="restore", exclusive=True, description="go back to a version of a table")
    async def action_restore(self) -> None:
        one = self.list.chosen
        if one is None or one is self.list.entries[0]:
            self.app.say("Put the cursor on a version before the newest one.", "warning")
            return
        title = f"Make a new version with the rows of version {one.version}. Why?"
        note = await self.app.push_screen_wait(Prompt(title, placeholder="It stays with the version; it may be empty"))
        if note is None:
            return
        try:
            info = await asyncio.to_thread(
                restore, self._storage, self._table, one.version, by=who_am_i(), note=note.strip()
            )
        except (UserError, OSError) as error:
            self.app.say(f"{error}.", "error")
            return
        self.app.say(f"{self._table} is version {info.version} now, with the rows of version {one.version}.")
        self.list.go(0)
        self._read()

    def action_reload(self) -> None:
        self._read()

    def action_leave(self) -> None:
        self.dismiss(None)
