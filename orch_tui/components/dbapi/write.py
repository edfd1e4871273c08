"""The way of the only input into a table of a database server; the two servers differ in the :class:`Writer`."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Literal

from orch_tui.components.dbapi.fit import Choice, Field, require_held, settle_types
from orch_tui.components.dbapi.held import Target as ColumnType
from orch_tui.components.dbapi.held import changed
from orch_tui.components.dbapi.names import find
from orch_tui.components.dbapi.parameters import Target
from orch_tui.components.dbapi.pipe import CsvOut
from orch_tui.components.dbapi.rows import check_keys, chosen
from orch_tui.components.dbapi.session import Work
from orch_tui.components.dbapi.stop import stoppable
from orch_tui.components.kit.component import Context, Input
from orch_tui.components.kit.sql import connect, duckdb_explained, listed
from orch_tui.components.kit.staging.staging import signals_deferred
from orch_tui.model.dataclass import dataclass
from orch_tui.model.errors import UserError
from orch_tui.model.texts.text import counted, safe_line
from orch_tui.storage.duckdb import folded, parquet

if TYPE_CHECKING:
    import duckdb


_LOOKED_AT = 2**15
"""Bytes of a chunk in which rows are counted."""


@dataclass(frozen=True, slots=True)
class TargetColumn:
    """A column of the table that is written to. ``required``: a row without a value for it is refused."""

    name: str
    required: bool
    generated: bool
    type: ColumnType


@dataclass(frozen=True, slots=True)
class Job:
    """What is to be written: the fields, the key under the table's names, and whether the table is new."""

    con: duckdb.DuckDBPyConnection
    fields: Sequence[Field]
    key: Sequence[str]
    mode: str
    is_new: bool


@dataclass(slots=True)
class Done:
    """How many rows of the table were taken out (replace), changed and added, as the server counts them."""

    deleted: int = 0
    updated: int = 0
    added: int = 0


class Writer(Work):
    """Writes one table in one transaction."""

    ctx: Context
    target: Target
    called: str
    """The table, for sentences."""
    step: Literal["look", "store", "commit"] = "look"

    @property
    def outcome(self) -> str:
        if self.step == "commit" and self.session.lost:
            return "whether the rows are there is not known, look before you run the task again: "
        return "" if self.step == "look" else "nothing was written: "

    @property
    def where(self) -> str:
        """The table and the server, for sentences."""
        return f"{self.called} in {self.shown}"

    @abstractmethod
    def look(self) -> list[TargetColumn] | None:
        """The columns of the table, None when it is not there. Raises: UserError when rows cannot go there."""

    @abstractmethod
    def choices(self, kind: str, *, key: bool) -> list[Choice]:
        """Types for a new column of a DuckDB type, the best one first."""

    @abstractmethod
    def unique_keys(self) -> list[set[str]]:
        """The columns of each unique index without a condition."""

    @abstractmethod
    def unique_index_sql(self, key: Sequence[str]) -> str:
        """The statement that would make a unique index on ``key``."""

    @abstractmethod
    def store(self, job: Job) -> Done:
        """Write all rows in a transaction, up to where only the commit is left. Raises: the driver's errors."""

    @abstractmethod
    def commit(self) -> None:
        """End the transaction: the rows are there. Raises: the driver's errors."""

    def told(self, csv: CsvOut) -> Iterator[bytes]:
        """The rows as they are to be sent; tells the progress when a chunk has been taken. Raises: duckdb.Error."""
        total, done = self.ctx.only_input().rows, 0
        for chunk in csv.chunks():
            yield chunk
            # About: of a part of what was sent, and a few more than there are where texts have several lines.
            done += chunk.count(b"\n", 0, _LOOKED_AT) * len(chunk) // min(len(chunk), _LOOKED_AT)
            self.ctx.progress(min(done, total), total, "rows")
        self.require_all(csv.rows)

    def require_all(self, done: int) -> None:
        """All rows of the input have been sent. Raises: UserError."""
        if done != (total := self.ctx.only_input().rows):
            raise UserError(f"{total} rows were to be written, and {done} could be read; run the task again")


def write(writer: Writer) -> None:
    """Write the rows of the only input; the table has all of them afterwards, or is as it was.

    Raises:
        UserError: columns or keys do not fit, a value would become another one, or the server refuses something.
    """
    ctx, target = writer.ctx, writer.target
    table = ctx.only_input()
    wanted = chosen(target.columns, target.key, table)
    con = connect(ctx, memory_limit="512MB")
    with duckdb_explained(f"nothing was written: the rows of {table.table} cannot be read"):
        con.execute(f"create view source as select * from {parquet(table.path)}")
        if target.key:
            check_keys(con, target.key, table)
        with stoppable(), writer:
            done = _write(writer, con, wanted)
    _tell(writer, table, done)


def _write(writer: Writer, con: duckdb.DuckDBPyConnection, wanted: Sequence[tuple[str, str]]) -> Done:
    there = writer.look()
    if there is None:
        own = {folded(name) for name in writer.target.key}
        columns = [(name, kind, writer.choices(kind, key=folded(name) in own)) for name, kind in wanted]
        fields, remarks = settle_types(con, columns)
        for sentence in remarks:
            writer.ctx.log(sentence)
    else:
        fields = match(writer, there, wanted)
        require_held(con, [(one, changed(one.value, one.kind, one.type)) for one in fields], writer.where)
    spelling = {folded(field.name): field.target for field in fields}
    key = [spelling[folded(name)] for name in writer.target.key]
    writer.step = "store"
    done = writer.store(Job(con, fields, key, writer.target.mode, there is None))
    with signals_deferred():
        # A cancel that comes now is too late: whether the server has ended the transaction could not be told.
        writer.step = "commit"
        writer.commit()
    return done


def match(writer: Writer, there: Sequence[TargetColumn], wanted: Sequence[tuple[str, str]]) -> list[Field]:
    """Each column to write with the table's name for it; for an upsert, the table keeps the key unique.

    Raises:
        UserError: the table lacks a column, or needs one that is not written, or has no unique index on the key.
    """
    types = {column.name: column.type for column in there}
    names = list(types)
    spelling = {name: find(name, names) for name, _ in wanted}
    if missing := [name for name, found in spelling.items() if found is None]:
        raise UserError(
            f"{writer.where} has no column {listed(missing)}; its columns are {listed(names, 40)}: choose with "
            "columns, or add the column to the table"
        )
    fields = [Field(name, kind, found, types[found]) for name, kind in wanted if (found := spelling[name]) is not None]
    written = {field.target for field in fields}
    if computed := [column.name for column in there if column.generated and column.name in written]:
        raise UserError(
            f"{writer.where} computes {listed(computed)} itself; choose the other columns with the parameter columns"
        )
    if lacking := [column.name for column in there if column.required and column.name not in written]:
        raise UserError(
            f"{writer.where} wants a value for {listed(lacking)} in every row, and none is written; add it to the "
            "input, or give it a default in the table"
        )
    if writer.target.mode == "upsert":
        _require_unique(writer, spelling)
    return fields


def _require_unique(writer: Writer, spelling: Mapping[str, str | None]) -> None:
    own = {folded(name): found or name for name, found in spelling.items()}
    key = [own[folded(name)] for name in writer.target.key]
    if set(key) not in writer.unique_keys():
        raise UserError(
            f"{writer.where} has no unique index on the key ({listed(key)}), which an upsert needs; let its owner "
            f"run: {safe_line(writer.unique_index_sql(key), 300)}"
        )


def _tell(writer: Writer, table: Input, done: Done) -> None:
    ctx, mode = writer.ctx, writer.target.mode
    taken = done.updated + done.added
    ctx.metrics["rows_written"] = taken
    if mode == "replace":
        ctx.metrics["rows_deleted"] = done.deleted
        ctx.log(f"{writer.where}: {counted(taken, 'row')} in the place of {done.deleted}")
        if done.deleted and not table.rows:
            ctx.warn(f'the input "{table.table}" has no rows, so {writer.where} is empty now; it had {done.deleted}')
    elif mode == "upsert":
        ctx.metrics.update(rows_updated=done.updated, rows_added=done.added)
        ctx.log(f"{writer.where}: {counted(done.updated, 'row')} updated, {done.added} added")
    else:
        ctx.log(f"{writer.where}: {counted(taken, 'row')} added")
    if left := table.rows - taken:
        ctx.metrics["rows_left_out"] = left
        ctx.warn(
            f"{writer.where} has left out {left} of {counted(table.rows, 'row')}: a trigger or a rule of the table "
            "drops them"
        )


def describe(writer: Writer) -> str:
    """What a test of the connection says about the table; an input is not there to compare with. Raises: UserError."""
    there = writer.look()
    if there is None:
        return f"{writer.called} does not exist yet and is made by the first run"
    names = [column.name for column in there]
    for name in [*writer.target.key, *writer.target.columns]:
        if find(name, names) is None:
            raise UserError(f'{writer.where} has no column "{safe_line(name)}"; its columns are {listed(names, 40)}')
    if writer.target.mode == "upsert":
        _require_unique(writer, {name: find(name, names) for name in writer.target.key})
    return f"{writer.called} has {counted(len(there), 'column')}"
