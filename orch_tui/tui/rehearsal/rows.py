"""The rows of a rehearsal: phases, tasks and rules in their order, with what became of each and why."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from orch_tui.engine.trials.rehearsal import Rehearsal
from orch_tui.model.orchestration.rules import After
from orch_tui.model.run.phase_state import PhaseState
from orch_tui.model.run.runstate import TaskState
from orch_tui.model.status import Status
from orch_tui.model.texts.text import safe_line
from orch_tui.runs.rehearsing import RuleStep, rule_steps
from orch_tui.tui.status_look import style_of
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
    for number, phase in enumerate(state.phases.values(), 1):
        rows.append(Shown(_phase(number, phase), phase.reason, phase=phase.id))
        for task in map(state.tasks.__getitem__, phase.tasks):
            row = _task(task, said.get(task.id, []), went=phase.started is not None)
            rows.append(Shown(row, task.reason, task=task.id))
        for index, step in enumerate(rule_steps(state, phase)):
            rows.append(Shown(_rule(step, phase), _about_rule(step, phase), phase=phase.id, rule=index))
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
    left = [Part("     "), Part(safe_line(task.name, 120), "text" if went else "dim"), Part(f"  {task.id}", "dim")]
    if assumed:
        left.append(Part(f"  {safe_line(', '.join(assumed), _ROOM)}", "marked"))
    elif went and task.reason:
        left.append(Part(f"  {safe_line(task.reason, _ROOM)}", "dim"))
    return Row(tuple(left), (_status(task.status),) if went else ())


def _status(status: Status) -> Part:
    return Part(f"{status.style.glyph} {status.style.word:<10}", style_of(status))


def _rule(step: RuleStep, phase: PhaseState) -> Row:
    where = "end" if step.to is None else safe_line(step.to, 60)
    glyph, style, word = _verdict(step, phase)
    left = [Part(f"   {glyph} ", style), Part(f"{safe_line(step.rule.title, 120)} → {where}", style)]
    if (facts := seen_words(step)) or word:
        left.append(Part(f"  {'; '.join(part for part in (word, facts) if part)}", "dim"))
    return Row(tuple(left))


def _about_rule(step: RuleStep, phase: PhaseState) -> str:
    condition = f"when {step.rule.when}" if step.rule.when is not None else "it always holds"
    word = "taken" if step.taken else _verdict(step, phase)[2]
    return "; ".join(part for part in (condition, word, seen_words(step)) if part)


def _verdict(step: RuleStep, phase: PhaseState) -> tuple[str, str, str]:
    """Glyph, style, and why it was not taken."""
    if step.taken:
        return "⤷", "success", ""
    if step.tried is None:
        if phase.decision is None:
            return "·", "dim", ""
        outcome = After.of(phase.status)
        return "·", "dim", "not asked" if step.rule.on.covers(outcome) else f"only after {step.rule.on.value}"
    if step.tried.holds is None:
        why = phase.decision.error if phase.decision is not None else ""
        return "?", "error", f"cannot be decided: {safe_line(why, _ROOM)}"
    return "×", "warning", "does not hold"


def seen_words(step: RuleStep) -> str:
    """The facts that a condition saw."""
    if step.tried is None:
        return ""
    facts = (f"{name} is {json.dumps(value, ensure_ascii=False)}" for name, value in step.tried.seen.items())
    return safe_line(", ".join(facts), _ROOM)


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
