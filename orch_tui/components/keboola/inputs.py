"""Tables of the storage as the files that a program of Keboola reads.

Sources: https://developers.keboola.com/extend/common-interface/config-file/#tables (input mapping),
https://developers.keboola.com/extend/common-interface/manifest-files/ (manifests).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from orch_tui.components.keboola.native_types import metadata_of, schema_of
from orch_tui.components.keboola.parameters import DataTypes, Parameters
from orch_tui.components.keboola.times import moment
from orch_tui.components.kit.component import Context
from orch_tui.components.kit.contract import Input
from orch_tui.model.errors import UserError
from orch_tui.model.texts.text import safe_line
from orch_tui.project.paths import ProjectPaths
from orch_tui.storage.duckdb import copy_options, describe, literal, open_database, parquet, quoted, readable
from orch_tui.storage.opening import open_storage
from orch_tui.storage.tables import TableInfo
from orch_tui.storage.values.conversion import text_of
from orch_tui.storage.versions import stage_version

ADAPTIVE = "adaptive"
_CSV = "format csv, header true, delimiter ',', quote '\"', escape '\"', force_quote *"


def keboola_id(table: str) -> str:
    """``in.c-main.orders`` for ``in.c-main/orders``: what Keboola calls a table."""
    return table.replace("/", ".")


@dataclass(frozen=True, slots=True)
class _Wanted:
    """What the mapping of one input asks for. ``since`` is a version: only rows that it does not have are wanted."""

    columns: list[tuple[str, str]]
    condition: str
    since: int | None
    parquet: bool


class InputTables:
    """Writes the inputs of a task. ``seen`` are versions that an earlier run has read, by table."""

    def __init__(self, parameters: Parameters, ctx: Context, types: DataTypes, seen: Mapping[str, Any]) -> None:
        self._parameters = parameters
        self._ctx = ctx
        self._types = types
        self._seen = seen
        self._storage = open_storage(ProjectPaths(ctx.project))

    def write(self) -> dict[str, int]:
        """Each input as a file of exactly its name; the versions that the next run is to be told, by table.

        Raises:
            UserError: a mapping names a column that the table does not have, a moment that is none, or a file cannot be
                written.
        """
        read = {}
        for item in self._ctx.inputs.values():
            mapping = self._parameters.input_mapping.get(item.name, {})
            self._write(item, self._wanted(item, mapping))
            if mapping.get("changed_since") == ADAPTIVE:
                read[item.table] = item.version
        return read

    def _wanted(self, item: Input, mapping: Mapping[str, Any]) -> _Wanted:
        kind = str(mapping.get("file_type") or "csv")
        if kind not in ("csv", "parquet"):
            raise UserError(f'input {item.name}: file_type "{safe_line(kind, 30)}" is not known; it is csv or parquet')
        limit = mapping.get("limit")
        if limit not in (None, "", 0) and not (isinstance(limit, int | str) and str(limit).isdecimal()):
            raise UserError(f'input {item.name}: limit "{safe_line(str(limit), 30)}" is no number of rows')
        condition = _where(item, mapping) + (f" limit {int(limit)}" if limit else "")
        return _Wanted(_columns(item, mapping), condition, self._since(item, mapping), kind == "parquet")

    def _since(self, item: Input, mapping: Mapping[str, Any]) -> int | None:
        """The version whose rows are known already; None for all rows."""
        days, text = mapping.get("days"), str(mapping.get("changed_since") or "")
        if text == ADAPTIVE:
            seen = self._seen.get(item.table)
            return seen if isinstance(seen, int) and not isinstance(seen, bool) else None
        if not text and days in (None, "", 0, "0"):
            return None
        now = datetime.now(UTC)
        if text:
            since = moment(text, now, f"input {item.name}: changed_since")
        elif str(days).isdecimal():
            since = now - timedelta(days=int(str(days)))
        else:
            raise UserError(f'input {item.name}: days "{safe_line(str(days), 30)}" is no number of days')
        versions = [one for one in self._storage.versions(item.table) if one.version <= item.version]
        older = next((one.version for one in versions if one.created <= since), None)
        if older is None and versions and versions[-1].version > 1:
            self._ctx.log(
                f"{item.name}: no version from before {since:%Y-%m-%d %H:%M:%S} UTC is kept, so the program "
                f"gets all rows; "
                "[storage] keep_versions and keep_days in orch.toml say how many are"
            )
        return older

    def _write(self, item: Input, wanted: _Wanted) -> None:
        import duckdb

        path = item.path.with_name(item.name)
        rows, base = parquet(item.path), None
        info = self._storage.get(item.table)
        try:
            # One thread: several hold rows back to keep their order, more the larger the table is.
            with open_database(path.parent / ".tmp", threads=1) as connection:
                if wanted.since is not None:
                    base = self._base(item, wanted.since)
                if base is not None:
                    rows = _difference(rows, parquet(base), describe(connection, parquet(base)), item.columns)
                values = ", ".join(_value(name, kind, exact=wanted.parquet) for name, kind in wanted.columns)
                options = copy_options() if wanted.parquet else _CSV
                # In a file of its own first: the name may be that of the table's own.
                written = path.with_name(f".{item.path.name}.new")
                connection.execute(
                    f"copy (select {values} from {rows} {wanted.condition}) to {literal(str(written))} ({options})"
                )
        except duckdb.Error as error:
            raise UserError(f'table "{item.table}" cannot be written as {path.name}: {readable(error)}') from error
        finally:
            if base is not None:
                base.unlink(missing_ok=True)
        item.path.unlink()
        written.rename(path)
        manifest = json.dumps(self._manifest(item, info, wanted.columns), ensure_ascii=False)
        path.with_name(f"{path.name}.manifest").write_text(manifest, encoding="utf-8")

    def _base(self, item: Input, version: int) -> Path | None:
        """The file of an older version; None where it is not kept any more, which the log says."""
        target = item.path.with_name(f".{item.path.name}.base")
        try:
            stage_version(self._storage, item.table, version, target)
        except UserError as error:
            self._ctx.log(f"{item.name}: the program gets all rows: {error}")
            return None
        return target

    def _manifest(self, item: Input, info: TableInfo | None, columns: list[tuple[str, str]]) -> dict[str, Any]:
        names = [name for name, _ in columns]
        key = [name for name in (info.primary_key if info is not None else ()) if name in names]
        told: dict[str, Any] = {
            "id": keboola_id(item.table),
            "name": item.table.split("/")[-1],
            "primary_key": key,
            "indexed_columns": key,
            "is_alias": False,
            "columns": names,
            "rows_count": item.rows,
            "metadata": [],
            "column_metadata": metadata_of(columns),
        }
        if info is not None:
            created = f"{info.created:%Y-%m-%dT%H:%M:%S%z}"
            told |= {"created": created, "last_change_date": created, "last_import_date": created}
        if self._types is not DataTypes.NONE:
            told["schema"] = schema_of(columns, key)
        return told


def _value(name: str, kind: str, *, exact: bool) -> str:
    """A column as it is, or as text; what is null there is an empty text, as in Keboola's files."""
    return quoted(name) if exact else f"coalesce({text_of(quoted(name), kind)}, '') as {quoted(name)}"


def _difference(rows: str, base: str, before: list[tuple[str, str]], columns: list[tuple[str, str]]) -> str:
    """The rows that are not among the older ones; all of them where the columns are others."""
    if before != columns:
        return rows
    names = ", ".join(quoted(name) for name, _ in columns)
    return f"(select {names} from {rows} except all select {names} from {base})"


def _columns(item: Input, mapping: Mapping[str, Any]) -> list[tuple[str, str]]:
    wanted = [str(name) for name in mapping.get("columns") or ()]
    types = mapping.get("column_types")
    if not wanted and isinstance(types, list):
        # Types count for tables in a workspace only; in files they choose columns.
        wanted = [str(one["source"]) for one in types if isinstance(one, Mapping) and one.get("source")]
    if not wanted:
        return list(item.columns)
    _require(item, wanted)
    kinds = dict(item.columns)
    return [(name, kinds[name]) for name in wanted]


def _require(item: Input, names: list[str]) -> None:
    known = [name for name, _ in item.columns]
    if lacking := [name for name in names if name not in known]:
        raise UserError(f'table "{item.table}" has no column {", ".join(map(safe_line, lacking))} (input {item.name})')


def _where(item: Input, mapping: Mapping[str, Any]) -> str:
    """Which rows are wanted, as SQL. Raises: UserError."""
    column = mapping.get("where_column")
    if not column:
        return ""
    _require(item, [str(column)])
    operator = str(mapping.get("where_operator") or "eq")
    if operator not in ("eq", "ne", "in", "not in"):
        raise UserError(f'input {item.name}: where_operator "{safe_line(operator, 30)}" is not known; it is eq or ne')
    values = ", ".join(literal(str(value)) for value in mapping.get("where_values") or ())
    negated = "not " if operator in ("ne", "not in") else ""
    text = f"coalesce({text_of(quoted(str(column)), dict(item.columns)[str(column)])}, '')"
    return f"where {negated}{text} in ({values or 'null'})"
