"""Schedules and subscriptions of a flow as schedules and alerts of ours."""

from __future__ import annotations

from collections.abc import Mapping

from orch_tui.keboola.mapping.findings import Level
from orch_tui.keboola.mapping.tasks import FlowMapping, target_of
from orch_tui.keboola.values import Body, Brought, Stored
from orch_tui.model.orchestration.alerts import AlertKind
from orch_tui.model.texts.text import safe_line, slug, unique
from orch_tui.project.schedules.cron import cron_problem
from orch_tui.project.schedules.time_zones import is_zone

ZONE = "UTC"
"""The zone of a schedule that names none."""
_EVENTS = {
    "job-failed": AlertKind.FAILED,
    "job-succeeded": AlertKind.SUCCESS,
    "job-succeeded-with-warning": AlertKind.WARNING,
    "job-processing-long": AlertKind.SLOW,
}


def schedules_of(stored: Stored, brought: Brought) -> list[Stored]:
    """The schedulers of a flow."""
    return brought.children(stored, "schedulerFor")


def schedule_tables(stored: Stored, brought: Brought, flow: FlowMapping) -> Body:
    """``schedules`` of the orchestration, or nothing. What is off there is off here."""
    tables = []
    found = schedules_of(stored, brought)
    taken: set[str] = set()
    for one in found:
        table = _schedule(one, flow)
        if table is None:
            continue
        if len(found) > 1:
            table["id"] = unique(slug(one.slug or one.name, "schedule"), taken)
            taken.add(table["id"])
        if stored.disabled:
            table["enabled"] = False
        tables.append(table)
    if stored.disabled:
        flow.note(Level.DIFFERS, "it is disabled in Keboola: its schedules are off here, and it can be started by hand")
    return {"schedules": tables} if tables else {}


def _schedule(one: Stored, flow: FlowMapping) -> Body | None:
    schedule = one.body.get("schedule")
    given: Mapping[str, object] = schedule if isinstance(schedule, Mapping) else {}
    cron, zone = str(given.get("cronTab") or ""), str(given.get("timezone") or ZONE)
    if cron_problem(cron) or not is_zone(zone):
        message = f'the schedule "{safe_line(one.name, 60)}" ({safe_line(f"{cron} {zone}", 60)}) has no form here'
        flow.note(Level.CANNOT_RUN, message)
        return None
    table: Body = {"cron": cron, "timezone": zone}
    if given.get("state", "enabled") != "enabled" or one.disabled:
        table["enabled"] = False
    return table


def alert_tables(stored: Stored, brought: Brought, flow: FlowMapping) -> Body:
    """``alerts`` of the orchestration, or nothing."""
    tables = []
    for one in brought.subscriptions:
        if one.configuration != stored.id:
            continue
        kind = _EVENTS.get(one.event)
        if kind is None or not one.address:
            flow.note(Level.DIFFERS, f'nobody is told of "{safe_line(one.event, 60)}" here')
            continue
        table: Body = {"on": [kind.value], "to": [target_of(one.address, flow.secrets)]}
        if kind is AlertKind.SLOW and one.overtime is not None:
            table["slow"] = f"{one.overtime * 100:g}%"
        tables.append(table)
    return {"alerts": tables} if tables else {}
