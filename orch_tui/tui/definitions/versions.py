"""The versions of one definition: what changed in each, and going back to one."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING

from textual import work
from textual.app import ComposeResult
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import Static

from orch_tui.model.errors import OrchError
from orch_tui.model.texts.text import counted
from orch_tui.project.kept.comparing import line_difference
from orch_tui.project.kept.versions import Versions
from orch_tui.project.project import Project
from orch_tui.project.saving.roll_back import NOW, State, commits_of_definition, find_state, roll_back
from orch_tui.tui.actions import bindings
from orch_tui.tui.actions import definitions as actions
from orch_tui.tui.definitions.rows import Entry, entries, entry_row
from orch_tui.tui.dialogs.base import FullScreen
from orch_tui.tui.dialogs.prompt import Prompt
from orch_tui.tui.text import line
from orch_tui.tui.widgets.bars import KeyBar, TitleBar
from orch_tui.tui.widgets.line_tree import LineList
from orch_tui.tui.widgets.newest_first import NewestFirst

if TYPE_CHECKING:
    from orch_tui.tui.application import Application

_STYLES = {"+": "$text-success", "-": "$text-error", "@": "$text-accent"}
_MOST = 2000
"""Lines of a difference that are shown."""


class DefinitionVersionsScreen(FullScreen[bool]):
    """Below the list stands what changed from the version before, or what the files of now have in its place.

    Its answer: whether the definition was gone back to.
    """

    BINDINGS = bindings(actions.VERSIONS)
    DEFAULT_CSS = """
    DefinitionVersionsScreen {
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
    HELP = "Each state that was saved or that a run used. Going back makes a new version; nothing is lost."
    app: Application

    def __init__(self, ref: str) -> None:
        super().__init__()
        self._ref = ref
        self._with_now = False
        self._changed = False
        self.list = NewestFirst(entry_row, id="versions")

    def compose(self) -> ComposeResult:
        yield TitleBar(line(self._ref, "bold"))
        with Vertical(id="list") as pane:
            pane.border_title = "Versions"
            yield self.list
        with VerticalScroll(id="difference", can_focus=False) as below:
            below.border_title = "What changed"
            yield Static(id="lines", markup=False)
        yield KeyBar()

    def on_mount(self) -> None:
        self.list.empty_text = " Reading…"
        self.set_focus(self.list)
        self._read()

    def _project(self) -> Project:
        """One of its own: a project is not for two threads at once."""
        return Project(self.app.project.root, tolerant=True)

    @work(group="versions", exclusive=True, description="read the versions of a definition")
    async def _read(self) -> None:
        try:
            found = await asyncio.to_thread(self._entries)
        except (OrchError, OSError) as error:
            self.app.say(str(error), "error")
            found = []
        self.list.empty_text = " No version is kept yet: the first save or the first run keeps one"
        self.list.show(found)
        told = counted(len(found), "version")
        self.query_one(TitleBar).show(line(self._ref, "bold"), Content.styled(told, "$text-muted"))
        self._compare()

    def _entries(self) -> list[Entry]:
        project = self._project()
        return entries(Versions(project.paths).of(self._ref), commits_of_definition(project, self._ref))

    @work(group="difference", exclusive=True, description="compare two versions of a definition")
    async def _compare(self) -> None:
        below, one, at = self.query_one("#difference"), self.list.chosen, self.list.cursor
        if one is None:
            below.border_subtitle = None
            self._show([])
            return
        before = self.list.entries[at + 1] if at + 1 < len(self.list.entries) else None
        pair = (one.name, NOW) if self._with_now else (before.name if before is not None else None, one.name)
        try:
            words, shown = await asyncio.to_thread(self._difference, *pair)
        except (OrchError, OSError) as error:
            words, shown = "", [str(error)]
        if self.list.chosen == one:
            below.border_subtitle = line(words, limit=100)
            self._show(shown)

    def _difference(self, before: str | None, after: str) -> tuple[str, list[str]]:
        project = self._project()
        new = find_state(project, self._ref, after)
        if before is None:
            return f"{new.words}, the first", [text for path in new.texts for text in _whole(path, new)]
        old = find_state(project, self._ref, before)
        return f"{old.words} → {new.words}", line_difference(old.texts, new.texts) or ["the same"]

    def _show(self, texts: Sequence[str]) -> None:
        shown = [line(text, _STYLES.get(text[:1], ""), limit=400) for text in texts[:_MOST]]
        if len(texts) > _MOST:
            shown.append(line(f"and {len(texts) - _MOST} lines more", "$text-muted"))
        self.query_one("#lines", Static).update(Content("\n").join(shown))
        self.query_one("#difference").scroll_home(animate=False)

    def on_line_list_moved(self, event: LineList.Moved) -> None:
        event.stop()
        self._compare()

    def action_compare_now(self) -> None:
        self._with_now = not self._with_now
        self.query_one("#difference").border_title = "What is different now" if self._with_now else "What changed"
        self._compare()

    def action_down(self) -> None:
        self.query_one("#difference").scroll_page_down(animate=False)

    def action_up(self) -> None:
        self.query_one("#difference").scroll_page_up(animate=False)

    @work(group="roll-back", exclusive=True, description="go back to a version of a definition")
    async def action_roll_back(self) -> None:
        one = self.list.chosen
        if one is None:
            return
        title = f"Make it as in {'commit' if one.is_commit else 'version'} {one.name[:10]}. Why?"
        note = await self.app.push_screen_wait(Prompt(title, placeholder="It stays with the version; it may be empty"))
        if note is None:
            return
        try:
            words = await asyncio.to_thread(self._roll_back, one.name, note.strip())
        except (OrchError, OSError) as error:
            self.app.say(f"{error}.", "error")
            return
        self._changed = True
        self.app.project.reload()
        self.app.say(f"The files are as in {words}. What they held before is a version too.")
        self.list.go(0)
        self._read()

    def _roll_back(self, name: str, note: str) -> str:
        project = self._project()
        state = find_state(project, self._ref, name)
        roll_back(project, self._ref, state, note)
        return state.words

    def action_reload(self) -> None:
        self._read()

    def action_leave(self) -> None:
        self.dismiss(self._changed)


def _whole(path: str, state: State) -> list[str]:
    return [f"@ {path}", *state.texts[path].splitlines()]
