"""Records of a Singer stream, kept as lines of JSON, made into a Parquet file."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import TYPE_CHECKING

from orch_tui.components.dbapi.settle import Digits, Exactly, Finding, Types, date
from orch_tui.components.kit.component import Context
from orch_tui.components.kit.contract import Output
from orch_tui.components.kit.drift import check_shape
from orch_tui.components.kit.sql import connect, duckdb_explained
from orch_tui.components.singer.messages import Stream
from orch_tui.components.singer.numbers import EXACT
from orch_tui.components.singer.types import Column, Shape
from orch_tui.model.components.configuration import WriteMode
from orch_tui.model.texts.text import counted, safe_line
from orch_tui.storage.duckdb import literal, parquet, quoted, scan
from orch_tui.storage.values.inference import comes_back
from orch_tui.storage.values.lattice import common_type
from orch_tui.storage.values.parquet import write_parquet

if TYPE_CHECKING:
    import duckdb

_OBJECT = 16 << 20
"""Bytes of the longest line that DuckDB reads unless told otherwise."""
_MIDNIGHT = r"\d{4}-\d\d-\d\d[T ]00:00(:00(\.0+)?)?(Z|[+-]00:?00)?"
_SCALE = 9
"""Digits behind the point that a column of numbers which are no doubles has room for in any case."""


def store(ctx: Context, stream: Stream, shape: Shape, output: Output, *, strict: bool) -> Output:
    """Write the stream's records to ``output.path``; the output with the key that the tap names, where it may.

    Raises:
        UserError: the records cannot be stored, or ``strict`` and a column is gone.
    """
    # With one thread the Parquet writer never has to hold rows back to keep their order: memory stays flat.
    con = connect(ctx, threads=1, memory_limit="512MB")
    try:
        with duckdb_explained(f'the records of stream "{safe_line(stream.name, 100)}" cannot be stored'):
            columns = _merged(stream, shape)
            query = _empty(columns)
            if stream.records:
                types = Types(con, [(column.name, column.kind, _finding(stream, column)) for column in columns])
                query = types(_scan(stream, columns))
                _tell(ctx, stream, columns, types)
                columns = [Column(c.name, one.kind) for c, one in zip(columns, types.settled, strict=True)]
            rows = write_parquet(con, query, output.path)
            if rows != stream.records:
                raise RuntimeError(f"{stream.records} records were read and {rows} would be stored")
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


def _merged(stream: Stream, shape: Shape) -> list[Column]:
    """The columns of all schemas that came; a type that holds both where one changed on the way."""
    kinds: dict[str, list[str]] = {}
    for known in (*stream.older, shape):
        for column in known.columns:
            kinds.setdefault(column.name, []).append(column.kind)
    return [Column(name, _common(found)) for name, found in kinds.items()]


def _common(kinds: Sequence[str]) -> str:
    if len(set(kinds)) > 1 and all(kind in ("BIGINT", "DOUBLE") or kind.startswith("DECIMAL") for kind in kinds):
        # The values tell; for decimals so many digits as the longest has.
        scales = [int(kind.rstrip(")").split(",")[1]) for kind in kinds if kind.startswith("DECIMAL")]
        return f"DECIMAL(38,{max(scales)})" if scales and "DOUBLE" not in kinds else "DOUBLE"
    return common_type(kinds)


def _scan(stream: Stream, columns: Sequence[Column]) -> str:
    """The records as they are, every value as its text."""
    fields = ", ".join(f"{quoted(column.name)} {_arrived(column)}" for column in columns)
    members = {"record": f"STRUCT({fields})"}
    own = {column.name for column in columns if column.kind == "JSON"}
    if stream.exact and own:
        members[EXACT] = f"STRUCT({', '.join(f'{quoted(name)} VARCHAR' for name in own)})"
    values = ", ".join(f"{_member(column.name, EXACT in members and column.name in own)}" for column in columns)
    size = max(_OBJECT, stream.longest + 1024)
    types = ", ".join(f"{name}: {literal(kind)}" for name, kind in members.items())
    options = (
        "format = 'newline_delimited'",
        "compression = 'none'",
        f"maximum_object_size = {size}",
        f"columns = {{{types}}}",
    )
    return f"(select {values} from {scan('read_json', [stream.path], *options)})"


def _arrived(column: Column) -> str:
    return "JSON" if column.kind == "JSON" else "VARCHAR"


def _member(name: str, has_text: bool) -> str:
    value = f"struct_extract(record, {literal(name)})"
    if has_text:
        value = f"coalesce(cast(struct_extract({EXACT}, {literal(name)}) as json), {value})"
    return f"{value} as {quoted(name)}"


def _empty(columns: Sequence[Column]) -> str:
    fields = ", ".join(f"cast(null as {column.kind}) as {quoted(column.name)}" for column in columns)
    return f"select {fields} where false"


_WHOLE = "regexp_full_match({x}, '-?(0|[1-9][0-9]*)(\\.0+)?') and {x} <> '-0'"
_NUMBER = "regexp_full_match({x}, '-?(0|[1-9][0-9]*)(\\.[0-9]+)?([eE][-+]?[0-9]+)?')"


def _finding(stream: Stream, column: Column) -> Finding | None:
    """How the texts of a column tell their type, where they could be no value of the one that the schema says."""
    kind = column.kind
    if kind in ("VARCHAR", "JSON"):
        return None
    if kind == "BIGINT":
        return Exactly(kind, f"case when {_WHOLE} then try_cast(split_part({{x}}, '.', 1) as bigint) end")
    if kind == "DOUBLE":
        if column.name in stream.beyond:
            return Digits(_SCALE)
        return Exactly(kind, f"case when {_NUMBER} then try_cast({{x}} as double) end")
    if kind.startswith("DECIMAL"):
        return Digits(int(kind.rstrip(")").split(",")[1]))
    if kind == "BOOLEAN":
        return Exactly(kind, "case {x} when 'true' then true when 'false' then false end")
    if kind == "DATE":
        # A time of day that is none, as some taps write it.
        day = f"case when regexp_full_match({{x}}, '{_MIDNIGHT}') then left({{x}}, 10) else {{x}} end"
        return date(f"({day})")
    zone = "regexp_matches({x}, '(Z|[-+][0-9]{2}(:?[0-9]{2})?)$')"
    # A time without a zone is one in UTC.
    text = f"(case when {zone} then {{x}} else {{x}} || 'Z' end)"
    back = comes_back(text, "TIMESTAMP WITH TIME ZONE")
    return Exactly(kind, f"case when {back} then cast({text} as {kind}) end")


def _tell(ctx: Context, stream: Stream, columns: Sequence[Column], types: Types) -> None:
    """What is not stored as the schema promises: a warning where a value breaks it, a line where it says no digits."""
    for column, one in zip(columns, types.settled, strict=True):
        if one.kind == column.kind:
            continue
        name, stored = safe_line(column.name, 60), "text" if one.kind == "VARCHAR" else one.kind
        example = one.example or stream.beyond.get(column.name, "")
        if column.kind == "DOUBLE" and column.name in stream.beyond:
            ctx.log(f'{stream.name}: "{name}" holds {safe_line(example, 60)}, which no DOUBLE is; stored as {stored}')
        else:
            held = f'"{safe_line(example, 60)}"' if example else "a number of more digits"
            ctx.warn(
                f'{stream.name}: "{name}" is {column.kind} by the tap\'s schema but holds {held}; '
                f"it is stored as {stored}"
            )


def _last_of_each(ctx: Context, con: duckdb.DuckDBPyConnection, stream: Stream, output: Output, rows: int) -> int:
    """Keep the last record of each key, as Singer's targets do: taps may send one again. Returns how many are left."""
    keys = ", ".join(quoted(key) for key in output.primary_key)
    source = parquet(output.path, "file_row_number = true")
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
    ctx.metrics[f"repeated {safe_line(stream.name, 100)}"] = rows - kept
    ctx.log(
        f"{stream.name}: {counted(rows - kept, 'record')} came again with the same key; the last one of each counts"
    )
    return kept
