"""The workbench's edits: from a key to a value, and to a sentence when it was refused."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar, cast

from textual.screen import Screen
from textual.widgets import Input

from orch_tui.model import edits
from orch_tui.model.edits import EditError
from orch_tui.model.orchestration import Phase, Task
from orch_tui.model.text import counted
from orch_tui.model.undo import NothingToUndo
from orch_tui.tui.actions import Action
from orch_tui.tui.actions import run as run_actions
from orch_tui.tui.actions import workbench as actions
from orch_tui.tui.dialogs.base import FullScreen
from orch_tui.tui.dialogs.menu import Menu
from orch_tui.tui.dialogs.prompt import Prompt
from orch_tui.tui.widgets.line_tree import LineList
from orch_tui.tui.workbench.dialogs.add_tasks import AddTasks
from orch_tui.tui.workbench.dialogs.group import GroupPreview
from orch_tui.tui.workbench.dialogs.move_tasks import PhaseChoice, PickPhase
from orch_tui.tui.workbench.dialogs.task_options import TaskOptionsDialog
from orch_tui.tui.workbench.model import Item, OptionChanges, Workbench
from orch_tui.tui.workbench.widgets.phase_tree import NestedLine, PhaseTree

if TYPE_CHECKING:
    from orch_tui.tui.app import OrchApp
    from orch_tui.tui.workbench.catalog import ComponentEntry, ConfigurationEntry

T = TypeVar("T")
# Moving about is what the mouse does anyway.
_NOT_IN_MENU = (
    "tree.fold",
    "tree.unfold",
    "tree.next",
    "tree.previous",
    "tree.mark",
    "tree.phase-",
    "configurations.back",
    "components.open",
    "workbench.pane",
    "workbench.menu",
    "workbench.leave",
    "workbench.filter",
)
_IN_MENU = ("tree.fold-all", "tree.unfold-all", "tree.mark-all", "tree.mark-range")


class WorkbenchEdits(FullScreen[None]):
    """What the actions of tree and lists do. The screen on top of it shows the result with :meth:`show_value`."""

    def __init__(self, orchestration_id: str) -> None:
        super().__init__()
        self.orchestration_id = orchestration_id
        self.opened: Workbench | None = None

    @property
    def orch_app(self) -> OrchApp:
        return cast("OrchApp", self.app)

    @property
    def bench(self) -> Workbench:
        """The orchestration being edited; there once its file was read."""
        if self.opened is None:
            raise RuntimeError("the workbench has not read its orchestration")
        return self.opened

    # abstractmethod without ABCMeta, which Textual's metaclass excludes: it is the type checker that looks at it.
    @property
    @abstractmethod
    def phase_tree(self) -> PhaseTree:
        """The tree of phases and tasks."""

    @abstractmethod
    def show_value(self, focus: str | None = None) -> None:
        """Show the orchestration as it is now; ``focus`` is the task or phase to go to."""

    @abstractmethod
    def show_marks(self) -> None:
        """Show what is marked."""

    @abstractmethod
    def chosen_configuration(self) -> ConfigurationEntry | None:
        """The configuration under the cursor of its list."""

    @abstractmethod
    def chosen_component(self) -> ComponentEntry | None:
        """The component under the cursor of its list."""

    def edited(self, focus: str | None = None) -> None:
        """Called after each edit, undo and redo."""
        self.show_value(focus)

    def attempt(self, edit: Callable[[], object], focus: str | None = None) -> bool:
        """Carry an edit out and show it; a refusal is said. True when it was not refused."""
        try:
            edit()
        except EditError as error:
            self.orch_app.say(str(error), "warning")
            return False
        self.edited(focus)
        return True

    async def push(self, dialog: Screen[T], take: Callable[[T | None], None] | None = None) -> None:
        """Show a dialog; what is typed right after the key goes into it."""
        await self.app.push_screen(dialog, take)
        if isinstance(dialog, Prompt):
            dialog.set_focus(dialog.query_one(Input))

    # Adding and removing

    def add(self, ref: str) -> str | None:
        """Add a configuration as a task; the sentence when it was refused."""
        try:
            ids = self.bench.add([ref], self.phase_tree.item)
        except EditError as error:
            return str(error)
        self.edited(ids[0] if ids else None)
        return None

    async def action_add_tasks(self) -> None:
        await self.push(AddTasks(self.bench.catalog, self.bench.uses, self.add))

    def action_add(self) -> None:
        chosen = self.chosen_configuration()
        if chosen is None:
            self.orch_app.say("This component has no configuration to add; N makes one.", "warning")
            return
        refused = self.add(chosen.ref)
        if refused is not None:
            self.orch_app.say(refused, "warning")

    def action_delete(self) -> None:
        bench, tree = self.bench, self.phase_tree
        if tree.item is not None:
            self.attempt(lambda: bench.delete(tree.item))

    def action_duplicate(self) -> None:
        self.attempt(lambda: self.bench.duplicate(self.phase_tree.item))

    def action_drop_empty(self) -> None:
        self.attempt(self.bench.drop_empty)

    # Options

    def action_toggle_enabled(self) -> None:
        self.attempt(lambda: self.bench.toggle_enabled(self.phase_tree.item))

    def action_toggle_continue(self) -> None:
        self.attempt(lambda: self.bench.toggle_continue(self.phase_tree.item))

    async def action_options(self) -> None:
        bench, item = self.bench, self.phase_tree.item
        if isinstance(item, Phase) and not bench.marks:
            await self._ask_phase_limit(item)
            return
        ids = bench.targets(item)
        if not ids:
            self.orch_app.say("Put the cursor on a task, or mark some, to set their options.", "warning")
            return
        defaults = bench.value.defaults.over(bench.project.settings.defaults)

        def take(changes: OptionChanges | None) -> None:
            if changes is not None:
                self.attempt(lambda: bench.set_options(ids, changes))

        await self.push(TaskOptionsDialog(bench.title_of(ids), bench.tasks_of(ids), defaults), take)

    async def _ask_phase_limit(self, phase: Phase) -> None:
        def wrong(text: str) -> str | None:
            number = text.strip()
            return None if not number or (number.isdecimal() and int(number) > 0) else "Type a whole number from 1 on."

        def take(text: str | None) -> None:
            if text is not None:
                limit = int(text) if text.strip() else None
                self.attempt(lambda: self.bench.set_phase_limit(phase.id, limit))

        now = "" if phase.max_parallel is None else str(phase.max_parallel)
        title = "How many tasks of the phase run at once"
        await self.push(Prompt(title, now, wrong, "no limit of its own"), take)

    # Phases

    async def action_new_phase(self) -> None:
        def take(name: str | None) -> None:
            if name is not None:
                item = self.phase_tree.item
                self.attempt(lambda: self.show_value(self.bench.new_phase(name, item)))

        await self.push(Prompt("New phase", "", self._wrong_new_name, "its name"), take)

    def _wrong_new_name(self, name: str) -> str | None:
        try:
            edits.new_phase(self.bench.value, name)
        except EditError as error:
            return str(error)
        return None

    async def action_rename(self) -> None:
        phase = self.bench.phase_of(self.phase_tree.item)
        if phase is None:
            return

        def wrong(name: str) -> str | None:
            try:
                edits.rename_phase(self.bench.value, phase.id, name)
            except EditError as error:
                return str(error)
            return None

        def take(name: str | None) -> None:
            if name is not None:
                self.attempt(lambda: self.bench.rename_phase(phase.id, name))

        await self.push(Prompt("Rename phase", phase.name, wrong), take)

    def action_move_up(self) -> None:
        self._move_row(self.phase_tree.item, -1)

    def action_move_down(self) -> None:
        self._move_row(self.phase_tree.item, 1)

    def action_phase_up(self) -> None:
        self._move_row(self.bench.phase_of(self.phase_tree.item), -1)

    def action_phase_down(self) -> None:
        self._move_row(self.bench.phase_of(self.phase_tree.item), 1)

    def _move_row(self, item: Item | None, step: int) -> None:
        if item is not None:
            # A task that crosses into a folded phase would disappear from under the cursor.
            focus = item.id if isinstance(item, Task) else None
            self.attempt(lambda: self.bench.move_row(item, step), focus)

    async def action_merge_phases(self) -> None:
        bench = self.bench
        here = bench.phase_of(self.phase_tree.item)
        chosen = [phase.id for phase in bench.value.phases if phase.id in bench.phase_marks]
        if not chosen and here is not None:
            chosen = [here.id]
        if not chosen or len(bench.value.phases) < 2:
            self.orch_app.say("A merge needs at least two phases.", "warning")
            return
        several = len(chosen) > 1
        title = f"Merge {counted(len(chosen), 'marked phase')} into" if several else "Merge this phase into"

        def take(choice: PhaseChoice | None) -> None:
            if choice is not None:
                self.attempt(
                    lambda: bench.merge(chosen, into_id=choice.phase_id, into_name=choice.name), choice.phase_id
                )

        hint = "A new name makes a phase at the place of the first one. Space marks phases beforehand."
        phases = frozenset() if several else frozenset(chosen)
        await self.push(PickPhase(title, bench.value.phases, here=phases, hint=hint), take)

    async def action_move_tasks(self) -> None:
        bench = self.bench
        ids = bench.targets(self.phase_tree.item)
        if not ids:
            self.orch_app.say("Put the cursor on a task, or mark some with Space, to move them.", "warning")
            return
        wanted = set(ids)
        here = frozenset(phase.id for phase in bench.value.phases if any(task.id in wanted for task in phase.tasks))

        def take(choice: PhaseChoice | None) -> None:
            if choice is not None:
                self.attempt(lambda: bench.move_to(ids, phase_id=choice.phase_id, phase_name=choice.name), ids[0])

        hint = "A new phase goes last; [ and ] move it up and down."
        await self.push(PickPhase(f"Move {bench.title_of(ids)} to", bench.value.phases, here=here, hint=hint), take)

    async def action_group(self) -> None:
        bench = self.bench
        try:
            grouped = bench.grouped()
        except EditError as error:
            self.orch_app.say(str(error), "warning")
            return

        def name_of(task: Task) -> str:
            return bench.catalog.label(task.configuration).configuration

        phases = [
            (phase.name, len(phase.tasks), [name_of(task) for task in phase.tasks[:20]]) for phase in grouped.phases
        ]

        def take(answer: str | None) -> None:
            if answer == "group":
                self.attempt(bench.group)
            elif answer == "top":
                self.phase_tree.go(0)

        await self.push(GroupPreview(phases), take)

    def on_phase_tree_dropped(self, event: PhaseTree.Dropped) -> None:
        rows = self.phase_tree.rows
        source, target = rows[event.source], rows[event.target]
        if not isinstance(source, NestedLine) and not isinstance(target, NestedLine):
            self.attempt(lambda: self.bench.drop(source, target), source.id)

    # Marks

    def action_mark(self) -> None:
        item = self.phase_tree.item
        if item is not None:
            self.bench.toggle_mark(item)
            self.show_marks()
            self.phase_tree.go(self.phase_tree.cursor + 1)

    def on_phase_tree_mark_clicked(self, event: PhaseTree.MarkClicked) -> None:
        self.phase_tree.go(event.index)
        item = self.phase_tree.item
        if item is not None:
            self.bench.toggle_mark(item)
            self.show_marks()

    def action_mark_range(self) -> None:
        items, here = self.phase_tree.items, self.phase_tree.item
        if here is not None:
            self.bench.mark_range(items, items.index(here))
            self.show_marks()

    def action_mark_all(self) -> None:
        self.bench.mark_all()
        self.show_marks()

    # Undo

    def action_undo(self) -> None:
        self._step(self.bench.undo)

    def action_redo(self) -> None:
        self._step(self.bench.redo)

    def _step(self, step: Callable[[], str]) -> None:
        try:
            label = step()
        except NothingToUndo as error:
            self.orch_app.say(str(error), seconds=2)
            return
        self.edited()
        self.orch_app.say(label, seconds=2)

    # The menu

    async def on_line_list_menu_asked(self, event: LineList.MenuAsked) -> None:
        self.set_focus(event.control)
        await self.action_menu()

    async def action_menu(self) -> None:
        """Everything that can be done here; by a click, too."""
        focused = self.focused.id if self.focused is not None else None
        near = actions.TREE if focused == "tree" else [one for one in actions.LISTS if one.context == focused]
        chosen = [
            action
            for action in (*near, *run_actions.WORKBENCH, *actions.WORKBENCH)
            if (action.id in _IN_MENU or not action.id.startswith(_NOT_IN_MENU))
            and self.check_action(action.method, ()) is not False
        ]
        chosen.sort(key=lambda action: action.group != actions.EDIT)

        def take(action: Action | None) -> None:
            if action is not None:
                self.call_later(self.carry_out, action)

        await self.push(Menu("What to do", [(action, self.orch_app.key_of(action.id)) for action in chosen]), take)

    async def carry_out(self, action: Action) -> None:
        """Run an action as its key would: by what has the focus, or else by the screen."""
        focused = self.focused
        owner = focused if focused is not None and hasattr(focused, f"action_{action.method}") else self
        await owner.run_action(action.method)
