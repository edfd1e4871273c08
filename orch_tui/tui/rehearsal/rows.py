"""The rows of a rehearsal: phases, tasks and rules in their order, with what became of each and why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from orch_tui.engine.trials.rehearsal import Rehearsal
from orch_tui.model.run.phase_state import PhaseState
from orch_tui.model.run.runstate import TaskState
from orch_tui.model.status import Status
from orch_tui.model.texts.text import safe_line
from orch_tui.runs.words.rule_words import RuleFate, RuleStanding, goal_of, label_of, seen_words, standings
from orch_tui.tui.status_look import style_of
from orch_tui.tui.task_names import name_first
from orch_tui.tui.widgets.line_tree import Part, Row

_ROOM = 300


@dataclass(frozen=True, slots=True)
class Shown:
    """A row with what it is of: a task, or the rule of a phase by its index; neither for a phase. ``about`` is what
    there is to say of it, whole."""

    row: Row
    about: str = ""
    task: str | None = None
    phase: str | None = None
    rule: int | None = None


def rows_of(rehearsal: Rehearsal, assumed: Sequence[str]) -> list[Shown]:
    """``assumed`` are the assumptions as they were typed."""
    state, rows = rehearsal.state, list[Shown]()
    said = _by_task(assumed, state.tasks)
    names = {phase.id: phase.name for phase in state.phases.values()}
    for number, phase in enumerate(state.phases.values(), 1):
        rows.append(Shown(_phase(number, phase), phase.reason, phase=phase.id))
        for task in map(state.tasks.__getitem__, phase.tasks):
            row = _task(task, said.get(task.id, []), went=phase.started is not None)
            rows.append(Shown(row, task.reason, task=task.id))
        for index, one in enumerate(standings(phase)):
            rows.append(Shown(_rule(one, names), _about_rule(one), phase=phase.id, rule=index))
    return rows


def _by_task(assumed: Sequence[str], tasks: Mapping[str, TaskState]) -> dict[str, list[str]]:
    """What is assumed of each task, without its name."""
    found: dict[str, list[str]] = {}
    for text in assumed:
        for task in sorted(tasks, key=len, reverse=True):
            if text.startswith(beginning := f"task.{task}."):
                found.setdefault(task, []).append(text.removeprefix(beginning))
                break
    return found


def _phase(number: int, phase: PhaseState) -> Row:
    gone = phase.started is None
    left = [Part(f" {number} ", "dim"), Part(safe_line(phase.name, 120), "dim" if gone else "strong")]
    if phase.reason:
        left.append(Part(f"  {safe_line(phase.reason, _ROOM)}", "dim"))
    return Row(tuple(left), (_status(phase.status),))


def _task(task: TaskState, assumed: Sequence[str], *, went: bool) -> Row:
    left = [Part("     "), Part(name_first(task.name), "text" if went else "dim"), Part(f"  {task.id}", "dim")]
    if assumed:
        left.append(Part(f"  {safe_line(', '.join(assumed), _ROOM)}", "marked"))
    elif went and task.reason:
        left.append(Part(f"  {safe_line(task.reason, _ROOM)}", "dim"))
    return Row(tuple(left), (_status(task.status),) if went else ())


def _status(status: Status) -> Part:
    return Part(f"{status.style.glyph} {status.style.word:<10}", style_of(status))


_LOOKS = {
    RuleFate.TAKEN: ("⤷", "success", ""),
    RuleFate.NOT_HELD: ("×", "warning", "does not hold"),
    RuleFate.UNDECIDED: ("?", "error", "cannot be decided: "),
}
"""Sign, style, and the word for why it was not taken."""


def _rule(one: RuleStanding, names: Mapping[str, str]) -> Row:
    glyph, style, _ = _LOOKS.get(one.fate, ("·", "dim", ""))
    left = [Part(f"   {glyph} ", style), Part(f"{label_of(one.rule)} → {goal_of(one.rule, names)}", style)]
    if said := _said(one):
        left.append(Part(f"  {said}", "dim"))
    return Row(tuple(left))


def _said(one: RuleStanding) -> str:
    """Why it was not taken, and what it saw."""
    if one.fate is RuleFate.OPEN:
        return ""
    word = _LOOKS[one.fate][2] if one.fate in _LOOKS else one.word
    return safe_line("; ".join(part for part in (f"{word}{one.error}", seen_words(one.seen)) if part), _ROOM)


def _about_rule(one: RuleStanding) -> str:
    condition = f"when {one.rule.when}" if one.rule.when is not None else "it always holds"
    taken = "taken" if one.fate is RuleFate.TAKEN else ""
    return "; ".join(part for part in (condition, taken, _said(one)) if part)


def ending_row(rehearsal: Rehearsal) -> Row:
    """What it would end as, and why."""
    state = rehearsal.state
    left = [
        Part(" it would end in ", "dim"),
        Part(f"{state.status.style.glyph} {state.status.style.word}", style_of(state.status)),
    ]
    if state.reason:
        left.append(Part(f"  {safe_line(state.reason, _ROOM)}"))
    if rehearsal.refusal is not None:
        left.append(Part(f"  as it stands it would be refused: {safe_line(rehearsal.refusal, _ROOM)}", "warning"))
    return Row(tuple(left))
