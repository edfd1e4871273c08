"""What stands below the tree of the workbench while it shows a run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import localtime, strftime
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Container, Vertical
from textual.message import Message

from orch_tui.model.clocks.run_time import RunTime
from orch_tui.model.orchestration.rules import phase_of_id, rule_id
from orch_tui.runs.live.head import head_of
from orch_tui.runs.live.timeline import Timeline
from orch_tui.runs.live.view import RunModel, Written
from orch_tui.runs.people.approvals import approvals_of
from orch_tui.tui.actions import bindings
from orch_tui.tui.actions import run as actions
from orch_tui.tui.log.view import LogView
from orch_tui.tui.text import line
from orch_tui.tui.widgets.line_tree import Row
from orch_tui.tui.widgets.row_list import GivenRows
from orch_tui.tui.workbench.layout.pane_tabs import PaneTabs
from orch_tui.tui.workbench.run.approval_card import ApprovalCard
from orch_tui.tui.workbench.run.failure_card import Failure, FailureCard
from orch_tui.tui.workbench.run.tables_pane import TablesPane
from orch_tui.tui.workbench.tree.run_rows import about_phase, about_rule, about_task, head_rows, wait_rows

TABS = ("log", "tables", "waits")
_LABELS = ("Log", "Tables", "Why")
_BESIDE, _LOW = 110, 15
"""Columns from which the failure stands beside the log; lines below which there is only room for one of them."""
_BLANK = Row(())


class Rows(GivenRows):
    """Rows of the panel; only those of a list that can be focused take the cursor."""

    shows_place = False

    def __init__(self, *, id: str | None = None, focusable: bool = False, empty: str = "") -> None:
        super().__init__(id=id)
        self.can_focus = focusable
        self.empty_text = empty

    def selectable(self, index: int) -> bool:
        return self.can_focus


def _about(model: RunModel, item: str | None, now: RunTime, width: int) -> list[Row]:
    """What is said of what the cursor of the tree is on."""
    if item is not None and item in model.state:
        return about_task(model, model.state.task(item), now, width)
    phase = model.state.phases.get(phase_of_id(item)) if item is not None else None
    if phase is None or item is None:
        return []
    if item == phase.id:
        return about_phase(model, phase, width)
    number = next((at for at in range(len(phase.rules)) if rule_id(phase.id, at) == item), None)
    return about_rule(model, phase, number, width) if number is not None else []


class LivePanel(Vertical):
    """How the run stands, logs, what it wrote, why tasks wait, and the first failure. Does no I/O of its own."""

    BINDINGS: ClassVar[list[BindingType]] = bindings(actions.LIVE)
    HELP = "The run: how it stands, logs, what it has written, and why tasks wait. H shows earlier runs."

    @dataclass
    class TabShown(Message):
        """Another tab is in view, or the same one in another size."""

        tab: str

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.tab = TABS[0]
        self.all_tasks = False
        """Whether the log is that of the whole run."""
        self._title = ""
        self._summary = ""
        self._labels: tuple[str, ...] = _LABELS

    def compose(self) -> ComposeResult:
        yield Rows(id="run-head")
        with Container(id="run-body"):
            with Vertical(id="run-main"):
                yield PaneTabs(tuple(zip(TABS, _LABELS, strict=True)), id="run-tabs")
                yield Rows(id="run-task")
                yield Vertical(id="run-log")
                yield TablesPane(id="run-tables")
                yield Rows(id="run-waits", focusable=True, empty=" No task waits")
            with Vertical(id="run-cards"):
                yield ApprovalCard(id="approval")
                yield FailureCard(id="failure")

    @property
    def _is_low(self) -> bool:
        return self.size.height < _LOW

    def on_mount(self) -> None:
        self.query_one(FailureCard).border_title = line("First failure")
        self.query_one(FailureCard).display = False
        self.query_one(ApprovalCard).border_title = line("Waits for an approval")
        self.query_one(ApprovalCard).display = False
        self._show_tab()

    def on_resize(self, event: events.Resize) -> None:
        self.set_class(event.size.width >= _BESIDE, "-beside")
        self.set_class(self._is_low, "-low")
        # Rows are made to the width: whoever knows the run makes them anew.
        self.post_message(self.TabShown(self.tab))

    # What is shown

    def show_run(self, model: RunModel, timeline: Timeline, now: RunTime, item: str | None) -> None:
        """Draw what is different; ``item`` is the task, rule or phase under the cursor of the tree, ``timeline`` the
        run's as it was drawn last."""
        header = model.state.header
        title = f"Run {strftime('%Y-%m-%d %H:%M', localtime(header.created))}"
        if title != self._title:
            self._title = title
            self.border_title = line(title)
        width = max(20, self.size.width)
        self._show_rows("#run-head", head_rows(head_of(model, now, timeline), model, width, brief=self._is_low))
        width = max(20, self.query_one("#run-task").size.width or width)
        about = _about(model, item, now, width)
        # As many lines for each task: else the log below would jump with every step of the cursor.
        self._show_rows("#run-task", about[:1] if self._is_low else [*about, *[_BLANK] * (2 - len(about))])
        self._show_approval(model, now, item)
        if self.tab == "waits":
            waits = self.query_one("#run-waits", Rows)
            waits.show(wait_rows(model, now, max(20, waits.size.width)))

    def _show_approval(self, model: RunModel, now: RunTime, item: str | None) -> None:
        """What the task under the cursor asks, or else the first that asks something."""
        asked = approvals_of(model.state, model.directory, live=True)
        card = self.query_one(ApprovalCard)
        card.ask(next((one for one in asked if one.task.id == item), asked[0] if asked else None), len(asked), now)
        self._show_card(card, shown=bool(asked))

    def _show_card(self, card: FailureCard | ApprovalCard, *, shown: bool) -> None:
        if card.display != shown:
            card.display = shown
            cards = (self.query_one(ApprovalCard), self.query_one(FailureCard))
            self.set_class(any(one.display for one in cards), "-carded")

    def _show_rows(self, which: str, rows: Sequence[Row]) -> None:
        """Rows that take as many lines as they are."""
        shown = self.query_one(which, Rows)
        if shown.count() != len(rows):
            shown.styles.height = len(rows)
        shown.show(rows)

    def show_written(self, items: Sequence[Written], columns: Mapping[str, Sequence[tuple[str, str]]]) -> None:
        """What the tasks have written until now."""
        pane = self.query_one(TablesPane)
        pane.show(items, columns)
        if pane.summary != self._summary:
            self._summary = pane.summary
            self.border_subtitle = line(self._summary, limit=60)
        self._label(1, f"Tables {len(items)}" if items else _LABELS[1])

    def _label(self, number: int, label: str) -> None:
        self._labels = (*self._labels[:number], label, *self._labels[number + 1 :])
        self.query_one(PaneTabs).show(self.tab, self._labels)

    def show_log(self, path: Path | None, name: str, *, ended: bool) -> None:
        """A log and whose it is, while its tab is shown; None for none. ``ended``: nobody writes into it any more."""
        self._log_view().show(path, ended=ended)
        self._label(0, f"Log of {name}" if name else _LABELS[0])

    def _log_view(self) -> LogView:
        """The view of logs; it is made when it is needed first."""
        found = self.query(LogView)
        if found:
            return found.first()
        view = LogView(id="run-log-view")
        self.query_one("#run-log").mount(view)
        return view

    def hide(self) -> None:
        """The run is not shown any more: a log that nobody sees is not looked at."""
        self.query(LogView).remove()

    def show_failure(self, failure: Failure | None, seen: str = "", changed: tuple[str, ...] = ()) -> None:
        """The card appears with the first failure, and goes with the run. ``seen`` says how often it was so before,
        ``changed`` what is different from the last run that worked."""
        card = self.query_one(FailureCard)
        card.show(failure, seen, changed)
        self._show_card(card, shown=failure is not None)

    # Tabs

    def show_tab(self, tab: str) -> None:
        """Show another tab, and give it the focus if a tab of this panel had it."""
        focused = self.screen.focused
        mine = focused is not None and focused.id in {f"run-{one}" for one in (*TABS, "log-view")}
        self.tab = tab
        if tab == "log":
            self._log_view()
        else:
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
        self.screen.set_focus(self._log_view() if self.tab == "log" else self.query_one(f"#run-{self.tab}"))

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

    def action_all_tasks(self) -> None:
        self.all_tasks = not self.all_tasks
        self.show_tab("log")
