"""The lineage of a project: its definitions, and the columns of its tables."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from orch_tui.lineage.graph import Columns, LineageGraph
from orch_tui.lineage.values import Column, Job, TaskPlace, TracedTable
from orch_tui.model.components.component import ORCHESTRATION_COMPONENT, Component, ComponentType
from orch_tui.model.components.configuration import Configuration, split_ref
from orch_tui.model.errors import UserError
from orch_tui.model.texts.text import safe_line
from orch_tui.model.variables.references import replace_variables
from orch_tui.project.project import DefinitionError, Project
from orch_tui.storage.opening import open_storage

_UNNAMED = "_col_"
"""How sqlglot begins the name of a column that the SQL gives none."""
SQL_COMPONENT = "sql"
"""The component whose statements are read."""


def read_lineage(project: Project) -> LineageGraph:
    """Definitions that cannot be read are left out. Tables are asked for their columns when somebody looks at them."""
    storage = open_storage(project.paths)
    places = _places(project)

    def stored(table: str) -> Sequence[str] | None:
        try:
            info = storage.get(table)
        except (UserError, OSError):
            return None
        return None if info is None else [name for name, _ in info.columns]

    tracer = _Tracer(project)
    return LineageGraph(_jobs(project, places), stored, tracer.trace)


def _places(project: Project) -> dict[str, list[TaskPlace]]:
    """The tasks of each configuration."""
    found: dict[str, list[TaskPlace]] = {}
    for orchestration_id in project.orchestration_ids():
        try:
            value = project.orchestration(orchestration_id)
        except DefinitionError:
            continue
        for number, phase in enumerate(value.phases, 1):
            for task in phase.tasks:
                place = TaskPlace(orchestration_id, task.id, phase.name, number, task.enabled)
                found.setdefault(task.configuration, []).append(place)
    return found


def _jobs(project: Project, places: Mapping[str, Sequence[TaskPlace]]) -> Iterable[Job]:
    for ref in project.configuration_refs():
        component_id, _ = split_ref(ref)
        if component_id == ORCHESTRATION_COMPONENT:
            # What it does is done by its own tasks.
            continue
        try:
            configuration = project.configuration(ref)
        except DefinitionError:
            continue
        component = project.component(component_id)
        yield Job(
            ref,
            f"{component.name if component is not None else component_id} · {configuration.name}",
            component.type if component is not None else ComponentType.OTHER,
            tuple(dict.fromkeys(item.table for item in configuration.reads)),
            tuple(dict.fromkeys(item.table for item in configuration.writes)),
            outside(component, configuration, "sources"),
            outside(component, configuration, "targets"),
            tuple(places.get(ref, ())),
        )


def outside(component: Component | None, configuration: Configuration, side: str) -> tuple[str, ...]:
    """What is read (``sources``) or written (``targets``) outside of the storage, in words; at most one."""
    names: tuple[str, ...] = () if component is None else getattr(component, side)
    texts = [str(value) for name in names if isinstance(value := configuration.parameters.get(name), str) and value]
    if not texts or component is None:
        return ()
    words = " ".join(texts)
    return (safe_line(words if names == ("path",) else f"{component.name}: {words}", 200),)


class _Tracer:
    """Reads the SQL of configurations."""

    def __init__(self, project: Project) -> None:
        self._project = project

    def trace(self, job: Job, columns: Columns) -> Mapping[str, TracedTable]:
        component_id, _ = split_ref(job.ref)
        if component_id != SQL_COMPONENT:
            return {}
        try:
            configuration = self._project.configuration(job.ref)
        except DefinitionError:
            return {}
        sql = configuration.parameters.get("sql")
        return trace_configuration(configuration, fill_for_reading(sql), columns) if isinstance(sql, str) else {}


def trace_configuration(configuration: Configuration, sql: str, columns: Columns) -> dict[str, TracedTable]:
    """What each output is made of; those of which the script says nothing are missing."""
    from orch_tui.lineage.sql.script import trace_script

    known = {item.name.lower(): columns(item.table) for item in configuration.inputs}
    tables = {item.name.lower(): item.table for item in configuration.inputs}
    spelled = {(item, name.lower()): name for item, names in known.items() for name in names or ()}
    script = trace_script(sql, known, [item.name for item in configuration.outputs])

    def column(origin: tuple[str, str]) -> Column:
        return Column(tables[origin[0]], spelled.get(origin, origin[1]))

    traced = {}
    for output in configuration.outputs:
        relation = script.outputs.get(output.name.lower())
        if relation is None:
            continue
        names = _stored_names(list(relation.columns), columns(output.table) if not relation.rest else None)
        made = zip(names, relation.columns.values(), strict=True)
        traced[output.table] = TracedTable(
            {name: frozenset(map(column, origins)) for name, origins in made},
            frozenset(tables[name] for name in relation.rest),
            frozenset(map(column, relation.rows)),
            tuple(item.table for item in configuration.inputs if item.name.lower() in relation.tables),
        )
    return traced


def _stored_names(names: list[str], stored: Sequence[str] | None) -> list[str]:
    """The names of columns as they are stored: in their own letters, and also where the SQL gives none (``sum(x)``)."""
    if stored is None:
        return names
    spelled = {name.lower(): name for name in stored}
    same = len(stored) == len(names)
    return [
        own if same and name.startswith(_UNNAMED) else spelled.get(name, name)
        for name, own in zip(names, stored if same else names, strict=True)
    ]


def fill_for_reading(sql: str) -> str:
    """SQL that can be parsed although the values of variables are not known: one inside of a word or a text becomes
    its own name, any other ``null``."""

    def filled(name: str, before: str, after: str) -> str:
        inside = any(letter and (letter.isalnum() or letter in "_'\"") for letter in (before, after))
        return re.sub(r"\W", "_", name) if inside else "null"

    return replace_variables(sql, filled)
