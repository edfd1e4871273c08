"""Tables of a program of Keboola as what is to be published, by the rules of Keboola's own storage.

Sources: https://developers.keboola.com/extend/common-interface/folders/ (names of files, default bucket),
https://developers.keboola.com/extend/common-interface/config-file/#tables (output mapping),
https://help.keboola.com/storage/tables/#primary-key-deduplication (keys).
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from orch_tui.components.keboola.native_types import typed_columns
from orch_tui.components.keboola.parameters import DataTypes, Parameters
from orch_tui.components.kit.component import Context
from orch_tui.components.kit.contract import Output, missing_output, stem
from orch_tui.components.kit.csv.tables import read_csv_output, read_manifest
from orch_tui.components.kit.drift import check_shape
from orch_tui.components.kit.sql import connect
from orch_tui.model.components.configuration import WriteMode
from orch_tui.model.errors import UserError
from orch_tui.model.texts.text import counted, safe_line, valid_id
from orch_tui.project.attempt_dir import output_tables
from orch_tui.storage.duckdb import columns_of, copy_options, count, literal, parquet, quoted
from orch_tui.storage.tables import RowFilter

if TYPE_CHECKING:
    import duckdb

MANIFEST = ".manifest"
_EMPTY: tuple[Any, ...] = (None, "", [], {})


@dataclasses.dataclass(frozen=True, slots=True)
class _Written:
    """A file or directory of slices in ``out/tables`` that has a place; ``said`` is what manifest and mapping say."""

    output: Output
    path: Path
    said: Mapping[str, Any]


class OutputTables:
    """Everything in ``out/tables``.

    Its place is the default bucket, else that of the output with the file's name, else the manifest's, else the file's
    own name (``out.c-main.orders.csv``).
    """

    def __init__(self, parameters: Parameters, ctx: Context, types: DataTypes, default_bucket: str | None) -> None:
        self._parameters = parameters
        self._ctx = ctx
        self._types = types
        self._bucket = default_bucket
        self._folder = output_tables(ctx.data_dir)

    def take(self) -> dict[str, Output]:
        """What is to be published after a success, by name.

        Raises:
            UserError: a declared output was not written, a file cannot be read, two have one place, or rows are to be
                deleted in a way that cannot be done here.
        """
        written = list(self._written())
        have = {one.output.name for one in written}
        for output in self._ctx.outputs.values():
            optional = self._parameters.output_mapping.get(output.name, {}).get("optional") is True
            if output.name not in have and not optional and self._bucket is None:
                raise missing_output(output, output.name, self._folder)
        outputs = {one.output.name: self._read(one) for one in written}
        for output in outputs.values():
            con = connect(self._ctx, memory_limit="512MB")
            source = parquet(output.path)
            columns, rows = columns_of(con, f"from {source}"), count(con, source)
            check_shape(self._ctx, output, columns, rows, strict=self._parameters.strict)
        return outputs

    def take_of_failure(self) -> dict[str, Output]:
        """What is to be published although the program failed: the tables with ``write_always``, as far as they can be
        read."""
        found = {}
        try:
            for one in self._written(quiet=True):
                if one.said.get("write_always") is True:
                    found[one.output.name] = self._read(one)
        except UserError as error:
            self._ctx.log(f"warning: {error}")
        return found

    def _written(self, *, quiet: bool = False) -> Iterator[_Written]:
        """What is there and has a place. Raises: UserError."""
        declared = {name: one for one in self._ctx.outputs.values() for name in (one.name, f"{one.name}.csv")}
        places: dict[str, str] = {}
        for path in sorted(self._folder.iterdir()):
            if path.name.endswith((MANIFEST, ".parquet")):
                continue
            manifest = read_manifest(path)
            output = self._place(declared.get(path.name), path, manifest)
            if output is None:
                if not quiet:
                    name = safe_line(path.name, 100)
                    self._ctx.log(f"warning: out/tables/{name} is no declared output and is not published")
                continue
            if output.name in places:
                raise UserError(
                    f"out/tables/{safe_line(path.name, 100)} and "
                    f"out/tables/{safe_line(places[output.name], 100)} are both "
                    f'the output "{output.name}"; write one of them'
                )
            places[output.name] = path.name
            mapping = self._parameters.output_mapping.get(output.name, {})
            said = {**manifest, **{key: value for key, value in mapping.items() if value not in _EMPTY}}
            yield _Written(dataclasses.replace(output, deletes=_deletes(said, output)), path, said)

    def _place(self, declared: Output | None, path: Path, manifest: Mapping[str, Any]) -> Output | None:
        name = stem(path.name)
        target = path.with_name(f"{name}.parquet")
        if self._bucket is not None:
            key = declared.primary_key if declared is not None else ()
            mode = declared.mode if declared is not None else WriteMode.FULL
            return Output(name, _checked(f"{self._bucket}/{name}", path), mode, key, target)
        if declared is not None:
            return declared
        table = next(filter(None, (_table(str(manifest.get("destination") or "")), _table(name))), None)
        return Output(name, _checked(table, path), WriteMode.FULL, (), target) if table is not None else None

    def _read(self, one: _Written) -> Output:
        output = read_csv_output(one.output, one.path, one.said)
        return self._by_their_rules(output, one)

    def _by_their_rules(self, output: Output, one: _Written) -> Output:
        """The rows as Keboola's storage keeps them: an empty value is an empty text (in columns of other types null),
        and of rows with the same key the last one stays. Empty names of keys count as none."""
        key = tuple(name for name in output.primary_key if name)
        con = connect(self._ctx, memory_limit="512MB")
        source = parquet(output.path)
        columns = [name for name, _ in columns_of(con, f"from {source}")]
        try:
            values, notes = typed_columns(con, source, columns, one.said, key, self._types)
        except UserError as error:
            raise UserError(f"out/tables/{safe_line(one.path.name, 100)}: {error}") from error
        for note in notes:
            self._ctx.log(f"out/tables/{safe_line(one.path.name, 100)}: {note}")
        rows, dropped = _one_per_key(con, f"(select {', '.join(values)} from {source})", columns, key)
        written = output.path.with_name(f".{output.path.name}")
        con.execute(f"copy {rows} to {literal(str(written))} ({copy_options()})")
        written.replace(output.path)
        if dropped > 0:
            self._ctx.log(f'table "{output.table}": {counted(dropped, "row")} had the key of a later one, which stays')
        mode = output.mode
        if mode is WriteMode.INCREMENTAL and not key:
            mode = WriteMode.APPEND
        return dataclasses.replace(output, primary_key=key, mode=mode)


def _one_per_key(
    con: duckdb.DuckDBPyConnection, rows: str, columns: list[str], key: tuple[str, ...]
) -> tuple[str, int]:
    """The last row of each key, and how many others there are."""
    if not key or not set(key).issubset(columns):
        return rows, 0
    keys = ", ".join(map(quoted, key))
    dropped = count(con, rows) - count(con, f"(select distinct {keys} from {rows})")
    if dropped == 0:
        return rows, 0
    numbered = f"(select *, row_number() over () as orch_tui_row from {rows})"
    last = f"row_number() over (partition by {keys} order by orch_tui_row desc) = 1"
    kept = f"(select * from {numbered} qualify {last})"
    return f"(select * exclude (orch_tui_row) from {kept} order by orch_tui_row)", dropped


def _table(text: str) -> str | None:
    """``in.c-main/orders`` for ``in.c-main.orders``; None for a name without a bucket."""
    bucket, dot, name = text.rpartition(".")
    return f"{bucket}/{name}" if dot and bucket and name else None


def _checked(table: str | None, path: Path) -> str:
    parts = (table or "").split("/")
    if len(parts) != 2 or not all(map(valid_id, parts)):
        raise UserError(
            f'out/tables/{path.name} would go to "{safe_line(table or "", 100)}", which is no name of a table'
        )
    return table or ""


def _deletes(said: Mapping[str, Any], output: Output) -> tuple[tuple[RowFilter, ...], ...]:
    """Which stored rows are to go first, in the newer form (``delete_where``) or the older one. Raises: UserError."""
    rules: list[tuple[RowFilter, ...]] = []
    if said.get("delete_where_column"):
        values, operator = said.get("delete_where_values"), said.get("delete_where_operator")
        rules.append((_filter(output, said["delete_where_column"], operator, values),))
    listed = said.get("delete_where") or []
    for rule in listed if isinstance(listed, list) else [listed]:
        if not isinstance(rule, Mapping) or rule.get("changed_since") or rule.get("changed_until"):
            raise UserError(
                f"output {output.name}: delete_where by the time of a change is not done here, since rows have "
                f"none; use "
                "where_filters"
            )
        filters = [
            _filter(output, one.get("column"), one.get("operator"), one.get("values_from_set"))
            for one in rule.get("where_filters") or ()
            if isinstance(one, Mapping)
        ]
        if filters:
            rules.append(tuple(filters))
    return tuple(rules)


def _filter(output: Output, column: Any, operator: Any, values: Any) -> RowFilter:
    if not isinstance(values, list) or not column:
        raise UserError(
            f"output {output.name}: delete_where needs a column and a list of values (values_from_set; there is "
            f"no workspace "
            "here to take them from)"
        )
    if operator not in (None, "", "eq", "ne"):
        raise UserError(f'output {output.name}: delete_where knows the operators eq and ne, and not "{operator}"')
    return RowFilter(str(column), tuple(str(value) for value in values), operator == "ne")
