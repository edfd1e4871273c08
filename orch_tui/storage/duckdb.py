"""DuckDB as everything here uses it: limited, offline, in UTC, spilling where the task's other files are.

Every connection comes from :func:`open_database`, and all text of SQL that is not written down is quoted here.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from orch_tui.model.components.component import MEMORY_VARIABLE, SCRATCH_VARIABLE
from orch_tui.model.errors import UserError
from orch_tui.model.texts.sizes import parse_size
from orch_tui.model.texts.text import safe_line

if TYPE_CHECKING:
    import duckdb

_PATTERN = re.compile(r"[*?\[]")
_COPY = "format parquet, compression zstd, compression_level 1"
"""The lowest of zstd's levels: files are a fortieth larger than by DuckDB's own (3), and writing takes three quarters
of the time."""
_DICTIONARY = ", dictionary_size_limit 4096"
"""A dictionary of a row group has so many values at the most: DuckDB would collect a fifth of the rows before it gives
one up, which takes a fifth of the time where values differ, and half of it where some thousands of them come again,
whose files are a fifteenth larger without one."""
_MIXES_INTERVALS = "2.0.0"
"""The version that writes dictionaries of intervals too once their size is set, and stores 30 days as 1 month then."""

Column = tuple[str, str]
"""Name and DuckDB type."""


def open_database(
    spill: Path, *, threads: int = 2, memory_limit: str = "1GB", **settings: str | int | bool
) -> duckdb.DuckDBPyConnection:
    """In memory, with temporary files in ``spill``, or where the node of the task has room of its own; extensions are
    neither installed nor loaded.

    In a task with a limit of memory it takes no more than half of that, and spills before the kernel ends the task.

    The time zone is UTC: what a time without one means, and how one with it is shown, must not depend on the machine
    or on whether a person or cron started the run.

    Raises:
        duckdb.Error: a limit or setting is not understood.
    """
    import duckdb

    connection = duckdb.connect(
        config={
            "threads": threads,
            "memory_limit": _within_task(memory_limit),
            "temp_directory": _of_node() or str(spill),
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
            **settings,
        }
    )
    connection.execute("set timezone = 'UTC'")
    return connection


def _of_node() -> str:
    """A directory for this process on the disk of its node; empty where the spill lies on a disk of its machine."""
    scratch = os.environ.get(SCRATCH_VARIABLE)
    return f"{scratch}/{os.getpid()}" if scratch else ""


def _within_task(memory_limit: str) -> str:
    """The limit, or half of what this task may have if that is less."""
    try:
        most, wanted = int(os.environ.get(MEMORY_VARIABLE, "")) // 2, parse_size(memory_limit)
    except ValueError:
        return memory_limit
    return memory_limit if wanted <= most else f"{most}B"


def copy_options() -> str:
    """How all tables are stored, for ``copy … to … (…)``."""
    import duckdb

    return _COPY if duckdb.__version__ == _MIXES_INTERVALS else _COPY + _DICTIONARY


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


def parquet(path: Path, *options: str) -> str:
    """``read_parquet(…)`` of exactly this file. Raises: UserError as :func:`scan`."""
    return scan("read_parquet", [path], *options)


def scan(function: Literal["read_parquet", "read_csv", "read_json"], paths: Iterable[Path], *options: str) -> str:
    """What stands behind ``from`` to read exactly these files, in this order; ``options`` are ``name = value`` in SQL.

    DuckDB would take ``* ? [`` in a path for a pattern, and a directory like ``year=2024`` above a file for a column
    of its rows.

    Raises:
        UserError: DuckDB has no name for one of the files.
    """
    named = ", ".join(literal(exact_path(path)) for path in paths)
    return f"{function}({', '.join([f'[{named}]', *options, 'hive_partitioning = false'])})"


def footer(part: Literal["file_metadata", "metadata", "schema"], path: Path) -> str:
    """What stands behind ``from`` for a part of the footer of exactly this Parquet file. Raises: as :func:`scan`."""
    return f"parquet_{part}({literal(exact_path(path))})"


def exact_path(path: Path) -> str:
    """What DuckDB's readers are told so that they read this file and no other. Raises: UserError as :func:`scan`."""
    text = str(path)
    if "\\" in text and _PATTERN.search(text):
        # In a pattern a backslash separates directories, and nothing makes it literal.
        raise UserError(
            f"{safe_line(text, 200)} cannot be read: its path has a backslash beside one of * ? [; rename the directory"
        )
    return _PATTERN.sub(r"[\g<0>]", text)


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
