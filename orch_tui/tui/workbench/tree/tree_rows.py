"""How phases and tasks look as rows of the tree. Pure apart from the row types of the lists."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from typing import NamedTuple

from rich.cells import cell_len, set_cell_size

from orch_tui.model.orchestration.orchestration import NO_OPTIONS, Phase, Task
from orch_tui.model.orchestration.rules import Rule, rule_id
from orch_tui.model.problem import Severity
from orch_tui.model.status import Status
from orch_tui.model.texts.durations import show_duration, write_duration
from orch_tui.model.texts.text import counted, safe_line
from orch_tui.runs.live.timeline import Bar
from orch_tui.runs.sequence.names import cut, cut_names
from orch_tui.runs.words.rule_words import brief_condition, goal_of, label_of
from orch_tui.tui.status_look import style_of
from orch_tui.tui.widgets.row_painter import Part, Row
from orch_tui.tui.workbench.catalog import Label
from orch_tui.tui.workbench.tree.chart import Chart
from orch_tui.tui.workbench.tree.columns import TIME, Widths
from orch_tui.tui.workbench.tree.outline import NestedLine, PartRow
from orch_tui.tui.workbench.tree.rule_row import RuleRow
from orch_tui.tui.workbench.tree.states import RuleLook, TreeStates

_ERROR, _WARNING = Status.ERROR.style.glyph, Status.WARNING.style.glyph
_INDENT = "    "
_FOLDED, _UNFOLDED = "  ▸ ", "  ▾ "
_OPEN = "◇ "
_LEAST_NOTE = 12
"""Columns below which the beginning of a sentence tells nothing."""
_RULE, _GOAL, _NOTE = 26, 14, 30
"""Columns for which a rule is given room as a name is: of what it is called, of where it leads; and as a component is:
of its condition, or what that saw."""
_FLAGS = 2
_LAST = 2
"""Columns of the sign of how a task ended last, with the blank before it."""
_MOST_BEHIND = 34
_KEPT_ROWS, _KEPT_OF_EACH = 512, 2
_ALIKE = 40
"""So many tasks around one are looked at for names that would be cut to the same."""


class _Kept(NamedTuple):
    """The row of a task: it stays for as long as what it was ``made_of``, and the tasks ``among`` which its name was
    cut."""

    made_of: tuple[object, ...]
    row: Row
    among: Sequence[Task] | None


class TreeRows:
    """Marks, problems and states are given to it by the ids of tasks and phases; ``chart`` has the bars.

    ``unused`` has the number of runs that did not take a rule, by the id of its phase, ``ends`` how tasks ended when
    they were tried last: in the plan that stands before what they take.
    """

    def __init__(self, label: Callable[[str], Label]) -> None:
        """``label`` tells what a configuration is called, by its reference."""
        self._label = label
        self.chart = Chart()
        self.marks: Set[str] = frozenset()
        self.phase_marks: Set[str] = frozenset()
        self.problems: Mapping[str, Severity] = {}
        self.states = TreeStates()
        self.unused: Mapping[tuple[str, Rule], int] = {}
        self.ends: Mapping[str, Status] = {}
        self.longest = Widths()
        self._widths: dict[str, tuple[Phase, Widths]] = {}
        self._widths_before: dict[str, tuple[Phase, Widths]] = {}
        self._cut: dict[tuple[str, ...], Mapping[str, str]] = {}
        self._rows: dict[str, tuple[_Kept, ...]] = {}

    # How wide

    def forget(self) -> None:
        """Configurations may have other names."""
        self._widths, self._widths_before, self._cut, self._rows = {}, {}, {}, {}

    def measure(self, phases: Iterable[Phase], nested: Iterable[NestedLine]) -> None:
        """Find what the longest row needs; only phases that are others than before are measured."""
        known, before, found = self._widths, self._widths_before, dict[str, tuple[Phase, Widths]]()
        longest = Widths()
        for phase in phases:
            # Undo brings back what was there before.
            both = (known.get(phase.id), before.get(phase.id))
            kept = next((one for one in both if one is not None and one[0] is phase), None) or (
                phase,
                self._measure(phase),
            )
            found[phase.id] = kept
            longest = longest.or_more(kept[1])
        if [*map(id, found.values())] != [*map(id, known.values())]:
            self._widths, self._widths_before = found, known
        for line in nested:
            name = sum(cell_len(part.text) for part in line.left)
            longest = longest.or_more(Widths(name, name))
        behind = self.states.width if self.states.tasks else longest.behind
        self.longest = longest._replace(behind=min(_MOST_BEHIND, behind))

    def _measure(self, phase: Phase) -> Widths:
        name = whole = _FLAGS + 4 + cell_len(safe_line(phase.name, 200)) + 1
        behind = sum(cell_len(part.text) for part in _of_phase(phase, folded=True))
        before = _FLAGS + len(_INDENT)
        # Thousands of tasks run a few configurations, and hardly any of them has something set.
        labels = {ref: self._label(ref) for ref in {task.configuration for task in phase.tasks}}
        for label in labels.values():
            mine = before + cell_len(label.configuration)
            name, whole = max(name, mine), max(whole, mine + cell_len(_component(label)))
        broken = {ref for ref, label in labels.items() if label.problem}
        for task in phase.tasks:
            if task.configuration in broken or _has_flags(task):
                flags = _of_task(task, labels[task.configuration], narrow=False)
                behind = max(behind, sum(cell_len(part.text) for part in flags))
        for rule in phase.rules:
            mine = before + len(_OPEN) + min(_RULE, cell_len(label_of(rule, brief=True))) + 3 + _GOAL
            note = min(_NOTE, cell_len(brief_condition(rule)))
            name, whole = max(name, mine), max(whole, mine + note)
        return Widths(name, whole, behind + TIME + (_LAST if self.ends else 0))

    # Rows

    def phase(self, phase: Phase, number: int, width: int, *, folded: bool) -> Row:
        """The row of a phase in ``width`` columns; ``number`` counts from 1."""
        if phase.id in self.states.phases:
            behind: Sequence[Part] = self.states.phases[phase.id]
        else:
            behind = (*_of_phase(phase, folded=folded), self._usually(self.chart.usual_of_phase(phase.id)))
        right = (*behind, *self.chart.phase(phase.id), Part(" "))
        before = (
            *self._flags_before(phase.id, phase.id in self.phase_marks, *_folded_away(phase, folded)),
            Part("▸ " if folded else "▾ ", "accent"),
            Part(f"{number} ", "dim"),
        )
        room = width - _cells(before) - _cells(right) - 1
        name = cut(safe_line(phase.name, 200), room)
        left = [*before, Part(name, "heading")]
        note = self.states.notes.get(phase.id, "")
        if note and (free := room - cell_len(name) - 2) >= _LEAST_NOTE:
            left.append(Part(f"  {cut(note, free)}", "dim"))
        return Row(tuple(left), right)

    def task(self, task: Task, phase: Phase, width: int, *, unfolded: bool | None = None) -> Row:
        """The row of a task: its name, and where there is room for it, the component behind. ``unfolded``: whether its
        parts are below it; None for one without parts."""
        bar = self.chart.place(phase.id, task.id)
        marked, problem = task.id in self.marks, self.problems.get(task.id)
        behind = self.states.tasks.get(task.id), self.ends.get(task.id), unfolded
        made_of = (task, bar, width, self.chart.layout, marked, problem, *behind)
        # After an edit most rows look as before, and after an undo as before that: comparing is far less work than
        # drawing.
        before = self._rows.get(task.id, ())
        for kept in before:
            if kept.made_of == made_of and kept.among in (None, phase.tasks):
                return kept.row
        if len(self._rows) >= _KEPT_ROWS:
            self._rows.clear()
        kept = _Kept(made_of, *self._task(task, phase, bar, width, unfolded))
        self._rows[task.id] = (kept, *before[: _KEPT_OF_EACH - 1])
        return kept.row

    def _task(
        self, task: Task, phase: Phase, bar: Bar | None, width: int, unfolded: bool | None
    ) -> tuple[Row, Sequence[Task] | None]:
        """Its row, and the tasks among which its name was cut, if it was."""
        label = self._label(task.configuration)
        if task.id in self.states.tasks:
            behind: Sequence[Part] = self.states.tasks[task.id]
        else:
            flags = _of_task(task, label, narrow=not self.chart.columns.words)
            behind = (*flags, self._last(task), self._usually(self.chart.usual(bar)))
        right = (*behind, *self.chart.bar(bar), Part(" "))
        style = "error" if label.problem else "text" if task.enabled else "dim"
        indent = Part(_INDENT) if unfolded is None else Part(_UNFOLDED if unfolded else _FOLDED, "accent")
        before = (*self._flags_before(task.id, task.id in self.marks), indent)
        room = width - _cells(before) - _cells(right) - 1
        name, among = label.configuration, None
        if cell_len(name) > room:
            name, among = self._cut_among(task, phase, room), phase.tasks
        left = [*before, Part(name, style)]
        # Whole or not at all: half a name of a component tells nothing, and the row reads as if the name were cut.
        if cell_len(name) + cell_len(_component(label)) <= room:
            left.append(Part(_component(label), "dim"))
        return Row(tuple(left), right), among

    def rule(self, row: RuleRow, names: Mapping[str, str], numbers: Mapping[str, int], width: int) -> Row:
        """The row of a rule: what it is called and where it leads; where there is room, its condition or what it saw.

        ``names`` and ``numbers`` are those of the phases, by id.
        """
        rule, look = row.rule, self.states.rules.get(row.id, _PLANNED)
        if look is _PLANNED and (runs := self.unused.get((row.phase, rule))) is not None:
            look = look._replace(behind=(Part(f"never taken in {counted(runs, 'run')}", "dim"),))
        right = (*look.behind, *self.chart.bar(None), Part(" "))
        before = (*self._flags_before(row.id, False), Part(_INDENT), Part(f"{look.sign} ", look.sign_style))
        number = f"{numbers[rule.goto]} " if rule.goto in numbers else ""
        goal = f" → {number}{goal_of(rule, names)}"
        room = width - _cells(before) - _cells(right) - 1
        # Where it leads is worth more than all of a condition.
        goal = cut(goal, max(room // 2, room - cell_len(label_of(rule, brief=True))))
        label = cut(label_of(rule, brief=True), room - cell_len(goal))
        left = [*before, Part(label, look.style), Part(goal, look.sign_style)]
        note = look.note or (brief_condition(rule) if rule.name else "")
        free = room - cell_len(label) - cell_len(goal) - 3
        if note and (cell_len(note) <= free or (look.note and free >= _LEAST_NOTE)):
            left.append(Part(f"   {cut(note, free)}", "dim"))
        return Row(tuple(left), right)

    def part(self, row: PartRow, width: int) -> Row:
        """The row of a part of an array."""
        behind, bar = self.states.part(row.id) if self.states.part is not None else ((), None)
        right = (*behind, *self.chart.bar(bar), Part(" "))
        before = (*self._flags_before(row.id, row.id in self.marks), Part(f"{_INDENT}  {row.number} ", "dim"))
        room, name = width - _cells(before) - _cells(right) - 1, safe_line(row.name)
        # Of paths the end tells them apart.
        if cell_len(name) > room:
            name = "…" + set_cell_size(name[::-1], max(room - 1, 0)).rstrip()[::-1]
        return Row((*before, Part(name, "text")), right)

    def nested(self, line: NestedLine, width: int) -> Row:
        """The row of a phase or a task of a nested run."""
        right = (*line.right, *self.chart.bar(line.bar), Part(" "))
        *before, name = line.left
        room = width - _cells(before) - _cells(right) - 1
        return Row((*before, Part(cut(name.text, room), name.style)), right)

    def _last(self, task: Task) -> Part:
        """The sign of how it ended last; what went well is not worth a colour."""
        end = self.ends.get(task.id)
        if end is None:
            return Part("")
        return Part(f" {end.style.glyph}", "dim" if end is Status.SUCCESS else style_of(end))

    def _usually(self, seconds: float | None) -> Part:
        """What it takes by earlier runs, in the columns of the time."""
        if not self.chart.timed:
            return Part("")
        return Part(f"{'≈ ' + show_duration(seconds) if seconds is not None else '':>{TIME + 1}}", "dim")

    def _cut_among(self, task: Task, phase: Phase, room: int) -> str:
        """Its name in so many columns, so that it is told apart from those around it."""
        at = next(index for index, one in enumerate(phase.tasks) if one is task)
        around = phase.tasks[max(0, at - _ALIKE) : at + _ALIKE]
        names = tuple(dict.fromkeys(self._label(one.configuration).configuration for one in around))
        key = (str(room), *names)
        if key not in self._cut:
            self._cut[key] = dict(zip(names, cut_names(names, room), strict=True))
        return self._cut[key][self._label(task.configuration).configuration]

    def _flags_before(self, item_id: str, marked: bool, *within: str) -> tuple[Part, Part]:
        """``within`` are ids of what is folded away: the worst of their problems is shown here."""
        found = [self.problems[one] for one in (item_id, *within) if one in self.problems] if self.problems else []
        problem = Severity.ERROR if Severity.ERROR in found else next(iter(found), None)
        glyph = Part(" ")
        if problem is not None:
            glyph = Part(_ERROR, "error") if problem is Severity.ERROR else Part(_WARNING, "warning")
        return Part("◆" if marked else " ", "marked"), glyph


_PLANNED = RuleLook(_OPEN.strip(), "accent", "text", "", ())


def _folded_away(phase: Phase, folded: bool) -> list[str]:
    return [rule_id(phase.id, index) for index in range(len(phase.rules))] if folded else []


def _cells(parts: Iterable[Part]) -> int:
    return sum(cell_len(part.text) for part in parts)


def _component(label: Label) -> str:
    return f" · {label.component}"


def _of_phase(phase: Phase, *, folded: bool) -> tuple[Part, ...]:
    """What is set of a phase, and what it has where that cannot be seen."""
    notes = []
    if phase.max_parallel is not None:
        notes.append(f"{phase.max_parallel} at once")
    if phase.retry is not None:
        notes.append(f"↻ {phase.retry.attempts}×")
    if phase.runs_on is not None:
        notes.append(f"on {phase.runs_on}")
    if folded or not phase.tasks:
        notes.append(counted(len(phase.tasks), "task") if phase.tasks else "no tasks")
    if folded and phase.rules:
        notes.append(counted(len(phase.rules), "rule"))
    return (Part("  ".join(notes), "dim"),) if notes else ()


def _of_task(task: Task, label: Label, *, narrow: bool) -> tuple[Part, ...]:
    """What is wrong with what it runs, and what is set of it, in words; shorter ones where it is narrow."""
    flags = [Part(f"{_ERROR} {label.problem}", "error")] if label.problem else []
    flags += _flags(task, narrow=narrow)
    right = [part for flag in flags for part in (flag, Part("  "))]
    return tuple(right[:-1])


def _has_flags(task: Task) -> bool:
    # Most have the very options that are none; to compare two takes as long as all the rest.
    odd = task.options is not NO_OPTIONS and task.options != NO_OPTIONS
    return odd or task.each is not None or not task.enabled or task.continue_on_failure


def _flags(task: Task, *, narrow: bool) -> list[Part]:
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
    if task.each is not None:
        flags.append(Part("× n" if narrow else f"each {cut(safe_line(task.each.text, 60), 24)}", "accent"))
    if task.variables:
        flags.append(Part(f"{{{len(task.variables)}}}" if narrow else counted(len(task.variables), "variable"), "dim"))
    return flags
