"""``orch-tui run --dry-run``: what would happen, task by task, and why."""

from __future__ import annotations

import sys
from typing import Any

from orch_tui.cli.shared.errors import SUCCESS, USAGE
from orch_tui.cli.shared.output import Output, cells, pad
from orch_tui.model.events.reasons import value_of
from orch_tui.model.run.may_run import what_is_needed
from orch_tui.model.run.plan import Decision, RunPlan
from orch_tui.model.texts.text import counted, safe_line

_MARKS = {
    Decision.RUN: ("●", "*", "green"),
    Decision.REUSED: ("✔", "+", "blue"),
    Decision.SKIPPED: ("–", "-", "bright_black"),
    Decision.BLOCKED: ("✘", "x", "red"),
}


def show_plan(plan: RunPlan, *, as_json: bool) -> int:
    """Exit code 2 when the run would be refused."""
    out = Output(sys.stdout)
    if as_json:
        from orch_tui.cli.shared.report import print_json

        print_json(out, plan_json(plan))
    else:
        _print(out, plan)
        if plan.refusal is not None and not plan.nothing_changed:
            Output(sys.stderr).lines(f"it would be refused: {plan.refusal}")
    return SUCCESS if plan.refusal is None or plan.nothing_changed else USAGE


def _print(out: Output, plan: RunPlan) -> None:
    from orch_tui.runs.live.control import plan_words
    from orch_tui.runs.words.rule_words import MAY_RUN, goal_of, label_of, may_run_words

    needed, names = what_is_needed(plan.phases), {phase.id: phase.name for phase in plan.phases}
    width = min(60, max((cells(safe_line(task.name)) for task in plan.tasks()), default=0))
    for number, phase in enumerate(plan.phases, 1):
        limit = f", {phase.max_parallel} at once" if len(phase.tasks) > phase.max_parallel else ""
        name = safe_line(phase.name, 120)
        may = f"  {safe_line(may_run_words(needed[phase.id], plan.phases), 400)}" if phase.id in needed else ""
        out.line(out.bold(f'phase {number} "{name}"') + f"  {counted(len(phase.tasks), 'task')}{limit}{may}")
        for task in phase.tasks:
            glyph, ascii_glyph, color = _MARKS[task.decision]
            word = task.decision.value
            if task.decision is Decision.RUN and phase.id in needed:
                glyph, ascii_glyph, word = "○", "o", MAY_RUN
            mark = out.paint(f"{glyph if out.unicode else ascii_glyph} {word:<8}", color)
            reason = f"  {safe_line(task.reason, 400)}" if task.reason else ""
            if task.decision is Decision.RUN and task.each is not None:
                reason = f"  for each of {safe_line(task.each.text, 200)}{reason}"
            out.line(f"  {mark}  {pad(safe_line(task.name), width)}  {task.id}{reason}")
        for rule in phase.rules:
            out.line(f"  rule {label_of(rule)} → {goal_of(rule, names)}")
    out.line(f"{safe_line(plan.name, 120)}: {plan_words(plan)}. Nothing was started.")


def plan_json(plan: RunPlan) -> dict[str, Any]:
    """The plan as docs/cli.md has it."""
    from orch_tui.project.definitions.rules import rule_values
    from orch_tui.runs.words.rule_words import may_run_words

    needed = what_is_needed(plan.phases)
    return {
        "orchestration": plan.orchestration,
        "name": plan.name,
        "partial": plan.partial,
        "rerun_of": plan.rerun_of,
        "as_it_ran": plan.as_it_ran,
        "shadow": plan.shadow,
        "refusal": plan.refusal,
        "variables": dict(plan.variables),
        "phases": [
            {
                "id": phase.id,
                "name": phase.name,
                "max_parallel": phase.max_parallel,
                "rules": [rule_values(rule) for rule in phase.rules],
                "may_run": may_run_words(needed[phase.id], plan.phases) if phase.id in needed else None,
                "needed": [
                    {"need": one.need.value, "phase": one.phase, "rules": list(one.rules)}
                    for one in needed.get(phase.id, ())
                ],
                "tasks": [
                    {
                        "id": task.id,
                        "name": task.name,
                        "configuration": task.configuration,
                        "decision": task.decision.value,
                        "reason": task.reason,
                        "because": value_of(task.because),
                    }
                    for task in phase.tasks
                ],
            }
            for phase in plan.phases
        ],
    }
