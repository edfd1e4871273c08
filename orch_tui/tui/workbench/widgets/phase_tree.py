"""The tree in the middle of the workbench: phases with their tasks."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass
from typing import ClassVar

from textual import events, on
from textual.binding import BindingType
from textual.message import Message

from orch_tui.model.orchestration import Phase, Task
from orch_tui.model.problem import Severity
from orch_tui.tui.actions import bindings, handed_on
from orch_tui.tui.actions import workbench as actions
from orch_tui.tui.widgets.line_tree import LineList
from orch_tui.tui.widgets.row_painter import Part, Row
from orch_tui.tui.workbench.catalog import Label
from orch_tui.tui.workbench.outline import NestedLine, Outline
from orch_tui.tui.workbench.widgets.row_drag import RowDrag
from orch_tui.tui.workbench.widgets.tree_rows import TreeRows

_FOLD_CELLS = range(2, 4)
_MARK_CELLS = range(0, 2)

OWN: Mapping[str, Callable[[PhaseTree], None]] = {
    "tree.fold": lambda tree: _fold(tree),
    "tree.unfold": lambda tree: _unfold(tree),
    "tree.fold-all": lambda tree: _fold_all(tree),
    "tree.unfold-all": lambda tree: _set_folded(tree, set()),
    "tree.next-phase": lambda tree: _go_to_phase(tree, range(tree.cursor + 1, tree.count())),
    "tree.previous-phase": lambda tree: _go_to_phase(tree, range(tree.cursor - 1, -1, -1)),
}
"""What the tree does by itself, by the id of the action; all else is its screen's."""


class PhaseTree(LineList, inherit_bindings=False):
    """Shows phases and tasks; marks, problems and states are given to it, folding is its own."""

    BINDINGS: ClassVar[list[BindingType]] = [
        *bindings(actions.LIST),
        *handed_on(action for action in actions.TREE if action.id in OWN),
        *handed_on((action for action in actions.TREE if action.id not in OWN), "screen"),
    ]

    @dataclass
    class MarkClicked(Message):
        """A click on the place of the mark of a row."""

        view: PhaseTree
        index: int

    @dataclass
    class Dropped(Message):
        """A row was dragged with the mouse onto another one."""

        view: PhaseTree
        source: int
        target: int

    def __init__(self, label: Callable[[str], Label], *, id: str | None = None) -> None:
        """``label`` tells what a configuration is called, by its reference."""
        super().__init__(id=id)
        self.outline: Outline = Outline()
        self.empty_text = "  No phases yet: a adds tasks, n makes a phase"
        self._look = TreeRows(label)
        self._drag = RowDrag()

    # What is shown

    def show(self, phases: tuple[Phase, ...], *, redraw: bool = False) -> None:
        """Show these phases; the cursor stays on what it is on. Rows that are the same objects are not drawn again."""
        here, cursor = self.item, self.cursor
        changed = self.outline.show(phases)
        _stay_on(self, here)
        if changed is None or redraw:
            self.reload()
            return
        # A row that only changed its place is drawn where it was and where it is, not all that is in view.
        self.refresh_rows(*changed, *({cursor, self.cursor} - set(changed)))
        self._scroll_to_cursor()

    def show_marks(self, marks: Set[str], phase_marks: Set[str]) -> None:
        """Draw the rows again whose mark is different now; by the ids of tasks and of phases."""
        changed = (self._look.marks ^ marks) | (self._look.phase_marks ^ phase_marks)
        self._look.marks, self._look.phase_marks = frozenset(marks), frozenset(phase_marks)
        _refresh_items(self, changed)

    def show_problems(self, worst: Mapping[str, Severity]) -> None:
        """The worst problem of a task or phase, by its id."""
        old, self._look.problems = self._look.problems, dict(worst)
        _refresh_items(self, {key for key in {*old, *worst} if old.get(key) != worst.get(key)})

    def show_states(
        self,
        states: Mapping[str, Sequence[Part]],
        nested: Mapping[str, Sequence[NestedLine]] | None = None,
        limit: int | None = None,
    ) -> None:
        """What stands at the right of a task or phase instead of its flags, by its id: the state of a run, say.

        ``nested`` are lines below a task. Only cells that differ are drawn, in at most ``limit`` rows of those in view.
        """
        here = self.item
        self._look.states = states
        moved = self.outline.show_nested(nested or {})
        _stay_on(self, here)
        if moved:
            self.reload()
        else:
            self.refresh_changed(limit)

    # Rows

    @property
    def item(self) -> Phase | Task | None:
        """What the cursor is on."""
        rows = self.outline.rows
        here = rows[self.cursor] if self.cursor < len(rows) else None
        return None if isinstance(here, NestedLine) else here

    @property
    def items(self) -> list[Phase | Task]:
        """All that the cursor can be on."""
        return [row for row in self.outline.rows if not isinstance(row, NestedLine)]

    def count(self) -> int:
        return len(self.outline.rows)

    def selectable(self, index: int) -> bool:
        return not isinstance(self.outline.rows[index], NestedLine)

    def row(self, index: int) -> Row:
        item, outline = self.outline.rows[index], self.outline
        if isinstance(item, NestedLine):
            return item.shown
        if isinstance(item, Phase):
            return self._look.phase(item, outline.numbers[item.id], folded=item.id in outline.folded)
        return self._look.task(item, self.size.width)

    # Going and folding

    def go_to(self, item_id: str) -> bool:
        """Put the cursor on a task or phase by its id, unfolding its phase; False when it is not there."""
        if self.outline.unfold_around(item_id):
            self.reload()
        index = self.outline.index_of(item_id)
        if index is not None:
            self.go(index)
        return index is not None

    def action_do(self, action_id: str) -> None:
        """A key that folds, or goes from phase to phase."""
        OWN[action_id](self)

    # The mouse

    def clicked(self, index: int, x: int) -> bool:
        item = self.outline.rows[index]
        if isinstance(item, NestedLine):
            return True
        if isinstance(item, Phase) and x in _FOLD_CELLS:
            toggle_fold(self, item.id)
            return True
        if x in _MARK_CELLS:
            self.post_message(self.MarkClicked(self, index))
            return True
        return False

    @on(events.MouseDown)
    @on(events.MouseMove)
    @on(events.MouseUp)
    @on(events.Click)
    def _drag_rows(self, event: events.MouseEvent) -> None:
        place = event.get_content_offset(self)
        index = -1 if place is None else round(self.scroll_y) + place.y
        below = index if 0 <= index < self.count() else None
        dropped = self._drag.take(event, below)
        if dropped is not None:
            self.post_message(self.Dropped(self, *dropped))
        elif isinstance(event, events.MouseMove) and self._drag.dragging and below is not None:
            self.go(below)


def _stay_on(tree: PhaseTree, here: Phase | Task | None) -> None:
    """After the rows have changed: the cursor is on what it was on, if that is still there."""
    rows = tree.outline.rows
    if here is not None and not (tree.cursor < len(rows) and rows[tree.cursor].id == here.id):
        index = tree.outline.index_of(here.id)
        tree.cursor = tree.cursor if index is None else index


def _refresh_items(tree: PhaseTree, ids: Set[str]) -> None:
    if ids:
        top, rows = round(tree.scroll_y), tree.outline.rows
        visible = range(top, min(len(rows), top + tree.size.height))
        tree.refresh_rows(*(index for index in visible if rows[index].id in ids))


def toggle_fold(tree: PhaseTree, phase_id: str) -> None:
    """Fold or unfold a phase."""
    _set_folded(tree, tree.outline.folded ^ {phase_id})


def _set_folded(tree: PhaseTree, folded: set[str]) -> None:
    """The cursor stays on its row; one that disappears leaves it to its phase."""
    index = tree.outline.phase_index(tree.cursor)
    phase = tree.outline.rows[index] if index is not None else None
    here = phase if isinstance(phase, Phase) and phase.id in folded else tree.item
    tree.outline.fold(folded)
    _stay_on(tree, here if not isinstance(here, NestedLine) else None)
    tree.reload()


def _fold_all(tree: PhaseTree) -> None:
    _set_folded(tree, {phase.id for phase in tree.outline.phases})


def _fold(tree: PhaseTree) -> None:
    """Fold the phase; on a task, go to its phase."""
    index = tree.outline.phase_index(tree.cursor)
    if index is None:
        return
    phase = tree.outline.rows[index]
    if index != tree.cursor:
        tree.go(index)
    elif phase.id not in tree.outline.folded:
        toggle_fold(tree, phase.id)


def _unfold(tree: PhaseTree) -> None:
    """Unfold the phase, or go to its first task."""
    item = tree.item
    if isinstance(item, Phase) and item.id in tree.outline.folded:
        toggle_fold(tree, item.id)
    elif isinstance(item, Phase) and item.tasks:
        tree.go(tree.cursor + 1)


def _go_to_phase(tree: PhaseTree, indexes: range) -> None:
    index = tree.outline.next_phase(indexes)
    if index is not None:
        tree.go(index)
