"""A stored configuration of a component as a configuration of ours.

``parameters`` are its body as Keboola has it, but for the mapping of tables: that is ``inputs`` and ``outputs``, and
what they cannot say stands under ``input_mapping`` and ``output_mapping`` by the names of the files. Rows are ``rows``.
The component ``keboola`` runs configurations of this form (docs/keboola.md).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from orch_tui.keboola.mapping.code import blocks_text
from orch_tui.keboola.mapping.findings import Finding, Level
from orch_tui.keboola.mapping.names import table_name
from orch_tui.keboola.mapping.texts import Importer
from orch_tui.keboola.values import Body, Stored
from orch_tui.model.components.configuration import Configuration, TableInput, TableOutput, WriteMode
from orch_tui.model.texts.text import safe_line

INPUTS, OUTPUTS, ROWS = "input_mapping", "output_mapping", "rows"
_INPUT_KEYS, _OUTPUT_KEYS = ("source", "destination"), ("source", "destination", "incremental", "primary_key")
VARIABLES_ID = "variables_id"


@dataclass(frozen=True, slots=True)
class MappedConfiguration:
    """``secrets`` are the names that its ``#`` keys are here."""

    value: Configuration
    findings: tuple[Finding, ...] = ()
    secrets: tuple[str, ...] = ()


def map_configuration(stored: Stored, ref: str) -> MappedConfiguration:
    """``ref`` is what it is called here."""
    component, _, configuration = ref.partition("/")
    return map_body(
        stored.body, component, configuration, stored.name, stored.description, tuple(map(row_body, stored.rows))
    )


def row_body(row: Any) -> Body:
    """A row as one table of ``rows``."""
    head = {"id": row.id, "name": row.name}
    return {**head, **({"enabled": False} if row.disabled else {}), **row.body}


def map_body(
    body: Mapping[str, Any],
    component: str,
    configuration: str,
    name: str,
    description: str = "",
    rows: Iterable[Body] = (),
) -> MappedConfiguration:
    """A configuration with this body; ``rows`` are tables with the rows' ids and names."""
    findings: list[Finding] = []
    importer = Importer(
        component,
        configuration,
        variables=bool(body.get(VARIABLES_ID)),
        note=lambda text: findings.append(Finding(Level.DIFFERS, f"{text}: it is kept in the original only")),
    )
    inputs, input_mapping, left_in = _inputs(_tables(body, "input"), findings)
    outputs, output_mapping, left_out = _outputs(_tables(body, "output"), findings)
    rest = {key: _with_code(key, value, component) for key, value in body.items() if key != "storage"}
    storage = _other_storage(body, left_in, left_out)
    parameters = importer.value({**rest, **({"storage": storage} if storage else {})})
    for key, extra in ((INPUTS, input_mapping), (OUTPUTS, output_mapping)):
        if extra:
            parameters[key] = importer.value(extra)
    if tables := [importer.value(row) for row in rows]:
        parameters[ROWS] = tables
    value = Configuration(component, configuration, name, description, parameters, inputs, outputs)
    return MappedConfiguration(value, tuple(findings), tuple(importer.secrets))


def _with_code(key: str, value: Any, component: str) -> Any:
    """The parameters with their blocks of code as one text, where that says everything."""
    if key != "parameters" or not isinstance(value, Mapping) or "blocks" not in value:
        return value
    text = blocks_text(value["blocks"], component)
    return value if text is None else {**value, "blocks": text}


def _tables(body: Mapping[str, Any], side: str) -> list[Body]:
    storage = body.get("storage")
    part = storage.get(side) if isinstance(storage, Mapping) else None
    tables = part.get("tables") if isinstance(part, Mapping) else None
    return [one for one in tables if isinstance(one, dict)] if isinstance(tables, list) else []


def _other_storage(body: Mapping[str, Any], inputs: list[Body], outputs: list[Body]) -> Body:
    """The storage mapping without the tables that became inputs and outputs."""
    storage = body.get("storage")
    result: Body = {}
    for key, part in storage.items() if isinstance(storage, Mapping) else ():
        left = {"input": inputs, "output": outputs}.get(key, [])
        if isinstance(part, Mapping) and isinstance(part.get("tables"), list):
            part = {
                **{name: item for name, item in part.items() if name != "tables"},
                **({"tables": left} if left else {}),
            }
        if part not in ({}, {"files": []}, None):
            result[key] = part
    return result


def _inputs(tables: list[Body], findings: list[Finding]) -> tuple[tuple[TableInput, ...], Body, list[Body]]:
    found: dict[str, TableInput] = {}
    extras: Body = {}
    left = []
    for one in tables:
        source, destination = str(one.get("source") or ""), str(one.get("destination") or "")
        table, name = table_name(source), destination or source
        if table is None or name in found:
            _not_a_table(source, findings)
            left.append(one)
            continue
        found[name] = TableInput(table, name)
        if extra := {key: value for key, value in one.items() if key not in _INPUT_KEYS and value is not None}:
            extras[name] = extra
    return tuple(found.values()), extras, left


def _outputs(tables: list[Body], findings: list[Finding]) -> tuple[tuple[TableOutput, ...], Body, list[Body]]:
    found: dict[str, TableOutput] = {}
    extras: Body = {}
    left = []
    for one in tables:
        destination = str(one.get("destination") or "")
        table, name = table_name(destination), str(one.get("source") or destination)
        if table is None or name in found:
            _not_a_table(destination, findings)
            left.append(one)
            continue
        key = tuple(str(part) for part in one.get("primary_key") or () if part)
        growing = WriteMode.INCREMENTAL if key else WriteMode.APPEND
        found[name] = TableOutput(name, table, growing if one.get("incremental") else WriteMode.FULL, key)
        if extra := {key: value for key, value in one.items() if key not in _OUTPUT_KEYS and value is not None}:
            extras[name] = extra
    return tuple(found.values()), extras, left


def _not_a_table(named: str, findings: list[Finding]) -> None:
    message = f'"{safe_line(named, 80)}" in the mapping of tables is no name that a table can have here'
    findings.append(Finding(Level.CANNOT_RUN, message))
