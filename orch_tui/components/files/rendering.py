"""A table as the lines of a CSV or JSON file: every value with all its digits, in a form that other programs read."""

from __future__ import annotations

import contextlib
import gzip
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, cast

from orch_tui.components.files.unpack import zstd_module
from orch_tui.storage.duckdb import literal, quoted
from orch_tui.storage.values.conversion import json_of, text_of
from orch_tui.storage.values.lattice import FLOAT_BITS
from orch_tui.storage.values.types import parse_type, walk

if TYPE_CHECKING:
    import duckdb

Columns = Sequence[tuple[str, str]]
_BATCH = 5_000


def csv_columns(columns: Columns) -> str:
    """The select list of texts: DuckDB's writer shows objects and lists in a notation of its own, and 3 as 3.0."""
    return ", ".join(f"{text_of(quoted(name), kind)} as {quoted(name)}" for name, kind in columns)


def json_line(columns: Columns) -> str:
    """SQL of a row as a JSON object. DuckDB's writer makes DOUBLE of decimals, and writes NaN, which is no JSON."""
    members = [
        f"cast(to_json({literal(name)}) as varchar) || ':' || {json_of(quoted(name), kind)}" for name, kind in columns
    ]
    inside = " || ',' || ".join(members)
    return f"'{{' || {inside} || '}}'"


def not_in_json(con: duckdb.DuckDBPyConnection, relation: str, columns: Columns) -> dict[str, int]:
    """How many rows have NaN or infinity in a column, at any depth: JSON has no such numbers. Raises: duckdb.Error."""
    doubtful = [
        (name, kind) for name, kind in columns if any(part.name in FLOAT_BITS for part in walk(parse_type(kind)))
    ]
    if not doubtful:
        return {}
    tests = [
        f"not isfinite({quoted(name)})"
        if kind in FLOAT_BITS
        else f"{text_of(quoted(name), kind)} <> {json_of(quoted(name), kind)}"
        for name, kind in doubtful
    ]
    counts = ", ".join(f"count(*) filter (where {test})" for test in tests)
    row = con.execute(f"select {counts} from {relation}").fetchone() or ()
    return {name: int(count) for (name, _), count in zip(doubtful, row, strict=True) if count}


def write_json(con: duckdb.DuckDBPyConnection, query: str, path: Path, *, array: bool, compression: str) -> int:
    """Write the texts of a query's only column, one per line or as one list; how many. Raises: duckdb.Error."""
    rows = 0
    cursor = con.execute(query)
    with _packed(path, compression) as out:
        while batch := cursor.fetchmany(_BATCH):
            lines = [str(text).encode() for (text,) in batch]
            if array:
                out.write((b"[\n\t" if not rows else b",\n\t") + b",\n\t".join(lines))
            else:
                out.write(b"\n".join(lines) + b"\n")
            rows += len(batch)
        if array:
            out.write(b"\n]\n" if rows else b"[\n]\n")
    return rows


@contextlib.contextmanager
def _packed(path: Path, compression: str) -> Iterator[IO[bytes]]:
    with path.open("wb") as file:
        if compression == "gzip":
            with gzip.GzipFile(filename="", fileobj=file, mode="wb", compresslevel=6, mtime=0) as out:
                yield cast(IO[bytes], out)
        elif compression == "zstd":
            with cast(Any, zstd_module()).ZstdFile(file, "wb") as out:
                yield out
        else:
            yield file
