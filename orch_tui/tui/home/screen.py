"""The orchestrations of the project."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from textual import events, work
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Static

from orch_tui.model.orchestration import Schedule
from orch_tui.model.problem import Problem, Severity
from orch_tui.model.status import Status
from orch_tui.model.text import counted
from orch_tui.model.undo import NothingToUndo
from orch_tui.project.source import DefinitionError
from orch_tui.tui import text
from orch_tui.tui.actions import bindings
from orch_tui.tui.actions import home as actions
from orch_tui.tui.home.model import Entry, HomeModel, read_runs, show_when
from orch_tui.tui.home.orchestration_list import OrchestrationList
from orch_tui.tui.home.runs import HomeRuns
from orch_tui.tui.status_look import status_text
from orch_tui.tui.widgets.bars import KeyBar, TitleBar

if TYPE_CHECKING:
    from textual.widgets import Input

    from orch_tui.tui.app import OrchApp

_LOOK_AT_RUNS_SECONDS = 3.0
_PROBLEMS_AFTER_SECONDS = 0.15
_SHOWN_PROBLEMS = 3
_SLICE_SECONDS = 0.01
_NEEDS_ONE = frozenset({"open", "duplicate", "rename", "change_id", "delete", "edit_file", "history"})
_NOT_WHILE_TYPING = frozenset({"new", "filter"})
_EMPTY = "   No orchestrations yet: n creates one"
_INVITATION = (
    "An orchestration runs phases one after another; the tasks of a phase run in parallel. Press n to create one."
)


class ListHead(Static):
    """The titles of the columns, drawn to the width of the list below."""

    def __init__(self, table: OrchestrationList) -> None:
        super().__init__(id="head")
        self._table = table

    def render(self) -> Content:
        row = self._table.head(self._table.size.width)
        left, right = ("".join(part.text for part in parts) for parts in (row.left, row.right))
        return Content(left + right.rjust(self._table.size.width - len(left)))


class HomeScreen(HomeRuns):
    """Table, details of the orchestration under the cursor, filter. Its style sheet comes with the application."""

    BINDINGS = bindings(actions.ACTIONS)
    # On a very low screen the list needs the room of the details.
    VERTICAL_BREAKPOINTS = [(0, "-low"), (17, "-high")]  # noqa: RUF012
    HELP = "The orchestrations of this project. Enter opens one; the bars show how long the last runs took."
    app: OrchApp

    def __init__(self, model: HomeModel) -> None:
        super().__init__()
        self.model = model
        self._left = False
        self.table = OrchestrationList(model.entry, model.runs, model.now, id="table")

    @property
    def chosen_orchestration(self) -> str | None:
        return self.table.chosen

    def compose(self) -> ComposeResult:
        # Everything has its content before it is laid out: the first picture is the whole one.
        self.table.empty_text = _EMPTY
        self.table.show(self.model.ids)
        with Vertical(id="list") as pane:
            pane.border_title = "Orchestrations"
            yield ListHead(self.table)
            yield self.table
        yield TitleBar(*self._title())
        yield Static(id="details")
        yield KeyBar()

    def on_mount(self) -> None:
        self._show_details()
        self.table.focus()
        # Runs come after the first picture: however many there are, the list is there at once.
        self.call_after_refresh(self._look_at_runs)
        self.call_after_refresh(self._read_names)
        self._looking = self.set_interval(_LOOK_AT_RUNS_SECONDS, self._look_at_runs)

    def on_screen_resume(self) -> None:
        # What was edited meanwhile was written through the same project.
        if self._left:
            self._left = False
            self._looking.resume()
            self.model.look_again()
            self._show()

    def on_screen_suspend(self) -> None:
        self._left = True
        # Even a timer that does nothing makes Textual paint the screen above again.
        self._looking.pause()

    # --- showing ---

    def _show(self, go_to: str | None = None) -> None:
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
        pane = self.query_one("#list")
        shown, total = len(self.model.ids), self.model.total
        pane.border_subtitle = Content(f"{shown} of {total}") if self.model.filter else None

    def _show_details(self) -> None:
        chosen = self.table.chosen
        details = self.query_one("#details", Static)
        if chosen is None:
            details.border_title = details.border_subtitle = None
            hint = "Nothing fits the filter; Esc shows all again." if self.model.filter else _INVITATION
            details.update(Content.styled(hint, "$text-muted"), layout=False)
            return
        entry = self.model.entry(chosen)
        details.border_title = text.line(entry.name, limit=60)
        file = self.app.project.paths.relative(self.app.project.paths.orchestration(entry.id))
        details.border_subtitle = text.line(file, limit=60)
        known = self.model.known_problems(chosen)
        details.update(_details(entry, self.model.now(), known), layout=False)
        if known is None:
            # Reading what the tasks use is for a cursor that rests.
            self.set_timer(_PROBLEMS_AFTER_SECONDS, lambda: self._show_problems(chosen))

    def _show_problems(self, orchestration_id: str) -> None:
        if self.is_current and self.table.chosen == orchestration_id:
            entry, found = self.model.entry(orchestration_id), self.model.problems(orchestration_id)
            self.query_one("#details", Static).update(_details(entry, self.model.now(), found), layout=False)

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

    def on_line_list_moved(self, event: OrchestrationList.Moved) -> None:
        self._show_details()
        if self.table.chosen and self.model.runs(self.table.chosen) is None:
            self._look_at_runs()

    def on_line_list_chosen(self, event: OrchestrationList.Chosen) -> None:
        self.action_open()

    # --- filter ---

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
        self.model.set_filter(event.value)
        self.table.empty_text = "   Nothing fits the filter" if event.value else _EMPTY
        self._show()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self.table.focus()
        if not self.model.filter:
            self.call_later(self.action_clear_filter)

    def on_key(self, event: events.Key) -> None:
        # The list can be walked while the filter is typed.
        if event.key in ("up", "down") and self._typing:
            event.stop()
            self.table.go(self.table.cursor + (1 if event.key == "down" else -1))

    @property
    def _field(self) -> Input | None:
        from textual.widgets import Input

        return next(iter(self.query("#filter").results(Input)), None)

    @property
    def _typing(self) -> bool:
        return self._field is not None and self._field.has_focus

    async def action_filter(self) -> None:
        from textual.widgets import Input

        if self._field is None:
            field = Input(placeholder="words of the name or description", id="filter", compact=True)
            field.cursor_blink = False
            await self.query_one("#list").mount(field)
        if self._field is not None:
            self._field.focus()

    async def action_clear_filter(self) -> None:
        self.table.focus()
        if self._field is not None:
            await self._field.remove()
        self.model.set_filter("")
        self.table.empty_text = _EMPTY
        self._show()

    # --- what can be done ---

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action in _NEEDS_ONE and self.table.chosen is None:
            return False
        if action in _NOT_WHILE_TYPING and self._typing:
            return False
        return action != "clear_filter" or self._field is not None

    def action_open(self) -> None:
        if self.table.chosen is not None:
            self.app.open_workbench(self.table.chosen)

    def action_new(self) -> None:
        self._ask("New orchestration", "", lambda name: self.model.create(name))

    def action_duplicate(self) -> None:
        if chosen := self._editable():
            self._ask("Name of the copy", f"{chosen.name} (copy)", lambda name: self.model.duplicate(chosen.id, name))

    def action_rename(self) -> None:
        if chosen := self._editable():
            self._ask("Rename orchestration", chosen.name, lambda name: self.model.rename(chosen.id, name))

    def action_change_id(self) -> None:
        if chosen := self._editable():
            self._ask("Change id (the name of its file)", chosen.id, lambda new: self.model.change_id(chosen.id, new))

    def action_delete(self) -> None:
        chosen = self.table.chosen
        if chosen is not None:
            name, row = self.model.entry(chosen).name, self.table.cursor
            following = self.model.ids[row + 1 : row + 2] or self.model.ids[max(0, row - 1) : row]
            if self._do(lambda: self.model.delete(chosen), following[0] if following else None):
                self.app.say(f'"{name}" was moved to .orch/trash; {self.app.key_of("home.undo")} brings it back.')

    def action_undo(self) -> None:
        def back() -> str | None:
            label, place = self.model.undo()
            self.app.say(f"Took back: {label}.")
            return place

        self._do(back)

    def action_edit_file(self) -> None:
        if self.table.chosen is not None:
            path = self.app.project.paths.orchestration(self.table.chosen)
            self.app.edit_file(path)
            self.app.project.forget(path)
            self.model.look_again()
            self._show()

    def action_reload(self) -> None:
        self.model.reload()
        self._show()
        self.app.say("Read all files again.", seconds=2)

    def _editable(self) -> Entry | None:
        entry = self.model.entry(self.table.chosen) if self.table.chosen is not None else None
        if entry is not None and entry.value is None:
            key = self.app.key_of("home.edit-file")
            self.app.say(f'"{entry.name}" has errors and is left alone; {key} opens its file.', "warning")
            return None
        return entry

    def _ask(self, title: str, value: str, do: Callable[[str], str]) -> None:
        from orch_tui.tui.dialogs.prompt import Prompt

        def answered(name: str | None) -> None:
            if name is not None:
                self._do(lambda: do(name))

        self.app.push_screen(Prompt(title, value, self.model.name_problem), answered)

    def _do(self, what: Callable[[], str | None], go_to: str | None = None) -> bool:
        """Do it and show the result; what went wrong is said in its own sentence."""
        # Saving needs more than showing does.
        from orch_tui.project.catalog import InUse
        from orch_tui.project.writer import ChangedOnDisk, SaveError

        try:
            place = what()
        except DefinitionError as error:
            problem = error.problems[0]
            self.app.say(f"{problem.message}; {problem.remedy}", "error")
            return False
        except (InUse, SaveError, ChangedOnDisk, NothingToUndo, RuntimeError) as error:
            self.app.say(str(error), "warning" if isinstance(error, NothingToUndo) else "error")
            return False
        self._show(place or go_to)
        return True


def _details(entry: Entry, now: float, problems: Sequence[Problem] | None = None) -> Content:
    """Description, phases and problems; the problems are not known yet when they are None."""
    description = entry.value.description if entry.value else "This file cannot be read as an orchestration."
    parts = [text.line(description, limit=300) if description else Content.styled("No description", "$text-muted")]
    if entry.value is not None:
        parts.append(_phases(entry))
        parts += _schedules(entry, now)
    if problems is not None:
        parts += _problem_lines(problems)
    return Content("\n").join(parts)


def _problem_lines(problems: Sequence[Problem]) -> list[Content]:
    if not problems:
        return [Content.assemble(status_text(Status.SUCCESS, word=False), (" No problems", "$text-muted"))]
    lines = []
    for problem in problems[:_SHOWN_PROBLEMS]:
        glyph = status_text(Status.ERROR if problem.severity is Severity.ERROR else Status.WARNING, word=False)
        place = f"{problem.place}: " if problem.place else ""
        remedy = f"; {problem.remedy}" if problem.remedy else ""
        lines.append(Content.assemble(glyph, " ", text.line(f"{place}{problem.message}{remedy}", limit=300)))
    if len(problems) > _SHOWN_PROBLEMS:
        more = f"  and {len(problems) - _SHOWN_PROBLEMS} more; the workbench lists them"
        lines.append(Content.styled(more, "$text-muted"))
    return lines


def _schedules(entry: Entry, now: float) -> list[Content]:
    """``Starts by itself next at Mon 05:30 (30 5 * * 1-5)``, if anything starts it."""
    following = entry.next_start(now)
    if entry.value is None or following is None:
        return []
    crons = ", ".join(_cron(one, entry.timezone) for one in entry.value.schedules if one.enabled)
    when = show_when(following, now)
    return [Content.assemble(("Scheduled next: ", "$text-muted"), when, (f"  {crons}", "$text-muted"))]


def _cron(schedule: Schedule, timezone: str) -> str:
    """``30 5 * * 1-5``, with the time zone where it is not the machine's: ``30 5 * * 1-5 Europe/Prague``."""
    return f"{schedule.cron} {schedule.timezone or timezone}".rstrip()


def _phases(entry: Entry) -> Content:
    """``1 Extractor phase 2 → 2 Transformation phase 1``."""
    if entry.value is None or not entry.value.phases:
        return Content.styled("No phases yet" if entry.value else "", "$text-muted")
    parts = []
    for number, phase in enumerate(entry.value.phases[:12], 1):
        tasks = Content.styled(f" ({len(phase.tasks)})", "$text-muted")
        parts.append(Content.assemble((f"{number} ", "$text-muted"), text.line(phase.name, limit=40), tasks))
    if len(entry.value.phases) > 12:
        parts.append(Content(f"{len(entry.value.phases) - 12} more"))
    return Content.assemble((" → ", "$text-muted")).join(parts)
