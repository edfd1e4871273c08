"""Which rows the tree has: phases, their tasks unless they are folded, lines of nested runs. No Textual."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from orch_tui.model.orchestration import Phase, Task
from orch_tui.tui.widgets.row_painter import Row


@dataclass(frozen=True, slots=True)
class NestedLine:
    """A line of a nested run below its task; the cursor passes it over, and no edit knows it."""

    id: str
    shown: Row


OutlineRow = Phase | Task | NestedLine


class Outline:
    """``rows`` are made anew whenever something is folded or other phases are shown."""

    def __init__(self) -> None:
        self.phases: tuple[Phase, ...] = ()
        self.rows: list[OutlineRow] = []
        self.folded: set[str] = set()
        self.numbers: Mapping[str, int] = {}
        self._nested: Mapping[str, Sequence[NestedLine]] = {}

    def show(self, phases: tuple[Phase, ...]) -> list[int] | None:
        """Other phases. The indexes of the rows that look different, or None when there are more or fewer of them.

        A row that is the same object and has the same number looks the same.
        """
        old, numbers = self.rows, self.numbers
        self.phases = phases
        self.numbers = {phase.id: number for number, phase in enumerate(phases, 1)}
        self._flatten()
        if len(old) != len(self.rows):
            return None
        return [
            index
            for index, (was, row) in enumerate(zip(old, self.rows, strict=True))
            if was is not row or (isinstance(row, Phase) and numbers.get(row.id) != self.numbers[row.id])
        ]

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

    def unfold_around(self, task_id: str) -> bool:
        """Unfold the phase that has the task; False when it was not folded."""
        for phase in self.phases:
            if phase.id in self.folded and any(task.id == task_id for task in phase.tasks):
                self.fold(self.folded - {phase.id})
                return True
        return False

    def index_of(self, row_id: str) -> int | None:
        """Where a row is; None when it is folded away or not there."""
        return next((index for index, row in enumerate(self.rows) if row.id == row_id), None)

    def phase_index(self, index: int) -> int | None:
        """The row of the phase that the row belongs to."""
        return self.next_phase(range(min(index, len(self.rows) - 1), -1, -1))

    def next_phase(self, indexes: Iterable[int]) -> int | None:
        """The first of the rows that is a phase."""
        return next((index for index in indexes if isinstance(self.rows[index], Phase)), None)

    def _flatten(self) -> None:
        rows: list[OutlineRow] = []
        for phase in self.phases:
            rows.append(phase)
            if phase.id in self.folded:
                continue
            if not self._nested:
                rows += phase.tasks
                continue
            for task in phase.tasks:
                rows += (task, *self._nested.get(task.id, ()))
        self.rows = rows


def _places(nested: Mapping[str, Sequence[NestedLine]]) -> list[tuple[str, list[str]]]:
    return [(task, [line.id for line in lines]) for task, lines in nested.items()]
