"""A stored configuration of a component as a configuration of ours.

``parameters`` are its body as Keboola has it, but for the mapping of tables: that is ``inputs`` and ``outputs``, and
what they cannot say stands under ``input_mapping`` and ``output_mapping`` by the names of the files. Rows are rows.
The component ``keboola`` runs configurations of this form (docs/keboola.md).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from orch_tui.keboola.code import blocks_text
from orch_tui.keboola.mapping.findings import Finding, Level
from orch_tui.keboola.mapping.names import table_name
from orch_tui.keboola.mapping.shared_code import SharedTexts, with_shared
from orch_tui.keboola.mapping.texts import Importer
from orch_tui.keboola.values import Body, Row, Stored
from orch_tui.model.components.configuration import Configuration, ConfigurationRow, TableInput, TableOutput, WriteMode
from orch_tui.model.texts.text import safe_line, slug, unique, valid_id

INPUTS, OUTPUTS = "input_mapping", "output_mapping"
_INPUT_KEYS, _OUTPUT_KEYS = ("source", "destination"), ("source", "destination", "incremental", "primary_key")
VARIABLES_ID = "variables_id"
RUNTIME, PARALLELISM = "runtime", "parallelism"
MOST_PARALLEL = 100
"""Rows at once that Keboola allows; ``infinity`` is no more."""


@dataclass(frozen=True, slots=True)
class MappedConfiguration:
    """``secrets`` are the names that its ``#`` keys are here."""

    value: Configuration
    findings: tuple[Finding, ...] = ()
    secrets: tuple[str, ...] = ()


def map_configuration(stored: Stored, ref: str, shared: SharedTexts | None = None) -> MappedConfiguration:
    """``ref`` is what it is called here; ``shared`` is the code of others that it refers to."""
    component, _, configuration = ref.partition("/")
    body, parallel = _parallelism(with_shared(stored.body, shared or {}, stored.component))
    mapped = map_body(body, component, configuration, stored.name, stored.description)
    if not stored.rows:
        return replace(mapped, value=replace(mapped.value, row_parallel=parallel))
    variables = bool(stored.body.get(VARIABLES_ID))
    rows, findings, secrets = [], [*mapped.findings], [*mapped.secrets]
    for row_id, row in zip(row_ids(stored.rows), stored.rows, strict=True):
        one = map_body(
            row.body, component, configuration, row.name, row.description, row=_secret_part(row), variables=variables
        )
        findings += [
            Finding(found.level, f'row "{safe_line(row.name, 60)}": {found.message}') for found in one.findings
        ]
        secrets += one.secrets
        part = one.value
        rows.append(
            ConfigurationRow(
                row_id, row.name, row.description, not row.disabled, part.parameters, part.inputs, part.outputs
            )
        )
    value = replace(mapped.value, rows=tuple(rows), row_parallel=parallel)
    return MappedConfiguration(value, tuple(findings), tuple(dict.fromkeys(secrets)))


def row_ids(rows: Iterable[Row]) -> list[str]:
    """What rows are called here, in order: as in Keboola, where that can be an id."""
    taken: set[str] = set()
    found = []
    for row in rows:
        found.append(unique(row.id if valid_id(row.id) else slug(row.name, "row"), taken))
        taken.add(found[-1])
    return found


def _secret_part(row: Row) -> str:
    return row.path.rpartition("/")[2] or row.id


def _parallelism(body: Mapping[str, Any]) -> tuple[Body, int]:
    """The body without ``runtime.parallelism``, and how many rows that lets run at once."""
    runtime = body.get(RUNTIME)
    given = runtime.get(PARALLELISM) if isinstance(runtime, Mapping) else None
    text = str(given) if isinstance(given, str | int) and not isinstance(given, bool) else ""
    parallel = MOST_PARALLEL if text == "infinity" else int(text) if text.isdecimal() and len(text) < 4 else 0
    if not isinstance(runtime, Mapping) or not 0 < parallel <= MOST_PARALLEL:
        return dict(body), 1
    rest = {key: value for key, value in runtime.items() if key != PARALLELISM}
    return {
        **{key: value for key, value in body.items() if key != RUNTIME},
        **({RUNTIME: rest} if rest else {}),
    }, parallel


def map_body(
    body: Mapping[str, Any],
    component: str,
    configuration: str,
    name: str,
    description: str = "",
    *,
    row: str = "",
    variables: bool = False,
) -> MappedConfiguration:
    """A configuration with this body; or what a ``row`` of one says, whose texts have variables as that one's have."""
    findings: list[Finding] = []
    importer = Importer(
        (component, configuration, row),
        variables=variables or bool(body.get(VARIABLES_ID)),
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
