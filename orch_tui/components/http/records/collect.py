"""The tables that an extraction makes of its records: one of the records, one for each list inside of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict, Field

from orch_tui.components.http.json.json_path import MISSING, at_path, items_at, parts_of
from orch_tui.components.http.records.flatten import Flattener
from orch_tui.components.http.records.names import ColumnNames
from orch_tui.components.http.records.spool import Spool
from orch_tui.components.http.records.tables import store
from orch_tui.components.kit.component import Context
from orch_tui.components.kit.contract import Output
from orch_tui.components.kit.drift import check_shape
from orch_tui.components.kit.sql import connect, listed
from orch_tui.model.components.configuration import WriteMode
from orch_tui.model.errors import UserError
from orch_tui.model.texts.text import counted, safe_line
from orch_tui.project.attempt_dir import scratch_folder
from orch_tui.project.paths import ProjectPaths
from orch_tui.storage.duckdb import readable
from orch_tui.storage.opening import open_storage

if TYPE_CHECKING:
    import duckdb

_MEMORY = "512MB"


class Child(BaseModel):
    """A list inside of the records that becomes a table of its own."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    path: str = Field(min_length=1, title="Path", description="Where a record has the list, such as order.lines.")
    output: str = Field(min_length=1, title="Output", description="The name of the output that gets its entries.")
    keys: dict[str, str] = Field(
        default={},
        title="Keys",
        description='Columns that say whose entries they are, with their path in the record: { order_id = "id" }.',
    )
    position: str | None = Field(
        default=None, min_length=1, title="Position", description="A column for the place in the list, from 1."
    )


class _Table:
    """Rows for one output, and where they come from."""

    def __init__(
        self, output: Output, spool: Spool, names: ColumnNames, child: Child | None, key_column: str | None
    ) -> None:
        self.output = output
        self.spool = spool
        self.names = names
        self.nulls = 0
        self.left_out = 0
        self._path = parts_of(child.path) if child else ()
        reserve = spool.flattener.reserve
        keys = child.keys if child else {}
        self._keys = [(reserve(name), parts_of(path)) for name, path in keys.items()]
        self._position = reserve(child.position) if child and child.position else None
        self._key = reserve(key_column) if key_column else None
        # Steps of the record that the paths begin with, and that no record had so far.
        self._unseen = {path[0] for path in (self._path, *map(parts_of, keys.values())) if path}

    def add_record(self, record: Mapping[str, Any], key: str | None) -> None:
        row = self.spool.flattener.row(record)
        if self._key is not None:
            self._key(row, key)
        self.spool.add(row)

    @property
    def unseen(self) -> list[str]:
        """Members that the configuration names and no record had."""
        return sorted(self._unseen)

    def add_children(self, record: Mapping[str, Any]) -> None:
        if self._unseen:
            self._unseen.difference_update(record)
        keys = None
        for number, item in enumerate(items_at(record, self._path), start=1):
            if item is None:
                self.nulls += 1
                continue
            keys = keys or [(put, at_path(record, path)) for put, path in self._keys]
            row = self.spool.flattener.row(item if isinstance(item, dict) else {"value": item})
            for put, value in keys:
                if value is not MISSING:
                    put(row, value)
            if self._position is not None:
                self._position(row, number)
            self.spool.add(row)


class Tables:
    """Takes records one by one, then writes every output. Use as a context manager.

    Args:
        children: lists that become tables; all other lists, and objects at the paths ``keep``, stay JSON.
        key_column: a column for the names that ``*`` in the path of the records stands for.
        remembered: :attr:`memory` of the run before.

    Raises:
        UserError: the outputs of the configuration do not go with ``children``.
    """

    def __init__(
        self,
        ctx: Context,
        children: Sequence[Child] = (),
        *,
        flatten: bool = True,
        keep: Sequence[str] = (),
        separator: str = "_",
        key_column: str | None = None,
        remembered: Any = None,
    ) -> None:
        self._ctx = ctx
        self._scratch = scratch_folder(ctx.data_dir) / "http"
        self._scratch.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._stack = ExitStack()
        kept = [parts_of(path) for path in keep]
        paths = [parts_of(child.path) for child in children]
        main = _main_output(ctx, children)
        self._tables: list[_Table] = []
        for number, child in enumerate([None, *children]):
            own = parts_of(child.path) if child else ()
            flattener = Flattener(
                flatten=flatten, keep=_below(own, kept), skip=_below(own, paths) - {()}, separator=separator
            )
            output = ctx.outputs[child.output] if child else main
            spool = self._stack.enter_context(Spool(self._scratch / f"{number}.ndjson", flattener, output.primary_key))
            before = remembered.get(output.table) if isinstance(remembered, Mapping) else None
            names = ColumnNames(separator, before if isinstance(before, Mapping) else None)
            self._tables.append(_Table(output, spool, names, child, None if child else key_column))

    def __enter__(self) -> Tables:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()
        self.page_file.unlink(missing_ok=True)

    @property
    def page_file(self) -> Path:
        """A file for the answers."""
        return self._scratch / "page.json"

    @property
    def rows(self) -> int:
        """Records so far."""
        return self._tables[0].spool.rows

    @property
    def left_out(self) -> tuple[int, int]:
        """After :meth:`finish`: records that were left out, and entries of the lists that became tables."""
        main, *children = self._tables
        return main.left_out, sum(child.left_out for child in children)

    @property
    def memory(self) -> dict[str, Any]:
        """After :meth:`finish`: what the next run needs to give columns the same names, as JSON."""
        return {table.output.table: table.names.memory for table in self._tables}

    def begin_page(self, number: int) -> None:
        """The records that follow are from this page, counted from 1."""
        for table in self._tables:
            table.spool.page = number

    def add(self, record: Any, key: str | None = None) -> None:
        """One record, and the name that it had; a value that is no object becomes a row with the column ``value``."""
        if not isinstance(record, dict):
            record = {"value": record}
        main, *children = self._tables
        main.add_record(record, key)
        for child in children:
            child.add_children(record)

    def finish(self, types: Mapping[str, str], *, strict: bool) -> None:
        """Write all outputs. ``types`` are those of the table of the records.

        Raises:
            UserError: values do not fit the types; with ``strict``, a column is gone or has another type.
        """
        # A second thread is no faster here and takes as much memory again.
        con = connect(self._ctx, threads=1, memory_limit=_MEMORY)
        storage = open_storage(ProjectPaths(self._ctx.project))
        for number, table in enumerate(self._tables):
            info = storage.get(table.output.table)
            known = dict(info.columns) if info is not None else {}
            if table.unseen and self.rows:
                # A run that reads a few new records may well have none with such a list.
                tell = self._ctx.warn if table.output.mode is WriteMode.FULL else self._ctx.log
                tell(
                    f"no record has {listed(table.unseen)}, which children names for {table.output.table}; correct "
                    "its path or keys, if that should not be so"
                )
            self._write(con, table, known, types if number == 0 else {}, strict)

    def _write(
        self,
        con: duckdb.DuckDBPyConnection,
        table: _Table,
        known: Mapping[str, str],
        types: Mapping[str, str],
        strict: bool,
    ) -> None:
        import duckdb

        output, rows = table.output, table.spool.rows
        try:
            stored = store(con, table.spool, output.path, table.names, known, types)
        except duckdb.InternalException:
            raise
        except duckdb.Error as error:
            raise UserError(f"{output.table}: the rows cannot be stored: {_without_path(readable(error))}") from error
        table.left_out = stored.left_out + table.nulls
        for remark in stored.remarks:
            self._ctx.log(remark)
        if table.nulls:
            self._ctx.log(f"{table.nulls} entries of the lists for {output.table} are null and left out")
        if not stored.columns:
            table.left_out += rows
            has = f"gave {rows} records without any member" if rows else "gave no rows"
            self._ctx.warn(
                f"the source {has} for {output.table}, whose columns are not known yet, so it is not made; set types "
                "to have it made empty"
            )
            self._ctx.outputs.pop(output.name, None)
            return
        written = rows - stored.left_out
        self._ctx.log(f"{counted(written, 'row')} and {counted(len(stored.columns), 'column')} for {output.table}")
        check_shape(self._ctx, output, stored.columns if rows else [], rows, strict=strict)


def _main_output(ctx: Context, children: Sequence[Child]) -> Output:
    taken = [child.output for child in children]
    for name in taken:
        if name not in ctx.outputs:
            raise UserError(
                f'children: there is no output "{safe_line(name, 60)}"; the configuration declares '
                f"{listed(ctx.outputs) or 'none'}"
            )
        if taken.count(name) > 1:
            raise UserError(f'children: two of them write the output "{safe_line(name, 60)}"; give each its own')
    left = [output for name, output in ctx.outputs.items() if name not in taken]
    if len(left) == 1:
        return left[0]
    if not children:
        return ctx.only_output()
    found = listed(output.name for output in left) or "none"
    raise UserError(
        f"exactly one output is for the records themselves, besides those of children; the configuration has {found}"
    )


def _below(start: tuple[str, ...], paths: Sequence[tuple[str, ...]]) -> frozenset[tuple[str, ...]]:
    """``paths`` as they are seen from ``start``."""
    return frozenset(path[len(start) :] for path in paths if path[: len(start)] == start)


def _without_path(text: str) -> str:
    return text.split(" in file ")[0].split(" for file ")[0]
