"""Reading JSON and Parquet files: columns, their types, and errors with file and place."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from orch_tui.components.files.sources import Source, open_bytes
from orch_tui.components.kit.component import UserError
from orch_tui.components.kit.sql import NO_TYPE, columns_of, literal, quoted, readable
from orch_tui.model.text import safe_line

if TYPE_CHECKING:
    import duckdb

_NESTED = re.compile(r"^(STRUCT|MAP|UNION|VARIANT)\(|\]$|^VARIANT$")


@dataclass(frozen=True, slots=True)
class SchemaFile:
    """One JSON or Parquet file with the names and types that DuckDB finds in it."""

    source: Source
    columns: dict[str, str]

    @property
    def alike(self) -> tuple[object, ...]:
        """Files with equal values here can be read by one call."""
        return self.source.format, self.source.packing, tuple(self.columns.items())


def look_at(con: duckdb.DuckDBPyConnection, source: Source) -> SchemaFile | None:
    """Columns of a file; None when it has no record that could tell.

    Objects and lists inside a JSON record become columns of type JSON: their text stays as it is in the file, one
    record with another shape does not change the type of the whole table, and SQL reaches in with ``->>'$.key'``.

    Raises:
        UserError: the file cannot be read, or its records are not objects.
    """
    import duckdb

    try:
        if source.format == "parquet":
            return SchemaFile(source, dict(columns_of(con, f"select * from {_read_parquet([source])}")))
        found = columns_of(con, f"select * from read_json({_arguments([source], ['sample_size = -1'])})")
    except duckdb.Error as error:
        raise UserError(_fault(source) or explain(error, source.label)) from error
    if [name for name, _ in found] == ["json"] and not _is_object(con, source):
        return None
    columns = {name: "JSON" if _NESTED.search(kind) else kind for name, kind in found}
    _refuse_twins(con, source, list(columns))
    return SchemaFile(source, columns)


def scan(files: Sequence[SchemaFile], types: Mapping[str, str]) -> str:
    """The call that reads files that are alike, with these types of their columns."""
    sources = [file.source for file in files]
    if sources[0].format == "parquet":
        return _read_parquet(sources)
    columns = ", ".join(
        f"{literal(name)}: {literal('VARCHAR' if types[name] == NO_TYPE else types[name])}" for name in files[0].columns
    )
    return f"read_json({_arguments(sources, [f'columns = {{{columns}}}'])})"


def explain(error: Exception, label: str) -> str:
    """DuckDB's error as one sentence that begins with the file."""
    reason = re.sub(r""" (in file "[^"]*"|for file '[^']*')""", "", readable(error))
    reason = re.sub(r"^File '[^']*' ", "the file is ", reason).split("; Try setting ")[0]
    return f"{label}: {safe_line(reason, 400)}"


_SMALL = 64 * 2**20


def _fault(source: Source) -> str | None:
    """Where the first mistake in the JSON is: DuckDB 2.0 counts lines and records one too far.

    None when there is none to find, or the file is too large or packed in a way Python cannot read.
    """
    if source.packing == "zstd" or source.format == "parquet":
        return None
    with open_bytes(source) as file:
        lines = enumerate(file, start=1) if source.format == "ndjson" else [(1, file.read(_SMALL))]
        for number, data in lines:
            if not data.strip() or len(data) == _SMALL:
                continue
            try:
                json.loads(data)
            except json.JSONDecodeError as error:
                line = number + error.lineno - 1
                return f"{source.label} line {line}: no valid JSON at column {error.colno}: {error.msg}"
            except (UnicodeDecodeError, RecursionError) as error:
                return f"{source.label} line {number}: {safe_line(str(error), 200)}"
    return None


def _arguments(sources: Sequence[Source], more: Sequence[str]) -> str:
    first = sources[0]
    # Only ISO dates are dates: with explicit columns DuckDB would not remember any other format it had found.
    return ", ".join(
        [
            f"[{', '.join(literal(str(source.path)) for source in sources)}]",
            f"format = {literal('newline_delimited' if first.format == 'ndjson' else 'auto')}",
            f"compression = {literal(first.packing)}",
            "dateformat = '%Y-%m-%d'",
            *more,
        ]
    )


def _read_parquet(sources: Sequence[Source]) -> str:
    return f"read_parquet([{', '.join(literal(str(source.path)) for source in sources)}])"


def _is_object(con: duckdb.DuckDBPyConnection, source: Source) -> bool:
    """False for a file without a record. Raises: UserError when its records are no objects."""
    row = con.execute(f"select json from read_json({_arguments([source], ['sample_size = -1'])}) limit 1").fetchone()
    if row is None:
        return False
    arguments = _arguments([source], ["records = 'false'", "columns = {'json': 'JSON'}"])
    row = con.execute(f"select json_type(json), json from read_json({arguments}) limit 1").fetchone()
    if row is not None and row[0] == "OBJECT":
        return True
    raise UserError(
        f"{source.label}: its records are no objects but values like {safe_line(str(row[1] if row else ''), 60)}; "
        'a table needs objects with named members, as in {"id": 1}'
    )


def _refuse_twins(con: duckdb.DuckDBPyConnection, source: Source, names: list[str]) -> None:
    """Members that differ only in case: DuckDB renames the second, and would then read nothing for its new name."""
    folded = {name.casefold() for name in names}
    for name in names:
        base = re.fullmatch(r"(.+)_\d+", name)
        if base is None or base[1].casefold() not in folded:
            continue
        columns = f"columns = {{{literal(name)}: 'JSON'}}"
        query = f"select 1 from read_json({_arguments([source], [columns])}) where {quoted(name)} is not null limit 1"
        if con.execute(query).fetchone() is None:
            raise UserError(
                f'{source.label}: members named "{safe_line(base[1])}" differ only in upper and lower case, '
                "which a table cannot keep apart; rename one in the file"
            )
