"""The workbench: compose one orchestration out of the project's configurations, run it, watch it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from textual import events
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical

from orch_tui.runs.live.control import RunControl
from orch_tui.runs.live.view import RunModel
from orch_tui.runs.past.again import Again
from orch_tui.tui.actions import handed_on
from orch_tui.tui.actions import run as run_actions
from orch_tui.tui.actions import workbench as actions
from orch_tui.tui.dialogs.base import FullScreen
from orch_tui.tui.draft_keeper import DraftKeeper
from orch_tui.tui.textual_patches.keys import first_bindings
from orch_tui.tui.widgets.bars import KeyBar
from orch_tui.tui.widgets.line_tree import LineList
from orch_tui.tui.workbench.components.components_pane import ComponentsPane
from orch_tui.tui.workbench.desk import Desk, Widgets
from orch_tui.tui.workbench.layout import look
from orch_tui.tui.workbench.layout.pane_tabs import PaneTabs
from orch_tui.tui.workbench.layout.panes import TABS, Panes, Places
from orch_tui.tui.workbench.model import Workbench
from orch_tui.tui.workbench.plan.facts import FactsPane
from orch_tui.tui.workbench.plan.plan_picture import PlanPicture
from orch_tui.tui.workbench.plan.problems import ProblemList
from orch_tui.tui.workbench.run.approval_card import ApprovalCard
from orch_tui.tui.workbench.run.failure_card import FailureCard
from orch_tui.tui.workbench.run.live_panel import LivePanel
from orch_tui.tui.workbench.run.tables_pane import TablesPane
from orch_tui.tui.workbench.run.watcher import RunWatcher
from orch_tui.tui.workbench.services import ScreenServices
from orch_tui.tui.workbench.tree.phase_tree import PhaseTree
from orch_tui.tui.workbench.tree.tree_pane import TreePane

if TYPE_CHECKING:
    from orch_tui.tui.sequence.picture import SequencePicture

# What fits at 80 columns. The first ones are there only on the failure card, and while a run is shown.
_KEYS_FIRST = (
    "approval.approve",
    "approval.reject",
    "failure.continue",
    "failure.edit",
    "failure.log",
    "failure.copy-command",
    "run.cancel",
    "run.failure",
    "run.log",
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
    "run.history",
    "run.watch",
)


class WorkbenchScreen(FullScreen[None]):
    """Components, and the tree with problems or a run below it; as tabs where it is narrow.

    What they do is the :class:`Desk`'s business.
    """

    CSS_PATH = look.OWN
    BINDINGS = handed_on((*run_actions.WORKBENCH, *actions.WORKBENCH))
    HORIZONTAL_BREAKPOINTS = look.WIDTHS
    VERTICAL_BREAKPOINTS = look.HEIGHTS
    # The filter comes first in the layout, and would take the first keys for its text.
    AUTO_FOCUS = "#tree"
    HELP = (
        "Compose an orchestration: phases run one after another, the tasks of a phase in parallel. Low bars are "
        "expected (grey: guessed), tall ones ran; · is waiting, ✘ the end of a failed attempt, ◂ the critical path."
    )

    def __init__(
        self,
        bench: Workbench,
        drafts: DraftKeeper,
        control: RunControl,
        *,
        focus: str | None = None,
        run: Path | None = None,
        again: Again | None = None,
    ) -> None:
        """``focus``, ``run`` and ``again`` say what to begin with, as in :func:`~.opening.workbench_screen`."""
        super().__init__()
        self._focus_first, self._run_first, self._again_first = focus, run, again
        self._ready = False
        self._tabs = PaneTabs(TABS, id="tabs")
        self._left = ComponentsPane(bench, id="left")
        self.phase_tree = PhaseTree(bench.catalog.label, id="tree")
        self.panel = LivePanel(id="run")
        pane, problems = TreePane(self.phase_tree, id="tasks"), ProblemList(id="problems")
        picture, facts = PlanPicture(id="picture"), FactsPane(bench, id="facts")
        self._widgets = Widgets(self._left, pane, picture, facts, problems, self.panel)
        below = Vertical(problems, self.panel, id="below")
        self._work = Vertical(pane, picture, facts, below, id="work")
        self._panes = Panes(
            self,
            self._tabs,
            Places(
                self._left,
                self._work,
                pane,
                picture,
                facts,
                below,
                lambda: pane.lines_wanted,
                lambda: problems.lines_wanted,
                picture.lines_wanted,
            ),
            {"tasks": self.phase_tree, "components": self._left.components, "below": problems},
        )
        self._services = ScreenServices(self)
        self.desk = Desk(bench, drafts, control, self._services, self._widgets, self._panes)

    @property
    def orchestration_id(self) -> str:
        return self.desk.bench.value.id

    @property
    def bench(self) -> Workbench:
        """The orchestration being edited."""
        return self.desk.bench

    @property
    def run_shown(self) -> RunModel | None:
        """The run that is on the screen; None for the plan."""
        return self.desk.shown.model

    def compose(self) -> ComposeResult:
        yield self._tabs
        yield Horizontal(self._left, self._work, id="panes")
        yield KeyBar(first=_KEYS_FIRST)

    def on_mount(self) -> None:
        if not self.phase_tree.is_attached:
            # The program ends while this screen comes, and its parts are gone again.
            return
        self.desk.begin(self._focus_first)
        # Before anything is painted: the size of the screen is told later.
        self._panes.apply()
        self._ready = True
        self._services.orch_app.collector.set_aside()
        self.desk.look_around(self._run_first, again=self._again_first)

    def on_unmount(self) -> None:
        self.desk.file.close()
        self._services.orch_app.collector.take_back()

    async def may_leave(self) -> bool:
        """Asked by the program before it ends: False to stay."""
        return await self.desk.file.may_leave()

    # Keys

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Keys that come before everything is read and shown do nothing."""
        if action == "do" and not self.desk.shown.allows(str(parameters[0])):
            return False
        if not self._ready:
            return None
        return True if action == "do" else super().check_action(action, parameters)

    async def action_do(self, action_id: str) -> None:
        """Every key of the workbench."""
        await self.desk.do(action_id)

    async def on_key(self, event: events.Key) -> None:
        for binding in first_bindings(self, event.key):
            if binding.id and self._ready and await self.desk.say_why_not(binding.id):
                event.stop()

    # What happens to the screen

    def on_resize(self) -> None:
        self._panes.apply()
        self.call_after_refresh(self.desk.run_changed, whole=True)

    def on_screen_suspend(self) -> None:
        self.desk.suspend()

    def on_screen_resume(self) -> None:
        if self._ready:
            self.desk.resume()

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        self._panes.follow_focus(event.widget)

    # Messages of the panes

    def on_pane_tabs_picked(self, event: PaneTabs.Picked) -> None:
        event.stop()
        if event.pane == "below":
            self.desk.below.go_to_run()
        else:
            self._panes.go_to(event.pane)

    def on_components_pane_add(self) -> None:
        self.desk.edit.add_chosen()

    def on_sequence_picture_chosen(self, event: SequencePicture.Chosen) -> None:
        event.stop()
        self.desk.jump(event.id)

    async def on_line_list_chosen(self, event: LineList.Chosen) -> None:
        match event.control:
            case PhaseTree():
                await self.desk.choose_row()
            case ProblemList() as problems:
                problem = problems.problem_at(event.index)
                if problem is not None:
                    await self.desk.remedies.mend(problem)
            case TablesPane() as tables:
                item = tables.item_at(event.index)
                if item is not None and item.is_table:
                    self.desk.pages.table(item.name)

    def on_line_list_moved(self, event: LineList.Moved) -> None:
        if isinstance(event.control, PhaseTree):
            self.desk.cursor_moved()
        elif event.control is self._widgets.components.configurations:
            self.desk.configuration_moved()

    async def on_line_list_menu_asked(self, event: LineList.MenuAsked) -> None:
        self.set_focus(event.control)
        await self.desk.open_menu()

    def on_phase_tree_arranged(self) -> None:
        self._panes.apply()

    def on_plan_picture_drawn(self) -> None:
        self._panes.apply()

    def on_problem_list_wrapped(self) -> None:
        self._panes.apply()

    def on_phase_tree_dropped(self, event: PhaseTree.Dropped) -> None:
        self.desk.drop(event.source, event.target)

    def on_phase_tree_mark_clicked(self, event: PhaseTree.MarkClicked) -> None:
        self.desk.edit.mark_row(event.index)

    def on_approval_card_answered(self, event: ApprovalCard.Answered) -> None:
        event.stop()
        self.desk.interventions.answer(event.kind, event.task)

    def on_failure_card_asked(self, event: FailureCard.Asked) -> None:
        event.stop()
        self.desk.failure_asked(event.what, event.failure)

    def on_live_panel_tab_shown(self) -> None:
        self.desk.run_changed()
        # The view of the log is there after the next refresh.
        self.call_after_refresh(lambda: self.desk.run.show_log(self.desk.shown))

    # Messages of the run

    def on_run_watcher_opened(self) -> None:
        self.desk.run_opened()

    def on_run_watcher_changed(self, event: RunWatcher.Changed) -> None:
        self.desk.run_changed(whole=event.whole)

    def on_run_watcher_ended(self) -> None:
        self.desk.plan.read_durations()
