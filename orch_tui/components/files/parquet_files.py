"""Reading Parquet files: their columns, types and rows as their own footer says."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from orch_tui.components.files.source import Source
from orch_tui.components.kit.sql import listed
from orch_tui.model.dataclass import dataclass
from orch_tui.model.errors import UserError
from orch_tui.model.texts.text import safe_line
from orch_tui.storage.duckdb import columns_of, folded, footer, parquet, readable
from orch_tui.storage.duckdb import scan as scan_files
from orch_tui.storage.values.types import DECIMAL_DIGITS

if TYPE_CHECKING:
    import duckdb


@dataclass(frozen=True, slots=True)
class ParquetFile:
    """One file with the names and types of its columns."""

    source: Source
    columns: tuple[tuple[str, str], ...]
    rows: int

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(name for name, _ in self.columns)

    @property
    def alike(self) -> tuple[object, ...]:
        """Files with equal values here can be read by one call."""
        return self.columns

    @property
    def remarks(self) -> tuple[str, ...]:
        return ()


def look_at(con: duckdb.DuckDBPyConnection, source: Source) -> ParquetFile:
    """Columns and rows of a file.

    Raises:
        UserError: it is no Parquet, is cut, or has a column that cannot be read without loss.
    """
    import duckdb

    path = source.path
    try:
        columns = columns_of(con, f"select * from {parquet(path)}")
        totals = con.execute(f"select num_rows from {footer('file_metadata', path)}").fetchone()
        groups = con.execute(
            f"select sum(n) from (select any_value(row_group_num_rows) as n from {footer('metadata', path)} "
            "group by row_group_id)"
        ).fetchone()
        wide = con.execute(
            f"select name, precision from {footer('schema', path)} where precision > {DECIMAL_DIGITS}"
        ).fetchone()
    except duckdb.Error as error:
        raise UserError(explain(error, source.label)) from error
    rows = int(totals[0]) if totals else 0
    inside = int(groups[0] or 0) if groups else 0
    if inside != rows:
        raise UserError(f"{source.label} says that it has {rows} rows and its parts have {inside}; write it anew")
    if wide:
        raise UserError(
            f'{source.label}: column "{safe_line(str(wide[0]), 60)}" has decimals of {wide[1]} digits; '
            f"{DECIMAL_DIGITS} can be read without loss. Write it as text"
        )
    keys = [folded(name) for name, _ in columns]
    if twins := [name for (name, _), key in zip(columns, keys, strict=True) if keys.count(key) > 1]:
        raise UserError(f"{source.label}: columns {listed(twins)} differ only in upper and lower case; rename one")
    return ParquetFile(source, tuple(columns), rows)


def scan(files: Sequence[ParquetFile]) -> str:
    """The call that reads files that are alike."""
    return scan_files("read_parquet", [file.source.path for file in files])


def explain(error: Exception, label: str) -> str:
    """DuckDB's error as one sentence that begins with the file."""
    reason = re.sub(r""" (in file "[^"]*"|for file '[^']*')""", "", readable(error))
    reason = re.sub(r"^File '[^']*' ", "the file is ", reason).split("; Try setting ")[0]
    return f"{label}: {safe_line(reason, 400)}"
