"""Rules after a phase as files and journals have them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from orch_tui.model.events.record_fields import TEXT, Field, Kind, complaint
from orch_tui.model.orchestration.rules import END, After, EndAs, Rule
from orch_tui.project.toml.decode import Table

_RULE = (
    Field("goto", TEXT),
    Field("when", TEXT, needed=False),
    Field("on", Kind(lambda value: value in [*After], "an outcome"), needed=False),
    Field("name", TEXT, needed=False),
    Field("as", Kind(lambda value: value in [*EndAs], "what a run can end as"), needed=False),
)
_EXAMPLE = 'write it like { when = \'task["load"].rows == 0\', goto = "alert" }'


def read_rules(tables: Sequence[Table]) -> tuple[Rule, ...]:
    """The rules in ``next`` of a phase; what is wrong with one of them by itself is reported."""
    return tuple(map(_read_rule, tables))


def _read_rule(table: Table) -> Rule:
    goto = table.needed_text("goto", f'name a later phase by its id, or write "{END}"; {_EXAMPLE}')
    when = table.text("when") if "when" in table.data else None
    if when is not None and isinstance(table.data["when"], str) and not when.strip():
        message = f"{table.name('when')} is empty"
        table.error("when", "value", message, "write a condition, or remove it: then the rule always holds")
    rule = Rule(
        goto,
        when,
        table.choice("on", After, After.SUCCESS),
        table.text("name"),
        table.choice("as", EndAs, EndAs.SUCCESS) if "as" in table.data else None,
    )
    table.finish()
    return rule


def rule_values(rule: Rule) -> dict[str, Any]:
    """The keys of a rule as a file has them; what is not set is left out."""
    values = {
        "name": rule.name or None,
        "when": rule.when,
        "on": None if rule.on is After.SUCCESS else rule.on.value,
        "goto": rule.goto,
        "as": rule.ends_as.value if rule.ends_as is not None else None,
    }
    return {key: value for key, value in values.items() if value is not None}


def record_rules(rules: Sequence[Rule]) -> list[str] | None:
    """For a journal: each rule as an object in JSON; None without any."""
    return [json.dumps(rule_values(rule), ensure_ascii=False) for rule in rules] or None


def recall_rules(written: Sequence[str]) -> tuple[Rule, ...]:
    """What :func:`record_rules` wrote. Only for values that :data:`RULES` holds."""
    return tuple(_recall(json.loads(text)) for text in written)


def _recall(values: Mapping[str, Any]) -> Rule:
    ends_as = EndAs(values["as"]) if "as" in values else None
    on = After(values.get("on", After.SUCCESS))
    return Rule(values["goto"], values.get("when"), on, values.get("name", ""), ends_as)


def _is_rules(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(text, str) and _is_rule(text) for text in value)


def _is_rule(text: str) -> bool:
    try:
        values = json.loads(text)
    except (ValueError, RecursionError):
        return False
    return isinstance(values, dict) and complaint(values, _RULE) is None


RULES = Kind(_is_rules, "a list of rules")
"""What a journal has of the rules of a phase."""
