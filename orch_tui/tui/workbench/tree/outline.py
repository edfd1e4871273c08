"""Which rows the tree has: phases, tasks and rules unless they are folded, parts of arrays, lines of nested runs."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

from orch_tui.model.orchestration.each import array_of, number_of
from orch_tui.model.orchestration.orchestration import Phase, Task
from orch_tui.runs.live.timeline import Bar, Span
from orch_tui.tui.widgets.row_painter import Part
from orch_tui.tui.workbench.tree.rule_row import RuleRow, rule_rows


@dataclass(frozen=True, slots=True)
class NestedLine:
    """A line of a nested run below its task; the cursor passes it over, and no edit knows it.

    ``left`` ends with its name, ``right`` is its state, ``bar`` its place in time.
    """

    id: str
    left: tuple[Part, ...]
    right: tuple[Part, ...]
    bar: Bar | Span | None = None


@dataclass(frozen=True, slots=True)
class PartRow:
    """A part of an array below its task: ``id`` is that of the part, ``name`` what it is run for, with its ``number``
    as the longest one is written."""

    id: str
    task: str
    number: str
    name: str


OutlineRow = Phase | Task | RuleRow | NestedLine | PartRow


class Outline:
    """``rows`` are made anew whenever something is folded or other phases are shown."""

    def __init__(self) -> None:
        self.phases: tuple[Phase, ...] = ()
        self.rows: list[OutlineRow] = []
        self.folded: set[str] = set()
        self.numbers: Mapping[str, int] = {}
        self.names: Mapping[str, str] = {}
        self.unfolded: set[str] = set()
        self.parts: Mapping[str, Sequence[PartRow]] = {}
        self._nested: Mapping[str, Sequence[NestedLine]] = {}
        self._phase_rows: list[int] = []
        self._first_parts: dict[str, int] = {}
        self._without_parts: list[range] = []

    def show(self, phases: tuple[Phase, ...]) -> bool:
        """Other phases; False when there are more or fewer rows than before."""
        before = len(self.rows)
        self.phases = phases
        self.numbers = {phase.id: number for number, phase in enumerate(phases, 1)}
        self.names = {phase.id: phase.name for phase in phases}
        self._flatten()
        return len(self.rows) == before

    def show_parts(self, parts: Mapping[str, Sequence[PartRow]]) -> bool:
        """The parts of arrays, by the ids of their tasks: rows of those that are unfolded. True when there are others
        than before."""
        if parts == self.parts:
            return False
        self.parts = parts
        self._flatten()
        return True

    def selectable(self, index: int) -> Phase | Task | RuleRow | PartRow | None:
        """The row at an index; None for one that the cursor passes over, and where there is none."""
        row = self.rows[index] if index < len(self.rows) else None
        return None if isinstance(row, NestedLine) else row

    def array_of(self, part: PartRow) -> Task | None:
        """The task that has the part."""
        return next((task for phase in self.phases for task in phase.tasks if task.id == part.task), None)

    def unfold_parts(self, unfolded: set[str]) -> None:
        """Show the parts of exactly these arrays."""
        self.unfolded = unfolded
        self._flatten()

    def show_nested(self, nested: Mapping[str, Sequence[NestedLine]]) -> bool:
        """Lines below tasks, by the task's id; True when there are others than before, and not only other texts."""
        moved = _places(nested) != _places(self._nested)
        if nested or self._nested:
            self._nested = nested
            self._flatten()
        return moved

    def fold(self, folded: set[str]) -> None:
        """Fold exactly these phases."""
        self.folded = folded
        self._flatten()

    def unfold_around(self, row_id: str) -> bool:
        """Unfold the phase that has the task or rule, and the array that has the part; False when nothing was
        folded."""
        array = next((task for task, rows in self.parts.items() if row_id.startswith(f"{task}@")), None)
        if array is not None and array not in self.unfolded:
            self.unfold_parts(self.unfolded | {array})
            self.unfold_around(array)
            return True
        for phase in self.phases:
            if phase.id in self.folded and row_id in {
                *(task.id for task in phase.tasks),
                *(row.id for row in rule_rows(phase)),
            }:
                self.fold(self.folded - {phase.id})
                return True
        return False

    def index_of(self, row_id: str) -> int | None:
        """Where a row is; None when it is folded away or not there."""
        array, number = array_of(row_id), number_of(row_id)
        if number is not None:
            first = self._first_parts.get(array)
            return first + number - 1 if first is not None and number <= len(self.parts[array]) else None
        indexes = chain.from_iterable(self._without_parts)
        return next((index for index in indexes if self.rows[index].id == row_id), None)

    def phase_index(self, index: int) -> int | None:
        """The row of the phase that the row belongs to."""
        before = bisect_right(self._phase_rows, index)
        return self._phase_rows[before - 1] if before else None

    def phase_of(self, index: int) -> Phase:
        """The phase that the row belongs to."""
        return self.phases[bisect_right(self._phase_rows, index) - 1]

    @property
    def nested_lines(self) -> Iterable[NestedLine]:
        """All lines of nested runs."""
        return (line for lines in self._nested.values() for line in lines)

    def next_phase(self, indexes: Iterable[int]) -> int | None:
        """The first of the rows that is a phase."""
        return next((index for index in indexes if isinstance(self.rows[index], Phase)), None)

    def _flatten(self) -> None:
        rows: list[OutlineRow] = []
        self._phase_rows, self._first_parts, self._without_parts = [], {}, []
        own = 0
        for phase in self.phases:
            self._phase_rows.append(len(rows))
            rows.append(phase)
            if phase.id in self.folded:
                continue
            if not self._nested and not (self.unfolded and self.parts):
                rows += phase.tasks
            else:
                for task in phase.tasks:
                    rows += (task, *self._nested.get(task.id, ()))
                    if task.id in self.unfolded and (parts := self.parts.get(task.id)):
                        self._first_parts[task.id] = len(rows)
                        self._without_parts.append(range(own, len(rows)))
                        rows += parts
                        own = len(rows)
            if phase.rules:
                rows += rule_rows(phase)
        self._without_parts.append(range(own, len(rows)))
        self.rows = rows


def _places(nested: Mapping[str, Sequence[NestedLine]]) -> list[tuple[str, list[str]]]:
    return [(task, [line.id for line in lines]) for task, lines in nested.items()]
