"""The right side of the workbench while it shows a run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import localtime, strftime
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.message import Message

from orch_tui.model.run_time import RunTime
from orch_tui.runs.approvals import approvals_of
from orch_tui.runs.head import head_of
from orch_tui.runs.timeline import live_timeline
from orch_tui.runs.view import RunModel, Written
from orch_tui.tui.actions import bindings
from orch_tui.tui.actions import run as actions
from orch_tui.tui.log.view import LogView
from orch_tui.tui.text import line
from orch_tui.tui.widgets.line_tree import LineList, Row
from orch_tui.tui.workbench.run_rows import about_phase, about_task, head_rows, wait_rows
from orch_tui.tui.workbench.widgets.approval_card import ApprovalCard
from orch_tui.tui.workbench.widgets.failure_card import Failure, FailureCard
from orch_tui.tui.workbench.widgets.pane_tabs import PaneTabs
from orch_tui.tui.workbench.widgets.tables_pane import TablesPane
from orch_tui.tui.workbench.widgets.timeline_live import LiveTimelineView

TABS = ("timeline", "log", "tables", "waits")
_LABELS = ("Timeline", "Log", "Tables", "Why")


class Rows(LineList):
    """Rows that are given to it; only what differs is drawn."""

    def __init__(self, *, id: str | None = None, focusable: bool = False, empty: str = "") -> None:
        super().__init__(id=id)
        self._rows: Sequence[Row] = ()
        self.can_focus = focusable
        self.empty_text = empty

    def show(self, rows: Sequence[Row]) -> None:
        """Show these rows."""
        same_count = len(rows) == len(self._rows)
        self._rows = rows
        if same_count:
            self.refresh_changed()
        else:
            self.reload()

    def count(self) -> int:
        return len(self._rows)

    def row(self, index: int) -> Row:
        return self._rows[index]

    def selectable(self, index: int) -> bool:
        return self.can_focus


class LivePanel(Vertical):
    """How the run stands, its timeline, what it wrote, why tasks wait, and the first failure. Does no I/O."""

    BINDINGS: ClassVar[list[BindingType]] = bindings(actions.LIVE)
    HELP = "The run: how it stands, what it has written, and why tasks wait. H shows earlier runs."

    @dataclass
    class TabShown(Message):
        """Another tab is in view, or the same one in another size."""

        tab: str

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.tab = TABS[0]
        self._title = ""
        self._summary = ""

    def compose(self) -> ComposeResult:
        yield Rows(id="run-head")
        yield PaneTabs(tuple(zip(TABS, _LABELS, strict=True)), id="run-tabs")
        yield LiveTimelineView(id="run-timeline")
        yield Vertical(id="run-log")
        yield TablesPane(id="run-tables")
        yield Rows(id="run-waits", focusable=True, empty=" No task waits")
        yield Rows(id="run-task")
        yield ApprovalCard(id="approval")
        yield FailureCard(id="failure")

    def on_mount(self) -> None:
        self.query_one(FailureCard).border_title = line("First failure")
        self.query_one(FailureCard).display = False
        self.query_one(ApprovalCard).border_title = line("Waits for an approval")
        self.query_one(ApprovalCard).display = False
        self._show_tab()

    def on_resize(self) -> None:
        # Rows are made to the width: whoever knows the run makes them anew.
        self.post_message(self.TabShown(self.tab))

    # What is shown

    def show_run(self, model: RunModel, now: RunTime, item: str | None) -> None:
        """Draw what is different; ``item`` is the task or phase under the cursor of the tree."""
        header = model.state.header
        title = f"Run {strftime('%Y-%m-%d %H:%M', localtime(header.created))}"
        if title != self._title:
            self._title = title
            self.border_title = line(title)
        timeline = live_timeline(model, now)
        head = self.query_one("#run-head", Rows)
        head.show(head_rows(head_of(model, now, timeline), model, max(20, head.size.width)))
        about = self.query_one("#run-task", Rows)
        width = max(20, about.size.width)
        if item in model.state.tasks:
            about.show(about_task(model, model.state.tasks[item], now, width))
        elif item in model.state.phases:
            about.show(about_phase(model, model.state.phases[item], width))
        else:
            about.show(())
        self._show_approval(model, now, item)
        if self.tab == "timeline":
            self.query_one(LiveTimelineView).show(timeline, finished=model.finished)
        elif self.tab == "waits":
            waits = self.query_one("#run-waits", Rows)
            waits.show(wait_rows(model, now, max(20, waits.size.width)))

    def _show_approval(self, model: RunModel, now: RunTime, item: str | None) -> None:
        """What the task under the cursor asks, or else the first that asks something."""
        asked = approvals_of(model.state, model.directory, live=True)
        card = self.query_one(ApprovalCard)
        card.show(next((one for one in asked if one.task.id == item), asked[0] if asked else None), len(asked), now)
        if card.display != bool(asked):
            card.display = bool(asked)

    def show_written(self, items: Sequence[Written], columns: Mapping[str, Sequence[tuple[str, str]]]) -> None:
        """What the tasks have written until now."""
        pane = self.query_one(TablesPane)
        pane.show(items, columns)
        if pane.summary != self._summary:
            self._summary = pane.summary
            self.border_subtitle = line(self._summary, limit=60)
        self._show_labels(len(items))

    def _show_labels(self, written: int) -> None:
        labels = [f"{label} {written}" if label == "Tables" and written else label for label in _LABELS]
        self.query_one(PaneTabs).show(self.tab, labels)

    def show_log(self, path: Path | None) -> None:
        """The log of the task under the cursor, while its tab is shown."""
        for view in self.query(LogView):
            if view.is_mounted:
                view.show(path)

    def show_failure(self, failure: Failure | None) -> None:
        """The card appears with the first failure, and goes with the run."""
        card = self.query_one(FailureCard)
        card.show(failure)
        if card.display != (failure is not None):
            card.display = failure is not None

    # Tabs

    def show_tab(self, tab: str) -> None:
        """Show another tab, and give it the focus if a tab of this panel had it."""
        focused = self.screen.focused
        mine = focused is not None and focused.id in {f"run-{one}" for one in (*TABS, "log-view")}
        self.tab = tab
        if tab == "log" and not self.query(LogView):
            self.query_one("#run-log").mount(LogView(id="run-log-view"))
        elif tab != "log":
            # A log that nobody sees is not looked at.
            self.query(LogView).remove()
        self._show_tab()
        self.post_message(self.TabShown(tab))
        if mine:
            self.focus_tab()

    def _show_tab(self) -> None:
        for tab in TABS:
            self.query_one(f"#run-{tab}").display = tab == self.tab
        self.query_one(PaneTabs).show(self.tab)

    def focus_tab(self) -> None:
        self.screen.set_focus(self.query_one(f"#run-{'log-view' if self.tab == 'log' else self.tab}"))

    def on_pane_tabs_picked(self, event: PaneTabs.Picked) -> None:
        event.stop()
        self.show_tab(event.pane)
        self.focus_tab()

    def _step(self, step: int) -> None:
        self.show_tab(TABS[(TABS.index(self.tab) + step) % len(TABS)])
        self.focus_tab()

    def action_next_tab(self) -> None:
        self._step(1)

    def action_previous_tab(self) -> None:
        self._step(-1)
