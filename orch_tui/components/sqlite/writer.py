"""Component ``sqlite-writer``: a table into a SQLite database, in one transaction."""

from __future__ import annotations

import os
import re
import sqlite3
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import Field, model_validator

from orch_tui.components import kit
from orch_tui.components.dbapi.parameters import TargetTable
from orch_tui.components.dbapi.rows import check_keys, chosen, reader
from orch_tui.components.kit.component import Context, UserError
from orch_tui.components.kit.sql import connect, duckdb_explained, listed, literal, quoted, row_batches
from orch_tui.components.sqlite.database_files import (
    counted_tables,
    declared_types,
    explain,
    open_read_only,
    rows_in,
    table_names,
)
from orch_tui.model.text import safe_line

if TYPE_CHECKING:
    import duckdb


class DatabaseFile(kit.Parameters):
    """Which database is written to."""

    database: str = Field(
        min_length=1,
        title="Database",
        description="The SQLite file, relative to the project; it and its directory are made if missing.",
    )


class Parameters(TargetTable, DatabaseFile):
    """Where the rows go and how they meet the ones that are there."""

    busy_timeout: int = Field(
        30, ge=0, le=3600, title="Busy timeout", description="Seconds to wait while another program writes."
    )

    @model_validator(mode="after")
    def _not_reserved(self) -> Parameters:
        if self.table.lower().startswith("sqlite_"):
            raise ValueError('SQLite keeps names that begin with "sqlite_" for itself; choose another table')
        return self


@dataclass(frozen=True, slots=True)
class SqliteColumn:
    """A column on its way: what SQLite is told about it, and the DuckDB expression that gives its values."""

    name: str
    declared: str
    value: str


def run(parameters: Parameters, ctx: Context) -> None:
    """Write the rows of the only input; the database has all of them afterwards, or is as it was.

    Raises:
        UserError: columns or keys do not fit, the database is locked or cannot be written.
    """
    table = ctx.only_input()
    fields = [_field(name, kind) for name, kind in chosen(parameters.columns, parameters.key, table)]
    path = ctx.resolve(parameters.database)
    shown = str(path.relative_to(ctx.project)) if path.is_relative_to(ctx.project) else str(path)
    con = connect(ctx, memory_limit="512MB")
    try:
        with duckdb_explained(f"the rows of {table.table} cannot be read"):
            con.execute(f"create view source as select * from read_parquet({literal(str(table.path))})")
            if parameters.key:
                check_keys(con, parameters.key, table)
            is_new = not path.exists()
            connection = _open(path, shown, parameters.busy_timeout)
            try:
                _write(connection, con, parameters, fields, ctx, shown)
            finally:
                connection.close()
                if is_new and path.exists() and path.stat().st_size == 0:
                    path.unlink()
    except sqlite3.Error as error:
        raise UserError(f"nothing was written: {explain(error, shown)}") from error
    ctx.files.append({"path": shown, "rows": table.rows, "bytes": path.stat().st_size})


_INTEGER = re.compile(r"U?(TINYINT|SMALLINT|INTEGER|BIGINT)$")


def _field(name: str, kind: str) -> SqliteColumn:
    """SQLite has five kinds of values: what DuckDB has beyond them travels as ISO text or JSON text."""
    column = quoted(name)
    if kind == "UBIGINT" or kind.endswith("HUGEINT"):
        # As text: the INTEGER affinity of the column turns it into a number wherever 64 bits hold it.
        return SqliteColumn(name, "INTEGER", f"cast({column} as varchar)")
    if _INTEGER.match(kind):
        return SqliteColumn(name, "INTEGER", column)
    if kind == "BOOLEAN":
        return SqliteColumn(name, "BOOLEAN", f"cast({column} as integer)")
    if kind.startswith("DECIMAL"):
        return SqliteColumn(name, kind, f"cast({column} as varchar)")
    if kind in ("DOUBLE", "FLOAT"):
        return SqliteColumn(name, "REAL", column)
    if kind == "BLOB":
        return SqliteColumn(name, "BLOB", column)
    if kind == "DATE" or kind.startswith("TIMESTAMP"):
        return SqliteColumn(name, "DATE" if kind == "DATE" else "TIMESTAMP", f"cast({column} as varchar)")
    if kind.endswith("]") or kind.startswith(("STRUCT", "MAP", "UNION")):
        return SqliteColumn(name, "TEXT", f"cast(to_json({column}) as varchar)")
    return SqliteColumn(name, "TEXT", f"cast({column} as varchar)")


def _open(path: Path, shown: str, busy_timeout: int) -> sqlite3.Connection:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(f"the directory of {shown} cannot be made: {error.strerror or error}") from error
    if path.is_dir():
        raise UserError(f"{shown} is a directory, not a SQLite database; correct the parameter database")
    connection = sqlite3.connect(path, timeout=busy_timeout, isolation_level=None)
    # Otherwise renaming fails when a view names the table, which is not there for a moment.
    connection.execute("pragma legacy_alter_table = on")
    return connection


def _write(
    connection: sqlite3.Connection,
    con: duckdb.DuckDBPyConnection,
    parameters: Parameters,
    fields: list[SqliteColumn],
    ctx: Context,
    shown: str,
) -> None:
    connection.execute("begin immediate")
    try:
        target = _existing(connection, parameters.table, shown)
        if parameters.mode == "replace":
            before = _replace(connection, con, parameters, fields, target, ctx)
        else:
            before = _add(connection, con, parameters, fields, target, ctx, shown)
        after = rows_in(connection, target or parameters.table)
        connection.execute("commit")
    except BaseException:
        if connection.in_transaction:
            connection.execute("rollback")
        raise
    ctx.metrics["rows_before"], ctx.metrics["rows_after"] = before, after
    ctx.log(f"{shown}: table {parameters.table} had {before} rows and has {after} now")


def _existing(connection: sqlite3.Connection, table: str, shown: str) -> str | None:
    """The table's own spelling, None when it is not there. Raises: UserError when the name is a view's."""
    for name in table_names(connection):
        if name.casefold() == table.casefold():
            kind = connection.execute("select type from sqlite_master where name = ?", (name,)).fetchone()[0]
            if kind != "table":
                raise UserError(f'"{safe_line(name)}" is a view in {shown}, and rows can only be written to a table')
            return name
    return None


def _create(connection: sqlite3.Connection, table: str, fields: list[SqliteColumn], key: list[str]) -> None:
    columns = [f"{quoted(field.name)} {field.declared}" for field in fields]
    if key:
        columns.append(f"primary key ({', '.join(quoted(name) for name in key)})")
    connection.execute(f"create table {quoted(table)} ({', '.join(columns)})")


def _replace(
    connection: sqlite3.Connection,
    con: duckdb.DuckDBPyConnection,
    parameters: Parameters,
    fields: list[SqliteColumn],
    target: str | None,
    ctx: Context,
) -> int:
    """Build the new table beside the old one and swap; indexes of the old one are made again where they fit."""
    name = target or parameters.table
    before = rows_in(connection, name) if target else 0
    again = connection.execute(
        "select name, sql from sqlite_master where tbl_name = ? and type in ('index', 'trigger') and sql is not null",
        (name,),
    ).fetchall()
    fresh = f"{name}__new"
    connection.execute(f"drop table if exists {quoted(fresh)}")
    _create(connection, fresh, fields, parameters.key)
    _insert(connection, con, f"insert into {quoted(fresh)}", "", fields, ctx)
    if target:
        connection.execute(f"drop table {quoted(name)}")
    connection.execute(f"alter table {quoted(fresh)} rename to {quoted(name)}")
    for index, sql in again:
        try:
            connection.execute(sql)
        except sqlite3.Error as error:
            ctx.log(f'the index or trigger "{index}" does not fit the new table and is gone: {error}')
    return before


def _add(
    connection: sqlite3.Connection,
    con: duckdb.DuckDBPyConnection,
    parameters: Parameters,
    fields: list[SqliteColumn],
    target: str | None,
    ctx: Context,
    shown: str,
) -> int:
    name = target or parameters.table
    before = 0
    if target is None:
        _create(connection, name, fields, parameters.key)
    else:
        before = rows_in(connection, name)
        there = declared_types(connection, name)
        missing = [field.name for field in fields if field.name.casefold() not in {n.casefold() for n in there}]
        if missing:
            raise UserError(
                f'the table "{safe_line(name)}" in {shown} has no column {listed(missing)}; its columns are '
                f"{listed(there, 40)}: choose with columns, or add the column to the table"
            )
        if parameters.mode == "upsert":
            _require_unique(connection, name, parameters.key, shown)
    clause = ""
    if parameters.mode == "upsert":
        keys = {key.casefold() for key in parameters.key}
        updates = ", ".join(
            f"{quoted(field.name)} = excluded.{quoted(field.name)}"
            for field in fields
            if field.name.casefold() not in keys
        )
        conflict = ", ".join(quoted(key) for key in parameters.key)
        clause = f" on conflict ({conflict}) do " + (f"update set {updates}" if updates else "nothing")
    try:
        _insert(connection, con, f"insert into {quoted(name)}", clause, fields, ctx)
    except sqlite3.IntegrityError as error:
        raise UserError(
            f'nothing was written: the table "{safe_line(name)}" in {shown} refuses a row: {error}'
        ) from error
    return before


def _require_unique(connection: sqlite3.Connection, table: str, key: list[str], shown: str) -> None:
    """ON CONFLICT needs a unique index on exactly the key: made if it is missing.

    Raises:
        UserError: the table has rows with one key already.
    """
    wanted = {name.casefold() for name in key}
    primary = {
        str(name).casefold()
        for (name,) in connection.execute("select name from pragma_table_xinfo(?) where pk > 0", (table,))
    }
    if primary == wanted:
        return
    indexes = connection.execute('select name from pragma_index_list(?) where "unique" = 1 and partial = 0', (table,))
    for (index,) in indexes.fetchall():
        parts = connection.execute("select name from pragma_index_info(?)", (index,)).fetchall()
        if {str(name).casefold() for (name,) in parts} == wanted:
            return
    columns = ", ".join(quoted(name) for name in key)
    name = f"{table}_key_{'_'.join(key)}"
    try:
        connection.execute(f"create unique index if not exists {quoted(name)} on {quoted(table)} ({columns})")
    except sqlite3.IntegrityError as error:
        raise UserError(
            f'the table "{safe_line(table)}" in {shown} has several rows with one key ({listed(key)}) already; '
            "remove them or choose another key"
        ) from error


def _insert(
    connection: sqlite3.Connection,
    con: duckdb.DuckDBPyConnection,
    into: str,
    clause: str,
    fields: list[SqliteColumn],
    ctx: Context,
) -> None:
    columns = ", ".join(quoted(field.name) for field in fields)
    marks = ", ".join("?" * len(fields))
    statement = f"{into} ({columns}) values ({marks}){clause}"
    total = ctx.only_input().rows
    done = 0
    for rows, _ in row_batches(reader(con, [field.value for field in fields])):
        connection.executemany(statement, rows)
        done += len(rows)
        ctx.progress(done, total, "rows")


def test_connection(parameters: Parameters, ctx: Context) -> str:
    """Opens the database read-only, or says that the first run makes it. Raises: UserError when that cannot be."""
    path = ctx.resolve(parameters.database)
    shown = str(path.relative_to(ctx.project)) if path.is_relative_to(ctx.project) else str(path)
    if not path.exists():
        above = next(parent for parent in path.parents if parent.exists())
        if not above.is_dir() or not os.access(above, os.W_OK | os.X_OK):
            raise UserError(f"{shown} is not there and cannot be made: {above} is no directory that can be written")
        return f"{shown} is not there yet and is made by the first run"
    if path.is_file() and path.stat().st_size == 0:
        return f"{shown} is an empty file, which is filled by the first run"
    connection = open_read_only(path, shown, timeout=10)
    try:
        there = f"opened {shown}: {counted_tables(connection)}"
        known = {name.casefold() for name in table_names(connection)}
        yet = "is one of them" if parameters.table.casefold() in known else "is not among them yet"
        there += f'; "{safe_line(parameters.table, 60)}" {yet}'
    except sqlite3.Error as error:
        raise UserError(explain(error, shown)) from error
    finally:
        connection.close()
    if not os.access(path, os.W_OK):
        raise UserError(f"{shown} can be read but not written; check the permissions of the file")
    return there


if __name__ == "__main__":
    kit.main(Parameters, run, test=test_connection)
