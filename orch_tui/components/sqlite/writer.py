"""Component ``sqlite-writer``: a table into a SQLite database, in one transaction."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import Field, model_validator

from orch_tui.components import kit
from orch_tui.components.dbapi import fit
from orch_tui.components.dbapi.parameters import TargetTable
from orch_tui.components.dbapi.rows import check_keys, chosen, reader
from orch_tui.components.kit.component import Context, UserError
from orch_tui.components.kit.sql import connect, duckdb_explained, listed, row_batches
from orch_tui.components.sqlite.columns import affinity_of, beyond, choices, target_of, value_of
from orch_tui.components.sqlite.database_files import (
    counted_tables,
    declared_types,
    explain,
    open_read_only,
    rows_in,
    table_names,
)
from orch_tui.model.dataclass import dataclass
from orch_tui.model.texts.text import counted, safe_line
from orch_tui.storage.duckdb import folded, parquet, quoted

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
        if folded(self.table).startswith("sqlite_"):
            raise ValueError('SQLite keeps names that begin with "sqlite_" for itself; choose another table')
        return self


@dataclass(frozen=True, slots=True)
class Way:
    """A column on its way: the field, and the DuckDB expression of what SQLite is given for it."""

    field: fit.Field
    value: str


@dataclass(slots=True)
class Writing:
    """Everything about one table that is written. ``target`` is the table's own spelling, None when it is new."""

    connection: sqlite3.Connection
    con: duckdb.DuckDBPyConnection
    parameters: Parameters
    ctx: Context
    shown: str
    wanted: Sequence[tuple[str, str]]
    target: str | None = None

    @property
    def table(self) -> str:
        """The table's name, as it is or will be."""
        return self.target or self.parameters.table

    @property
    def where(self) -> str:
        """The table and its database, for sentences."""
        return f'the table "{safe_line(self.table)}" in {self.shown}'


def run(parameters: Parameters, ctx: Context) -> None:
    """Write the rows of the only input; the database has all of them afterwards, or is as it was.

    Raises:
        UserError: columns or keys do not fit, the database is locked or cannot be written.
    """
    table = ctx.only_input()
    wanted = chosen(parameters.columns, parameters.key, table)
    path = ctx.resolve(parameters.database)
    shown = str(path.relative_to(ctx.project)) if path.is_relative_to(ctx.project) else str(path)
    con = connect(ctx, memory_limit="512MB")
    try:
        with duckdb_explained(f"the rows of {table.table} cannot be read"):
            con.execute(f"create view source as select * from {parquet(table.path)}")
            if parameters.key:
                check_keys(con, parameters.key, table)
            is_new = not path.exists()
            connection = _open(path, shown, parameters.busy_timeout)
            try:
                _write(Writing(connection, con, parameters, ctx, shown, wanted))
            finally:
                connection.close()
                if is_new and path.exists() and path.stat().st_size == 0:
                    path.unlink()
    except sqlite3.Error as error:
        raise UserError(f"nothing was written: {explain(error, shown)}") from error
    ctx.files.append({"path": shown, "rows": table.rows, "bytes": path.stat().st_size})


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


def _write(job: Writing) -> None:
    job.connection.execute("begin immediate")
    try:
        job.target = _existing(job.connection, job.parameters.table, job.shown)
        before = rows_in(job.connection, job.target) if job.target else 0
        # A table that is replaced is made anew, with types of its own.
        is_new = job.parameters.mode == "replace" or job.target is None
        there = {} if is_new else declared_types(job.connection, job.table)
        ways = _existing_ways(job, there) if there else _new_ways(job)
        if job.parameters.mode == "upsert" and job.target is not None:
            _require_unique_key(job, ways)
        taken = _replace(job, ways) if job.parameters.mode == "replace" else _add(job, ways, before)
        after = rows_in(job.connection, job.table)
        job.connection.execute("commit")
    except BaseException:
        if job.connection.in_transaction:
            job.connection.execute("rollback")
        raise
    job.ctx.metrics["rows_before"], job.ctx.metrics["rows_after"] = before, after
    job.ctx.log(f"{job.shown}: table {job.table} had {counted(before, 'row')} and has {after} now")
    if left := job.ctx.only_input().rows - taken:
        job.ctx.metrics["rows_left_out"] = left
        job.ctx.warn(
            f"{job.where} has left out {left} of {counted(job.ctx.only_input().rows, 'row')}: a trigger or a rule of "
            "the table drops or replaces them"
        )


def _new_ways(job: Writing) -> list[Way]:
    """The columns of a new table, with types that hold all values."""
    fields, remarks = fit.settle_types(job.con, [(name, kind, choices(kind)) for name, kind in job.wanted])
    for sentence in remarks:
        job.ctx.log(sentence)
    if job.target is not None:
        _tell_changes(job, {field.name: field.declared for field in fields})
    return [Way(field, value_of(field.value, field.kind, affinity_of(field.declared))) for field in fields]


def _tell_changes(job: Writing, now: Mapping[str, str]) -> None:
    before = {folded(name): kind for name, kind in declared_types(job.connection, job.table).items()}
    for name, kind in now.items():
        if (was := before.get(folded(name), kind)) != kind:
            job.ctx.log(f'"{safe_line(name, 60)}" is {kind} now and was {safe_line(was, 60) or "without a type"}')


def _existing_ways(job: Writing, there: Mapping[str, str]) -> list[Way]:
    """The columns of a table that is there (name, declared type). Raises: UserError when rows do not fit it."""
    own = {folded(name): name for name in there}
    if missing := [name for name, _ in job.wanted if folded(name) not in own]:
        raise UserError(
            f"{job.where} has no column {listed(missing)}; its columns are {listed(there, 40)}: choose with columns, "
            "or add the column to the table"
        )
    fields = [
        fit.Field(name, kind, own[folded(name)], target_of(there[own[folded(name)]])) for name, kind in job.wanted
    ]
    affinities = [affinity_of(there[field.target]) for field in fields]
    pairs = list(zip(fields, affinities, strict=True))
    rules = [(field, beyond(field.value, field.kind, affinity)) for field, affinity in pairs]
    fit.require_held(job.con, rules, job.where)
    return [Way(field, value_of(field.value, field.kind, affinity)) for field, affinity in pairs]


_FOLDED = "translate({}, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz')"


def _require_unique_key(job: Writing, ways: Sequence[Way]) -> None:
    """The table keeps the key unique, and each row has one of its own as the table compares it. Raises: UserError."""
    rules = {"nocase": _FOLDED, "rtrim": "rtrim({}, ' ')"}
    collations = _require_unique(job.connection, job.table, job.parameters.key, job.shown)
    compared = {
        folded(way.field.name): rule.format(way.value)
        for way in ways
        if way.field.kind == "VARCHAR" and (rule := rules.get(collations.get(folded(way.field.target), "")))
    }
    if compared:
        check_keys(job.con, job.parameters.key, job.ctx.only_input(), compared)


def _existing(connection: sqlite3.Connection, table: str, shown: str) -> str | None:
    """The table's own spelling, None when it is not there. Raises: UserError when the name is a view's."""
    for name in table_names(connection):
        if folded(name) == folded(table):
            kind = connection.execute("select type from sqlite_master where name = ?", (name,)).fetchone()[0]
            if kind != "table":
                raise UserError(f'"{safe_line(name)}" is a view in {shown}, and rows can only be written to a table')
            return name
    return None


def _create(job: Writing, name: str, ways: Sequence[Way]) -> None:
    columns = [f"{quoted(way.field.target)} {way.field.declared}" for way in ways]
    if job.parameters.key:
        columns.append(f"primary key ({', '.join(quoted(name) for name in job.parameters.key)})")
    job.connection.execute(f"create table {quoted(name)} ({', '.join(columns)})")


def _replace(job: Writing, ways: Sequence[Way]) -> int:
    """Build the new table beside the old one and swap; indexes of the old one are made again where they fit.

    Returns how many rows the table took.
    """
    connection, name = job.connection, job.table
    again = connection.execute(
        "select name, sql from sqlite_master where tbl_name = ? and type in ('index', 'trigger') and sql is not null",
        (name,),
    ).fetchall()
    fresh = f"{name}__new"
    connection.execute(f"drop table if exists {quoted(fresh)}")
    _create(job, fresh, ways)
    _insert(job, f"insert into {quoted(fresh)}", "", ways)
    taken = rows_in(connection, fresh)
    if job.target:
        connection.execute(f"drop table {quoted(name)}")
    connection.execute(f"alter table {quoted(fresh)} rename to {quoted(name)}")
    for index, sql in again:
        try:
            connection.execute(sql)
        except sqlite3.Error as error:
            job.ctx.log(f'the index or trigger "{index}" does not fit the new table and is gone: {error}')
    return taken


def _add(job: Writing, ways: Sequence[Way], before: int) -> int:
    """Add the rows, or update those with a known key; returns how many the table took."""
    if job.target is None:
        _create(job, job.table, ways)
    clause, known = "", 0
    if job.parameters.mode == "upsert":
        clause = _on_conflict(job, ways)
        known = _known(job, ways) if job.target else 0
    try:
        _insert(job, f"insert into {quoted(job.table)}", clause, ways)
    except sqlite3.IntegrityError as error:
        raise UserError(f"nothing was written: {job.where} refuses a row: {error}") from error
    added = rows_in(job.connection, job.table) - before
    if job.parameters.mode == "upsert":
        job.ctx.metrics.update(rows_updated=known, rows_added=added)
    return known + added


def _on_conflict(job: Writing, ways: Sequence[Way]) -> str:
    keys = {folded(key) for key in job.parameters.key}
    names = [way.field.target for way in ways if folded(way.field.target) not in keys]
    updates = ", ".join(f"{quoted(name)} = excluded.{quoted(name)}" for name in names)
    conflict = ", ".join(quoted(key) for key in job.parameters.key)
    return f" on conflict ({conflict}) do " + (f"update set {updates}" if updates else "nothing")


def _known(job: Writing, ways: Sequence[Way]) -> int:
    """How many rows have a key that the table has: by its own comparison, in a temporary table of the keys."""
    keys = {folded(key) for key in job.parameters.key}
    own = [way for way in ways if folded(way.field.target) in keys]
    names = ", ".join(quoted(way.field.target) for way in own)
    connection = job.connection
    connection.execute("drop table if exists temp.orch_tui_keys")
    connection.execute(f"create temp table orch_tui_keys as select {names} from main.{quoted(job.table)} limit 0")
    marks = ", ".join("?" * len(own))
    for rows, _ in row_batches(reader(job.con, [way.value for way in own])):
        connection.executemany(f"insert into temp.orch_tui_keys values ({marks})", rows)
    same = " and ".join(f"t.{quoted(way.field.target)} = k.{quoted(way.field.target)}" for way in own)
    there = f"exists (select 1 from main.{quoted(job.table)} t where {same})"
    found = connection.execute(f"select count(*) from temp.orch_tui_keys k where {there}").fetchone()
    connection.execute("drop table temp.orch_tui_keys")
    return int(found[0])


def _require_unique(connection: sqlite3.Connection, table: str, key: list[str], shown: str) -> dict[str, str]:
    """ON CONFLICT needs a unique index on exactly the key: made if it is missing. Returns by what its columns compare.

    Raises:
        UserError: the table has rows with one key already.
    """
    wanted = {folded(name) for name in key}
    indexes = connection.execute('select name from pragma_index_list(?) where "unique" = 1 and partial = 0', (table,))
    for (index,) in indexes.fetchall():
        compared = _compared(connection, index)
        if compared.keys() == wanted:
            return compared
    primary = connection.execute("select name from pragma_table_xinfo(?) where pk > 0", (table,)).fetchall()
    if {folded(str(name)) for (name,) in primary} == wanted:
        # An integer, which is the row's own number and has no index.
        return {}
    columns = ", ".join(quoted(name) for name in key)
    name = f"{table}_key_{'_'.join(key)}"
    try:
        connection.execute(f"create unique index if not exists {quoted(name)} on {quoted(table)} ({columns})")
    except sqlite3.IntegrityError as error:
        raise UserError(
            f'the table "{safe_line(table)}" in {shown} has several rows with one key ({listed(key)}) already; '
            "remove them or choose another key"
        ) from error
    return _compared(connection, name)


def _compared(connection: sqlite3.Connection, index: str) -> dict[str, str]:
    """The columns of an index and the collations by which they are compared, both in small letters."""
    parts = connection.execute("select name, coll from pragma_index_xinfo(?) where key = 1", (index,)).fetchall()
    return {folded(str(name)): folded(str(collation)) for name, collation in parts}


def _insert(job: Writing, into: str, clause: str, ways: Sequence[Way]) -> None:
    columns = ", ".join(quoted(way.field.target) for way in ways)
    marks = ", ".join("?" * len(ways))
    statement = f"{into} ({columns}) values ({marks}){clause}"
    total, done = job.ctx.only_input().rows, 0
    for rows, _ in row_batches(reader(job.con, [way.value for way in ways])):
        job.connection.executemany(statement, rows)
        done += len(rows)
        job.ctx.progress(done, total, "rows")
    if done != total:
        raise UserError(f"nothing was written: {total} rows were to be written, and {done} could be read; run it again")


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
        known = {folded(name) for name in table_names(connection)}
        yet = "is one of them" if folded(parameters.table) in known else "is not among them yet"
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
