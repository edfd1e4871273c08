"""SQLite databases as both SQLite components open and describe them; readable errors."""

from __future__ import annotations

import re
import sqlite3
from pathlib import Path

from orch_tui.components.kit.component import UserError
from orch_tui.components.kit.sql import listed
from orch_tui.model.texts.text import safe_line
from orch_tui.project.files.given_files import real_path
from orch_tui.storage.duckdb import folded, quoted

BUSY = 30.0
"""Seconds to wait where another program writes."""


def open_read_only(path: Path, shown: str, *, timeout: float = BUSY) -> sqlite3.Connection:
    """A connection that cannot change the database; it waits ``timeout`` seconds where another program writes.

    Raises:
        UserError: the file does not exist, cannot be read or is no SQLite database.
    """
    return open_by_uri(path, shown, timeout=timeout)[0]


def open_by_uri(path: Path, shown: str, *, timeout: float = BUSY) -> tuple[sqlite3.Connection, str]:
    """As :func:`open_read_only`, with the URI that further connections to the database can be opened with.

    Raises:
        UserError: the file does not exist, cannot be read or is no SQLite database.
    """
    if not path.exists():
        raise UserError(f"there is no database {shown}; correct the parameter database")
    if path.is_dir():
        raise UserError(f"{shown} is a directory, not a SQLite database; correct the parameter database")
    base = real_path(path).as_uri()
    uri = f"{base}?mode=ro"
    try:
        return _probed(uri, timeout), uri
    except sqlite3.OperationalError as error:
        # A database in WAL mode wants to create its -shm file, which a read-only directory does not allow. Without
        # a -wal file nobody is writing, and the file can be read as it is (https://sqlite.org/uri.html, immutable).
        wal = path.with_name(f"{path.name}-wal")
        if ("unable to open" not in str(error) and "readonly" not in str(error)) or wal.exists():
            raise UserError(explain(error, shown)) from error
    except sqlite3.Error as error:
        raise UserError(explain(error, shown)) from error
    uri = f"{base}?mode=ro&immutable=1"
    try:
        return _probed(uri, timeout), uri
    except sqlite3.Error as error:
        raise UserError(explain(error, shown)) from error


def _probed(uri: str, timeout: float) -> sqlite3.Connection:
    connection = sqlite3.connect(uri, uri=True, timeout=timeout, isolation_level=None)
    try:
        connection.execute("pragma query_only = on")
        connection.execute("select count(*) from sqlite_master").fetchone()
    except sqlite3.Error:
        connection.close()
        raise
    return connection


def explain(error: sqlite3.Error, shown: str) -> str:
    """SQLite's message as a sentence with what to do about it."""
    text = safe_line(str(error), 300)
    if "locked" in text or "busy" in text:
        return f"{shown} is locked by another program; run the task again when that has finished"
    if "not a database" in text or "malformed" in text:
        return f"{shown} is no intact SQLite database: {text}"
    if "disk is full" in text or "disk I/O" in text:
        return f"{shown}: {text}; check the disk"
    if "readonly" in text or "unable to open" in text:
        return f"{shown} cannot be opened: {text}; check the permissions of the file and its directory"
    return f"{shown}: {text}"


def table_names(connection: sqlite3.Connection) -> list[str]:
    """Tables and views of people, in order. Raises: sqlite3.Error."""
    rows = connection.execute(
        "select name from sqlite_master where type in ('table', 'view')"
        " and name not like 'sqlite~_%' escape '~' order by 1"
    )
    return [str(name) for (name,) in rows]


def require_table(connection: sqlite3.Connection, table: str, shown: str) -> str:
    """The table's own spelling. Raises: UserError with a list of the tables there are."""
    names = table_names(connection)
    for name in names:
        if folded(name) == folded(table):
            return name
    there = f"its tables are {listed(names, 40)}" if names else "it has no tables"
    raise UserError(f'{shown} has no table "{safe_line(table)}"; {there}')


def counted_tables(connection: sqlite3.Connection) -> str:
    """``3 tables and views``. Raises: sqlite3.Error."""
    number = len(table_names(connection))
    return "1 table or view" if number == 1 else f"{number} tables and views"


def declared_types(connection: sqlite3.Connection, table: str) -> dict[str, str]:
    """Column name to the type that the table declares, in upper case; empty where it declares none."""
    rows = connection.execute(f"select name, type from pragma_table_xinfo({_text(table)}) where hidden <> 1")
    return {str(name): re.sub(r"\s+", " ", str(kind or "").strip().upper()) for name, kind in rows}


def rows_in(connection: sqlite3.Connection, table: str) -> int:
    """Number of rows. Raises: sqlite3.Error."""
    return int(connection.execute(f"select count(*) from {quoted(table)}").fetchone()[0])


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
