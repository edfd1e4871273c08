"""The workbench: compose one orchestration out of the project's configurations."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Mapping
from threading import get_ident

from textual import events
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.timer import Timer
from textual.widgets import Input

from orch_tui.model.orchestration import Orchestration, Phase
from orch_tui.model.problem import Problem, Severity
from orch_tui.model.text import counted, safe_line
from orch_tui.project.project import DefinitionError
from orch_tui.runs.estimates import read_estimates
from orch_tui.tui.actions import bindings
from orch_tui.tui.actions import workbench as actions
from orch_tui.tui.text import line
from orch_tui.tui.widgets.bars import KeyBar
from orch_tui.tui.widgets.line_tree import LineList
from orch_tui.tui.workbench import look
from orch_tui.tui.workbench.broken import BrokenScreen
from orch_tui.tui.workbench.catalog import ComponentEntry, ConfigurationEntry
from orch_tui.tui.workbench.checker import Checker
from orch_tui.tui.workbench.model import Workbench
from orch_tui.tui.workbench.starter import WorkbenchStart
from orch_tui.tui.workbench.timeline import plan_timeline
from orch_tui.tui.workbench.widgets.component_list import ComponentList
from orch_tui.tui.workbench.widgets.configuration_list import ConfigurationList
from orch_tui.tui.workbench.widgets.live_panel import LivePanel
from orch_tui.tui.workbench.widgets.pane_tabs import PaneTabs
from orch_tui.tui.workbench.widgets.phase_tree import PhaseTree
from orch_tui.tui.workbench.widgets.problems import ProblemList
from orch_tui.tui.workbench.widgets.sequence import SequenceView

# Each with its container and what takes the focus.
_PANES = {"tasks": ("tree", "tree"), "components": ("left", "components"), "sequence": ("right", "sequence")}
_TABS = (("tasks", "1 Tasks"), ("components", "2 Components"), ("sequence", "3 Sequence"))
# Checking follows an edit at once while it is cheap, and waits for a pause when it is not. Seconds.
_SOON, _LATER = 0.02, 0.4

# What fits at 80 columns. The first ones are there only on the failure card, and while a run goes on.
_KEYS_FIRST = (
    "failure.continue",
    "failure.edit",
    "failure.log",
    "failure.copy-command",
    "run.cancel",
    "workbench.add-tasks",
    "tree.mark",
    "workbench.move-tasks",
    "workbench.group",
    "run.run-all",
    "tree.toggle-enabled",
    "workbench.undo",
    "workbench.save",
    "workbench.menu",
    "run.run-part",
)


class WorkbenchScreen(WorkbenchStart):
    """Three panes from 100 columns, the same panes as tabs below.

    Editing is in :class:`~orch_tui.tui.workbench.edits.WorkbenchEdits`, the file in :class:`WorkbenchFile`.
    """

    CSS_PATH = look.OWN
    BINDINGS = bindings(actions.WORKBENCH)
    HORIZONTAL_BREAKPOINTS = look.WIDTHS
    # The filter comes first in the layout, and would take the first keys for its text.
    AUTO_FOCUS = "#tree"
    HELP = "Compose an orchestration: phases run one after another, the tasks of a phase in parallel."

    def __init__(self, orchestration_id: str, *, focus: str | None = None) -> None:
        """``focus`` is the id of the task or phase to begin at."""
        super().__init__(orchestration_id)
        self._focus_first = focus
        self._seconds: Mapping[str, float] = {}
        self._check_timer: Timer | None = None
        self._checker: Checker | None = None
        self._ui_thread = 0
        self._pane = "tasks"
        self._ready = False
        self._titled: tuple[str, str | None] = ("", None)

    # Opening

    def compose(self) -> ComposeResult:
        try:
            self.opened = bench = Workbench.open(self.orch_app.project, self.orchestration_id)
        except DefinitionError as error:
            self.call_after_refresh(self._show_broken, error)
            return
        yield PaneTabs(_TABS, id="tabs")
        with Horizontal(id="panes"):
            with Vertical(id="left"):
                with Vertical(id="components-pane"):
                    filter_input = Input(placeholder=" / filter", id="filter", compact=True)
                    filter_input.cursor_blink = False
                    yield filter_input
                    yield ComponentList(id="components")
                yield ConfigurationList(bench.uses, id="configurations")
            yield PhaseTree(bench.catalog.label, id="tree")
            with Vertical(id="right"):
                yield SequenceView(lambda ref: bench.catalog.label(ref).configuration, id="sequence")
                yield ProblemList(id="problems")
                yield LivePanel(id="run")
        yield KeyBar(first=_KEYS_FIRST)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Keys that come before everything is read and shown do nothing."""
        return super().check_action(action, parameters) if self._ready else None

    def _show_broken(self, error: DefinitionError) -> None:
        self.app.switch_screen(BrokenScreen(self.orchestration_id, error))

    def on_mount(self) -> None:
        if self.opened is None or not self.query("#components-pane"):
            # A file that cannot be read; or the program ends while this screen comes, and its parts are gone again.
            return
        self.query_one("#components-pane").border_title = line("Components")
        self.query_one("#sequence").border_title = line("Sequence")
        self._ui_thread = get_ident()
        self.start_drafts()
        self.show_definitions()
        self.set_focus(self.phase_tree)
        self.show_value(self._focus_first)
        self._ready = True
        # Once for what was read: else the collector walks through all tasks in the middle of painting a frame.
        gc.collect()
        gc.freeze()
        self.read_durations()
        self.offer_draft()

    def on_unmount(self) -> None:
        gc.unfreeze()

    def read_durations(self) -> None:
        """Learn from the runs that there are how long tasks take."""
        self.run_worker(self._read_durations(), group="durations", exclusive=True, description="durations of runs")

    async def _read_durations(self) -> None:
        found = await asyncio.to_thread(read_estimates, self.bench.project.paths, self.orchestration_id)
        if found.task_medians != self._seconds:
            self._seconds = found.task_medians
            self._show_sequence()

    # Showing

    @property
    def phase_tree(self) -> PhaseTree:
        return self.query_one("#tree", PhaseTree)

    def show_value(self, focus: str | None = None) -> None:
        """Draw what an edit changed; the slower parts follow a moment later. ``focus``: put the cursor there."""
        self.show_tree()
        if focus is not None:
            self.phase_tree.go_to(focus)
        self.show_marks()
        if self._check_timer is not None:
            self._check_timer.stop()
        cheap = self._checker is None or self._checker.is_cheap(self.bench.value)
        self._check_timer = self.set_timer(_SOON if cheap else _LATER, self.check)

    def show_marks(self) -> None:
        """Draw marks and the title line again, where they are different now."""
        bench, tree = self.bench, self.phase_tree
        tree.show_marks(bench.marks, bench.phase_marks)
        marked = f"{len(bench.marks)} marked  " if bench.marks else ""
        state = ("● unsaved", "bold $text-warning") if bench.dirty else ("saved", "$text-muted")
        title = Content.assemble((f"{safe_line(bench.value.name, 60)} ─ ", "bold"), (marked, "$text-accent"), state)
        # Setting a title draws the whole widget again, also when it is the same one.
        if self.past:
            return
        if self._titled != (title.markup, tree.border_title):
            tree.border_title = title
            self._titled = (title.markup, tree.border_title)

    def check(self) -> None:
        """Find the problems of the value as it is now; draw them, the sequence and the uses."""
        if self._checker is None:
            return
        self._checker.check(self.bench.value)
        self._show_sequence()
        self.query_one(ConfigurationList).show_uses()

    def _found(self, value: Orchestration, problems: list[Problem]) -> None:
        if self._ui_thread == get_ident():
            self._show_problems(problems)
        else:
            self.call_later(self._show_problems, problems)

    def _show_problems(self, problems: list[Problem]) -> None:
        shown = self.query_one(ProblemList)
        if list(shown.problems) != problems:
            worst: dict[str, Severity] = {}
            for problem in problems:
                place = problem.task or problem.phase
                if place is not None:
                    worst.setdefault(place, problem.severity)
            shown.show(problems)
            self.phase_tree.show_problems(worst)
        title = f"Problems: {len(problems)}" if problems else "Problems"
        if shown.border_title != title:
            shown.border_title = line(title)
        count = f" · {counted(len(problems), 'problem')}" if problems else ""
        self.query_one(PaneTabs).show(self._pane, ["1 Tasks", "2 Components", f"3 {self.third_pane}{count}"])

    def _show_sequence(self) -> None:
        view = self.query_one(SequenceView)
        view.show(plan_timeline(self.bench.value, self._seconds, self.bench.project.settings.max_parallel))
        if (view.border_subtitle or "") != view.summary:
            view.border_subtitle = line(view.summary)

    def show_definitions(self) -> None:
        """Components and configurations, read anew."""
        self.bench.catalog.forget()
        self._checker = Checker(self.bench.project, self._found)
        self._show_components()
        if self.is_mounted:
            self.show_tree(redraw=True)

    def _show_components(self) -> None:
        self.query_one(ComponentList).show(self.bench.catalog.components(self.query_one("#filter", Input).value))
        self._show_configurations()

    def _show_configurations(self) -> None:
        chosen, shown = self.query_one(ComponentList).chosen, self.query_one(ConfigurationList)
        if chosen is None:
            shown.show([], "")
            return
        text = self.query_one("#filter", Input).value
        empty = " None fits the filter" if text and chosen.configurations else " None yet: N makes one"
        shown.show(self.bench.catalog.configurations(chosen.id, text), empty)
        shown.border_title = line(chosen.name, limit=40)

    # Panes

    def _show_pane(self, pane: str) -> None:
        if pane != self._pane:
            self._pane = pane
            self._apply_pane()

    def _apply_pane(self) -> None:
        narrow = self.size.width < look.NARROW
        for pane, (container, _) in _PANES.items():
            # Not by a class: what is typed after the key must find the focus where it will be.
            self.query_one(f"#{container}").display = not narrow or pane == self._pane
        self.query_one(PaneTabs).show(self._pane)

    def on_resize(self) -> None:
        if self.opened is not None:
            self._apply_pane()

    def _go_to_pane(self, pane: str, widget: str | None = None) -> None:
        self._show_pane(pane)
        self.set_focus(self.query_one(f"#{widget or _PANES[pane][1]}"))

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        for pane, (container, _) in _PANES.items():
            if any(node.id == container for node in event.widget.ancestors_with_self):
                self._show_pane(pane)

    def on_pane_tabs_picked(self, event: PaneTabs.Picked) -> None:
        event.stop()
        if event.pane == "sequence":
            self.action_pane_sequence()
        else:
            self._go_to_pane(event.pane)

    def action_pane_tree(self) -> None:
        self._go_to_pane("tasks")

    def action_pane_components(self) -> None:
        self._go_to_pane("components")

    def action_pane_sequence(self) -> None:
        if self.run_shown is None:
            self._go_to_pane("sequence")
        else:
            self._show_pane("sequence")
            self.panel.focus_tab()

    def action_pane_problems(self) -> None:
        if self.run_shown is not None:
            # They are problems of the plan, and have their place beside it.
            self.hide_run()
            self.orch_app.say(f"The plan and its problems; {self.orch_app.key_of('run.watch')} shows the run again.")
        self._go_to_pane("sequence", "problems")

    def action_filter(self) -> None:
        self._go_to_pane("components", "filter")

    # Lists

    def on_input_changed(self, event: Input.Changed) -> None:
        if event.input.id == "filter":
            self._show_components()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        if event.input.id == "filter":
            self.set_focus(self.query_one(ComponentList))

    def key_down(self) -> None:
        """From the filter into the list below it; lists and tree have a binding of their own for it."""
        if self.focused is not None and self.focused.id == "filter":
            self.set_focus(self.query_one(ComponentList))

    def on_line_list_moved(self, event: LineList.Moved) -> None:
        if isinstance(event.control, ComponentList):
            self._show_configurations()

    async def on_line_list_chosen(self, event: LineList.Chosen) -> None:
        match event.control:
            case PhaseTree() as tree:
                item = tree.item
                if isinstance(item, Phase):
                    tree.toggle_fold(item.id)
                elif self.run_shown is not None:
                    self.action_log()
                else:
                    await self.action_options()
            case ComponentList():
                self.set_focus(self.query_one(ConfigurationList))
            case ConfigurationList():
                self.action_add()
            case ProblemList() as problems:
                problem = problems.problem_at(event.index)
                if problem is not None:
                    self._jump(problem.task or problem.phase)
            case SequenceView() as sequence:
                self._jump(sequence.task_at(event.index))

    def _jump(self, item_id: str | None) -> None:
        if item_id is not None and self.phase_tree.go_to(item_id):
            self._go_to_pane("tasks")

    def on_configuration_list_plus_clicked(self, event: ConfigurationList.PlusClicked) -> None:
        self.action_add()

    def action_open(self) -> None:
        self.set_focus(self.query_one(ConfigurationList))

    def action_back(self) -> None:
        self.set_focus(self.query_one(ComponentList))

    def chosen_configuration(self) -> ConfigurationEntry | None:
        return self.query_one(ConfigurationList).chosen

    def chosen_component(self) -> ComponentEntry | None:
        return self.query_one(ComponentList).chosen
