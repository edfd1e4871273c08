"""Rows of a table as requests of the HTTP writer: which columns, under which names, in which form."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

from orch_tui.components.http.json import exact_json
from orch_tui.components.kit.contract import Input
from orch_tui.components.kit.sql import listed, row_batches
from orch_tui.model.errors import UserError
from orch_tui.model.texts.text import safe_line
from orch_tui.storage.duckdb import folded, parquet, quoted
from orch_tui.storage.values.conversion import text_of
from orch_tui.storage.values.types import parse_type

if TYPE_CHECKING:
    import duckdb

Row = tuple[Any, ...]

# Neither {{ variable }} nor ${SECRET}.
PLACEHOLDER = re.compile(r"(?<![{$])\{([^{}]+)\}(?!\})")
_NATIVE = re.compile(r"U?(TINYINT|SMALLINT|INTEGER|BIGINT|HUGEINT)|BOOLEAN|VARCHAR|DOUBLE")
_DECIMAL = re.compile(r"DECIMAL\((\d+),(\d+)\)")
_EXACT_DIGITS = 15
"""Decimal digits that a double holds without loss."""


class Unsendable(Exception):
    """One row that no request can be made of; the text says why."""


@dataclass(frozen=True, slots=True)
class Column:
    """``name`` in the table, ``path`` in the body, ``value`` the DuckDB expression, ``parsed`` if that gives JSON."""

    name: str
    path: tuple[str, ...]
    value: str
    parsed: bool = False


class RowShape:
    """What of a row goes into the body and what into the address.

    ``no_numbers`` counts the values of rows so far that are NaN or infinite, which JSON has not: they are null.
    """

    def __init__(self, table: Input, columns: Mapping[str, str], url: str, *, nested: bool, as_text: bool) -> None:
        """``columns`` are names in the table with names in the body; without any, all that the address does not take.

        Raises:
            UserError: a column is not there, or two would have the same name in the body.
        """
        known = {folded(name): (name, kind) for name, kind in table.columns}
        in_url = PLACEHOLDER.findall(url)
        for name in [*columns, *in_url]:
            if folded(name) not in known:
                there = listed((name for name, _ in table.columns), 40)
                raise UserError(
                    f'the table "{table.table}" has no column "{safe_line(name, 60)}"; its columns are {there}'
                )
        taken = {folded(name) for name in in_url}
        wanted = dict(columns) or {name: name for name, _ in table.columns if folded(name) not in taken}
        self.columns = []
        for name, target in wanted.items():
            actual, kind = known[folded(name)]
            value, parsed = (_text(actual, kind), False) if as_text else _value(actual, kind)
            path = tuple(target.split(".")) if nested and not as_text else (target,)
            self.columns.append(Column(actual, path, value, parsed))
        _check_paths([column.path for column in self.columns])
        self._url = url
        self._in_url = [known[folded(name)][0] for name in in_url]
        self._url_values = [_text(*known[folded(name)]) for name in in_url]
        self.no_numbers = 0

    def query(self, table: Input, skip: int) -> str:
        """SELECT of the rows in their order, without the first ``skip``: values of the body, then of the address."""
        selected = ", ".join([*(column.value for column in self.columns), *self._url_values]) or "1"
        return f"select {selected} from {parquet(table.path)} offset {skip}"

    def address(self, row: Row) -> str:
        """The address with the row's values in it. Raises: Unsendable when one is missing."""
        if not self._in_url:
            return self._url
        values = dict(zip(self._in_url, row[len(self.columns) :], strict=True))
        by_name = {folded(name): value for name, value in values.items()}
        for name, value in values.items():
            # Without a value the address would mean something else: the whole collection, the directory above.
            if value is None or not str(value).strip(". "):
                raise Unsendable(f'its column "{safe_line(name, 60)}", a part of the address, has no usable value')
        return PLACEHOLDER.sub(lambda found: quote(str(by_name[folded(found[1])]), safe=""), self._url)

    def fields(self, row: Row, *, nulls: bool) -> dict[str, Any]:
        """The row as it goes into the body; without ``nulls``, columns without a value are left out."""
        body: dict[str, Any] = {}
        # The values of the address stand behind those of the body.
        for column, value in zip(self.columns, row, strict=False):
            if value is None and not nulls:
                continue
            if value is not None and column.parsed:
                value = exact_json.loads(value)
            elif isinstance(value, float) and not math.isfinite(value):
                value = None
                self.no_numbers += 1
            place = body
            for part in column.path[:-1]:
                place = place.setdefault(part, {})
            place[column.path[-1]] = value
        return body


def _check_paths(paths: Sequence[tuple[str, ...]]) -> None:
    seen: set[tuple[str, ...]] = set()
    for path in paths:
        shown = safe_line(".".join(path), 80)
        if not all(path):
            raise UserError(f'columns: "{shown}" has an empty part; write it like "address.city"')
        if path in seen:
            raise UserError(f'columns: two columns would be called "{shown}"; give each its own name')
        seen.add(path)
    for path in paths:
        for length in range(1, len(path)):
            if path[:length] in seen:
                short, long = safe_line(".".join(path[:length]), 80), safe_line(".".join(path), 80)
                raise UserError(f'columns: "{short}" cannot be a value and, for "{long}", an object; rename one')


def _moment(column: str) -> str:
    """ISO 8601 with a T; times with a zone in UTC, as the connection's time zone is."""
    return f"replace(regexp_replace(cast({column} as varchar), '\\+00$', 'Z'), ' ', 'T')"


def _value(name: str, kind: str) -> tuple[str, bool]:
    """The expression for a JSON value, and whether it gives JSON text."""
    column = quoted(name)
    if _NATIVE.fullmatch(kind):
        return column, False
    if digits := _DECIMAL.fullmatch(kind):
        exact = int(digits[1]) <= _EXACT_DIGITS
        return f"cast({column} as {'double' if exact else 'varchar'})", False
    if kind == "FLOAT":
        # 0.1 is 0.1 also in the 64 bits that JSON has in mind.
        return f"cast(cast({column} as varchar) as double)", False
    if kind == "JSON" or parse_type(kind).nested:
        return text_of(column, kind), True
    return _text(name, kind), False


def _text(name: str, kind: str) -> str:
    column = quoted(name)
    if kind.startswith("TIMESTAMP"):
        return _moment(column)
    if kind == "BLOB":
        return f"base64({column})"
    if parse_type(kind).nested:
        return text_of(column, kind)
    return f"cast({column} as varchar)"


def batches(result: duckdb.DuckDBPyConnection, size: int) -> Iterator[list[Row]]:
    """The rows of a result in lists of ``size``, the last one shorter; few are in memory, however wide they are."""
    waiting: list[Row] = []
    for rows, _ in row_batches(result.fetchmany):
        waiting += rows
        at = 0
        while len(waiting) - at >= size:
            yield waiting[at : at + size]
            at += size
        del waiting[:at]
    if waiting:
        yield waiting


Encoder = Callable[[list[dict[str, Any]]], bytes | None]


def encoder(body: str, key: str | None) -> tuple[Encoder, str]:
    """How the rows of a request become its body, and the content type; ``key`` wraps an array into an object."""
    if body == "none":
        return (lambda rows: None), ""
    if body == "form":
        return (lambda rows: _form(rows[0])), "application/x-www-form-urlencoded"
    if body == "ndjson":
        return (lambda rows: b"".join(_json(row) + b"\n" for row in rows)), "application/x-ndjson"
    if body == "array":
        return (lambda rows: _json({key: rows} if key else rows)), "application/json"
    return (lambda rows: _json(rows[0])), "application/json"


def _json(value: Any) -> bytes:
    # Half of a surrogate pair, which JSON columns may hold, is no UTF-8.
    return exact_json.dumps(value).encode("utf-8", "replace")


def _form(row: Mapping[str, Any]) -> bytes:
    return urlencode({name: "" if value is None else str(value) for name, value in row.items()}).encode()
