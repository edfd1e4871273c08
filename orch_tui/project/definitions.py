"""What an orchestration file means."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

from orch_tui.model.configuration import split_ref
from orch_tui.model.orchestration import Backoff, Orchestration, Phase, Retry, Schedule, Task, TaskOptions, Variable
from orch_tui.model.text import slug, unique, valid_id
from orch_tui.project.decode import Place, Table, found, quote

_KEPT = ("notifications",)
_VARIABLE_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]{0,99}")
_ID_REMEDY = "use letters, digits, _ . and -, at most 100 characters"
NO_OPTIONS = TaskOptions()


def decode_orchestration(data: dict[str, Any], place: Place, orchestration_id: str) -> Orchestration:
    """The orchestration in ``data``. Only to be used when ``place.broken`` is false afterwards."""
    table = Table(data, place)
    phases = [(phase, phase.tables("tasks")) for phase in table.tables("phases")]
    tasks = [task for _, inner in phases for task in inner]
    phase_names = [_plain(phase, "name") for phase, _ in phases]
    phase_ids = _ids([phase for phase, _ in phases], [slug(name, "phase") for name in phase_names])
    task_ids = iter(_ids(tasks, [derived_task_id(_plain(task, "configuration")) for task in tasks]))
    orchestration = Orchestration(
        id=orchestration_id,
        name=table.text("name") or orchestration_id,
        description=table.text("description"),
        phases=tuple(_phase(*pair, phase_id, task_ids) for pair, phase_id in zip(phases, phase_ids, strict=True)),
        max_parallel=table.integer("max_parallel", 1),
        defaults=read_options(table.table("defaults")),
        variables=read_variables(table.table("variables")),
        schedules=tuple(_schedule(item) for item in table.tables("schedules")),
    )
    table.finish(kept=_KEPT)
    return orchestration


def _schedule(table: Table) -> Schedule:
    from orch_tui.project.cron import cron_problem

    schedule = Schedule(
        table.needed_text("cron", 'write it like "30 5 * * 1-5"'), table.flag("enabled", True), read_timezone(table)
    )
    if schedule.cron and (problem := cron_problem(schedule.cron)):
        message = f"{table.name('cron')}: {quote(schedule.cron)} is no time for cron; {problem}"
        table.error("cron", "schedule", message, 'write it like "30 5 * * 1-5": at 5:30 from Monday to Friday')
    table.finish()
    return schedule


def read_timezone(table: Table) -> str:
    """The IANA name in ``timezone``; empty when there is none, or none that is known."""
    name = table.text("timezone")
    if not name:
        return ""
    from orch_tui.project.time_zones import is_zone, near_zones

    if is_zone(name):
        return name
    message = f"{table.name('timezone')}: there is no time zone {quote(name)}"
    table.error("timezone", "timezone", message, near_zones(name) or 'write its IANA name, like "Europe/Prague"')
    return ""


def derived_task_id(configuration: str) -> str:
    """The id of a task that has none: from the second half of ``component-id/configuration-id``."""
    return slug(configuration.rpartition("/")[2], "task")


def _plain(table: Table, key: str) -> str:
    value = table.data.get(key)
    return value if isinstance(value, str) else ""


def _phase(table: Table, tasks: Sequence[Table], phase_id: str, task_ids: Iterator[str]) -> Phase:
    phase = Phase(
        id=phase_id,
        name=table.text("name") or phase_id,
        tasks=tuple(_task(task, next(task_ids)) for task in tasks),
        max_parallel=table.integer("max_parallel", 1),
    )
    table.finish()
    return phase


def _task(table: Table, task_id: str) -> Task:
    data = table.data
    configuration = table.needed_text("configuration", 'write it "component-id/configuration-id"')
    if configuration:
        _check_reference(table, configuration)
    # Most tasks have an id and a configuration and nothing else.
    if len(data) == 2 and "id" in data:
        return Task(task_id, configuration)
    task = Task(
        id=task_id,
        configuration=configuration,
        enabled=table.flag("enabled", True),
        continue_on_failure=table.flag("continue_on_failure", False),
        options=read_options(table, own_table=False),
        max_parallel=table.integer("max_parallel", 1),
        variables=_task_variables(table.table("variables")),
    )
    table.finish()
    return task


def _check_reference(table: Table, configuration: str) -> None:
    try:
        component, name = split_ref(configuration)
    except ValueError:
        message = f"{table.name('configuration')}: {quote(configuration)} is no reference to a configuration"
        table.error("configuration", "reference", message, 'write it "component-id/configuration-id"')
        return
    if not (valid_id(component) and valid_id(name)):
        message = f"{table.name('configuration')}: {quote(configuration)} has an id that cannot be a file name"
        table.error("configuration", "invalid-id", message, _ID_REMEDY)


def read_options(table: Table | None, *, own_table: bool = True) -> TaskOptions:
    """Task options from ``[defaults]`` (``own_table``) or from among the keys of a task."""
    if table is None:
        return NO_OPTIONS
    options = TaskOptions(
        retry=_retry(table.table("retry", 'a table like { attempts = 3, delay = "10s" }')),
        timeout=table.duration("timeout", zero=False),
        delay=table.duration("delay"),
        grace=table.duration("grace"),
        max_log_mb=table.number("max_log_mb", zero=False),
    )
    if own_table:
        table.finish()
    return options


def _retry(table: Table | None) -> Retry | None:
    if table is None:
        return None
    attempts = table.integer("attempts", 0)
    delay = table.duration("delay")
    backoff = table.choice("backoff", Backoff, Backoff.CONSTANT)
    total = table.duration("total", zero=False)
    if "attempts" not in table.data:
        table.error(None, "missing-key", f"{table.name('attempts')} is missing", "say how many more tries there are")
    table.finish()
    return Retry(attempts or 0, 10.0 if delay is None else delay, backoff, total)


def read_variables(table: Table | None) -> tuple[Variable, ...]:
    """Declared variables: ``name = "value"`` or ``name = { value = "…", description = "…" }``."""
    if table is None:
        return ()
    result = []
    for name, value in table.data.items():
        _check_variable_name(table, name)
        if not isinstance(value, dict):
            text = _variable_text(table, name, value)
            if text is not None:
                result.append(Variable(name, text))
            continue
        inner = Table(value, table.place, (*table.path, name))
        given = inner.raw("value")
        text = None if given is None else _variable_text(inner, "value", given)
        result.append(Variable(name, text, inner.text("description")))
        inner.finish()
    return tuple(result)


def _task_variables(table: Table | None) -> dict[str, str]:
    result: dict[str, str] = {}
    for name, value in table.data.items() if table is not None else ():
        assert table is not None
        _check_variable_name(table, name)
        text = _variable_text(table, name, value)
        if text is not None:
            result[name] = text
    return result


def _variable_text(table: Table, key: str, value: Any) -> str | None:
    """Variables are texts; numbers, true and false are taken as they are written."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return str(value)
    table.error(key, "type", f"{table.name(key)} must be a text, not {found(value)}", "put it into quotes")
    return None


def _check_variable_name(table: Table, name: str) -> None:
    if not _VARIABLE_NAME.fullmatch(name):
        message = f"{quote(name)} cannot be the name of a variable"
        table.error(name, "value", message, "begin with a letter, go on with letters, digits, _ . and -")


def _ids(tables: Sequence[Table], derived: Sequence[str]) -> list[str]:
    """The ids written in the file, and for the others ones made of names that stay clear of the written ones."""
    written: list[str | None] = []
    first: dict[str, Table] = {}
    for table in tables:
        value = table.raw("id")
        if value is None:
            written.append(None)
            continue
        text = table.text("id")
        written.append(text)
        if not isinstance(value, str):
            continue
        if not valid_id(text):
            table.error("id", "invalid-id", f"{table.name('id')}: {quote(text)} is no possible id", _ID_REMEDY)
        elif text in first:
            message = f"{table.name('id')}: {quote(text)} is the id of {first[text].name('id').removesuffix('.id')} too"
            table.error("id", "duplicate-id", message, "give one of them another id")
        else:
            first[text] = table
    taken = {text for text in written if text is not None}
    result = []
    for given, wanted in zip(written, derived, strict=True):
        chosen = unique(wanted, taken) if given is None else given
        taken.add(chosen)
        result.append(chosen)
    return result
