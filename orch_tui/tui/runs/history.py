"""Past runs on the screen: found, compared, noted, run again."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from textual import work
from textual.app import App, ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Input, Static

from orch_tui.model.status import Status
from orch_tui.model.texts.durations import show_duration
from orch_tui.model.texts.text import counted, safe_line
from orch_tui.project.history import RunSummary
from orch_tui.project.project import DefinitionError, Project
from orch_tui.runs.past.again import Again
from orch_tui.runs.past.cures import seen_before
from orch_tui.runs.past.failures import has_failed, place_of_failure
from orch_tui.runs.past.notes import LONGEST, add_note
from orch_tui.runs.past.syntax import WrongSearch
from orch_tui.tui.actions import bindings
from orch_tui.tui.actions import run as actions
from orch_tui.tui.background import in_background
from orch_tui.tui.dialogs.base import FullScreen
from orch_tui.tui.dialogs.confirm import Confirm
from orch_tui.tui.dialogs.prompt import Prompt
from orch_tui.tui.runs.known_runs import KnownRuns, find_runs, read_runs
from orch_tui.tui.runs.run_list import RunList, usual
from orch_tui.tui.runs.search_field import SearchField
from orch_tui.tui.runs.trend import chart
from orch_tui.tui.text import line
from orch_tui.tui.widgets.bars import KeyBar, TitleBar
from orch_tui.tui.widgets.line_tree import LineList
from orch_tui.tui.widgets.list_head import ListHead

if TYPE_CHECKING:
    from orch_tui.tui.application import Application

_LOOK = 2.0
"""Seconds between two looks while a run goes on."""
_STARTING = 30.0
"""Seconds in which runs that were asked for have begun, or never will."""


@dataclass(frozen=True, slots=True)
class LastSearch:
    """What was shown when a run was opened, for coming back."""

    orchestration: str
    everything: bool
    text: str


_LAST: WeakKeyDictionary[App[Any], LastSearch] = WeakKeyDictionary()


class HistoryScreen(FullScreen[tuple[Again | None, Path] | None]):
    """Dismissed with how to run it again (None: only to show it) and the run's directory; it may be one of another
    orchestration."""

    CSS_PATH = "runs.tcss"
    BINDINGS = bindings(actions.HISTORY)
    HELP = (
        "Runs that have been. Enter shows one in the workbench; c compares two, task by task; / finds some by words "
        "and comparisons; R runs the marked ones again; i repeats one as it ran."
    )
    if TYPE_CHECKING:
        app: Application

    def __init__(self, project: Project, orchestration_id: str, *, cursor: str | None = None) -> None:
        """``cursor`` is the id of the run to begin at."""
        super().__init__()
        self._project = project
        self._begin_at = cursor
        self._comes_back = cursor is not None
        self._orchestration: str = orchestration_id
        self._everything = False
        self._known = KnownRuns()
        self._expected_until = 0.0

    def compose(self) -> ComposeResult:
        shown = RunList(id="list")
        yield TitleBar()
        with Vertical(id="runs"):
            yield ListHead(shown)
            yield shown
            yield SearchField(id="search")
        yield Static(id="trend")
        yield KeyBar()

    @property
    def list(self) -> RunList:
        return self.query_one(RunList)

    @property
    def _search(self) -> str:
        return self._field.text

    @property
    def _field(self) -> SearchField:
        return self.query_one(SearchField)

    def on_mount(self) -> None:
        self.query_one("#trend").border_title = line("How long complete runs took, the oldest first")
        self.set_focus(self.list)
        before = _LAST.get(self.app)
        if self._comes_back and before is not None and before.orchestration == self._orchestration:
            self._everything = before.everything
            if before.text:
                self._field.open(before.text)
        self._show_title()
        self.action_reload()
        self.set_interval(_LOOK, self._look_again)

    def _show_title(self) -> None:
        name = "all orchestrations" if self._everything else _name_of(self._project, self._orchestration)
        self.query_one(TitleBar).show(line(f"History of {name}", "bold", limit=80), line(""))
        self.query_one("#runs").border_title = line("Runs")

    # What is read and shown

    def action_reload(self) -> None:
        in_background(self, self._read, "read", "read the runs", exclusive=True)

    def _look_again(self) -> None:
        going = any(run.live for run in self.list.runs) or time.monotonic() < self._expected_until
        if going and self.app.screen is self:
            self.action_reload()

    async def _read(self) -> None:
        wanted = None if self._everything else self._orchestration
        try:
            self._known = await asyncio.to_thread(read_runs, self._project.paths, wanted)
        except OSError as error:
            self.app.say(f"The runs cannot be read: {error.strerror or error}.", "error")
        await self._find()
        names = [run.id for run in self.list.runs]
        if self._begin_at in names:
            self.list.go(names.index(self._begin_at))
        self._begin_at = None

    async def _find(self) -> None:
        """Show those of the runs that are looked for."""
        known, text = self._known, self._search
        try:
            found = await asyncio.to_thread(find_runs, known, text)
        except WrongSearch as error:
            self._show_search(line(safe_line(str(error), 200), "$text-warning"))
            return
        self.list.notes = {run.name: notes for run, notes in (known.notes or {}).items()}
        self.list.empty_text = " No run is like that" if text.strip() else " No run yet: R in the workbench starts one"
        self.list.show(found, named=self._everything)
        self.query_one(ListHead).refresh()
        good = sum(run.status is Status.SUCCESS and run.broken is None for run in found)
        mean = usual(found).get((found[0].orchestration, found[0].tasks)) if found and not self._everything else None
        about = f", usually {show_duration(mean)}" if mean is not None else ""
        number = f"{len(found)} of {counted(len(known.runs), 'run')}" if text.strip() else counted(len(found), "run")
        self._show_search(line(f"{number}, {good} with success{about}"))
        self._show_trend(found)
        self._tell_of_failure()

    def _show_search(self, said: Content) -> None:
        self.query_one("#runs").border_subtitle = said

    def _show_trend(self, found: Sequence[RunSummary]) -> None:
        trend = self.query_one("#trend", Static)
        trend.update(chart(found, max(10, trend.size.width)) or line("none yet"))

    def on_resize(self) -> None:
        self.call_after_refresh(lambda: self._show_trend(self.list.runs))

    def on_line_list_moved(self, event: LineList.Moved) -> None:
        event.stop()
        self._tell_of_failure()

    def _tell_of_failure(self) -> None:
        """Where the run under the cursor failed, how often that was seen, and what cured it."""
        run = self.list.chosen
        if run is None or not has_failed(run):
            self.query_one("#trend").border_subtitle = line("")
            return
        in_background(self, partial(self._seen, run), "seen", "look for the same failure", exclusive=True)

    async def _seen(self, run: RunSummary) -> None:
        now = self.app.clock.wall()

        def look() -> str:
            place = place_of_failure(run)
            seen = seen_before(self._project.paths, self._known.runs, run, now)
            return "; ".join(part for part in (f"failed on {place}" if place else "", seen) if part)

        words = await asyncio.to_thread(look)
        if self.list.chosen == run:
            self.query_one("#trend").border_subtitle = line(safe_line(words, 300))

    # Finding

    def action_filter(self) -> None:
        self.set_focus(self._field.open())

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
        in_background(self, self._find, "find", "find runs", exclusive=True)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        if not event.value:
            self._field.close()
        self.set_focus(self.list)

    def action_everything(self) -> None:
        self._everything = not self._everything
        self._show_title()
        self.action_reload()

    def action_grep(self) -> None:
        self.app.push_screen(self.app.ways.log_search(None if self._everything else self._orchestration))

    # Doing something with them

    def on_line_list_chosen(self, event: LineList.Chosen) -> None:
        event.stop()
        self.action_open()

    def action_open(self) -> None:
        self._leave_with(None)

    def action_rerun(self) -> None:
        if marked := self.list.marked_runs:
            self._rerun_marked(marked)
        else:
            self._run_again(Again.REST)

    def action_as_it_ran(self) -> None:
        self._run_again(Again.AS_IT_RAN)

    def _run_again(self, again: Again) -> None:
        run = self.list.chosen
        if run is not None and not run.status.final:
            self.notify("This run has not ended; open it to stop it or to take it over.", severity="warning")
        else:
            self._leave_with(again)

    @work(group="rerun", exclusive=True, description="run the marked runs again")
    async def _rerun_marked(self, marked: Sequence[RunSummary]) -> None:
        from orch_tui.tui.runs.rerun import rerun

        if await rerun(self.app, marked):
            self.list.mark(frozenset())
            self._expected_until = time.monotonic() + _STARTING

    def _leave_with(self, again: Again | None) -> None:
        run = self.list.chosen
        if run is None:
            return
        if run.broken:
            self.notify(f"Its journal cannot be read: {safe_line(run.broken, 200)}", severity="error", markup=False)
            return
        _LAST[self.app] = LastSearch(self._orchestration, self._everything, self._search)
        self.dismiss((again, run.directory))

    @work(group="note", exclusive=True, description="note something")
    async def action_note(self) -> None:
        from orch_tui.engine.requests.requests import who_am_i

        if (run := self.list.chosen) is None:
            return
        before = self._known.notes_on(run.directory)
        hint = f"before: {safe_line(before[-1].text, 60)}" if before else "It is kept with the run, for everybody"
        text = await self.app.push_screen_wait(
            Prompt(f"Note on run {run.id}", placeholder="What is to be known", hint=hint)
        )
        if text is None or not text.strip():
            return
        try:
            await asyncio.to_thread(add_note, run.directory, who_am_i(), self.app.clock.wall(), text[:LONGEST])
        except FileNotFoundError:
            self.app.say("The run is gone: it was deleted.", "warning")
        except OSError as error:
            self.app.say(f"The note cannot be kept: {error.strerror or error}.", "error")
        self.action_reload()

    def action_mark(self) -> None:
        self.list.toggle_mark()

    def action_mark_range(self) -> None:
        self.list.mark_range()

    def action_mark_all(self) -> None:
        self.list.mark_all()

    def action_compare(self) -> None:
        from orch_tui.tui.runs.compare import CompareScreen

        run, found = self.list.chosen, self.list.runs
        if run is None:
            return
        marked = next((one for one in self.list.marked_runs if one.id != run.id), None)
        older = (one for one in found[self.list.cursor + 1 :] if one.orchestration == run.orchestration)
        other = marked or next((one for one in older if not one.broken), None)
        if other is None:
            self.notify("There is no older run to compare with.", severity="warning")
            return
        first, second = sorted((run, other), key=lambda one: one.id)
        self.app.push_screen(CompareScreen(first.directory, second.directory))

    @work(group="checks", exclusive=True, description="read what checks found")
    async def action_checks(self) -> None:
        """Of the orchestration of the run under the cursor."""
        from orch_tui.runs.past.check_history import check_history
        from orch_tui.tui.runs.check_history import CheckHistory

        run = self.list.chosen
        orchestration = run.orchestration if run is not None else self._orchestration
        found = await asyncio.to_thread(check_history, self._project.paths, orchestration)
        if found:
            self.app.push_screen(CheckHistory(found))
        else:
            self.notify("No check was asked in the last runs; [[checks]] of a configuration has them.", markup=False)

    @work(group="rehearse", exclusive=True, description="walk the flow again")
    async def action_rehearse(self) -> None:
        """The run under the cursor, by the rules of today."""
        from orch_tui.tui.rehearsal.opening import CannotRehearse, replay_of

        run = self.list.chosen
        if run is None:
            return
        try:
            self.app.push_screen(await replay_of(self._project, run.directory))
        except CannotRehearse as error:
            self.notify(safe_line(error.sentence, 300), severity="error", markup=False)

    @work(group="prune", exclusive=True, description="delete old runs")
    async def action_prune(self) -> None:
        settings = self._project.settings
        days = f", and those older than {settings.keep_days:g} days" if settings.keep_days is not None else ""

        question: Confirm[str] = Confirm(
            "Delete old runs? This cannot be undone.",
            [("k", "Keep them", "keep"), ("d", "Delete", "delete")],
            f"orch.toml keeps the newest {counted(settings.keep_runs, 'run')}; all beyond them go{days}.\n"
            "Logs and results of these runs are deleted with them. Runs that have not ended stay.",
        )
        if await self.app.push_screen_wait(question) == "delete":
            await self._prune()

    async def _prune(self) -> None:
        from orch_tui.engine.runs.start import forget_old_runs

        try:
            gone = await asyncio.to_thread(forget_old_runs, self._project, self._orchestration)
        except OSError as error:
            self.notify(f"They cannot be deleted: {error.strerror or error}.", severity="error", markup=False)
            return
        self.notify(f"{counted(len(gone), 'run')} deleted." if gone else "No run was too old.", markup=False)
        await self._read()

    def action_leave(self) -> None:
        """The filter first, then the marks, then the screen."""
        if self._field.display:
            self._field.close()
            self.set_focus(self.list)
        elif self.list.marked:
            self.list.mark(frozenset())
        else:
            self.dismiss(None)


def _name_of(project: Project, orchestration: str) -> str:
    """Of an orchestration; its id where the file cannot be read."""
    try:
        return project.orchestration(orchestration).name
    except DefinitionError:
        return orchestration
