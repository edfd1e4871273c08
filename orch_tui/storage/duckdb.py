"""DuckDB as everything here uses it: limited, offline, in UTC, spilling where the task's other files are.

Every connection comes from :func:`open_database`, and all text of SQL that is not written down is quoted here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from orch_tui.model.text import safe_line

if TYPE_CHECKING:
    import duckdb

COPY_OPTIONS = "format parquet, compression zstd"

Column = tuple[str, str]
"""Name and DuckDB type."""


def open_database(
    spill: Path, *, threads: int = 2, memory_limit: str = "1GB", **settings: str | int | bool
) -> duckdb.DuckDBPyConnection:
    """In memory, with temporary files in ``spill``; extensions are neither installed nor loaded.

    The time zone is UTC: what a time without one means, and how one with it is shown, must not depend on the machine
    or on whether a person or cron started the run.

    Raises:
        duckdb.Error: a limit or setting is not understood.
    """
    import duckdb

    connection = duckdb.connect(
        config={
            "threads": threads,
            "memory_limit": memory_limit,
            "temp_directory": str(spill),
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
            **settings,
        }
    )
    connection.execute("set timezone = 'UTC'")
    return connection


def quoted(name: str) -> str:
    """An SQL identifier: any text, in double quotes."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """An SQL string: any text without NUL, in single quotes."""
    return "'" + text.replace("'", "''") + "'"


_CAPITALS = {ord(letter): ord(letter) + 32 for letter in "ABCDEFGHIJKLMNOPQRSTUVWXYZ"}


def folded(name: str) -> str:
    """What DuckDB compares of a name: it takes no notice of the case of A to Z, and of no other letter's."""
    return name.translate(_CAPITALS)


def parquet(path: Path) -> str:
    """``read_parquet(…)`` of exactly this file: DuckDB would read ``* ? [`` in a path as a pattern."""
    return f"read_parquet({literal(exact_path(path))})"


def parquets(paths: Iterable[Path]) -> str:
    """As :func:`parquet`, of several files of the same columns in their order."""
    return f"read_parquet([{', '.join(literal(exact_path(path)) for path in paths)}])"


def exact_path(path: Path) -> str:
    """A path for DuckDB's readers with the characters of patterns made literal."""
    return "".join(f"[{mark}]" if mark in "*?[" else mark for mark in str(path))


def columns_of(connection: duckdb.DuckDBPyConnection, query: str) -> list[Column]:
    """Names and DuckDB types of a query's columns. Raises: duckdb.Error."""
    rows = connection.execute(f"select column_name, column_type from (describe ({query}))").fetchall()
    return [(str(name), str(kind)) for name, kind in rows]


def describe(connection: duckdb.DuckDBPyConnection, source: str) -> list[Column]:
    """As :func:`columns_of`, of a table, view or table function. Raises: duckdb.Error."""
    return columns_of(connection, f"select * from {source}")


def count(connection: duckdb.DuckDBPyConnection, source: str) -> int:
    """Rows of a table, view or table function. Raises: duckdb.Error."""
    row = connection.execute(f"select count(*) from {source}").fetchone()
    return int(row[0]) if row else 0


_CATEGORY = re.compile(r"^(?:[A-Z][A-Za-z]* )+Error: ")
_NOISE = re.compile(r"^(Did you mean |Possible |\* |Column \S+ is being converted|This type was either)|^LINE \d+:")


def readable(error: BaseException) -> str:
    """DuckDB's message as one sentence: no category, no excerpt of the SQL, no advice about DuckDB's own options."""
    kept = []
    for line in str(error).splitlines():
        if not line.strip() or _NOISE.match(line.strip()):
            break
        kept.append(_CATEGORY.sub("", line.strip()))
    return safe_line("; ".join(kept).rstrip("!. ") or type(error).__name__, 600)
