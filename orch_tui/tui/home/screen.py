"""The orchestrations of the project."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from textual import work
from textual.app import ComposeResult
from textual.content import Content
from textual.screen import Screen

from orch_tui.model.text import counted
from orch_tui.tui import text
from orch_tui.tui.actions import bindings
from orch_tui.tui.actions import home as actions
from orch_tui.tui.actions import run as run_actions
from orch_tui.tui.home.details import DetailsPane
from orch_tui.tui.home.editor import OrchestrationEditor
from orch_tui.tui.home.list_pane import ListPane
from orch_tui.tui.home.model import HomeModel, read_runs
from orch_tui.tui.home.orchestration_list import OrchestrationList
from orch_tui.tui.widgets.bars import KeyBar, TitleBar

if TYPE_CHECKING:
    from orch_tui.tui.app import OrchApp

_LOOK_AT_RUNS_SECONDS = 3.0
_PROBLEMS_AFTER_SECONDS = 0.15
_SLICE_SECONDS = 0.01
_NEEDS_ONE = frozenset({"open", "duplicate", "rename", "change_id", "delete", "edit_file", "history", "sequence"})
_NOT_WHILE_TYPING = frozenset({"new", "filter"})
_INVITATION = (
    "An orchestration runs phases one after another; the tasks of a phase run in parallel. Press n to create one."
)


class HomeScreen(Screen[None]):
    """The list and what is under its cursor. Its style sheet comes with the application."""

    BINDINGS = bindings((*run_actions.HOME, *actions.ACTIONS))
    # On a very low screen the list needs the room of the details.
    VERTICAL_BREAKPOINTS = [(0, "-low"), (17, "-high")]  # noqa: RUF012
    HELP = "The orchestrations of this project. Enter opens one; the bars show how long the last runs took."
    app: OrchApp

    def __init__(self, model: HomeModel) -> None:
        super().__init__()
        self.model = model
        self._left = False
        self.table = OrchestrationList(model.entry, model.runs, model.now, id="table")
        self._list_pane = ListPane(self.table)
        self._details = DetailsPane(id="details")
        self._editor = OrchestrationEditor(self.app, model, self)

    def compose(self) -> ComposeResult:
        # Everything has its content before it is laid out: the first picture is the whole one.
        self.table.show(self.model.ids)
        yield self._list_pane
        yield TitleBar(*self._title())
        yield self._details
        yield KeyBar()

    def on_mount(self) -> None:
        self._show_details()
        self.table.focus()
        # Runs come after the first picture: however many there are, the list is there at once.
        self.call_after_refresh(self._look_at_runs)
        self.call_after_refresh(self._read_names)
        self.call_after_refresh(self._tell_of_interrupted)
        self._looking = self.set_interval(_LOOK_AT_RUNS_SECONDS, self._look_at_runs)

    def on_screen_resume(self) -> None:
        # What was edited meanwhile was written through the same project.
        if self._left:
            self._left = False
            self._looking.resume()
            self.model.look_again()
            self.show()

    def on_screen_suspend(self) -> None:
        self._left = True
        # Even a timer that does nothing makes Textual paint the screen above again.
        self._looking.pause()

    # --- showing ---

    def show(self, go_to: str | None = None) -> None:
        """Show the model anew, with the cursor on ``go_to`` or where it was."""
        self.table.show(self.model.ids, go_to)
        self._show_title()
        self._show_details()
        self.refresh_bindings()
        self.call_after_refresh(self._look_at_runs)

    def _title(self) -> tuple[Content, Content]:
        project = self.app.project
        configurations = sum(1 for ref in project.configuration_refs() if not ref.startswith("orchestration/"))
        left = Content.assemble(("◆ orch-tui", "bold $text-primary"), "  ", text.line(project.settings.name, "bold"))
        counts = f"{counted(self.model.total, 'orchestration')} · {counted(configurations, 'configuration')}"
        return left, Content.styled(counts, "$text-muted")

    def _show_title(self) -> None:
        self.query_one(TitleBar).show(*self._title())
        shown, total = len(self.model.ids), self.model.total
        self._list_pane.border_subtitle = Content(f"{shown} of {total}") if self.model.filter else None

    def _show_details(self) -> None:
        chosen = self.table.chosen
        if chosen is None:
            self._details.show_hint(
                "Nothing fits the filter; Esc shows all again." if self.model.filter else _INVITATION
            )
            return
        self._show_details_of(chosen)
        if self.model.known_problems(chosen) is None:
            # Reading what the tasks use is for a cursor that rests.
            self.set_timer(_PROBLEMS_AFTER_SECONDS, lambda: self._show_problems(chosen))

    def _show_details_of(self, orchestration_id: str) -> None:
        paths = self.app.project.paths
        file = paths.relative(paths.orchestration(orchestration_id))
        known = self.model.known_problems(orchestration_id)
        self._details.show(self.model.entry(orchestration_id), file, self.model.now(), known)

    def _show_problems(self, orchestration_id: str) -> None:
        if self.is_current and self.table.chosen == orchestration_id:
            self.model.problems(orchestration_id)
            self._show_details_of(orchestration_id)

    # --- reading ---

    def _look_at_runs(self) -> None:
        if self.is_current:
            self._read_runs()

    @work(group="names", exclusive=True, description="names for the filter")
    async def _read_names(self) -> None:
        # In slices, so that keys are answered in between: a filter over a thousand files is then there at once.
        while self.model.read_some(_SLICE_SECONDS):
            await asyncio.sleep(0)

    @work(group="runs", exclusive=True, description="runs of the rows in view")
    async def _read_runs(self) -> None:
        for orchestration_id in self.table.in_view():
            known = self.model.runs(orchestration_id)
            found = await asyncio.to_thread(read_runs, self.app.project.paths, orchestration_id, known)
            if self.model.keep_runs(orchestration_id, found):
                self.table.refresh_id(orchestration_id)

    @work(group="interrupted", description="look for interrupted runs")
    async def _tell_of_interrupted(self) -> None:
        from orch_tui.tui.home.interrupted import interrupted_runs, told

        if found := await asyncio.to_thread(interrupted_runs, self.app.project):
            self.app.say(told(found), "warning", seconds=12)

    # --- messages ---

    def on_line_list_moved(self, event: OrchestrationList.Moved) -> None:
        self._show_details()
        if self.table.chosen and self.model.runs(self.table.chosen) is None:
            self._look_at_runs()

    def on_line_list_chosen(self, event: OrchestrationList.Chosen) -> None:
        self.action_open()

    def on_list_pane_filtered(self, event: ListPane.Filtered) -> None:
        self.model.set_filter(event.text)
        self.show()

    # --- what can be done ---

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action in _NEEDS_ONE and self.table.chosen is None:
            return False
        if action in _NOT_WHILE_TYPING and self._list_pane.typing:
            return False
        return action != "clear_filter" or self._list_pane.field is not None

    def action_open(self) -> None:
        if self.table.chosen is not None:
            self.app.open_workbench(self.table.chosen)

    async def action_filter(self) -> None:
        await self._list_pane.open_filter()

    async def action_clear_filter(self) -> None:
        await self._list_pane.close_filter()

    def action_reload(self) -> None:
        self.model.reload()
        self.show()
        self.app.say("Read all files again.", seconds=2)

    @work(group="edit", exclusive=True, description="create an orchestration")
    async def action_new(self) -> None:
        await self._editor.create()

    @work(group="edit", exclusive=True, description="copy an orchestration")
    async def action_duplicate(self) -> None:
        await self._editor.duplicate()

    @work(group="edit", exclusive=True, description="rename an orchestration")
    async def action_rename(self) -> None:
        await self._editor.rename()

    @work(group="edit", exclusive=True, description="change an id")
    async def action_change_id(self) -> None:
        await self._editor.change_id()

    def action_delete(self) -> None:
        self._editor.delete()

    def action_undo(self) -> None:
        self._editor.undo()

    def action_edit_file(self) -> None:
        self._editor.edit_file()

    @work(group="sequence", exclusive=True, description="show the sequence")
    async def action_sequence(self) -> None:
        from orch_tui.tui.sequence.opening import open_sequence

        if self.table.chosen is not None:
            await open_sequence(self.app, self.table.chosen)

    @work(group="history", exclusive=True, description="show the runs")
    async def action_history(self) -> None:
        from orch_tui.tui.runs.history import HistoryScreen

        orchestration = self.table.chosen
        if orchestration is None:
            return
        answer = await self.app.push_screen_wait(HistoryScreen(self.app.project, orchestration))
        if answer is not None:
            self.app.open_run(orchestration, answer[1], rerun=answer[0] == "rerun")
