"""The tree in the middle of the workbench: phases with their tasks and rules."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass
from typing import ClassVar

from textual import events, on
from textual.binding import BindingType
from textual.geometry import Region
from textual.message import Message
from textual.strip import Strip

from orch_tui.model.orchestration.orchestration import Phase, Task
from orch_tui.model.orchestration.rules import phase_of_id
from orch_tui.model.problem import Severity
from orch_tui.tui.actions import bindings, handed_on
from orch_tui.tui.actions import workbench as actions
from orch_tui.tui.breakpoints import BARS_FROM
from orch_tui.tui.widgets.line_tree import LineList
from orch_tui.tui.widgets.row_painter import Row
from orch_tui.tui.workbench.catalog import Label
from orch_tui.tui.workbench.tree.chart import Bars
from orch_tui.tui.workbench.tree.outline import NestedLine, Outline, PartRow
from orch_tui.tui.workbench.tree.row_drag import RowDrag
from orch_tui.tui.workbench.tree.rule_row import RuleRow
from orch_tui.tui.workbench.tree.states import TreeStates
from orch_tui.tui.workbench.tree.tree_rows import TreeRows

_FOLD_CELLS = range(2, 4)
_MARK_CELLS = range(0, 2)
_PARTS_CELLS = range(4, 6)

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

    @dataclass
    class Arranged(Message):
        """There are more or fewer rows, or the axis above them is another one."""

    def __init__(self, label: Callable[[str], Label], *, id: str | None = None) -> None:
        """``label`` tells what a configuration is called, by its reference."""
        super().__init__(id=id)
        self.outline: Outline = Outline()
        self.empty_text = "  No phases yet: a adds tasks, n makes a phase"
        self.label = label
        self.look = TreeRows(label)
        self._drag = RowDrag()

    # What is shown

    def show(self, phases: tuple[Phase, ...], bars: Bars | None = None, *, redraw: bool = False) -> None:
        """Show these phases; the cursor stays on what it is on. Only cells that differ are drawn again.

        ``bars`` are theirs, None for the ones as before. ``redraw``: configurations may have other names.
        """
        here, cursor = self.outline.selectable(self.cursor), self.cursor
        if redraw:
            self.look.forget()
        same = self.outline.show(phases)
        _stay_on(self, here)
        if bars is not None:
            self.look.chart.show(bars)
        self.look.measure(phases, self.outline.nested_lines)
        if not same or redraw or arrange(self):
            _reload(self)
            return
        # Behind a dialog or another tab it will be drawn as a whole, and so it is where it scrolls.
        if self.is_on_screen and self.cursor in _rows_in_view(self):
            self.refresh_changed()
            self.refresh_rows(cursor, self.cursor)
        else:
            self.refresh()
        self._scroll_to_cursor()

    def show_marks(self, marks: Set[str], phase_marks: Set[str]) -> None:
        """Draw the rows again whose mark is different now; by the ids of tasks and of phases."""
        changed = (self.look.marks ^ marks) | (self.look.phase_marks ^ phase_marks)
        self.look.marks, self.look.phase_marks = frozenset(marks), frozenset(phase_marks)
        _refresh_items(self, changed)

    def show_problems(self, worst: Mapping[str, Severity]) -> None:
        """The worst problem of a task, rule or phase, by its id."""
        old, self.look.problems = self.look.problems, dict(worst)
        changed = {key for key in {*old, *worst} if old.get(key) != worst.get(key)}
        # What is wrong with a rule that is folded away stands at its phase.
        _refresh_items(self, changed | {phase_of_id(key) for key in changed})

    def show_states(
        self,
        states: TreeStates,
        bars: Bars | None,
        nested: Mapping[str, Sequence[NestedLine]] | None = None,
        parts: Mapping[str, Sequence[PartRow]] | None = None,
        *,
        moving: bool = False,
        limit: int | None = None,
    ) -> None:
        """What stands behind tasks and phases instead of their flags, with their bars, None for no times: how a run
        stands, say.

        ``nested`` are lines below a task, ``parts`` what arrays unfold to; ``moving``: the run goes on. Only cells that
        differ are drawn, in at most ``limit`` rows of those in view.
        """
        here = self.outline.selectable(self.cursor)
        self.look.states = states
        self.look.chart.show(bars, moving=moving)
        moved = self.outline.show_nested(nested or {})
        moved |= self.outline.show_parts(parts or {})
        _stay_on(self, here)
        self.look.measure(self.outline.phases, self.outline.nested_lines)
        if arrange(self) or moved:
            _reload(self)
        else:
            self.refresh_changed(limit)

    # Rows

    def render_lines(self, crop: Region) -> list[Strip]:
        """Its lines, for a width that may be another one than before."""
        arrange(self)
        return super().render_lines(crop)

    @property
    def item(self) -> Phase | Task | RuleRow | None:
        """What the cursor is on; of a part its array."""
        here = self.outline.selectable(self.cursor)
        return self.outline.array_of(here) if isinstance(here, PartRow) else here

    @property
    def items(self) -> list[Phase | Task | RuleRow]:
        """All that the cursor can be on, without parts."""
        return [row for row in self.outline.rows if not isinstance(row, NestedLine | PartRow)]

    def count(self) -> int:
        return len(self.outline.rows)

    def selectable(self, index: int) -> bool:
        return not isinstance(self.outline.rows[index], NestedLine)

    def row(self, index: int) -> Row:
        item, outline, width = self.outline.rows[index], self.outline, self.size.width
        if isinstance(item, NestedLine):
            return self.look.nested(item, width)
        if isinstance(item, RuleRow):
            return self.look.rule(item, outline.names, outline.numbers, width)
        if isinstance(item, Phase):
            return self.look.phase(item, outline.numbers[item.id], width, folded=item.id in outline.folded)
        if isinstance(item, PartRow):
            return self.look.part(item, width)
        unfolded = item.id in outline.unfolded if item.id in outline.parts else None
        return self.look.task(item, outline.phase_of(index), width, unfolded=unfolded)

    # Going and folding

    def go_to(self, item_id: str) -> bool:
        """Put the cursor on a task, rule or phase by its id, unfolding its phase; False when it is not there."""
        if self.outline.unfold_around(item_id):
            _reload(self)
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
        if isinstance(item, Task) and x in _PARTS_CELLS and item.id in self.outline.parts:
            toggle_parts(self, item.id)
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


def arrange(tree: PhaseTree) -> bool:
    """Share the width among names, states and bars; True when that, or the axis of the bars, is not what it was."""
    if not tree.size.width or not tree.is_attached:
        return False
    look = tree.look
    before = look.chart.columns, look.chart.axis
    bars = tree.screen.size.width >= BARS_FROM
    look.chart.lay_out(tree.size.width - 1, look.longest, bars=bars)
    if (look.chart.columns, look.chart.axis) == before:
        return False
    tree.post_message(tree.Arranged())
    return True


def _reload(tree: PhaseTree) -> None:
    tree.reload()
    tree.post_message(tree.Arranged())


def _stay_on(tree: PhaseTree, here: Phase | Task | RuleRow | PartRow | None) -> None:
    """After the rows have changed: the cursor is on what it was on, if that is still there."""
    rows = tree.outline.rows
    if here is not None and not (tree.cursor < len(rows) and rows[tree.cursor].id == here.id):
        index = tree.outline.index_of(here.id)
        tree.cursor = tree.cursor if index is None else index


def _refresh_items(tree: PhaseTree, ids: Set[str]) -> None:
    if ids:
        rows = tree.outline.rows
        tree.refresh_rows(*(index for index in _rows_in_view(tree) if rows[index].id in ids))


def _rows_in_view(tree: PhaseTree) -> range:
    top = round(tree.scroll_y)
    return range(top, min(tree.count(), top + tree.size.height))


def toggle_fold(tree: PhaseTree, phase_id: str) -> None:
    """Fold or unfold a phase."""
    _set_folded(tree, tree.outline.folded ^ {phase_id})


def toggle_parts(tree: PhaseTree, task_id: str) -> None:
    """Unfold an array to its parts, or fold them away; the cursor stays on its row, or goes to the array."""
    outline, here = (
        tree.outline,
        tree.item if task_id in tree.outline.unfolded else tree.outline.selectable(tree.cursor),
    )
    outline.unfold_parts(outline.unfolded ^ {task_id})
    _stay_on(tree, here)
    _reload(tree)


def _set_folded(tree: PhaseTree, folded: set[str]) -> None:
    """The cursor stays on its row; one that disappears leaves it to its phase."""
    index = tree.outline.phase_index(tree.cursor)
    phase = tree.outline.rows[index] if index is not None else None
    here = phase if isinstance(phase, Phase) and phase.id in folded else tree.outline.selectable(tree.cursor)
    tree.outline.fold(folded)
    _stay_on(tree, here)
    _reload(tree)


def _fold_all(tree: PhaseTree) -> None:
    _set_folded(tree, {phase.id for phase in tree.outline.phases})


def _fold(tree: PhaseTree) -> None:
    """Fold the phase, or the parts of an array; on a task, go to its phase, on a part to its array."""
    item = tree.item
    if isinstance(tree.outline.selectable(tree.cursor), PartRow) and isinstance(item, Task):
        tree.go_to(item.id)
        return
    if isinstance(item, Task) and item.id in tree.outline.unfolded and item.id in tree.outline.parts:
        toggle_parts(tree, item.id)
        return
    index = tree.outline.phase_index(tree.cursor)
    if index is None:
        return
    phase = tree.outline.rows[index]
    if index != tree.cursor:
        tree.go(index)
    elif phase.id not in tree.outline.folded:
        toggle_fold(tree, phase.id)


def _unfold(tree: PhaseTree) -> None:
    """Unfold the phase, or go to its first task; an array to its parts, or go to the first of them."""
    item = tree.item
    if (
        isinstance(item, Task)
        and not isinstance(tree.outline.selectable(tree.cursor), PartRow)
        and tree.outline.parts.get(item.id)
    ):
        if item.id in tree.outline.unfolded:
            tree.go(tree.cursor + 1)
        else:
            toggle_parts(tree, item.id)
        return
    if isinstance(item, Phase) and item.id in tree.outline.folded:
        toggle_fold(tree, item.id)
    elif isinstance(item, Phase) and item.tasks:
        tree.go(tree.cursor + 1)


def _go_to_phase(tree: PhaseTree, indexes: range) -> None:
    index = tree.outline.next_phase(indexes)
    if index is not None:
        tree.go(index)
