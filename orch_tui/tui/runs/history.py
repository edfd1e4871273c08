"""The runs of an orchestration: how they ended, how long they took, and what can be done with them."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from statistics import fmean
from time import localtime, strftime

from textual import work
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widgets import Static

from orch_tui.model.status import Status
from orch_tui.model.texts.durations import show_duration
from orch_tui.model.texts.text import counted, safe_line
from orch_tui.project.history import RunSummary, clock_of, runs
from orch_tui.project.project import DefinitionError, Project
from orch_tui.runs.estimates import ENOUGH, LONGER, RUNS
from orch_tui.tui.actions import bindings, workbench
from orch_tui.tui.actions import run as actions
from orch_tui.tui.background import in_background
from orch_tui.tui.dialogs.base import FullScreen
from orch_tui.tui.dialogs.confirm import Confirm
from orch_tui.tui.runs.trend import chart
from orch_tui.tui.status_look import style_of
from orch_tui.tui.text import line
from orch_tui.tui.widgets.bars import KeyBar, TitleBar
from orch_tui.tui.widgets.line_tree import LineList, Part, Row
from orch_tui.tui.widgets.list_head import ListHead

LIMIT = 1000
"""Runs that are listed, newest first."""
_BAR = 12
_WIDE = 100
"""Columns from which durations have a bar."""


def usual(found: Sequence[RunSummary]) -> dict[int, float]:
    """Mean seconds of the last 20 successful complete runs, by the number of their tasks, where there are enough."""
    good: dict[int, list[float]] = {}
    for run in found:
        if run.status is Status.SUCCESS and run.seconds is not None and not run.partial:
            good.setdefault(run.tasks, []).append(run.seconds)
    return {tasks: fmean(seconds[:RUNS]) for tasks, seconds in good.items() if len(seconds) >= ENOUGH}


class RunList(LineList, inherit_bindings=False):
    """One run a line, newest first."""

    # Enter is a key of the screen, which says in its footer what it does.
    BINDINGS = bindings(
        action for action in (*workbench.LIST, *workbench.LIST_TOP) if action.id != "list.choose"
    )  # fmt: skip

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.runs: Sequence[RunSummary] = ()
        self.marked: str | None = None
        self._top = 1.0
        self._tasks_width = 0
        self._usual: dict[int, float] = {}
        self._continued: dict[str, str] = {}
        self.empty_text = " No run yet: R in the workbench starts one"

    def show(self, found: Sequence[RunSummary]) -> None:
        """Show these; the cursor stays on its run."""
        here = self.chosen
        self.runs = found
        self._top = max((run.seconds for run in found if run.seconds is not None), default=1.0) or 1.0
        self._usual = usual(found)
        self._tasks_width = max((len(_tasks(run)) for run in found), default=0)
        # Of several that continue one run, the last: the list is newest first.
        self._continued = {run.continues: run.id for run in reversed(found) if run.continues is not None}
        if here is not None:
            ids = [run.id for run in found]
            self.cursor = ids.index(here.id) if here.id in ids else 0
        self.reload()

    def mark(self, run: str | None) -> None:
        self.marked = run
        self.refresh()

    @property
    def chosen(self) -> RunSummary | None:
        return self.runs[self.cursor] if self.cursor < len(self.runs) else None

    def count(self) -> int:
        return len(self.runs)

    def head(self, width: int) -> Row:
        """The titles of the columns."""
        bar = f"{'':{_BAR + 1}}" if width >= _WIDE else ""
        titles = f" {'  Ended':<14}{'Started':<19}  {'Took':>8} {bar} {'Tasks':<{self._tasks_width}}  Why"
        return Row((Part(titles, "dim"),), (Part("By ", "dim"),))

    def row(self, index: int) -> Row:
        run = self.runs[index]
        status = Status.WARNING if run.interrupted or run.broken else run.status
        glyph = "?" if run.interrupted or run.broken else status.style.glyph
        when = strftime("%Y-%m-%d %H:%M:%S", localtime(run.started)) if run.started is not None else run.id[:19]
        left = [
            Part("◆" if run.id == self.marked else " ", "marked"),
            Part(f"{glyph} {run.state:<12}", style_of(status)),
            Part(f"{when}  "),
            Part(f"{show_duration(run.seconds):>8} ", "strong"),
        ]
        wide = self.size.width >= _WIDE
        if wide:
            part = 0.0 if run.seconds is None else run.seconds / self._top
            length = max(int(run.seconds is not None), round(part * _BAR))
            left.append(Part("━" * length, style_of(status), picture=True))
            left.append(Part(" " * (_BAR - length + 1), picture=True))
        why = self._why(run)
        left.append(Part(f" {_tasks(run):<{self._tasks_width}}  " if why else f" {_tasks(run)}", "dim"))
        left += why
        mean = self._usual.get(run.tasks)
        longer = mean is not None and run.seconds is not None and run.seconds > mean * LONGER
        right = [Part("» longer  ", "warning")] if longer and not run.partial else []
        if wide or not (right or run.continues or run.id in self._continued):
            right.append(Part(f"{safe_line(run.by, 30)} ", "dim"))
        return Row(tuple(left), tuple(right))

    def _why(self, run: RunSummary) -> list[Part]:
        """What it continues, what continued it, and how it came to end so."""
        links = [("continues", run.continues), ("continued at", self._continued.get(run.id))]
        told = [f"{word} {clock_of(other, run.started)}" for word, other in links if other is not None]
        parts = [Part(f"{', '.join(told)}  ", "accent")] if told else []
        text = run.broken or run.reason
        return [*parts, Part(safe_line(text, 200), "dim")] if text else parts


def _tasks(run: RunSummary) -> str:
    return f"{'a part of ' if run.partial else ''}{counted(run.tasks, 'task')}"


class HistoryScreen(FullScreen[tuple[str, Path] | None]):
    """Dismissed with ``("open" | "rerun", the run's directory)``."""

    CSS_PATH = "runs.tcss"
    BINDINGS = bindings(actions.HISTORY)
    HELP = "All runs of the orchestration. Enter shows one in the workbench; c compares two, task by task."

    def __init__(self, project: Project, orchestration_id: str, *, cursor: str | None = None) -> None:
        """``cursor`` is the id of the run to begin at."""
        super().__init__()
        self._project = project
        self._begin_at = cursor
        self._orchestration: str = orchestration_id

    def compose(self) -> ComposeResult:
        shown = RunList(id="list")
        yield TitleBar(line(f"History of {self._orchestration_name()}", "bold", limit=80))
        with Vertical(id="runs"):
            yield ListHead(shown)
            yield shown
        yield Static(id="trend")
        yield KeyBar()

    def _orchestration_name(self) -> str:
        """Of the orchestration; its id where the file cannot be read."""
        try:
            return self._project.orchestration(self._orchestration).name
        except DefinitionError:
            return self._orchestration

    @property
    def list(self) -> RunList:
        return self.query_one(RunList)

    def on_mount(self) -> None:
        self.query_one("#runs").border_title = line("Runs")
        self.query_one("#trend").border_title = line("How long complete runs took, the oldest first")
        self.set_focus(self.list)
        self.action_reload()

    def action_reload(self) -> None:
        in_background(self, self._read, "default", "read the runs", exclusive=True)

    async def _read(self) -> None:
        found = await asyncio.to_thread(lambda: list(runs(self._project.paths, self._orchestration, LIMIT)))
        self.list.show(found)
        names = [run.id for run in found]
        if self._begin_at in names:
            self.list.go(names.index(self._begin_at))
        self._begin_at = None
        self.query_one(ListHead).refresh()
        good = sum(run.status is Status.SUCCESS and run.broken is None for run in found)
        mean = usual(found).get(found[0].tasks) if found else None
        about = f", usually {show_duration(mean)}" if mean is not None else ""
        self.query_one("#runs").border_subtitle = line(f"{counted(len(found), 'run')}, {good} with success{about}")
        self._show_trend(found)

    def _show_trend(self, found: Sequence[RunSummary]) -> None:
        trend = self.query_one("#trend", Static)
        trend.update(chart(found, max(10, trend.size.width)) or line("none yet"))

    def on_resize(self) -> None:
        self.call_after_refresh(lambda: self._show_trend(self.list.runs))

    # Actions

    def on_line_list_chosen(self, event: LineList.Chosen) -> None:
        event.stop()
        self.action_open()

    def action_open(self) -> None:
        self._leave_with("open")

    def action_rerun(self) -> None:
        run = self.list.chosen
        if run is not None and not run.status.final:
            self.notify("This run has not ended; open it to stop it or to take it over.", severity="warning")
        else:
            self._leave_with("rerun")

    def _leave_with(self, what: str) -> None:
        run = self.list.chosen
        if run is None:
            return
        if run.broken:
            self.notify(f"Its journal cannot be read: {safe_line(run.broken, 200)}", severity="error", markup=False)
            return
        self.dismiss((what, run.directory))

    def action_mark(self) -> None:
        run = self.list.chosen
        if run is not None:
            self.list.mark(None if self.list.marked == run.id else run.id)
            self.list.action_cursor_down()

    def action_compare(self) -> None:
        from orch_tui.tui.runs.compare import CompareScreen

        run, found = self.list.chosen, self.list.runs
        if run is None:
            return
        marked = next((one for one in found if one.id == self.list.marked and one.id != run.id), None)
        other = marked or next((one for one in found[self.list.cursor + 1 :] if not one.broken), None)
        if other is None:
            self.notify("There is no older run to compare with.", severity="warning")
            return
        older, newer = sorted((run, other), key=lambda one: one.id)
        self.app.push_screen(CompareScreen(older.directory, newer.directory))

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
        self.dismiss(None)
