"""The fields of ``[[schedules]]``: read, checked, and written into drafts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from orch_tui.model.orchestration.starts import CatchUp, IfRunning, Schedule
from orch_tui.model.texts.durations import write_duration
from orch_tui.model.texts.text import unique, valid_id
from orch_tui.project.definitions.variables import read_task_variables
from orch_tui.project.toml.decode import Table, quote

SCHEDULED_VARIABLES = ("scheduled_at", "interval_start", "interval_end")
"""What a run that a schedule starts is given."""
_LONGEST_ID = 80
_EXAMPLE = 'write it like "30 5 * * 1-5"'


def read_schedules(tables: Sequence[Table]) -> tuple[Schedule, ...]:
    """The schedules of an orchestration; ids may be left out as long as no two are of the same time."""
    schedules = tuple(map(_schedule, tables))
    by_id: dict[str, Table] = {}
    by_time: dict[tuple[str, str], Table] = {}
    for table, one in zip(tables, schedules, strict=True):
        if one.id:
            _check_id(table, one.id, by_id.setdefault(one.id, table))
        elif one.cron and (twin := by_time.setdefault((one.cron, one.timezone), table)) is not table:
            message = f"{table.name('cron')}: {quote(one.cron)} is that of {twin.name('cron')} too"
            table.error("cron", "duplicate-id", message, 'give each of them an id, like id = "europe", or remove one')
    return schedules


def _schedule(table: Table) -> Schedule:
    from orch_tui.project.schedules.cron import cron_problem

    schedule = Schedule(
        cron=table.needed_text("cron", _EXAMPLE),
        enabled=table.flag("enabled", True),
        timezone=read_timezone(table),
        id=table.text("id"),
        variables=read_task_variables(table.table("variables")),
        catch_up=table.choice("catch_up", CatchUp, CatchUp.NONE),
        catch_up_within=table.duration("catch_up_within", zero=False),
        if_running=table.choice("if_running", IfRunning, IfRunning.SKIP),
        jitter=table.duration("jitter") or 0.0,
    )
    if schedule.cron and (problem := cron_problem(schedule.cron)):
        message = f"{table.name('cron')}: {quote(schedule.cron)} is no time for cron; {problem}"
        table.error("cron", "schedule", message, f"{_EXAMPLE}: at 5:30 from Monday to Friday")
    if schedule.catch_up is CatchUp.NONE and schedule.catch_up_within is not None:
        message = f"{table.name('catch_up_within')} has no effect: nothing is caught up"
        table.warning("catch_up_within", "value", message, 'write catch_up = "last" or catch_up = "all" beside it')
    table.finish()
    return schedule


def _check_id(table: Table, name: str, first: Table) -> None:
    if not valid_id(name):
        remedy = "use letters, digits, _ . and -, at most 100 characters"
        table.error("id", "invalid-id", f"{table.name('id')}: {quote(name)} is no possible id", remedy)
    elif first is not table:
        message = f"{table.name('id')}: {quote(name)} is the id of {first.name('id').removesuffix('.id')} too"
        table.error("id", "duplicate-id", message, "give one of them another id")


def read_timezone(table: Table) -> str:
    """The IANA name in ``timezone``; empty when there is none, or none that is known."""
    name = table.text("timezone")
    if not name:
        return ""
    from orch_tui.project.schedules.time_zones import is_zone, near_zones

    if is_zone(name):
        return name
    message = f"{table.name('timezone')}: there is no time zone {quote(name)}"
    table.error("timezone", "timezone", message, near_zones(name) or 'write its IANA name, like "Europe/Prague"')
    return ""


def schedule_values(schedule: Schedule) -> dict[str, Any]:
    """What :func:`read_schedules` reads back as this schedule."""
    values: dict[str, Any] = {"cron": schedule.cron}
    if not schedule.enabled:
        values["enabled"] = False
    values |= {key: text for key in ("timezone", "id") if (text := getattr(schedule, key))}
    if schedule.variables:
        values["variables"] = dict(schedule.variables)
    if schedule.catch_up is not CatchUp.NONE:
        values["catch_up"] = schedule.catch_up.value
    if schedule.catch_up_within is not None:
        values["catch_up_within"] = write_duration(schedule.catch_up_within)
    if schedule.if_running is not IfRunning.SKIP:
        values["if_running"] = schedule.if_running.value
    if schedule.jitter:
        values["jitter"] = write_duration(schedule.jitter)
    return values


def schedule_ids(schedules: Iterable[Schedule], timezone: str = "") -> list[str]:
    """The id of each schedule, for files and commands: its own, else one made of its time (``30_5_x_x_1-5``).

    ``timezone`` is that of schedules which have none: with another one, a schedule without an id is another schedule.
    """
    schedules = list(schedules)
    taken = {one.id for one in schedules if one.id}
    ids = []
    for one in schedules:
        ids.append(one.id or unique(_made_id(one, one.timezone or timezone), taken))
        taken.add(ids[-1])
    return ids


def _made_id(schedule: Schedule, timezone: str) -> str:
    time = "_".join(schedule.cron.replace("@", "").replace("*", "x").replace("/", "by").replace(",", ".").split())
    made = f"{time}_{timezone.replace('/', '-')}" if timezone else time
    if valid_id(made) and len(made) <= _LONGEST_ID:
        return made
    import hashlib

    return f"schedule-{hashlib.sha256(made.encode()).hexdigest()[:12]}"
