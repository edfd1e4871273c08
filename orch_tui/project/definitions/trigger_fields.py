"""The fields of ``[[triggers]]``: read, checked, and written into drafts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from orch_tui.model.orchestration.starts import IfRunning
from orch_tui.model.orchestration.triggers import AfterOutcome, Trigger, TriggerKind
from orch_tui.model.texts.durations import write_duration
from orch_tui.model.texts.text import slug, unique, valid_id
from orch_tui.project.definitions.variables import read_task_variables
from orch_tui.project.toml.decode import Table, quote

TRIGGER_VARIABLES = ("trigger", "triggered_at", "trigger_files", "trigger_tables", "trigger_run")
"""What a run that a trigger starts is given."""
_STABLE = 10.0
_EXAMPLE = 'write files = "incoming/*.csv", tables = ["bucket/table"] or after = "orchestration"'


def read_triggers(tables: Sequence[Table]) -> tuple[Trigger, ...]:
    """The triggers of an orchestration; ids that are left out are made of what they wait for."""
    taken = {one.data["id"] for one in tables if isinstance(one.data.get("id"), str)}
    seen: set[str] = set()
    found = []
    for table in tables:
        trigger = _trigger(table, taken)
        if trigger.id in seen:
            message = f"{table.name('id')}: {quote(trigger.id)} is the id of another trigger too"
            table.error("id", "duplicate-id", message, "give one of them another id")
        seen.add(trigger.id)
        found.append(trigger)
    return tuple(found)


def _trigger(table: Table, taken: set[str]) -> Trigger:
    files, after, tables = table.text("files"), table.text("after"), table.strings("tables")
    given = [
        (kind, value)
        for kind, value in ((TriggerKind.FILES, files), (TriggerKind.TABLES, tables), (TriggerKind.AFTER, after))
        if value
    ]
    if len(given) != 1:
        what = "waits for nothing" if not given else "waits for several things"
        table.error(None, "trigger", f"{table.name('files').removesuffix('.files')} {what}", _EXAMPLE)
    kind = given[0][0] if given else TriggerKind.FILES
    for name in tables:
        if name.count("/") != 1 or not all(map(valid_id, name.split("/"))):
            table.error("tables", "value", f"{table.name('tables')}: {quote(name)} is no bucket/table", _EXAMPLE)
    name = table.text("id")
    if name and not valid_id(name):
        remedy = "use letters, digits, _ . and -, at most 100 characters"
        table.error("id", "invalid-id", f"{table.name('id')}: {quote(name)} is no possible id", remedy)
    trigger = Trigger(
        kind=kind,
        id=name or _made_id(kind, files or after or "-".join(tables), taken),
        what=files or after,
        tables=tables,
        enabled=table.flag("enabled", True),
        stable=_seconds(table, "stable", _STABLE),
        cool_down=_seconds(table, "cool_down", 0.0),
        outcome=table.choice("outcome", AfterOutcome, AfterOutcome.SUCCESS),
        if_running=table.choice("if_running", IfRunning, IfRunning.WAIT),
        variables=read_task_variables(table.table("variables")),
    )
    table.finish()
    return trigger


def _seconds(table: Table, key: str, default: float) -> float:
    value = table.duration(key)
    return default if value is None else value


def _made_id(kind: TriggerKind, what: str, taken: set[str]) -> str:
    made = unique(slug(f"{kind}-{what}", "trigger")[:80], taken)
    taken.add(made)
    return made


def trigger_values(trigger: Trigger) -> dict[str, Any]:
    """What :func:`read_triggers` reads back as this trigger."""
    values: dict[str, Any] = {"id": trigger.id}
    if not trigger.enabled:
        values["enabled"] = False
    if trigger.kind is TriggerKind.TABLES:
        values["tables"] = list(trigger.tables)
    else:
        values[trigger.kind.value] = trigger.what
    if trigger.stable != _STABLE:
        values["stable"] = write_duration(trigger.stable)
    if trigger.cool_down:
        values["cool_down"] = write_duration(trigger.cool_down)
    if trigger.outcome is not AfterOutcome.SUCCESS:
        values["outcome"] = trigger.outcome.value
    if trigger.if_running is not IfRunning.WAIT:
        values["if_running"] = trigger.if_running.value
    if trigger.variables:
        values["variables"] = dict(trigger.variables)
    return values
