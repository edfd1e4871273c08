"""The workbench without its layout: puts the controllers together, and tells one of what another has changed."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from orch_tui.model.orchestration.orchestration import Phase, Task
from orch_tui.model.run.runstate import TaskState
from orch_tui.runs.live.control import RunControl
from orch_tui.runs.past.again import Again
from orch_tui.tui.draft_keeper import DraftKeeper
from orch_tui.tui.workbench.below import Below
from orch_tui.tui.workbench.catalog import ComponentEntry, ConfigurationEntry
from orch_tui.tui.workbench.components.components_pane import ComponentsPane
from orch_tui.tui.workbench.context_menu import ContextMenu
from orch_tui.tui.workbench.forms_ahead import FormsAhead
from orch_tui.tui.workbench.layout.panes import Panes, Room
from orch_tui.tui.workbench.model import Workbench
from orch_tui.tui.workbench.plan.edits import EditController
from orch_tui.tui.workbench.plan.facts import FactsPane
from orch_tui.tui.workbench.plan.file import FileController
from orch_tui.tui.workbench.plan.plan_picture import PlanPicture
from orch_tui.tui.workbench.plan.plan_view import PlanView
from orch_tui.tui.workbench.plan.problems import ProblemList
from orch_tui.tui.workbench.plan.remedies import Remedies
from orch_tui.tui.workbench.previews import Previews
from orch_tui.tui.workbench.run.failure_card import Failure
from orch_tui.tui.workbench.run.gates import GateController
from orch_tui.tui.workbench.run.interventions import InterventionController
from orch_tui.tui.workbench.run.live_panel import LivePanel
from orch_tui.tui.workbench.run.pictures import Pictures
from orch_tui.tui.workbench.run.run_pages import RunPages
from orch_tui.tui.workbench.run.run_view import RunView
from orch_tui.tui.workbench.run.starter import RunStarter
from orch_tui.tui.workbench.run.watcher import RunWatcher
from orch_tui.tui.workbench.services import ScreenServices
from orch_tui.tui.workbench.shown import OF_A_RUN, Shown
from orch_tui.tui.workbench.tree.outline import NestedLine, PartRow
from orch_tui.tui.workbench.tree.phase_tree import PhaseTree, toggle_fold
from orch_tui.tui.workbench.tree.rule_row import RuleRow
from orch_tui.tui.workbench.tree.tree_pane import TreePane


@dataclass(frozen=True, slots=True)
class Widgets:
    """What the panes are made of."""

    components: ComponentsPane
    pane: TreePane
    picture: PlanPicture
    facts: FactsPane
    problems: ProblemList
    panel: LivePanel

    @property
    def tree(self) -> PhaseTree:
        """The tree in its pane."""
        return self.pane.phase_tree


_CHANGING_KEYS = (
    "run.cancel",
    "run.take-over",
    "run.failure",
    "run.approval",
    "run.log",
    "run.nested",
    "workbench.undo",
)
"""Actions by which it can be told that other keys are in the footer now."""


class Desk:
    """Whoever changes the plan or the run says so here, and everything that shows it is told, in one place each."""

    _opened_for: Path | None = None
    _keys: tuple[bool, ...] = ()

    def __init__(
        self,
        bench: Workbench,
        drafts: DraftKeeper,
        control: RunControl,
        services: ScreenServices,
        widgets: Widgets,
        panes: Panes,
    ) -> None:
        self.bench = bench
        self._services = services
        self._widgets = widgets
        self._panes = panes
        tree = widgets.tree
        self.watcher = RunWatcher(bench.project, bench.value.id, control, services, self._run_hidden)
        self.plan = PlanView(
            bench,
            widgets.components,
            widgets.pane,
            widgets.picture,
            widgets.facts,
            widgets.problems,
            services,
            self._name_panes,
            self._learned,
        )
        self.run = RunView(tree, widgets.panel)
        self._forms = FormsAhead(bench.project, services)
        self.edit = EditController(bench, tree, services, self)
        self.file = FileController(bench, tree, services, self, drafts)
        self.previews = Previews(
            bench, widgets.pane, widgets.picture, panes, self.plan, self.run, self.watcher, services
        )
        self.starter = RunStarter(bench, self.file, tree, self.watcher, control, services, self, self.previews)
        self.interventions = InterventionController(tree, self.task_shown, self.watcher, control, services)
        self.gates = GateController(bench.project.paths, self.watcher, services, self.run_changed)
        self.pages = RunPages(bench, self.watcher, self.starter, services, self.task_shown, self.previews)
        self.remedies = Remedies(bench.project, services, self.edit.orchestration, self.jump, self._secrets_changed)
        self.pictures = Pictures(self.watcher, tree, services, self.do, self.jump, self.plan.sequence)
        self.below = Below(self.watcher, panes, tree, widgets.panel, widgets.problems, services)
        self.actions: Mapping[str, Callable[[], object]] = {
            **self.edit.actions,
            **self.file.actions,
            **self.starter.actions,
            **self.interventions.actions,
            **self.pages.actions,
            **self.pictures.actions,
            **self.below.actions,
            **self._own_actions(),
        }

    def _own_actions(self) -> Mapping[str, Callable[[], object]]:
        """Going about, and what is about plan and run alike."""
        return {
            "components.open": self._widgets.components.focus_configurations,
            "configurations.back": self._widgets.components.focus_components,
            "workbench.pane-tree": lambda: self._panes.go_to("tasks"),
            "workbench.pane-components": lambda: self._panes.go_to("components"),
            "tree.find": self._widgets.pane.find,
            "workbench.filter": lambda: self._panes.go_to("components", self._widgets.components.filter),
            "workbench.larger": lambda: self._panes.resize(1),
            "workbench.smaller": lambda: self._panes.resize(-1),
            "workbench.leave": self._leave,
            "workbench.menu": self.open_menu,
            "run.watch": self._watch,
        }

    @property
    def shown(self) -> Shown:
        """The plan, or the run that is on the screen."""
        return self.watcher.shown

    # Opening and closing

    def begin(self, focus: str | None) -> None:
        """Everything is there to be drawn on; ``focus`` is the task or phase to begin at."""
        self.plan.definitions_changed()
        self._panes.go_to("tasks")
        self.plan.show(self.shown, focus)

    def look_around(self, run: Path | None, *, again: Again | None) -> None:
        """Show the run that was asked for or goes on, or offer to take over an interrupted one; ask about drafts."""
        # Whoever came for a run goes back from it to where the way began, not to a plan that was not asked for.
        self._opened_for = None if again else run
        self.plan.read_durations()
        self.file.offer_draft()
        self._services.in_background(partial(self._look_around, run, again=again), "run", "look for a run")

    async def _look_around(self, run: Path | None, *, again: Again | None) -> None:
        shows = await self.watcher.begin(None if again else run, newest=again is None)
        if again is Again.REST and run is not None:
            self.starter.rerun(run.name)
        elif again is Again.AS_IT_RAN and run is not None:
            self.starter.offer_repeat(run.name)
        elif not shows:
            self.starter.offer_take_over()

    def suspend(self) -> None:
        """Another screen is on top."""
        self.watcher.pause()

    def resume(self) -> None:
        """The screen is on top again: what changed meanwhile is drawn, files are read again."""
        self.watcher.resume()
        if self.shown.model is not None:
            self.run_changed(whole=True)
        self.file.come_back()

    # The plan is another one

    def plan_changed(self, focus: str | None = None) -> None:
        """After each edit, undo and redo; ``focus`` is the task or phase to go to."""
        self.plan.show(self.shown, focus)
        self.file.edited()

    def marks_changed(self) -> None:
        """Other tasks or phases are marked, or all is saved."""
        self.plan.show_marks(self.shown)

    def definitions_changed(self) -> None:
        """Components and configurations may be others now."""
        self.plan.definitions_changed()
        self.plan.show_tree(self.shown, redraw=True)

    def _secrets_changed(self) -> None:
        self.definitions_changed()
        self.plan.check()

    def plan_first(self) -> bool:
        """Whether a run is shown, which no edit changes: then the plan is shown instead of it."""
        if self.shown.model is None:
            return False
        self.watcher.hide()
        watch = self._services.key_of("run.watch")
        self._services.say(f"This is the plan, which can be edited; {watch} shows the newest run again.")
        return True

    def chosen_configuration(self) -> ConfigurationEntry | None:
        """The configuration under the cursor of its list."""
        return self._widgets.components.chosen_configuration

    def configuration_in_focus(self) -> ConfigurationEntry | None:
        """The same, where that list has the focus."""
        return self.chosen_configuration() if self._widgets.components.configurations.has_focus else None

    def chosen_component(self) -> ComponentEntry | None:
        """The component under the cursor of its list."""
        return self._widgets.components.chosen_component

    # The run is another one

    def run_opened(self) -> None:
        """Another run is shown."""
        if self.shown.model is None:
            return
        self._panes.show_run(True)
        self.run.begin()
        focused = self._panes.focused
        if focused is self._widgets.problems:
            # The run takes their place.
            self._widgets.panel.focus_tab()
        self._name_panes()
        self.plan.show_tree(self.shown)

    def run_changed(self, *, whole: bool = False) -> None:
        """Something of the run is different now; ``whole``: all of it."""
        if self.shown.model is None:
            return
        self._keys_changed()
        if whole:
            self.plan.show_tree(self.shown)
        self.run.draw(self.shown, self.watcher.results, whole=whole)
        self._name_panes()

    def _run_hidden(self) -> None:
        """The plan is shown again."""
        focused = self._panes.focused
        if focused is not None and self._widgets.panel in focused.ancestors:
            self._panes.go_to("tasks")
        self._keys_changed()
        self._panes.show_run(False)
        self._widgets.panel.hide()
        self._name_panes()
        self.plan.show_plan(self.shown)
        self.plan.show(self.shown)

    def _learned(self) -> None:
        """More is known of how long tasks take."""
        if self.shown.model is None and not self.previews.busy:
            self.plan.show_tree(self.shown)

    def task_shown(self) -> TaskState | None:
        """The task under the cursor as the shown run has it."""
        return self.run.task(self.shown)

    def _name_panes(self) -> None:
        """The third tab has what stands there: how the run stands, or how many problems there are."""
        problems, model = len(self._widgets.problems.problems), self.shown.model
        third = f"3 Problems · {problems}" if problems else "3 Problems"
        if model is not None:
            done = sum(number for status, number in model.state.counts.items() if status.final)
            third = f"3 Run {model.state.status.style.glyph} {done}/{len(model.state.tasks)}"
        self._panes.name(["1 Tasks", "2 Components", third])

    def _keys_changed(self) -> None:
        """Which keys there are, once for every change: the footer is made anew each time."""
        keys = tuple(map(self.shown.allows, _CHANGING_KEYS))
        if keys != self._keys:
            self._keys = keys
            self._panes.keys_changed()

    # Keys

    async def do(self, action_id: str) -> None:
        """Carry an action out."""
        result = self.actions[action_id]()
        if inspect.isawaitable(result):
            await result

    async def say_why_not(self, action_id: str) -> bool:
        """A key that has nothing to work on, or would edit a run, is in no footer and no menu; pressed, it says why."""
        if action_id not in self.actions or self.shown.allows(action_id):
            return False
        if action_id in OF_A_RUN:
            await self.do(action_id)
            return True
        return self.plan_first()

    async def open_menu(self) -> None:
        """Everything that can be done here; by a click, too."""
        focused = self._panes.focused
        menu = ContextMenu(self.bench, self._services, lambda: self._widgets.tree.item, self._carry_out)
        await menu.open(focused.id if focused is not None else None, self.shown.allows)

    async def _carry_out(self, action_id: str) -> None:
        """As its key would: by the desk, or by the tree."""
        if action_id in self.actions:
            await self.do(action_id)
        else:
            self._widgets.tree.action_do(action_id)

    def _leave(self) -> None:
        """One step back: the marks, a pane that was made larger, the run, the screen."""
        if self.edit.unmark() or self._panes.resize(-len(Room)):
            return
        model = self.shown.model
        if model is None or self.shown.going_on or model.directory == self._opened_for:
            self.file.ask_to_leave(self._services.close)
            return
        self.watcher.hide()
        self.pages.back_from(model.directory)

    def _watch(self) -> None:
        if self.shown.model is not None:
            self.watcher.hide()
            return
        newest = self.watcher.newest()
        if newest is None:
            self._services.say("There is no run yet; R starts one.", seconds=3)
        else:
            self.watcher.follow(newest)

    # Going about

    async def choose_row(self) -> None:
        """Enter on a row of the tree: fold a phase; the log of a task of a run, the options of one of the plan; where a
        rule of a run leads to, the form of one of the plan."""
        tree = self._widgets.tree
        item = tree.item
        if isinstance(item, Phase):
            toggle_fold(tree, item.id)
        elif isinstance(item, RuleRow) and self.shown.model is not None:
            tree.go_to(item.rule.goto)
        elif self.shown.model is not None:
            self.pages.log()
        else:
            await self.edit.options()

    def drop(self, source: int, target: int) -> None:
        """A row of the tree was dragged onto another one."""
        rows = self._widgets.tree.outline.rows
        one, other = rows[source], rows[target]
        if not isinstance(one, NestedLine | PartRow) and not isinstance(other, NestedLine | PartRow):
            self.edit.drop(one, other)

    def jump(self, item_id: str | None) -> None:
        """To a task or phase in the tree."""
        if item_id is not None and self._widgets.tree.go_to(item_id):
            self._panes.go_to("tasks")

    def cursor_moved(self) -> None:
        """The cursor of the tree is elsewhere."""
        self.run.follow_cursor(self.shown)
        item = self.plan.tell_of_item()
        self._forms.cursor_on(item.configuration if isinstance(item, Task) and self.shown.model is None else None)

    def configuration_moved(self) -> None:
        """The cursor of the configurations is elsewhere."""
        self._forms.cursor_on(chosen.ref if (chosen := self.configuration_in_focus()) is not None else None)

    def failure_asked(self, what: str, failure: Failure) -> None:
        """A key of the card of the first failure."""
        if self.shown.model is None:
            return
        if what == "edit":
            self.file.open_configuration(failure.configuration, failure.fault)
        elif what == "continue":
            self.starter.continue_shown()
        elif what == "log":
            self.pages.open_log(failure.task)
        elif what in ("accept", "discard"):
            self.gates.decide(what, failure)
        else:
            self.pages.of_attempt(what, self.shown.task(failure.task))
