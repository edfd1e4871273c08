"""How phases and tasks look as rows of the tree. Pure apart from the row types of the lists."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence, Set

from rich.cells import cell_len

from orch_tui.model.durations import write_duration
from orch_tui.model.orchestration import NO_OPTIONS, Phase, Task
from orch_tui.model.problem import Severity
from orch_tui.model.status import Status
from orch_tui.model.text import counted, safe_line
from orch_tui.tui.widgets.row_painter import Part, Row
from orch_tui.tui.workbench.catalog import Label

_ERROR, _WARNING = Status.ERROR.style.glyph, Status.WARNING.style.glyph
_NARROW = 64
_INDENT = "    "
_GAP = 2
"""Columns between a name and what stands at the right."""


class TreeRows:
    """Marks, problems and states are given to it by the ids of tasks and phases."""

    def __init__(self, label: Callable[[str], Label]) -> None:
        """``label`` tells what a configuration is called, by its reference."""
        self._label = label
        self.marks: Set[str] = frozenset()
        self.phase_marks: Set[str] = frozenset()
        self.problems: Mapping[str, Severity] = {}
        self.states: Mapping[str, Sequence[Part]] = {}

    def phase(self, phase: Phase, number: int, *, folded: bool) -> Row:
        """The row of a phase; ``number`` counts from 1."""
        left = (
            *self._flags_before(phase.id, phase.id in self.phase_marks),
            Part("▸ " if folded else "▾ ", "accent"),
            Part(f"{number} ", "dim"),
            Part(safe_line(phase.name, 200), "heading"),
        )
        if phase.id in self.states:
            return Row(left, (*self.states[phase.id], Part(" ")))
        notes = []
        if phase.max_parallel is not None:
            notes.append(f"{phase.max_parallel} at once")
        if phase.retry is not None:
            notes.append(f"↻ {phase.retry.attempts}×")
        if folded or not phase.tasks:
            notes.append(counted(len(phase.tasks), "task") if phase.tasks else "no tasks")
        return Row(left, (Part("  ".join(notes) + " ", "dim"),) if notes else ())

    def task(self, task: Task, width: int) -> Row:
        """The row of a task: its name, and where ``width`` columns have room for it, the component behind."""
        label = self._label(task.configuration)
        state = self.states.get(task.id)
        right = (*state, Part(" ")) if state is not None else self._flags_behind(task, label, width)
        style = "error" if label.problem else "text" if task.enabled else "dim"
        left = [*self._flags_before(task.id, task.id in self.marks), Part(_INDENT), Part(label.configuration, style)]
        component = f" · {label.component}"
        used = sum(cell_len(part.text) for part in (*left, *right)) + _GAP
        # Whole or not at all: half a name of a component tells nothing, and the row reads as if the name were cut.
        if used + cell_len(component) <= width:
            left.append(Part(component, "dim"))
        return Row(tuple(left), right)

    def _flags_before(self, item_id: str, marked: bool) -> tuple[Part, Part]:
        problem = self.problems.get(item_id)
        glyph = Part(" ")
        if problem is not None:
            glyph = Part(_ERROR, "error") if problem is Severity.ERROR else Part(_WARNING, "warning")
        return Part("◆" if marked else " ", "marked"), glyph

    @staticmethod
    def _flags_behind(task: Task, label: Label, width: int) -> tuple[Part, ...]:
        flags = [Part(f"{_ERROR} {label.problem}", "error")] if label.problem else []
        flags += _flags(task, narrow=width < _NARROW)
        if not flags:
            return ()
        right = [part for flag in flags for part in (flag, Part("  "))]
        return (*right[:-1], Part(" "))


def _flags(task: Task, *, narrow: bool) -> list[Part]:
    """What is set of a task, in words; shorter ones where it is narrow."""
    flags = []
    if not task.enabled:
        flags.append(Part(f"{Status.SKIPPED.style.glyph} {'off' if narrow else 'disabled'}", "dim"))
    if task.continue_on_failure:
        flags.append(Part(f"{_WARNING} {'goes on' if narrow else 'continues on failure'}", "warning"))
    options = task.options
    if options != NO_OPTIONS:
        if options.retry is not None:
            flags.append(Part(f"↻ {options.retry.attempts}×", "accent"))
        if options.timeout is not None:
            flags.append(Part(f"≤ {write_duration(options.timeout)}", "accent"))
        if options.delay:
            flags.append(Part(f"+ {write_duration(options.delay)}", "accent"))
    if task.variables:
        flags.append(Part(f"{{{len(task.variables)}}}" if narrow else counted(len(task.variables), "variable"), "dim"))
    return flags
