"""Triggers that wait for nothing, or that start each other for ever."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from orch_tui.model.components.configuration import Configuration
from orch_tui.model.orchestration.orchestration import Orchestration
from orch_tui.model.orchestration.triggers import TriggerKind
from orch_tui.model.problem import Problem, Severity
from orch_tui.project.project import Project
from orch_tui.project.table_uses import table_uses
from orch_tui.project.toml.decode import did_you_mean, quote

Find = Callable[[str], Orchestration | None]


def trigger_problems(
    project: Project, value: Orchestration, find: Find, configuration: Callable[[str], Configuration | None]
) -> Iterator[Problem]:
    """What is wrong with what starts an orchestration. ``find`` gives other orchestrations, None for broken ones."""
    if not value.triggers:
        return
    known = project.orchestration_ids()
    for trigger in value.triggers:
        if trigger.kind is TriggerKind.AFTER and trigger.what not in known and trigger.what != value.id:
            message = f"the trigger {quote(trigger.id)} waits for {quote(trigger.what)}, which there is not"
            yield Problem(Severity.ERROR, "trigger", message, did_you_mean(trigger.what, known) or "see orch-tui list")
    yield from _unwritten(project, value)
    path = _circle(value, {name: find(name) for name in known} | {value.id: value}, configuration)
    if path is not None:
        message = f"its triggers start it again and again: {' → '.join(path)}"
        yield Problem(Severity.ERROR, "trigger-circle", message, "take one of these triggers out, or disable it")


def _unwritten(project: Project, value: Orchestration) -> Iterator[Problem]:
    """Tables that are not there and that nothing writes: what waits for one of them waits for ever."""
    wanted = [(one, table) for one in value.triggers if one.enabled for table in one.tables]
    missing = [(one, table) for one, table in wanted if not (project.paths.storage / table).is_dir()]
    if not missing or project.settings.storage is not None:
        # What a server has is not asked here.
        return
    uses = table_uses(project)
    written = {table for table, use in uses.items() if use.writers}
    for trigger, table in missing:
        if table not in written:
            message = f"the trigger {quote(trigger.id)} waits for the table {quote(table)}, which nothing writes"
            remedy = did_you_mean(table, written) or "write it as an output of a configuration, or take it out"
            yield Problem(Severity.WARNING, "trigger", message, remedy)


def _circle(
    value: Orchestration,
    all_of_them: Mapping[str, Orchestration | None],
    configuration: Callable[[str], Configuration | None],
) -> list[str] | None:
    """The way from an orchestration back to itself by triggers; None when there is none."""
    written = {one.id: _written(one, configuration) for one in all_of_them.values() if one is not None}
    ways = [[value.id]]
    seen: set[str] = set()
    while ways:
        way = ways.pop(0)
        for name, one in sorted(all_of_them.items()):
            if one is None or not _starts(way[-1], written.get(way[-1], frozenset()), one):
                continue
            if name == value.id:
                return [*way, name]
            if name not in seen:
                seen.add(name)
                ways.append([*way, name])
    return None


def _starts(first: str, tables: frozenset[str], second: Orchestration) -> bool:
    """Whether the end of one orchestration, or what it writes, may start another."""
    for trigger in second.triggers:
        if trigger.enabled and trigger.kind is TriggerKind.AFTER and trigger.what == first:
            return True
        # All of them must be new: one that it does not write may never change.
        if trigger.enabled and trigger.kind is TriggerKind.TABLES and tables.issuperset(trigger.tables):
            return True
    return False


def _written(value: Orchestration, configuration: Callable[[str], Configuration | None]) -> frozenset[str]:
    found = [configuration(task.configuration) for task in value.tasks() if task.enabled]
    return frozenset(output.table for one in found if one is not None for output in one.writes)
