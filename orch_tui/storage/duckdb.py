"""DuckDB as every task uses it: limited, offline, spilling where the task's other files are."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from orch_tui.model.text import safe_line

if TYPE_CHECKING:
    import duckdb

COPY_OPTIONS = "format parquet, compression zstd"


def open_database(
    spill: Path, *, threads: int = 2, memory_limit: str = "1GB", **settings: str | int | bool
) -> duckdb.DuckDBPyConnection:
    """In memory, with temporary files in ``spill``; extensions are neither installed nor loaded.

    Raises:
        duckdb.Error: a limit or setting is not understood.
    """
    import duckdb

    return duckdb.connect(
        config={
            "threads": threads,
            "memory_limit": memory_limit,
            "temp_directory": str(spill),
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
            **settings,
        }
    )


def identifier(name: str) -> str:
    """``name`` quoted for SQL."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """``text`` as an SQL string."""
    return "'" + text.replace("'", "''") + "'"


def parquet(path: Path) -> str:
    """``read_parquet(…)`` of exactly this file: DuckDB would read ``* ? [`` in a path as a pattern."""
    return f"read_parquet({literal(exact_path(path))})"


def exact_path(path: Path) -> str:
    """A path for DuckDB's readers with the characters of patterns made literal."""
    return "".join(f"[{mark}]" if mark in "*?[" else mark for mark in str(path))


def describe(connection: duckdb.DuckDBPyConnection, source: str) -> list[tuple[str, str]]:
    """(name, DuckDB type) of the columns of a table, view or table function. Raises: duckdb.Error."""
    rows = connection.execute(f"describe select * from {source}").fetchall()
    return [(str(row[0]), str(row[1])) for row in rows]


def count(connection: duckdb.DuckDBPyConnection, source: str) -> int:
    """Rows of a table, view or table function. Raises: duckdb.Error."""
    row = connection.execute(f"select count(*) from {source}").fetchone()
    return int(row[0]) if row else 0


def reason(error: BaseException) -> str:
    """DuckDB's message without the quoted statement and the pointer under it."""
    lines = str(error).strip().splitlines()
    return safe_line(lines[0], 500) if lines else type(error).__name__
