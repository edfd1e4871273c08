"""The files of the project's file storage: what programs of Keboola left and find by tags."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING

from textual import work
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content

from orch_tui.model.errors import UserError
from orch_tui.model.texts.sizes import size_text
from orch_tui.model.texts.text import counted, safe_line
from orch_tui.storage.files.store import FileStore
from orch_tui.storage.files.values import StoredFile
from orch_tui.tui.actions import bindings
from orch_tui.tui.actions import data as actions
from orch_tui.tui.data.cells import fitted
from orch_tui.tui.dates import show_when
from orch_tui.tui.dialogs.base import FullScreen
from orch_tui.tui.dialogs.confirm import Confirm
from orch_tui.tui.filtering import matches
from orch_tui.tui.text import line
from orch_tui.tui.widgets.bars import KeyBar, TitleBar
from orch_tui.tui.widgets.filter_field import FilterField
from orch_tui.tui.widgets.fitted_text import FittedText
from orch_tui.tui.widgets.line_tree import LineList, Part, Row
from orch_tui.tui.widgets.list_head import ListHead

if TYPE_CHECKING:
    from orch_tui.tui.application import Application

_SIZE, _WHEN = 10, 10
_TAGS_FROM = 60
"""Columns of the screen from which tags stand in the list as well."""


class FileList(LineList):
    """A line for each file."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.files: Sequence[StoredFile] = ()
        self._now = 0.0

    def show(self, files: Sequence[StoredFile], now: float) -> None:
        """Show these; the cursor stays on its file while it is there."""
        here, self._now = self.chosen, now
        self.files = files
        ids = [file.id for file in files]
        if here is not None and here.id in ids:
            self.cursor = ids.index(here.id)
        self.reload()

    @property
    def chosen(self) -> StoredFile | None:
        return self.files[self.cursor] if self.cursor < len(self.files) else None

    def count(self) -> int:
        return len(self.files)

    def _tags_width(self) -> int:
        return (self.size.width - _SIZE - _WHEN) // 2 if self.size.width >= _TAGS_FROM else 0

    def head(self, width: int) -> Row:
        """The titles of the columns."""
        tags = self._tags_width()
        words = fitted("tags", tags) + "  " if tags else ""
        return Row((Part(" file", "dim"),), (Part(f"{words}{'size':>{_SIZE}}  {'stored':>{_WHEN}} ", "dim"),))

    def row(self, index: int) -> Row:
        file = self.files[index]
        if file.problem:
            return Row((Part(f" {file.id}", "error"), Part(f"  {safe_line(file.problem)}", "dim")))
        name = safe_line(file.name) + ("/" if file.sliced else "")
        tags = self._tags_width()
        words = Part(fitted(safe_line(", ".join(file.tags)), tags) + "  " if tags else "", "dim")
        when = show_when(file.created.timestamp(), self._now)
        numbers = Part(f"{size_text(file.size):>{_SIZE}}  {when:>{_WHEN}} ")
        return Row((Part(f" {name}", "strong"),), (words, numbers))


class FilesScreen(FullScreen[None]):
    """The list, what is under its cursor, and a filter."""

    BINDINGS = bindings(actions.FILES)
    DEFAULT_CSS = """
    FilesScreen {
        & #list {
            height: 1fr;
            border: round $border;
            border-title-color: $text-primary;
            border-title-style: bold;
            border-subtitle-color: $text-muted;
        }
        & #details {
            height: 7;
            padding: 0 1;
            border: round $border-blurred;
            border-title-color: $foreground;
            border-subtitle-color: $text-muted;
        }
        &.-low #details { display: none; }
    }
    """
    VERTICAL_BREAKPOINTS = [(0, "-low"), (20, "-high")]  # noqa: RUF012
    HELP = (
        "The files that tasks have left in the project's file storage, the newest first. Tasks find them by their tags."
    )
    app: Application

    def __init__(self) -> None:
        super().__init__()
        self._all: Sequence[StoredFile] = ()
        self.list = FileList(id="files")
        self._filter = FilterField(self.list, "words of names, tags or configurations")

    def compose(self) -> ComposeResult:
        yield TitleBar(Content.styled("Files", "bold"))
        with Vertical(id="list") as pane:
            pane.border_title = "Files"
            yield ListHead(self.list)
            yield self.list
            yield self._filter
        yield FittedText(id="details")
        yield KeyBar()

    def on_mount(self) -> None:
        self.list.empty_text = " Reading…"
        self.set_focus(self.list)
        self._read()

    @work(group="files", exclusive=True, description="read the file storage")
    async def _read(self) -> None:
        store = FileStore(self.app.project.paths)
        try:
            self._all = await asyncio.to_thread(store.files)
        except OSError as error:
            self.app.say(f"the file storage cannot be read: {error}", "error")
            self._all = ()
        self._show()

    def _show(self) -> None:
        words = self._filter.words
        shown = [file for file in self._all if matches(_words_of(file), words)]
        self.list.empty_text = " Nothing fits the filter" if words else " No file yet: programs leave them in out/files"
        self.list.show(shown, self.app.clock.wall())
        numbers = f"{counted(len(self._all), 'file')} · {size_text(sum(file.size for file in self._all))}"
        self.query_one(TitleBar).show(Content.styled("Files", "bold"), Content.styled(numbers, "$text-muted"))
        self.query_one("#list").border_subtitle = Content(f"{len(shown)} of {len(self._all)}") if words else None
        self._show_details()

    def _show_details(self) -> None:
        details, file = self.query_one("#details", FittedText), self.list.chosen
        if file is None:
            details.border_title = None
            details.update("")
            return
        details.border_title = line(file.name or str(file.id), limit=60)
        details.update(Content("\n").join(_details(file)))

    # What can be done

    def on_line_list_moved(self, event: LineList.Moved) -> None:
        event.stop()
        self._show_details()

    @work(group="remove", exclusive=True, description="remove a file")
    async def action_remove(self) -> None:
        file = self.list.chosen
        if file is None:
            return
        name = file.name or str(file.id)
        choices = [("d", "Delete it", True), ("k", "Keep it", False)]
        if not await self.app.push_screen_wait(
            Confirm(f'Delete "{safe_line(name, 60)}"?', choices, f"File {file.id}.")
        ):
            return
        try:
            await asyncio.to_thread(FileStore(self.app.project.paths).remove, file.id)
        except (UserError, OSError) as error:
            self.app.say(str(error), "error")
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


def _words_of(file: StoredFile) -> str:
    return " ".join((str(file.id), file.name, *file.tags, file.origin.configuration, file.problem))


def _details(file: StoredFile) -> list[Content]:
    if file.problem:
        return [line(file.problem, "$text-error"), line("repair the file, or remove it")]
    by = f" by {file.origin.task} in run {file.origin.run}" if file.origin.task else ""
    facts = [
        ("id", f"{file.id}{', a directory of slices' if file.sliced else ''}{', permanent' if file.permanent else ''}"),
        ("stored", f"{file.created.astimezone():%Y-%m-%d %H:%M:%S}{by}"),
        ("of", file.origin.configuration or "a person"),
        ("tags", ", ".join(file.tags) or "none: no task finds it"),
        ("path", str(file.path)),
    ]
    return [Content.assemble((f"{name:<8}", "$text-muted"), line(text, limit=600)) for name, text in facts]
