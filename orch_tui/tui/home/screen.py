"""The orchestrations of the project: what there is, what runs, what failed, what comes next."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from textual import work
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.content import Content
from textual.screen import Screen

from orch_tui.tui.actions import handed_on
from orch_tui.tui.actions import home as actions
from orch_tui.tui.actions import run as run_actions
from orch_tui.tui.background import in_background
from orch_tui.tui.breakpoints import NARROW, WIDTHS
from orch_tui.tui.home.doing.definitions import DefinitionKeys
from orch_tui.tui.home.doing.editor import OrchestrationEditor
from orch_tui.tui.home.doing.origins import Origins
from orch_tui.tui.home.doing.schedule_keys import ScheduleKeys
from orch_tui.tui.home.panes.agenda import Agenda, agenda, in_short, scheduler_words
from orch_tui.tui.home.panes.details import INVITATION, DetailsPane, run_line
from orch_tui.tui.home.panes.list_pane import ListPane
from orch_tui.tui.home.panes.orchestration_list import OrchestrationList
from orch_tui.tui.home.panes.runs_pane import RunsPane
from orch_tui.tui.home.panes.sequence_pane import SequencePane
from orch_tui.tui.home.panes.title import title_of
from orch_tui.tui.home.room import share
from orch_tui.tui.home.state.model import HomeModel
from orch_tui.tui.home.watcher import RunWatcher
from orch_tui.tui.widgets.bars import KeyBar, TitleBar
from orch_tui.tui.widgets.line_tree import LineList

if TYPE_CHECKING:
    from orch_tui.tui.application import Application
    from orch_tui.tui.sequence.picture import SequencePicture

_TICK = 1.0
"""Seconds between two looks at runs while one goes on."""
_REST_SECONDS = 0.15
"""After which a cursor that has not moved rests."""
_BARS = 2
"""Rows of title and keys."""
_BELOW = ((45, 10), (17, 8))
"""Rows of details and agenda, from how many of the screen; as in the style sheet."""
_SLICE_SECONDS = 0.01
_NEEDS_ONE = frozenset(
    {"open", "run", "duplicate", "rename", "change-id", "orchestration", "starts", "backfill"}
    | {"delete", "edit-file", "history", "sequence"}
)
_BEFORE_THE_NEXT_KEY = frozenset({"home.filter", "home.clear-filter"})
"""What decides where the next key goes."""
_NOT_WHILE_TYPING = frozenset({"new", "filter"})
_CHANGING_KEYS = ("stop", "log", "failure", "acknowledge")
"""Actions by which it can be told that other keys are in the footer now."""


class HomeScreen(Screen[None]):
    """The list, what is under its cursor, and the agenda. Its style sheet comes with the application."""

    BINDINGS = handed_on((*actions.ACTIONS, *run_actions.HOME))
    # On a very low screen the list needs the room of the details.
    VERTICAL_BREAKPOINTS = [(0, "-low"), (17, "-high"), (45, "-tall")]  # noqa: RUF012
    HORIZONTAL_BREAKPOINTS = WIDTHS
    HELP = (
        "The orchestrations of this project. Enter opens one, R runs it; the bars show how long the last runs took, "
        "! marks those that failed since you looked."
    )
    app: Application

    def __init__(self, model: HomeModel) -> None:
        super().__init__()
        self.model = model
        self._left = False
        self._keys: tuple[bool | None, ...] = ()
        self.watcher = RunWatcher(self.app, model, self)
        self.table = OrchestrationList(
            model.in_row, model.runs, model.now, board=lambda: self.watcher.board.look, id="table"
        )
        self._title_bar = TitleBar()
        self._list_pane = ListPane(self.table)
        self._sequence_pane = SequencePane(id="picture")
        self._runs_pane = RunsPane(id="runs")
        self._details = DetailsPane(id="details")
        self.agenda = Agenda(id="agenda")
        self._editor = OrchestrationEditor(self.app, model, self)
        self._schedule_keys = ScheduleKeys(self.app, model, self)
        self._origins = Origins(self.app, self.model, self, self._show_details_of)
        self._definitions = DefinitionKeys(self.app, lambda: self.table.chosen)
        self._can = self._table_of_actions()

    def compose(self) -> ComposeResult:
        # The first picture has the names of files; what is in them follows at once.
        self.table.show(self.model.ids)
        self._share_room()
        yield self._list_pane
        self._title_bar.show(*self._title())
        yield self._title_bar
        yield self._sequence_pane
        yield self._runs_pane
        with Horizontal(id="below"):
            yield self._details
            yield self.agenda
        yield KeyBar()

    def on_mount(self) -> None:
        self.table.focus()
        if not self.model.ids:
            self._show_details()
        self.call_after_refresh(self._read)
        self._looking = self.set_interval(_TICK, self.watcher.tick)

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

    def on_resize(self) -> None:
        self._share_room()
        self._show_title()

    def _share_room(self) -> None:
        height = self.app.size.height
        below = next((rows for least, rows in _BELOW if height >= least), 0)
        room = share(height - _BARS - below, len(self.model.all_ids))
        self._list_pane.styles.height = room.listed
        self._sequence_pane.display, self._runs_pane.display = bool(room.picture), bool(room.runs)
        self._runs_pane.styles.height = room.runs

    # --- showing ---

    def show(self, go_to: str | None = None) -> None:
        """Show the model anew, with the cursor on ``go_to`` or where it was."""
        self.table.show(self.model.ids, go_to)
        self._share_room()
        self._sequence_pane.forget()
        self._show_title()
        self._show_details()
        self.refresh_bindings()
        self.call_after_refresh(self.look_at_runs)

    def show_runs_of(self, orchestration_id: str) -> None:
        """Its row, and the pane of runs if the cursor is on it."""
        self.table.refresh_id(orchestration_id)
        if orchestration_id == self.table.chosen:
            self._show_runs()

    def _show_runs(self) -> None:
        found = self.model.runs(self.table.chosen) if self.table.chosen is not None else None
        self._runs_pane.show(found.summaries if found is not None else ())

    def show_board(self) -> None:
        """Show what runs, failed and comes next; only what is different is drawn."""
        self.table.refresh_changed()
        if self.table.chosen is not None:
            self._show_details_of(self.table.chosen)
            self._sequence_pane.told(runs=self.table.chosen in self.watcher.board.look.progress)
        lines = agenda(self.watcher.board.look, self.watcher.following(), self.model)
        self.agenda.show(lines, scheduler_words(self.model))
        self._show_title()
        self._keys_changed()

    def _title(self) -> tuple[Content, Content]:
        # Where there is no room for the agenda, its gist stands here.
        if self.size.width >= NARROW:
            return title_of(self.model)
        return title_of(self.model, in_short(self.watcher.board.look, self.watcher.following(), self.model))

    def _show_title(self) -> None:
        self._title_bar.show(*self._title())
        shown, total = len(self.model.ids), self.model.total
        self._list_pane.border_subtitle = Content(f"{shown} of {total}") if self.model.filter else None

    def _show_details(self) -> None:
        chosen = self.table.chosen
        if chosen is None:
            self._details.show_hint(
                "Nothing fits the filter; Esc shows all again." if self.model.filter else INVITATION
            )
            return
        self._show_details_of(chosen)
        # Reading what the tasks use is for a cursor that rests.
        self.set_timer(_REST_SECONDS, lambda: self._rested_on(chosen))

    def _show_details_of(self, orchestration_id: str) -> None:
        paths, look, now = self.app.project.paths, self.watcher.board.look, self.model.now()
        file = paths.relative(paths.orchestration(orchestration_id))
        last = look.last.get(orchestration_id)
        run = run_line(last, look.progress.get(orchestration_id), now) if last is not None else None
        known, origin = self.model.known_problems(orchestration_id), self._origins.known(orchestration_id)
        self._details.show(self.model.entry(orchestration_id), file, now, known, run, origin)

    def _rested_on(self, orchestration_id: str) -> None:
        if self.is_current and self.table.chosen == orchestration_id:
            self._sequence_pane.follow(orchestration_id)
            self._show_runs()
            self._origins.look(orchestration_id)
            if self.model.known_problems(orchestration_id) is None:
                self.model.problems(orchestration_id)
                self._show_details_of(orchestration_id)

    def _keys_changed(self) -> None:
        """Which keys there are, once for every change: the footer is made anew each time."""
        keys = tuple(self._may(name) for name in _CHANGING_KEYS)
        if keys != self._keys:
            self._keys = keys
            self.refresh_bindings()

    # --- reading ---

    def _read(self) -> None:
        """Show what is in the files of the rows in view; runs and the other files come behind that picture."""
        self.model.reads = True
        self.table.refresh()
        self._show_title()
        self._show_details()
        self.call_after_refresh(self.look_at_runs)
        self.call_after_refresh(self._read_names)

    def look_at_runs(self) -> None:
        """Look now, if the screen is shown."""
        if self.is_current:
            self.watcher.look()

    @work(group="names", exclusive=True, description="names for the filter")
    async def _read_names(self) -> None:
        # In slices, so that keys are answered in between: a filter over a thousand files is then there at once.
        while self.model.read_some(_SLICE_SECONDS):
            await asyncio.sleep(0)

    # --- messages ---

    def on_line_list_moved(self, event: LineList.Moved) -> None:
        if event.control not in (self.table, self.agenda):
            return
        if isinstance(event.control, Agenda):
            self.table.go_to(event.control.lines[event.index].orchestration)
            return
        self._show_details()
        self._keys_changed()
        if self.table.chosen and self.model.runs(self.table.chosen) is None:
            self.look_at_runs()

    def on_line_list_chosen(self, event: LineList.Chosen) -> None:
        if isinstance(event.control, Agenda):
            self.table.go_to(event.control.lines[event.index].orchestration)
        self._open()

    def on_sequence_picture_chosen(self, event: SequencePicture.Chosen) -> None:
        event.stop()
        if (chosen := self.table.chosen) is not None:
            self.watcher.open(chosen)
            self.app.open_workbench(chosen, focus=event.id)

    def on_list_pane_filtered(self, event: ListPane.Filtered) -> None:
        self.model.set_filter(event.text)
        self.show()

    # --- what can be done ---

    def _table_of_actions(self) -> Mapping[str, Callable[[], object]]:
        return {
            "home.open": self._open,
            "home.run": self._run,
            "home.stop": self._stop,
            "home.log": self._log,
            "home.failure": self._next_failure,
            "home.acknowledge": self._acknowledge,
            **self._origins.actions,
            **self._editor.actions,
            **self._schedule_keys.actions,
            "home.filter": self._list_pane.open_filter,
            "home.clear-filter": self._list_pane.close_filter,
            "home.reload": self._reload,
            "home.sequence": self._sequence,
            "home.storage": self._storage,
            **self._definitions.actions,
            "home.grep": lambda: self.app.push_screen(self.app.ways.log_search(None)),
            "runs.history": self._history,
        }

    async def action_do(self, action_id: str) -> None:
        """One of the table; what asks something goes on in a worker."""
        do = self._can[action_id]
        if action_id in _BEFORE_THE_NEXT_KEY:
            result = do()
            if inspect.isawaitable(result):
                await result
        elif inspect.iscoroutinefunction(do):
            in_background(self, do, "do", action_id)
        else:
            do()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        return self._may(str(parameters[0]).rpartition(".")[2]) if action == "do" else True

    def _may(self, name: str) -> bool | None:
        run = self.watcher.last_run(self.table.chosen)
        match name:
            case "clear-filter":
                return self._list_pane.filtering
            case "stop":
                return run is not None and run.live
            case "log":
                return run is not None
            case "acknowledge":
                return self.watcher.is_waiting(self.table.chosen)
            case "failure":
                return bool(self.watcher.board.look.new_failures())
        if name in _NOT_WHILE_TYPING and self._list_pane.typing:
            return False
        return name not in _NEEDS_ONE or self.table.chosen is not None

    def _open(self) -> None:
        if (run := self._runs_pane.chosen) is not None:
            self.watcher.open(run.orchestration)
            self.app.open_run(run.orchestration, run.directory)
        elif self.table.chosen is not None:
            self.watcher.open(self.table.chosen)
            self.app.open_workbench(self.table.chosen)

    async def _run(self) -> None:
        from orch_tui.tui.home.doing import runner

        if (chosen := self.table.chosen) is not None and await runner.run(self.app, self.model.entry(chosen)):
            self.look_at_runs()

    async def _stop(self) -> None:
        from orch_tui.tui.home.doing import runner

        run = self.watcher.last_run(self.table.chosen)
        if run is not None and run.live:
            progress = self.watcher.board.look.progress.get(run.orchestration)
            await runner.stop(self.app, self.model.entry(run.orchestration), run, progress)

    async def _log(self) -> None:
        from orch_tui.tui.home.doing import runner

        run = self.watcher.last_run(self.table.chosen)
        if run is not None and await runner.open_log(self.app, run):
            self.watcher.looked_at(run.orchestration)

    async def _acknowledge(self) -> None:
        from orch_tui.tui.home.doing.acknowledging import acknowledge

        if self.table.chosen is not None and await acknowledge(self.app, self.model.entry(self.table.chosen)):
            self.look_at_runs()

    def _next_failure(self) -> None:
        """The next one below the cursor, or else the first of the list."""
        failed = {run.orchestration for run in self.watcher.board.look.new_failures()}
        below = self.model.ids[self.table.cursor + 1 :]
        if (found := next((one for one in (*below, *self.model.ids) if one in failed), None)) is not None:
            self.table.go_to(found)

    def _reload(self) -> None:
        self.model.reload()
        self._origins.forget()
        self.show()
        self.app.say("Read all files again.", seconds=2)

    async def _sequence(self) -> None:
        from orch_tui.tui.sequence.opening import open_sequence

        if self.table.chosen is not None:
            await open_sequence(self.app, self.table.chosen)

    def _storage(self) -> None:
        from orch_tui.tui.data.storage import StorageScreen

        self.app.push_screen(StorageScreen())

    async def _history(self) -> None:
        from orch_tui.tui.runs.history import HistoryScreen

        if (orchestration := self.table.chosen) is None:
            return
        self.watcher.open(orchestration)
        run: str | None = None
        # Who leaves a run is back among the others.
        while answer := await self.app.push_screen_wait(HistoryScreen(self.app.project, orchestration, cursor=run)):
            again, directory = answer
            if again is not None:
                self.app.open_run(directory.parent.name, directory, again=again)
                return
            await self.app.visit_run(directory.parent.name, directory)
            run = directory.name
