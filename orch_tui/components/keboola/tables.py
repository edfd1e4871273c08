"""Tables between the storage and a program of Keboola, by the rules of Keboola's own storage.

Sources: https://developers.keboola.com/extend/common-interface/folders/ (names of files, default bucket),
https://help.keboola.com/storage/tables/#primary-key-deduplication (keys).
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from orch_tui.components.keboola.parameters import Parameters
from orch_tui.components.kit.component import Context
from orch_tui.components.kit.contract import Input, Output, missing_output, stem
from orch_tui.components.kit.csv_tables import read_csv_output, read_manifest, write_csv_input
from orch_tui.components.kit.drift import check_shape
from orch_tui.components.kit.sql import connect
from orch_tui.model.components.configuration import WriteMode
from orch_tui.model.errors import UserError
from orch_tui.model.texts.text import counted, safe_line, valid_id
from orch_tui.project.attempt_dir import output_tables
from orch_tui.project.paths import ProjectPaths
from orch_tui.storage.duckdb import COPY_OPTIONS, columns_of, literal, parquet, quoted
from orch_tui.storage.storage import Storage

_MANIFEST = ".manifest"
_NOT_KNOWN = ("changed_since", "days", "changed_until")
_DELETE = "delete_where_column"


def write_inputs(parameters: Parameters, ctx: Context) -> None:
    """Each input as a CSV file of exactly its name, with what its mapping says of columns and rows.

    Raises:
        UserError: the mapping names a column that the table does not have.
    """
    storage = Storage(ProjectPaths(ctx.project).storage)
    for item in ctx.inputs.values():
        mapping = parameters.input_mapping.get(item.name, {})
        columns = _columns(item, mapping)
        if ignored := [key for key in _NOT_KNOWN if mapping.get(key)]:
            ctx.log(f"{item.name}: {', '.join(ignored)} is not known here; the program gets all rows")
        info = storage.get(item.table)
        key = info.primary_key if info is not None else ()
        write_csv_input(item, key, name=item.name, columns=columns, condition=_condition(item, mapping))


def _columns(item: Input, mapping: Mapping[str, Any]) -> list[str] | None:
    wanted = [str(name) for name in mapping.get("columns") or ()]
    if not wanted:
        return None
    _require(item, wanted)
    return wanted


def _require(item: Input, names: list[str]) -> None:
    known = [name for name, _ in item.columns]
    if lacking := [name for name in names if name not in known]:
        raise UserError(f'table "{item.table}" has no column {", ".join(map(safe_line, lacking))} (input {item.name})')


def _condition(item: Input, mapping: Mapping[str, Any]) -> str:
    """Which rows are wanted, as SQL. Raises: UserError."""
    sql = ""
    column = mapping.get("where_column")
    if column:
        _require(item, [str(column)])
        values = ", ".join(literal(str(value)) for value in mapping.get("where_values") or ())
        negated = "not " if mapping.get("where_operator") in ("ne", "not in") else ""
        sql = f"where {negated}coalesce({quoted(str(column))}::varchar, '') in ({values or 'null'})"
    limit = mapping.get("limit")
    return f"{sql} limit {limit}" if isinstance(limit, int) and limit > 0 else sql


def take_outputs(parameters: Parameters, ctx: Context) -> None:
    """Everything in ``out/tables`` that has a place in the storage, as what is to be published.

    The place is the default bucket, else that of the output with the file's name, else the manifest's, else the
    file's own name (``out.c-main.orders.csv``).

    Raises:
        UserError: a declared output was not written, a file cannot be read, or rows were to be deleted.
    """
    folder = output_tables(ctx.data_dir)
    files = {path.name: path for path in sorted(folder.iterdir()) if not path.name.endswith((_MANIFEST, ".parquet"))}
    declared = {name: output for output in ctx.outputs.values() for name in (output.name, f"{output.name}.csv")}
    for output in ctx.outputs.values():
        if output.name not in files and f"{output.name}.csv" not in files and parameters.default_bucket is None:
            raise missing_output(output, output.name, folder)
    found: dict[str, Output] = {}
    for name, path in files.items():
        manifest = read_manifest(path)
        place = _place(parameters, declared.get(name), path, manifest)
        if place is None:
            ctx.log(f"warning: out/tables/{safe_line(name, 100)} is no declared output and is not published")
            continue
        if manifest.get(_DELETE) or parameters.output_mapping.get(place.name, {}).get(_DELETE):
            raise UserError(f"{safe_line(name, 100)}: {_DELETE} is not done here, rows would stay that should go")
        found[place.name] = read_csv_output(place, path, manifest)
    ctx.outputs = {name: _by_their_rules(output, ctx) for name, output in found.items()}
    con = connect(ctx, memory_limit="512MB")
    for output in ctx.outputs.values():
        source = parquet(output.path)
        row = con.execute(f"select count(*) from {source}").fetchone()
        check_shape(ctx, output, columns_of(con, f"from {source}"), int(row[0]) if row else 0, strict=parameters.strict)


def _place(parameters: Parameters, declared: Output | None, path: Path, manifest: Mapping[str, Any]) -> Output | None:
    name = stem(path.name)
    target = path.with_name(f"{name}.parquet")
    if parameters.default_bucket is not None:
        table: str | None = f"{parameters.default_bucket}/{name}"
        key = declared.primary_key if declared is not None else ()
        mode = declared.mode if declared is not None else WriteMode.FULL
        return Output(name, _checked(table, path), mode, key, target)
    if declared is not None:
        return declared
    table = next(filter(None, (_table(str(manifest.get("destination") or "")), _table(name))), None)
    return Output(name, _checked(table, path), WriteMode.FULL, (), target) if table is not None else None


def _table(text: str) -> str | None:
    """``in.c-main/orders`` for ``in.c-main.orders``; None for a name without a bucket."""
    bucket, dot, name = text.rpartition(".")
    return f"{bucket}/{name}" if dot and bucket and name else None


def _checked(table: str | None, path: Path) -> str:
    parts = (table or "").split("/")
    if len(parts) != 2 or not all(map(valid_id, parts)):
        raise UserError(
            f'out/tables/{path.name} would go to "{safe_line(table or "", 100)}", which is no name of a table'
        )
    return table or ""


def _by_their_rules(output: Output, ctx: Context) -> Output:
    """The rows as Keboola's storage keeps them: an empty value is an empty text, and of rows with the same key the last
    one stays. Empty names of keys count as none."""
    key = tuple(name for name in output.primary_key if name)
    con = connect(ctx, memory_limit="512MB")
    source = parquet(output.path)
    columns = [name for name, _ in columns_of(con, f"from {source}")]
    values = ", ".join(f"coalesce({quoted(name)}, '') as {quoted(name)}" for name in columns)
    rows = f"(select {values} from {source})"
    before = _count(con, f"select count(*) from {rows}")
    known = all(name in columns for name in key)
    keys = ", ".join(map(quoted, key))
    if key and known and _count(con, f"select count(*) from (select distinct {keys} from {rows})") < before:
        numbered = f"(select *, row_number() over () as orch_tui_row from {rows})"
        last = f"row_number() over (partition by {keys} order by orch_tui_row desc) = 1"
        rows = f"(select * exclude (orch_tui_row) from (select * from {numbered} qualify {last}) order by orch_tui_row)"
    written = output.path.with_name(f".{output.path.name}")
    con.execute(f"copy {rows} to {literal(str(written))} ({COPY_OPTIONS})")
    written.replace(output.path)
    if (dropped := before - _count(con, f"select count(*) from {source}")) > 0:
        ctx.log(f'table "{output.table}": {counted(dropped, "row")} had the key of a later one, which stays')
    mode = output.mode
    if mode is WriteMode.INCREMENTAL and not key:
        mode = WriteMode.APPEND
    return dataclasses.replace(output, primary_key=key, mode=mode)


def _count(con: Any, query: str) -> int:
    row = con.execute(query).fetchone()
    return int(row[0]) if row else 0
