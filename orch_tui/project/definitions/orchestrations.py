"""What an orchestration file means."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from orch_tui.model.components.configuration import split_ref
from orch_tui.model.orchestration.orchestration import Orchestration, Phase, Task
from orch_tui.model.texts.text import slug, unique, valid_id
from orch_tui.project.definitions.rules import read_rules
from orch_tui.project.definitions.schedule_fields import read_schedules
from orch_tui.project.definitions.task_fields import read_options, read_phase_options, read_task
from orch_tui.project.definitions.variables import read_variables
from orch_tui.project.toml.decode import Place, Table, quote

if TYPE_CHECKING:
    from orch_tui.model.orchestration.alerts import AlertRule
    from orch_tui.model.orchestration.triggers import Trigger

_KEPT = ("notifications",)
_ID_REMEDY = "use letters, digits, _ . and -, at most 100 characters"


def decode_orchestration(data: dict[str, Any], place: Place, orchestration_id: str) -> Orchestration:
    """The orchestration in ``data``. Only to be used when ``place.broken`` is false afterwards."""
    table = Table(data, place)
    phases = [(phase, phase.tables("tasks")) for phase in table.tables("phases")]
    tasks = [task for _, inner in phases for task in inner]
    phase_names = [_plain(phase, "name") for phase, _ in phases]
    phase_ids = _ids([phase for phase, _ in phases], [slug(name, "phase") for name in phase_names])
    known_tasks = _ids(tasks, [derived_task_id(_plain(task, "configuration")) for task in tasks])
    task_ids = iter(known_tasks)
    orchestration = Orchestration(
        id=orchestration_id,
        name=table.text("name") or orchestration_id,
        description=table.text("description"),
        phases=tuple(_phase(*pair, phase_id, task_ids) for pair, phase_id in zip(phases, phase_ids, strict=True)),
        max_parallel=table.integer("max_parallel", 1),
        defaults=read_options(table.table("defaults")),
        variables=read_variables(table.table("variables")),
        schedules=read_schedules(table.tables("schedules")),
        triggers=_triggers(table.tables("triggers")),
        alerts=_alerts(table.tables("alerts"), phase_ids, known_tasks),
    )
    table.finish(kept=_KEPT)
    return orchestration


def _triggers(tables: Sequence[Table]) -> tuple[Trigger, ...]:
    if not tables:
        return ()
    from orch_tui.project.definitions.trigger_fields import read_triggers

    return read_triggers(tables)


def _alerts(tables: Sequence[Table], phases: Sequence[str], tasks: Sequence[str]) -> tuple[AlertRule, ...]:
    if not tables:
        return ()
    from orch_tui.project.definitions.alert_fields import read_alerts

    return read_alerts(tables, phases, tasks, whole_project=False)


def has_all_ids(data: Mapping[str, Any]) -> bool:
    """Whether a document that was decoded has the ids of all its phases and tasks in writing."""
    phases = data.get("phases", [])
    return all("id" in phase and all("id" in task for task in phase.get("tasks", [])) for phase in phases)


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
        rules=read_rules(table.tables("next")),
        **read_phase_options(table),
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
    task = read_task(table, task_id, configuration)
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
