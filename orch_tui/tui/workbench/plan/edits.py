"""Editing in the workbench: from a key to a value, and to a sentence when it was refused."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Protocol

from orch_tui.model.edits import edits
from orch_tui.model.edits.edits import EditError
from orch_tui.model.edits.undo import NothingToUndo
from orch_tui.model.orchestration.orchestration import Orchestration, Phase, Task
from orch_tui.model.orchestration.rules import rule_id
from orch_tui.model.texts.text import counted, safe_line
from orch_tui.project.data_order import earlier_tasks
from orch_tui.tui.dialogs.prompt import Prompt
from orch_tui.tui.workbench.catalog import ConfigurationEntry
from orch_tui.tui.workbench.dialogs.add_tasks import AddTasks
from orch_tui.tui.workbench.dialogs.group import Grouping, GroupPreview, Proposal
from orch_tui.tui.workbench.dialogs.move_tasks import PhaseChoice, PickPhase
from orch_tui.tui.workbench.dialogs.orchestration import OrchestrationDialog
from orch_tui.tui.workbench.dialogs.task_options import PhaseOptionsDialog, TaskOptionsDialog
from orch_tui.tui.workbench.host import Asks, Rows
from orch_tui.tui.workbench.model import Item, OptionChanges, PhaseChanges, Workbench
from orch_tui.tui.workbench.plan.others import OtherOrchestrations
from orch_tui.tui.workbench.plan.rule_edits import RuleEdits
from orch_tui.tui.workbench.tree.rule_row import RuleRow


def arranged(bench: Workbench) -> Orchestration:
    """The orchestration with phases made of what reads what. Raises: EditError."""
    return edits.arrange_by_data(bench.value, earlier_tasks(bench.project, bench.value), bench.catalog.type_of)


class EditDesk(Protocol):
    """What editing needs of the workbench around it."""

    def plan_changed(self, focus: str | None = None) -> None:
        """The orchestration is another one now; ``focus`` is the task or phase to go to."""

    def marks_changed(self) -> None:
        """Other tasks or phases are marked."""

    def plan_first(self) -> bool:
        """Whether a run was shown, which no edit changes: then the plan is there instead of it."""

    def chosen_configuration(self) -> ConfigurationEntry | None:
        """The configuration under the cursor of its list."""

    def configuration_in_focus(self) -> ConfigurationEntry | None:
        """The same, where that list has the focus."""


class EditController:
    """What the keys of tree and lists do to the orchestration."""

    def __init__(self, bench: Workbench, rows: Rows, host: Asks, desk: EditDesk) -> None:
        self._bench = bench
        self._rows = rows
        self._host = host
        self._desk = desk
        self.rules = RuleEdits(bench, rows, host, self.attempt)
        self.others = OtherOrchestrations(bench, rows, host, desk, self.attempt)

    @property
    def actions(self) -> Mapping[str, Callable[[], object]]:
        """What carries out which action, by its id."""
        return {
            **self.others.actions,
            "workbench.add-tasks": self.add_tasks,
            "configurations.add": self.add_chosen,
            "tree.delete": self.delete,
            "tree.duplicate": self.duplicate,
            "workbench.drop-empty": self.drop_empty,
            "tree.toggle-enabled": self.toggle_enabled,
            "tree.toggle-continue": self.toggle_continue,
            "tree.options": self.options,
            "tree.rule": self.rules.add,
            "workbench.orchestration": self.orchestration,
            "workbench.starts": self.starts,
            "workbench.new-phase": self.new_phase,
            "tree.rename": self.rename,
            "tree.move-up": lambda: self._move_row(self._rows.item, -1),
            "tree.move-down": lambda: self._move_row(self._rows.item, 1),
            "tree.phase-up": lambda: self._move_row(self._bench.phase_of(self._rows.item), -1),
            "tree.phase-down": lambda: self._move_row(self._bench.phase_of(self._rows.item), 1),
            "workbench.merge-phases": self.merge_phases,
            "workbench.move-tasks": self.move_tasks,
            "workbench.group": self.group,
            "tree.mark": self.mark,
            "tree.mark-range": self.mark_range,
            "tree.mark-all": self.mark_all,
            "workbench.undo": lambda: self._step(self._bench.undo),
            "workbench.redo": lambda: self._step(self._bench.redo),
        }

    def attempt(self, edit: Callable[[], object], focus: str | None = None) -> bool:
        """Carry an edit out and show it; a refusal is said. True when it was not refused."""
        if self._desk.plan_first():
            return False
        try:
            edit()
        except EditError as error:
            self._host.say(str(error), "warning")
            return False
        self._desk.plan_changed(focus)
        return True

    # Adding and removing

    def add(self, ref: str) -> str | None:
        """Add a configuration as a task; the sentence when it was refused."""
        if self._desk.plan_first():
            return "Nothing was added to the run; add it to the plan."
        try:
            ids = self._bench.add([ref], self._rows.item)
        except EditError as error:
            return str(error)
        self._desk.plan_changed(ids[0] if ids else None)
        return None

    async def add_tasks(self) -> None:
        await self._host.push(AddTasks(self._bench.catalog, self._bench.uses, self.add))

    def add_chosen(self) -> None:
        chosen = self._desk.chosen_configuration()
        if chosen is None:
            self._host.say("This component has no configuration to add; N makes one.", "warning")
            return
        refused = self.add(chosen.ref)
        if refused is not None:
            self._host.say(refused, "warning")

    def delete(self) -> None:
        item = self._rows.item
        if item is not None:
            self.attempt(lambda: self._bench.delete(item))

    def duplicate(self) -> None:
        self.attempt(lambda: self._bench.duplicate(self._rows.item))

    def drop_empty(self) -> None:
        self.attempt(self._bench.drop_empty)

    # Options

    def toggle_enabled(self) -> None:
        self.attempt(lambda: self._bench.toggle_enabled(self._rows.item))

    def toggle_continue(self) -> None:
        self.attempt(lambda: self._bench.toggle_continue(self._rows.item))

    async def options(self) -> None:
        bench, item = self._bench, self._rows.item
        if isinstance(item, Phase) and not bench.marks:
            await self._phase_options(item)
            return
        if isinstance(item, RuleRow) and not bench.marks:
            await self.rules.change(item)
            return
        ids = bench.targets(item)
        if not ids:
            self._host.say("Put the cursor on a task, or mark some, to set their options.", "warning")
            return
        defaults = bench.defaults_of(ids)

        def take(changes: OptionChanges | None) -> None:
            if changes is not None:
                self.attempt(lambda: bench.set_options(ids, changes))

        await self._host.push(TaskOptionsDialog(bench.title_of(ids), bench.tasks_of(ids), defaults), take)

    async def orchestration(self, declare: Sequence[str] = ()) -> None:
        """The form of the orchestration itself, at its variables when there are some to ``declare``."""
        bench = self._bench
        # What is typed would be lost if the plan came only after it.
        self._desk.plan_first()

        def take(value: Orchestration | None) -> None:
            if value is not None:
                self.attempt(lambda: bench.push(value, "editing of the orchestration"))

        await self._host.push(OrchestrationDialog(bench.value, bench.project.settings, declare), take)

    async def starts(self) -> None:
        """Its schedules, triggers and alerts; each change is an edit of its own."""
        # Its words and times come from libraries that only schedules need.
        from orch_tui.tui.starts.dialog import Keeper, StartsDialog

        bench = self._bench
        self._desk.plan_first()

        def change(new: Orchestration, what: str) -> Orchestration | None:
            return bench.value if self.attempt(lambda: bench.push(new, what)) else None

        def undo() -> Orchestration:
            self._step(bench.undo)
            return bench.value

        timezone = bench.project.settings.timezone
        await self._host.push(StartsDialog(bench.value, timezone, Keeper(change, undo)))

    async def _phase_options(self, phase: Phase) -> None:
        bench = self._bench
        settings = bench.project.settings
        defaults = bench.value.defaults.over(settings.defaults)
        limit = bench.value.max_parallel or settings.max_parallel

        def take(changes: PhaseChanges | None) -> None:
            if changes is not None:
                self.attempt(lambda: bench.set_phase_options(phase.id, changes))

        title = f"the phase {safe_line(phase.name, 60)}"
        await self._host.push(PhaseOptionsDialog(title, phase, defaults, limit), take)

    # Phases

    async def new_phase(self) -> None:
        def take(name: str | None) -> None:
            if name is not None:
                self._add_phase(name)

        await self._host.push(Prompt("New phase", "", self._wrong_new_name, "its name"), take)

    def _add_phase(self, name: str) -> None:
        item = self._rows.item
        new: list[str] = []
        if self.attempt(lambda: new.append(self._bench.new_phase(name, item))):
            self._rows.go_to(new[0])

    def _wrong_new_name(self, name: str) -> str | None:
        try:
            edits.new_phase(self._bench.value, name)
        except EditError as error:
            return str(error)
        return None

    async def rename(self) -> None:
        if isinstance(self._rows.item, RuleRow):
            await self.rules.change(self._rows.item)
            return
        phase = self._bench.phase_of(self._rows.item)
        if phase is None:
            return

        def wrong(name: str) -> str | None:
            try:
                edits.rename_phase(self._bench.value, phase.id, name)
            except EditError as error:
                return str(error)
            return None

        def take(name: str | None) -> None:
            if name is not None:
                self.attempt(lambda: self._bench.rename_phase(phase.id, name))

        await self._host.push(Prompt("Rename phase", phase.name, wrong), take)

    def _move_row(self, item: Item | None, step: int) -> None:
        if item is not None:
            # A task that crosses into a folded phase would disappear from under the cursor.
            focus = item.id if isinstance(item, Task) else None
            if isinstance(item, RuleRow):
                focus = rule_id(item.phase, item.index + step)
            self.attempt(lambda: self._bench.move_row(item, step), focus)

    async def merge_phases(self) -> None:
        bench = self._bench
        here = bench.phase_of(self._rows.item)
        chosen = [phase.id for phase in bench.value.phases if phase.id in bench.phase_marks]
        if not chosen and here is not None:
            chosen = [here.id]
        if not chosen or len(bench.value.phases) < 2:
            self._host.say("A merge needs at least two phases.", "warning")
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
        await self._host.push(PickPhase(title, bench.value.phases, here=phases, hint=hint), take)

    async def move_tasks(self) -> None:
        bench = self._bench
        ids = bench.targets(self._rows.item)
        if not ids:
            self._host.say("Put the cursor on a task, or mark some with Space, to move them.", "warning")
            return
        wanted = set(ids)
        here = frozenset(phase.id for phase in bench.value.phases if any(task.id in wanted for task in phase.tasks))

        def take(choice: PhaseChoice | None) -> None:
            if choice is not None:
                self.attempt(lambda: bench.move_to(ids, phase_id=choice.phase_id, phase_name=choice.name), ids[0])

        hint = "A new phase goes last; [ and ] move it up and down."
        await self._host.push(
            PickPhase(f"Move {bench.title_of(ids)} to", bench.value.phases, here=here, hint=hint), take
        )

    async def group(self) -> None:
        bench, before = self._bench, self._bench.value
        try:
            made = {Grouping.TYPE: bench.grouped(), Grouping.DATA: arranged(bench)}
        except EditError as error:
            self._host.say(str(error), "warning")
            return

        def take(answer: Grouping | None) -> None:
            if answer is Grouping.FIRST_ROW:
                self._rows.go(0)
            elif answer is not None:
                # Of thousands of tasks it is not made twice; but the file may have been read again meanwhile.
                shown = made[answer] if bench.value is before else None
                self._make_phases(partial(bench.group if answer is Grouping.TYPE else self._arrange, shown))

        await self._host.push(GroupPreview(*map(self._proposal, made.values())), take)

    def _arrange(self, shown: Orchestration | None) -> bool:
        return self._bench.push(shown or arranged(self._bench), "arranging by data")

    def _proposal(self, value: Orchestration) -> Proposal:
        def name_of(task: Task) -> str:
            return self._bench.catalog.label(task.configuration).configuration

        phases = [(one.name, len(one.tasks), [name_of(task) for task in one.tasks[:20]]) for one in value.phases]
        return Proposal(phases, changes=value is not self._bench.value)

    def _make_phases(self, make: Callable[[], bool]) -> None:
        """Rules belong to phases: those of phases that go away go with them, which nobody might notice."""
        before = sum(len(phase.rules) for phase in self._bench.value.phases)
        if self.attempt(make):
            gone = before - sum(len(phase.rules) for phase in self._bench.value.phases)
            if gone > 0:
                undo = self._host.key_of("workbench.undo")
                self._host.say(f"{counted(gone, 'rule')} went away with the phases; {undo} undoes it.", "warning")

    def drop(self, source: Item, target: Item) -> None:
        """A row was dragged with the mouse onto another one."""
        self.attempt(lambda: self._bench.drop(source, target), source.id)

    # Marks

    def mark(self) -> None:
        if self._rows.item is not None:
            self._toggle_mark(self._rows.item)
            self._rows.go(self._rows.cursor + 1)

    def mark_row(self, index: int) -> None:
        """A click on the place of the mark."""
        self._rows.go(index)
        if self._rows.item is not None:
            self._toggle_mark(self._rows.item)

    def _toggle_mark(self, item: Item) -> None:
        self._bench.toggle_mark(item)
        self._desk.marks_changed()

    def unmark(self) -> bool:
        """Take all marks away; False when there was none."""
        had = self._bench.unmark()
        if had:
            self._desk.marks_changed()
        return had

    def mark_range(self) -> None:
        items, here = self._rows.items, self._rows.item
        if here is not None:
            self._bench.mark_range(items, items.index(here))
            self._desk.marks_changed()

    def mark_all(self) -> None:
        self._bench.mark_all()
        self._desk.marks_changed()

    # Undo

    def _step(self, step: Callable[[], str]) -> None:
        try:
            label = step()
        except NothingToUndo as error:
            self._host.say(str(error), seconds=2)
            return
        self._desk.plan_changed()
        self._host.say(label, seconds=2)
