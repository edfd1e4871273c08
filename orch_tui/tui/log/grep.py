"""Text in the logs of all runs, on the screen: lines as they are found, each a way into its log."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterable, Sequence
from time import monotonic
from typing import TYPE_CHECKING

from textual import work
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widgets import Input

from orch_tui.model.texts.text import counted, safe_line
from orch_tui.project.history import RunSummary, clock_of
from orch_tui.project.journal.file import BrokenJournal, read_run
from orch_tui.project.project import Project
from orch_tui.project.run_index import RunIndex
from orch_tui.runs.log.search import pattern
from orch_tui.runs.past.grep import Hit, LogSearch
from orch_tui.tui.actions import bindings
from orch_tui.tui.actions import run as actions
from orch_tui.tui.dialogs.base import FullScreen
from orch_tui.tui.log.viewer import LogViewerScreen
from orch_tui.tui.text import line
from orch_tui.tui.widgets.bars import KeyBar, TitleBar
from orch_tui.tui.widgets.line_tree import LineList, Part, Row, ScreenList

if TYPE_CHECKING:
    from orch_tui.tui.application import Application

MOST = 5_000
"""Lines that are listed."""
_WIDE = 100
"""Columns from which there is room for whole names and times."""
_PART_SECONDS = 0.15
_HINT = "text, or /regular expression; capitals count if there are any"


class HitList(ScreenList):
    """A line for each that was found; the name of a run stands at its first."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.hits: list[Hit] = []
        self._spans: list[tuple[int, int] | None] = []
        self.empty_text = " Type what to look for, then Enter"

    def clear(self) -> None:
        """Forget what was found."""
        self.hits, self._spans = [], []
        self.cursor = 0
        self.reload()

    def add(self, found: Iterable[tuple[Hit, tuple[int, int] | None]]) -> None:
        """Show these too, each with where in it the text is."""
        for hit, span in found:
            self.hits.append(hit)
            self._spans.append(span)
        self.reload()

    @property
    def chosen(self) -> Hit | None:
        return self.hits[self.cursor] if self.cursor < len(self.hits) else None

    def count(self) -> int:
        return len(self.hits)

    def row(self, index: int) -> Row:
        hit, span = self.hits[index], self._spans[index]
        before = self.hits[index - 1] if index else None
        first = before is None or (before.run.id, before.task) != (hit.run.id, hit.task)
        wide = self.size.width >= _WIDE
        when = clock_of(hit.run.id, None) if first else ""
        moment, names = (14, 26) if wide else (11, 18)
        of = f"{hit.run.orchestration} · {hit.task}" if first else ""
        attempt = f"#{hit.attempt}" if hit.attempt > 1 else ""
        left = [
            Part(f" {when[:moment]:<{moment}} "),
            Part(f"{safe_line(of, names):<{names}} ", "accent"),
            Part(f"{hit.line:>6}{attempt} ", "dim"),
        ]
        low, high = span if span is not None else (0, 0)
        # The text itself must be in view.
        start = max(0, low - (20 if wide else 4))
        cut = "…" if start else ""
        left += [
            Part(f"{cut}{hit.text[start:low]}"),
            Part(hit.text[low:high], "marked"),
            Part(hit.text[high : high + 400]),
        ]
        return Row(tuple(part for part in left if part.text))


class GrepScreen(FullScreen[None]):
    """``orchestration``: in the logs of its runs alone; None for all."""

    CSS_PATH = "grep.tcss"
    BINDINGS = bindings(actions.GREP)
    HELP = "Lines of all logs that have a text, the newest run first. Enter opens the log at the line."
    if TYPE_CHECKING:
        app: Application

    def __init__(self, project: Project, orchestration: str | None = None) -> None:
        super().__init__()
        self._project = project
        self._orchestration = orchestration
        self._stop = threading.Event()
        self._text = ""
        self.list = HitList(id="list")

    def compose(self) -> ComposeResult:
        of = f"all runs of {self._orchestration}" if self._orchestration is not None else "all runs"
        yield TitleBar(line(f"Logs of {of}", "bold", limit=80))
        with Vertical(id="hits") as pane:
            pane.border_title = line("Lines")
            field = Input(placeholder=_HINT, id="words", compact=True)
            field.cursor_blink = False
            yield field
            yield self.list
        yield KeyBar()

    def on_mount(self) -> None:
        self.set_focus(self.query_one(Input))

    def on_unmount(self) -> None:
        self._stop.set()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        if not event.value:
            return
        try:
            wanted = pattern(event.value)
        except ValueError as error:
            self._say(str(error), "$text-warning")
            return
        self._stop.set()
        self._stop, self._text = threading.Event(), event.value
        self.list.clear()
        self.list.empty_text = " Looking…"
        self.set_focus(self.list)
        search = LogSearch(wanted, cancelled=self._stop.is_set)
        self._search(search, self._stop)

    @work(thread=True, group="grep", description="find text in all logs")
    def _search(self, search: LogSearch, stop: threading.Event) -> None:
        try:
            index = RunIndex(self._project.paths)
            runs = index.all_runs() if self._orchestration is None else index.runs(self._orchestration)
        except OSError as error:
            self.call_later(self._say, f"The runs cannot be read: {error.strerror or error}.", "$text-error")
            return
        waiting: list[tuple[Hit, tuple[int, int] | None]] = []
        shown = monotonic()
        for number, hit in enumerate(search.hits(self._told(runs, stop)), 1):
            spans = search.wanted.spans(hit.text)
            waiting.append((hit, spans[0] if spans else None))
            if monotonic() - shown > _PART_SECONDS or number == MOST:
                self.call_later(self._add, waiting, search, stop)
                waiting, shown = [], monotonic()
            if number == MOST:
                break
        self.call_later(self._add, waiting, search, stop, True)

    def _told(self, runs: Sequence[RunSummary], stop: threading.Event) -> Iterable[RunSummary]:
        """The runs one by one; how far it is, is said meanwhile."""
        shown = monotonic()
        for number, run in enumerate(runs):
            if monotonic() - shown > _PART_SECONDS:
                shown = monotonic()
                self.call_later(self._progress, number, len(runs), stop)
            yield run

    def _progress(self, number: int, total: int, stop: threading.Event) -> None:
        if stop is self._stop and self.is_attached:
            self._say(f"{len(self.list.hits):,} so far, {100 * number // total} % looked at")

    def _add(
        self,
        found: Sequence[tuple[Hit, tuple[int, int] | None]],
        search: LogSearch,
        stop: threading.Event,
        done: bool = False,
    ) -> None:
        if stop is not self._stop or not self.is_attached:
            return
        self.list.add(found)
        if not done:
            return
        if not self.list.hits:
            self.list.empty_text = " No line of any log has it"
            self.list.reload()
        more = ", there may be more" if len(self.list.hits) >= MOST else ""
        slow = "; given up: one line took too long with this expression" if search.wanted.too_slow else ""
        bad = f"; {counted(len(search.unreadable), 'place')} could not be read" if search.unreadable else ""
        self._say(f"{counted(len(self.list.hits), 'line')} in {counted(search.logs, 'log')}{more}{slow}{bad}")

    def _say(self, text: str, style: str = "") -> None:
        self.query_one("#hits").border_subtitle = line(text, style, limit=120)

    # What can be done

    def on_line_list_chosen(self, event: LineList.Chosen) -> None:
        event.stop()
        self.action_open()

    @work(group="open", exclusive=True, description="open a log")
    async def action_open(self) -> None:
        if (hit := self.list.chosen) is None:
            return
        try:
            state = await asyncio.to_thread(read_run, hit.run.directory)
        except (OSError, BrokenJournal):
            state = None
        task = state.tasks.get(hit.task) if state is not None else None
        if state is not None and task is not None and hit.attempt in {attempt.number for attempt in task.attempts}:
            screen = LogViewerScreen.open_for_task(hit.run.directory, task, state, attempt=hit.attempt)
        elif hit.log.exists():
            # Its journal tells nothing of it, but the log is there.
            screen = LogViewerScreen([(f"attempt {hit.attempt}", hit.log)], title=hit.task)
        else:
            self.app.say("The log is gone: its run was deleted.", "warning")
            return
        screen.begin_at(self._text, hit.offset)
        self.app.push_screen(screen)

    def action_run(self) -> None:
        if (hit := self.list.chosen) is not None:
            self.app.open_run(hit.run.orchestration, hit.run.directory)

    def action_search(self) -> None:
        self.set_focus(self.query_one(Input))

    def action_leave(self) -> None:
        if self.query_one(Input).has_focus and self.list.hits:
            self.set_focus(self.list)
        else:
            self.dismiss(None)
