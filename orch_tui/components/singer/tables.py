"""Records of a Singer stream, kept as lines of JSON, made into a Parquet file."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from orch_tui.components.kit.component import Context
from orch_tui.components.kit.contract import Output
from orch_tui.components.kit.drift import check_shape
from orch_tui.components.kit.sql import common_type, connect, duckdb_explained, literal, quoted, write_parquet
from orch_tui.components.singer.messages import Stream
from orch_tui.components.singer.types import Column, Shape
from orch_tui.model.configuration import WriteMode
from orch_tui.model.text import safe_line

if TYPE_CHECKING:
    import duckdb

_OBJECT = 16 << 20
"""Bytes of the longest line that DuckDB reads unless told otherwise."""
_MIDNIGHT = r"\d{4}-\d\d-\d\d([T ]00:00(:00(\.0+)?)?(Z|[+-]\d\d:?\d\d)?)?"


def store(ctx: Context, stream: Stream, shape: Shape, output: Output, *, strict: bool) -> Output:
    """Write the stream's records to ``output.path``; the output with the key that the tap names, where it may.

    Raises:
        UserError: the records cannot be stored, or ``strict`` and a column is gone.
    """
    # With one thread the Parquet writer never has to hold rows back to keep their order: memory stays flat.
    con = connect(ctx, threads=1, memory_limit="512MB")
    try:
        with duckdb_explained(f'the records of stream "{safe_line(stream.name, 100)}" cannot be stored'):
            columns = _merged(con, stream, shape)
            source = _scan(stream, columns) if stream.records else ""
            if source:
                columns = _fitting(ctx, con, stream, columns, source)
            rows = write_parquet(con, _select(columns, source), output.path)
            own = set(output.primary_key) == set(shape.keys)
            if shape.keys and output.mode is not WriteMode.APPEND and (own or not output.primary_key):
                output = dataclasses.replace(output, primary_key=output.primary_key or shape.keys)
                rows = _last_of_each(ctx, con, stream, output, rows)
    finally:
        con.close()
    if stream.unknown:
        names = ", ".join(safe_line(name, 60) for name in sorted(stream.unknown)[:12])
        ctx.log(f"{stream.name}: left out what its schema does not have: {names}")
    check_shape(ctx, output, [(column.name, column.kind) for column in columns], rows, strict=strict)
    return output


def _merged(con: duckdb.DuckDBPyConnection, stream: Stream, shape: Shape) -> list[Column]:
    """The columns of all schemas that came; a type that holds both where one changed on the way."""
    kinds: dict[str, list[str]] = {}
    for known in (*stream.older, shape):
        for column in known.columns:
            kinds.setdefault(column.name, []).append(column.kind)
    return [Column(name, common_type(con, found)) for name, found in kinds.items()]


def _scan(stream: Stream, columns: Sequence[Column]) -> str:
    """The records as they are, every value as its text."""
    fields = ", ".join(f"{quoted(column.name)} {'JSON' if column.kind == 'JSON' else 'VARCHAR'}" for column in columns)
    size = max(_OBJECT, stream.longest + 1024)
    return (
        f"(select unnest(record) from read_json({literal(_path(stream.path))}, format = 'newline_delimited', "
        f"compression = 'none', maximum_object_size = {size}, columns = {{record: {literal(f'STRUCT({fields})')}}}))"
    )


def _path(path: Path) -> str:
    """DuckDB would read ``* ? [`` in a path as a pattern."""
    return "".join(f"[{mark}]" if mark in "*?[" else mark for mark in str(path))


def _select(columns: Sequence[Column], source: str) -> str:
    fields = ", ".join(
        f"cast({quoted(column.name) if source else 'null'} as {column.kind}) as {quoted(column.name)}"
        for column in columns
    )
    return f"select {fields} from {source}" if source else f"select {fields} where false"


def _fitting(
    ctx: Context, con: duckdb.DuckDBPyConnection, stream: Stream, columns: Sequence[Column], source: str
) -> list[Column]:
    """The columns with text in place of a type that some value does not have, whatever the schema promises."""
    checks = {column.name: check for column in columns if (check := _misfit(column))}
    if not checks:
        return list(columns)
    found = con.execute(
        f"select {', '.join(f'min({quoted(n)}) filter (where {c})' for n, c in checks.items())} from {source}"
    ).fetchone()
    examples = {name: value for name, value in zip(checks, found or (), strict=False) if value is not None}
    for column in columns:
        if column.name in examples:
            ctx.warn(
                f'{stream.name}: "{safe_line(column.name, 60)}" is {column.kind} by the tap\'s schema but holds '
                f'"{safe_line(str(examples[column.name]), 60)}"; it is stored as text'
            )
    return [Column(c.name, "VARCHAR") if c.name in examples else c for c in columns]


def _misfit(column: Column) -> str | None:
    """The condition that is true for a text that is no value of the column's type; None when every text is."""
    name = quoted(column.name)
    if column.kind in ("VARCHAR", "JSON"):
        return None
    value = f"try_cast({name} as {column.kind})"
    wrong = f"{name} is not null and ({value} is null"
    if column.kind == "BIGINT":
        # A cast alone would round 1.5 to 2.
        return f"{wrong} or (contains({name}, '.') and try_cast({name} as double) <> {value}))"
    if column.kind == "DATE":
        # A cast alone would drop the time of day.
        return f"{wrong} or not regexp_full_match({name}, {literal(_MIDNIGHT)}))"
    return f"{wrong})"


def _last_of_each(ctx: Context, con: duckdb.DuckDBPyConnection, stream: Stream, output: Output, rows: int) -> int:
    """Keep the last record of each key, as Singer's targets do: taps may send one again. Returns how many are left."""
    keys = ", ".join(quoted(key) for key in output.primary_key)
    source = f"read_parquet({literal(_path(output.path))}, file_row_number = true)"
    twice = con.execute(f"select 1 from {source} group by {keys} having count(*) > 1 limit 1").fetchone()
    if twice is None:
        return rows
    again = output.path.with_name(f".{output.path.name}.last")
    kept = write_parquet(
        con,
        f"select * exclude (file_row_number) from {source} "
        f"qualify row_number() over (partition by {keys} order by file_row_number desc) = 1 order by file_row_number",
        again,
    )
    again.replace(output.path)
    ctx.log(f"{stream.name}: {rows - kept} records came again with the same key; the last one of each counts")
    return kept
