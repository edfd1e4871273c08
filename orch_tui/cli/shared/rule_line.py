"""One line about a rule: of a run, or of a rehearsal."""

from __future__ import annotations

from collections.abc import Mapping

from orch_tui.cli.shared.output import Output
from orch_tui.model.texts.text import safe_line
from orch_tui.runs.words.rule_words import RuleFate, RuleStanding, goal_of, label_of, seen_words


def rule_line(out: Output, one: RuleStanding, names: Mapping[str, str]) -> str:
    """Where it leads, and once its phase has been left whether it held, and what it saw. ``names`` are those of phases
    by id."""
    rule = f"rule {label_of(one.rule)} → {goal_of(one.rule, names)}"
    if one.fate is RuleFate.OPEN:
        return f"  {rule}"
    color = {RuleFate.TAKEN: "green", RuleFate.UNDECIDED: "red"}.get(one.fate, "bright_black")
    said = safe_line(one.error or seen_words(one.seen), 400)
    return f"  {rule}: {out.paint(one.word, color)}{f' ({said})' if said else ''}"
