"""Before a run: which part of it, and what would happen to every task."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from enum import Enum, auto

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widgets import Static

from orch_tui.model.orchestration.orchestration import Task
from orch_tui.model.orchestration.rules import phase_of_id
from orch_tui.model.run.may_run import what_is_needed
from orch_tui.model.run.plan import Decision, PlannedTask, RunPlan
from orch_tui.model.texts.text import safe_line
from orch_tui.runs.live.control import Part as RunnablePart
from orch_tui.runs.live.control import plan_words
from orch_tui.runs.words.rule_words import may_run_words
from orch_tui.tui.actions import bindings
from orch_tui.tui.actions import run as actions
from orch_tui.tui.dialogs.base import Dialog
from orch_tui.tui.task_names import name_first
from orch_tui.tui.text import line, lines
from orch_tui.tui.widgets.bars import KeyBar
from orch_tui.tui.widgets.line_tree import LineList, Part, Row
from orch_tui.tui.widgets.row_list import RowList
from orch_tui.tui.workbench.layout import look
from orch_tui.tui.workbench.tree.chart import Bars
from orch_tui.tui.workbench.tree.phase_tree import PhaseTree
from orch_tui.tui.workbench.tree.run_rows import plan_states

_COVERED = 7
"""Rows at the bottom of the tree that the preview lies over."""


class RunPart(Dialog[RunnablePart | None]):
    """Dismissed with the part to run; a key or Enter chooses one that can be run now."""

    CSS_PATH = look.OWN
    BINDINGS = bindings(actions.RUN_PART)

    def __init__(self, parts: Sequence[RunnablePart]) -> None:
        super().__init__()
        self._parts = parts

    def compose(self) -> ComposeResult:
        with Vertical(id="dialog") as dialog:
            dialog.border_title = line("Run")
            dialog.border_subtitle = line("a letter or Enter chooses, Esc closes")
            yield RowList([self._row(part) for part in self._parts], pick=True, id="parts")
            yield Static(id="about")

    @staticmethod
    def _row(part: RunnablePart) -> Row:
        if part.refused:
            return Row((Part(f" {part.key}  {part.label:<29}", "dim"), Part(safe_line(part.refused, 200), "dim")))
        label = (Part(f" {part.key}  ", "accent"), Part(f"{part.label:<29}", "strong"))
        return Row((*label, Part(safe_line(part.detail, 200), "dim")))

    def on_mount(self) -> None:
        self.set_focus(self.query_one(RowList))
        self._tell(0)

    def _tell(self, index: int) -> None:
        """All of what is said of the row under the cursor: in its row there may be no room for it."""
        part = self._parts[index]
        self.query_one("#about", Static).update(line(part.refused or part.detail, "$text-muted", limit=200))

    def on_line_list_moved(self, event: LineList.Moved) -> None:
        event.stop()
        self._tell(event.index)

    def on_line_list_chosen(self, event: LineList.Chosen) -> None:
        event.stop()
        self._take(self._parts[event.index])

    def _take(self, part: RunnablePart) -> None:
        if part.refused:
            self.notify(f"{part.label}: {part.refused}.", severity="warning", markup=False)
        else:
            self.dismiss(part)

    def _take_id(self, wanted: str) -> None:
        for part in self._parts:
            if part.id == wanted:
                self._take(part)

    def action_all(self) -> None:
        self._take_id("all")

    def action_tasks(self) -> None:
        self._take_id("tasks")

    def action_phase(self) -> None:
        self._take_id("phase")

    def action_from(self) -> None:
        self._take_id("from")

    def action_failed(self) -> None:
        self._take_id("failed")

    def action_changed(self) -> None:
        self._take_id("changed")

    def action_as_it_ran(self) -> None:
        self._take_id("as-it-ran")

    def action_shadow(self) -> None:
        self._take_id("shadow")

    def action_resume(self) -> None:
        self._take_id("resume")


class Confirmed(Enum):
    """What is wished after a look at what a run would do."""

    START = auto()
    OTHER_VALUES = auto()


class RunPreview(Dialog[Confirmed]):
    """Below the tree, which shows what would happen to each task.

    ``may_change``: other values can be asked for. ``move`` moves the cursor of the tree behind by so many rows, and
    gives the task it is on then, or else the phase.
    """

    CSS_PATH = look.OWN
    BINDINGS = bindings(actions.PREVIEW)

    def __init__(
        self, plan: RunPlan, title: str, move: Callable[[int], tuple[str | None, str | None]], *, may_change: bool
    ) -> None:
        super().__init__()
        self._may_change = may_change
        self._plan = plan
        self._title = title
        self._move = move
        self._tasks: dict[str, PlannedTask] = {task.id: task for task in plan.tasks()}
        self._needed = what_is_needed(plan.phases)

    def compose(self) -> ComposeResult:
        refusal = self._plan.refusal
        with Vertical(id="dialog") as dialog:
            dialog.border_title = line(self._title, limit=80)
            yield Static(line(f"{plan_words(self._plan)}.", "bold", limit=300), id="counts")
            if values := ", ".join(f"{name} = {value}" for name, value in self._plan.variables.items()):
                yield Static(line(f"with {values}", "$text-muted", limit=600), id="values")
            if refusal is not None:
                yield Static(lines(refusal), id="refusal")
            yield Static(line(""), id="about")
        yield KeyBar()

    def on_mount(self) -> None:
        self._show(*self._move(0))

    def _show(self, task: str | None, phase: str | None) -> None:
        planned = self._tasks.get(task or "")
        text = ""
        if planned is not None:
            reason = f": {planned.reason}" if planned.reason else ""
            each = f" for each of {planned.each.text}" if planned.each and planned.decision is Decision.RUN else ""
            text = f"{name_first(planned.name)} — {planned.decision.value}{each}{reason}"
            if planned.decision is Decision.RUN and planned.phase in self._needed:
                text = f"{name_first(planned.name)} — {may_run_words(self._needed[planned.phase], self._plan.phases)}"
        elif phase is not None and phase in self._needed:
            name = next(one.name for one in self._plan.phases if one.id == phase)
            text = f"{name} — {may_run_words(self._needed[phase], self._plan.phases)}"
        self.query_one("#about", Static).update(line(text, limit=400))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action == "values":
            return self._may_change
        return not (action == "start" and self._plan.refusal is not None)

    def action_down(self) -> None:
        self._show(*self._move(1))

    def action_up(self) -> None:
        self._show(*self._move(-1))

    def action_start(self) -> None:
        self.dismiss(Confirmed.START)

    def action_values(self) -> None:
        self.dismiss(Confirmed.OTHER_VALUES)


def move_behind(tree: PhaseTree, step: int) -> None:
    """Move the cursor of a tree by so many rows, and keep it above a dialog that covers the lowest of them."""
    if step:
        tree.go(tree.cursor + step, step=step)
    # What the dialog below covers cannot be seen.
    top = tree.cursor - (tree.size.height - _COVERED)
    if top > tree.scroll_y:
        tree.scroll_to(y=top, animate=False, immediate=True, force=True)


async def confirm_in_tree(
    tree: PhaseTree,
    plan: RunPlan,
    bars: Bars,
    title: str,
    ask: Callable[[RunPreview], Awaitable[Confirmed | None]],
    *,
    may_change: bool,
) -> Confirmed | None:
    """Show in the tree what would happen to every task and when, and below it the dialog; None to start nothing."""
    tree.show_states(plan_states(plan, tree.size.width), bars)

    def move(step: int) -> tuple[str | None, str | None]:
        move_behind(tree, step)
        if isinstance(tree.item, Task):
            return tree.item.id, None
        return None, phase_of_id(tree.item.id) if tree.item is not None else None

    return await ask(RunPreview(plan, title, move, may_change=may_change))
