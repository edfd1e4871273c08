"""The tree in the middle of the workbench: phases with their tasks."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from typing import ClassVar

from textual import events
from textual.binding import BindingType
from textual.message import Message

from orch_tui.model.durations import write_duration
from orch_tui.model.orchestration import NO_OPTIONS, Phase, Task
from orch_tui.model.problem import Severity
from orch_tui.model.status import Status
from orch_tui.model.text import counted, safe_line
from orch_tui.tui.actions import bindings, handed_on
from orch_tui.tui.actions import workbench as actions
from orch_tui.tui.widgets.line_tree import LineList, Part, Row
from orch_tui.tui.workbench.catalog import Label

_FOLD_CELLS = range(2, 4)
_MARK_CELLS = range(0, 2)
_ERROR, _WARNING = Status.ERROR.style.glyph, Status.WARNING.style.glyph
_NARROW = 64
_TIGHT = 36
"""Columns below which only the configuration names a task of a run: the component would take all the room."""


_OWN = {
    "tree.fold",
    "tree.unfold",
    "tree.fold-all",
    "tree.unfold-all",
    "tree.next-phase",
    "tree.previous-phase",
}


@dataclass(frozen=True, slots=True)
class NestedLine:
    """A line of a nested run below its task; the cursor passes it over, and no edit knows it."""

    id: str
    shown: Row


class PhaseTree(LineList, inherit_bindings=False):
    """Shows phases and tasks; marks and problems are given to it, folding is its own."""

    BINDINGS: ClassVar[list[BindingType]] = [
        *bindings(actions.LIST),
        *bindings(action for action in actions.TREE if action.id in _OWN),
        *handed_on((action for action in actions.TREE if action.id not in _OWN), "screen"),
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
        self._label = label
        self.phases: tuple[Phase, ...] = ()
        self.rows: list[Phase | Task | NestedLine] = []
        self.folded: set[str] = set()
        self._numbers: dict[str, int] = {}
        self._marks: Set[str] = frozenset()
        self._phase_marks: Set[str] = frozenset()
        self._problems: Mapping[str, Severity] = {}
        self._states: Mapping[str, Sequence[Part]] = {}
        self._nested: Mapping[str, Sequence[NestedLine]] = {}
        self._pressed: int | None = None
        self._dragging = False
        self.empty_text = "  No phases yet: a adds tasks, n makes a phase"

    # What is shown

    def show(self, phases: tuple[Phase, ...], *, redraw: bool = False) -> None:
        """Show these phases; the cursor stays on what it is on. Rows that are the same objects are not drawn again."""
        here, old, cursor, numbers = self.item, self.rows, self.cursor, self._numbers
        self.phases = phases
        self._numbers = {phase.id: number for number, phase in enumerate(phases, 1)}
        self.rows = self._flat()
        if here is not None and not self._is(self.cursor, here.id):
            self.cursor = next((index for index, row in enumerate(self.rows) if row.id == here.id), self.cursor)
        if len(old) == len(self.rows) and not redraw:
            changed = [
                index
                for index, (was, row) in enumerate(zip(old, self.rows, strict=True))
                if was is not row or (isinstance(row, Phase) and numbers.get(row.id) != self._numbers[row.id])
            ]
            # A row that only changed its place is drawn where it was and where it is, not all that is in view.
            self.refresh_rows(*changed, *({cursor, self.cursor} - set(changed)))
            self._scroll_to_cursor()
            return
        self.reload()

    def _flat(self) -> list[Phase | Task | NestedLine]:
        rows: list[Phase | Task | NestedLine] = []
        for phase in self.phases:
            rows.append(phase)
            if phase.id in self.folded:
                continue
            if not self._nested:
                rows += phase.tasks
                continue
            for task in phase.tasks:
                rows += (task, *self._nested.get(task.id, ()))
        return rows

    def selectable(self, index: int) -> bool:
        return not isinstance(self.rows[index], NestedLine)

    def _is(self, index: int, item_id: str) -> bool:
        return index < len(self.rows) and self.rows[index].id == item_id

    def show_marks(self, marks: Set[str], phase_marks: Set[str]) -> None:
        """Draw the rows again whose mark is different now."""
        changed = (self._marks ^ marks) | (self._phase_marks ^ phase_marks)
        self._marks, self._phase_marks = frozenset(marks), frozenset(phase_marks)
        self._refresh_items(changed)

    def show_problems(self, worst: Mapping[str, Severity]) -> None:
        """The worst problem of a task or phase, by its id."""
        changed = {key for key in {*self._problems, *worst} if self._problems.get(key) != worst.get(key)}
        self._problems = dict(worst)
        self._refresh_items(changed)

    def show_states(
        self,
        states: Mapping[str, Sequence[Part]],
        nested: Mapping[str, Sequence[NestedLine]] | None = None,
        limit: int | None = None,
    ) -> None:
        """What stands at the right of a task or phase instead of its flags, by its id: the state of a run, say.

        ``nested`` are lines below a task. Only cells that differ are drawn, in at most ``limit`` rows of those in view.
        """
        nested = nested or {}
        places = [(task, [line.id for line in lines]) for task, lines in nested.items()]
        moved = places != [(task, [line.id for line in lines]) for task, lines in self._nested.items()]
        same_lines = not nested and not self._nested
        self._states, self._nested = states, nested
        if moved or not same_lines:
            here = self.item
            self.rows = self._flat()
            if here is not None and not self._is(self.cursor, here.id):
                self.cursor = next((index for index, row in enumerate(self.rows) if row.id == here.id), self.cursor)
        if moved:
            self.reload()
        else:
            self.refresh_changed(limit)

    def _refresh_items(self, ids: Set[str]) -> None:
        if ids:
            top = round(self.scroll_y)
            visible = range(top, min(len(self.rows), top + self.size.height))
            self.refresh_rows(*(index for index in visible if self.rows[index].id in ids))

    # Rows

    def count(self) -> int:
        return len(self.rows)

    @property
    def item(self) -> Phase | Task | None:
        """What the cursor is on."""
        here = self.rows[self.cursor] if self.cursor < len(self.rows) else None
        return None if isinstance(here, NestedLine) else here

    @property
    def items(self) -> list[Phase | Task]:
        """All that the cursor can be on."""
        return [row for row in self.rows if not isinstance(row, NestedLine)]

    def row(self, index: int) -> Row:
        item = self.rows[index]
        if isinstance(item, NestedLine):
            return item.shown
        row = self._phase_row(item) if isinstance(item, Phase) else self._task_row(item)
        state = self._states.get(item.id)
        return row if state is None else Row(row.left, (*state, Part(" ")))

    def _marks_of(self, marked: bool, item_id: str) -> tuple[Part, Part]:
        problem = self._problems.get(item_id)
        glyph = Part(" ")
        if problem is not None:
            glyph = Part(_ERROR, "error") if problem is Severity.ERROR else Part(_WARNING, "warning")
        return Part("◆" if marked else " ", "marked"), glyph

    def _phase_row(self, phase: Phase) -> Row:
        folded = phase.id in self.folded
        left = (
            *self._marks_of(phase.id in self._phase_marks, phase.id),
            Part("▸ " if folded else "▾ ", "accent"),
            Part(f"{self._numbers[phase.id]} ", "dim"),
            Part(safe_line(phase.name, 200), "heading"),
        )
        notes = []
        if phase.max_parallel is not None:
            notes.append(f"{phase.max_parallel} at once")
        if folded or not phase.tasks:
            notes.append(counted(len(phase.tasks), "task") if phase.tasks else "no tasks")
        return Row(left, (Part("  ".join(notes) + " ", "dim"),) if notes else ())

    def _task_row(self, task: Task) -> Row:
        label = self._label(task.configuration)
        style = "text" if task.enabled else "dim"
        tight = self.size.width < _TIGHT and task.id in self._states
        left = (
            *self._marks_of(task.id in self._marks, task.id),
            Part("    "),
            *(() if tight else (Part(f"{label.component} · ", "dim"),)),
            Part(label.configuration, style if not label.problem else "error"),
        )
        flags = [Part(f"{_ERROR} {label.problem}", "error")] if label.problem else []
        flags += self._flags(task)
        right: list[Part] = []
        for flag in flags:
            right += [flag, Part("  ")]
        return Row(left, (*right[:-1], Part(" ")) if right else ())

    def _flags(self, task: Task) -> list[Part]:
        narrow = self.size.width < _NARROW
        flags = []
        if not task.enabled:
            flags.append(Part(f"{Status.SKIPPED.style.glyph} {'off' if narrow else 'disabled'}", "dim"))
        if task.continue_on_failure:
            flags.append(Part(f"{_WARNING} {'goes on' if narrow else 'continues on failure'}", "warning"))
        if task.options != NO_OPTIONS:
            options = task.options
            if options.retry is not None:
                flags.append(Part(f"↻ {options.retry.attempts}×", "accent"))
            if options.timeout is not None:
                flags.append(Part(f"≤ {write_duration(options.timeout)}", "accent"))
            if options.delay:
                flags.append(Part(f"+ {write_duration(options.delay)}", "accent"))
        if task.variables:
            flags.append(
                Part(f"{{{len(task.variables)}}}" if narrow else counted(len(task.variables), "variable"), "dim")
            )
        return flags

    # Going and folding

    def go_to(self, item_id: str) -> bool:
        """Put the cursor on a task or phase by its id, unfolding its phase; False when it is not there."""
        for phase in self.phases:
            if phase.id in self.folded and any(task.id == item_id for task in phase.tasks):
                self.folded.discard(phase.id)
                self.rows = self._flat()
                self.reload()
                break
        found = next((index for index, row in enumerate(self.rows) if row.id == item_id), None)
        if found is not None:
            self.go(found)
        return found is not None

    def clicked(self, index: int, x: int) -> bool:
        item = self.rows[index]
        if isinstance(item, NestedLine):
            return True
        if isinstance(item, Phase) and x in _FOLD_CELLS:
            self.toggle_fold(item.id)
            return True
        if x in _MARK_CELLS:
            self.post_message(self.MarkClicked(self, index))
            return True
        return False

    def _row_at(self, event: events.MouseEvent) -> int | None:
        place = event.get_content_offset(self)
        index = -1 if place is None else round(self.scroll_y) + place.y
        return index if 0 <= index < len(self.rows) else None

    def on_mouse_down(self, event: events.MouseDown) -> None:
        if event.button == 1:
            self._pressed = self._row_at(event)
            self._dragging = False

    def on_mouse_move(self, event: events.MouseMove) -> None:
        if self._pressed is None or not event.button:
            return
        index = self._row_at(event)
        if index is not None and (index != self._pressed or self._dragging):
            self._dragging = True
            self.go(index)

    def on_mouse_up(self, event: events.MouseUp) -> None:
        source, target = self._pressed, self._row_at(event)
        self._pressed = None
        if self._dragging and source is not None and target is not None and source != target:
            self.post_message(self.Dropped(self, source, target))

    def on_click(self, event: events.Click) -> None:
        if self._dragging:
            # The click that ends a drag is none.
            self._dragging = False
            event.stop()
            event.prevent_default()

    def toggle_fold(self, phase_id: str) -> None:
        """Fold or unfold a phase."""
        self._set_folded(self.folded ^ {phase_id})

    def _set_folded(self, folded: set[str]) -> None:
        """The cursor stays on its row; one that disappears leaves it to its phase."""
        index = self._phase_index()
        here = self.item
        phase = self.rows[index] if index is not None else None
        self.folded = folded
        if isinstance(phase, Phase) and phase.id in folded:
            here = phase
        self.rows = self._flat()
        if here is not None:
            self.cursor = next(index for index, row in enumerate(self.rows) if row.id == here.id)
        self.reload()

    def _phase_index(self) -> int | None:
        """The row of the phase that the cursor is in."""
        for index in range(min(self.cursor, len(self.rows) - 1), -1, -1):
            if isinstance(self.rows[index], Phase):
                return index
        return None

    def action_fold(self) -> None:
        index = self._phase_index()
        if index is None:
            return
        if index != self.cursor:
            self.go(index)
        elif self.rows[index].id not in self.folded:
            self.toggle_fold(self.rows[index].id)

    def action_unfold(self) -> None:
        item = self.item
        if isinstance(item, Phase) and item.id in self.folded:
            self.toggle_fold(item.id)
        elif isinstance(item, Phase) and item.tasks:
            self.go(self.cursor + 1)

    def action_fold_all(self) -> None:
        self._set_folded({phase.id for phase in self.phases})

    def action_unfold_all(self) -> None:
        self._set_folded(set())

    def action_next_phase(self) -> None:
        self._go_to_phase(range(self.cursor + 1, len(self.rows)))

    def action_previous_phase(self) -> None:
        self._go_to_phase(range(self.cursor - 1, -1, -1))

    def _go_to_phase(self, indexes: Iterable[int]) -> None:
        found = next((index for index in indexes if isinstance(self.rows[index], Phase)), None)
        if found is not None:
            self.go(found)
