"""Records to Parquet: spooled as rows of JSON, then typed by all of their values. Memory does not grow with them."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

from orch_tui.components.http.flatten import BOOL, FLOAT, INT, NESTED, TEXT, WIDE, Column, Flattener
from orch_tui.components.kit.sql import columns_of, common_type, listed, literal, quoted, usable_names, write_parquet
from orch_tui.model.errors import UserError

if TYPE_CHECKING:
    import duckdb

_LONGEST = 15 * 2**20
"""Bytes of one row; DuckDB refuses objects of 16 MB."""
_SAMPLE = 1000
_PAGE = "page"
"""The member of a row with its page's number; columns have numbers as names."""
_DAY = r"\d{4}-\d{2}-\d{2}"
_TIME = rf"{_DAY}[T ]\d{{2}}:\d{{2}}(:\d{{2}}([.,]\d{{1,9}})?)?"
_SHAPES = {
    "DATE": _DAY,
    "TIMESTAMP": _TIME,
    "TIMESTAMP WITH TIME ZONE": rf"{_TIME}(Z|[+-]\d{{2}}(:?\d{{2}})?)",
}


class Spool:
    """The rows of one table on their way: a file in ``scratch``, gone when the block ends.

    ``key`` are columns that tell rows apart; ``page`` is the number of the page that rows are from.
    """

    def __init__(self, scratch: Path, flattener: Flattener, key: Sequence[str] = ()) -> None:
        self._path = scratch
        self._file = scratch.open("wb", buffering=2**20)
        self._encode = json.JSONEncoder(
            ensure_ascii=False, separators=(",", ":"), check_circular=False, allow_nan=False
        ).encode
        self._key = tuple(key)
        self.flattener = flattener
        self.page = 1
        self.rows = 0

    def __enter__(self) -> Spool:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()
        self._path.unlink(missing_ok=True)

    def add(self, row: Mapping[str, Any]) -> None:
        """A row of the flattener's. Raises: UserError when it is larger than 15 MB."""
        if self._key:
            row = {_PAGE: self.page, **row}
        try:
            line = self._encode(row).encode()
        except UnicodeEncodeError:
            # Half of a surrogate pair, which is no text: UTF-8 cannot hold it.
            line = self._encode(row).encode("utf-8", "replace")
        except ValueError:
            # A number such as 1e999 is infinite in Python, and in no JSON.
            line = self._encode(_finite(row)).encode("utf-8", "replace")
        if len(line) > _LONGEST:
            raise UserError(f"record {self.rows + 1} is larger than {_LONGEST >> 20} MB, which is no row of a table")
        self._file.write(line + b"\n")
        self.rows += 1

    def finish(
        self,
        con: duckdb.DuckDBPyConnection,
        path: Path,
        known: Mapping[str, str],
        types: Mapping[str, str],
    ) -> tuple[list[tuple[str, str]], list[str]]:
        """Write the rows as Parquet, each column with the type that all of its values have.

        Args:
            known: columns of the table as it is. Where a column has no value now, it keeps its type there; numbers
                and times keep a wider one.
            types: types that the user set, by column.

        Returns:
            The columns, and remarks on names that had to be changed and rows that came twice.

        Raises:
            duckdb.Error: values do not fit the types that the user set.
            UserError: a type is set for a column that is not there.
        """
        self._file.close()
        columns = self.flattener.columns()
        names, remarks = usable_names([self.flattener.separator.join(column.path) for column in columns])
        lacking = [name for name in types if name.casefold() not in {n.casefold() for n in [*names, *known]}]
        if lacking and self.rows:
            raise UserError(f'types: there is no column "{lacking[0]}"; the columns are {listed(names, 40)}')
        named = dict(zip(names, columns, strict=True))
        selected = self._selected(con, named, known, {name.casefold(): kind for name, kind in types.items()})
        if not selected:
            selected = [_null(name, kind) for name, kind in {**known, **types}.items()]
        if not selected:
            return [], remarks
        if not self.rows:
            write_parquet(con, f"select {', '.join(selected)} from {self._nothing(columns)}", path)
        else:
            source = f"read_json({self._arguments({column.id: _read_as(column.kinds) for column in columns})})"
            source, twice = self._newest(con, source, named)
            write_parquet(con, f"select {', '.join(selected)} from {source}", path)
            remarks += twice
        return columns_of(con, f"from read_parquet({literal(str(path))})"), remarks

    def _selected(
        self,
        con: duckdb.DuckDBPyConnection,
        named: Mapping[str, Column],
        known: Mapping[str, str],
        wanted: Mapping[str, str],
    ) -> list[str]:
        """An expression for each column; ``wanted`` are types by name in small letters."""
        times = self._times(con, [column for column in named.values() if column.kinds == TEXT])
        before = {name.casefold(): kind for name, kind in known.items()}
        taken = {name.casefold() for name in named}
        selected: list[str] = []
        for name, column in named.items():
            folded = name.casefold()
            inside = f"{name}{self.flattener.separator}"
            parts = [] if column.kinds else [item for item in known.items() if item[0].startswith(inside)]
            if parts and folded not in before and folded not in wanted:
                # Only nulls where there were objects before: their columns are not gone, they are empty.
                selected += [_null(part, kind) for part, kind in parts if part.casefold() not in taken]
                continue
            kind = wanted.get(folded) or self._settled(con, column, times, before.get(folded))
            selected.append(f"cast({quoted(column.id)} as {kind}) as {quoted(name)}")
        return selected

    def _newest(
        self, con: duckdb.DuckDBPyConnection, source: str, named: Mapping[str, Column]
    ) -> tuple[str, list[str]]:
        """``source`` without rows that came again on a later page: records move on while pages are read.

        Two rows with one key on the same page stay: the key is wrong then, and the storage will say so.
        """
        ids = [quoted(named[name].id) for name in self._key if name in named]
        if self.page == 1 or not ids or len(ids) != len(self._key):
            return source, []
        keys = ", ".join(ids)
        row = con.execute(
            f"select count(*) from (select 1 from {source} group by {keys} having min({_PAGE}) < max({_PAGE}))"
        ).fetchone()
        if not row or not row[0]:
            return source, []
        return (
            f"(select * from {source} qualify {_PAGE} = max({_PAGE}) over (partition by {keys}))",
            [f"{row[0]} records came on several pages, since they moved while pages were read; the last ones count"],
        )

    def _settled(
        self, con: duckdb.DuckDBPyConnection, column: Column, times: Mapping[str, str], before: str | None
    ) -> str:
        if not column.kinds:
            return before or "VARCHAR"
        now = times.get(column.id) or _type(column.kinds)
        # Whole numbers today in a column of decimals are no change that anybody needs to hear of.
        if before not in (None, now, "VARCHAR", "JSON") and common_type(con, [str(before), now]) == before:
            return str(before)
        return now

    @staticmethod
    def _nothing(columns: Sequence[Column]) -> str:
        """A source of no rows with these columns."""
        return f"(select {', '.join([_null(column.id, 'VARCHAR') for column in columns] or ['1'])} where false)"

    def _arguments(self, read_as: Mapping[str, str]) -> str:
        fields = {**read_as, **({_PAGE: "BIGINT"} if self._key or not read_as else {})}
        columns = ", ".join(f"{literal(name)}: {literal(kind)}" for name, kind in fields.items())
        return f"{literal(str(self._path))}, format = 'newline_delimited', columns = {{{columns}}}"

    def _times(self, con: duckdb.DuckDBPyConnection, columns: Sequence[Column]) -> dict[str, str]:
        """Columns of texts that are ISO dates or times, every one of them, with their types, by id."""
        found: dict[str, str] = {}
        for start in range(0, len(columns), 100):
            part = columns[start : start + 100]
            candidates = self._that_fit(con, {c.id: list(_SHAPES) for c in part}, _SAMPLE)
            found |= {key: kinds[0] for key, kinds in self._that_fit(con, candidates, None).items()}
        return found

    def _that_fit(
        self, con: duckdb.DuckDBPyConnection, candidates: Mapping[str, list[str]], sample: int | None
    ) -> dict[str, list[str]]:
        checks = [(key, kind) for key, kinds in candidates.items() for kind in kinds]
        if not checks:
            return {}
        tests = ", ".join(
            f"bool_and(regexp_full_match({quoted(key)}, {literal(_SHAPES[kind])}) and "
            f"try_cast({quoted(key)} as {kind}) is not null) filter (where {quoted(key)} is not null)"
            for key, kind in checks
        )
        source = f"select * from read_json({self._arguments(dict.fromkeys(candidates, 'VARCHAR'))})"
        limit = f" limit {sample}" if sample else ""
        row = con.execute(f"select {tests} from ({source}{limit})").fetchone() or ()
        fits: dict[str, list[str]] = {}
        for (key, kind), verdict in zip(checks, row, strict=True):
            # Without a value in the sample every type is still possible.
            if verdict or (verdict is None and sample):
                fits.setdefault(key, []).append(kind)
        return fits


def _type(kinds: int) -> str:
    if kinds & NESTED:
        return "JSON"
    if kinds == BOOL:
        return "BOOLEAN"
    if kinds == INT:
        return "BIGINT"
    if kinds in (WIDE, WIDE | INT):
        return "VARCHAR"
    if not kinds & ~(INT | FLOAT):
        return "DOUBLE"
    return "VARCHAR"


def _read_as(kinds: int) -> str:
    """How DuckDB reads a column from the spool: as text where a cast decides later."""
    return "JSON" if kinds & NESTED else "VARCHAR"


def _null(name: str, kind: str) -> str:
    return f"cast(null as {kind}) as {quoted(name)}"


def _finite(value: Any) -> Any:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {key: _finite(item) for key, item in value.items()}
    return [_finite(item) for item in value] if isinstance(value, list) else value
