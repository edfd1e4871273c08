"""Types of columns between Keboola's manifests and DuckDB.

Sources: https://developers.keboola.com/extend/common-interface/manifest-files/ (``schema``, ``column_metadata``),
https://help.keboola.com/storage/tables/data-types/#base-types.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from orch_tui.components.keboola.parameters import DataTypes
from orch_tui.model.errors import UserError
from orch_tui.model.texts.text import safe_line
from orch_tui.storage.duckdb import quoted
from orch_tui.storage.values.types import DECIMAL_DIGITS, TEXT, ZONED, parse_type

if TYPE_CHECKING:
    import duckdb

_BASE, _LENGTH, _NULLABLE, _OWN = (f"KBC.datatype.{name}" for name in ("basetype", "length", "nullable", "type"))
_INTEGERS = frozenset(
    {"TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT", "UHUGEINT"}
)
_ZONE = r"(Z|[+-]\d{2}(:?\d{2})?)$"
_TIME = r"^\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?)?\s*(Z|[+-]\d{2}(:?\d{2})?)?$"


@dataclass(frozen=True, slots=True)
class Declared:
    """What a manifest says of a column: its base type, ``10,2`` or the like, whether it may be empty."""

    base: str
    length: str = ""
    nullable: bool = True


@dataclass(frozen=True, slots=True)
class _Way:
    """A DuckDB type that a declared one may become, and the SQL that tells whether a text is one of its values."""

    kind: str
    fits: str


def base_type(kind: str) -> tuple[str, str]:
    """Keboola's base type for a DuckDB type, and its length (``10,2``) or nothing."""
    known = parse_type(kind)
    if known.name in _INTEGERS:
        return "INTEGER", ""
    if known.name == "DECIMAL":
        return "NUMERIC", f"{known.digits},{known.scale}"
    if known.name in ("FLOAT", "DOUBLE"):
        return "FLOAT", ""
    if known.name in ("BOOLEAN", "DATE"):
        return known.name, ""
    return ("TIMESTAMP", "") if known.name.startswith("TIMESTAMP") else ("STRING", "")


def schema_of(columns: Iterable[tuple[str, str]], key: Iterable[str]) -> list[dict[str, Any]]:
    """``schema`` of a manifest, for columns with their DuckDB types."""
    keys = set(key)
    found = []
    for name, kind in columns:
        base, length = base_type(kind)
        column: dict[str, Any] = {
            "name": name,
            "data_type": {"base": {"type": base, **({"length": length} if length else {})}},
            "nullable": name not in keys,
        }
        found.append(column | ({"primary_key": True} if name in keys else {}))
    return found


def metadata_of(columns: Iterable[tuple[str, str]]) -> dict[str, list[dict[str, Any]]]:
    """``column_metadata`` of a manifest, for columns with their DuckDB types."""
    found = {}
    for name, kind in columns:
        base, length = base_type(kind)
        entries: list[dict[str, Any]] = [{"key": _OWN, "value": kind}, {"key": _BASE, "value": base}]
        found[name] = entries + ([{"key": _LENGTH, "value": length}] if length else [])
    return found


def declared_types(manifest: Mapping[str, Any]) -> dict[str, Declared]:
    """What an output's manifest says of types, by column; those that are text are left out."""
    found = {}
    for column in manifest.get("schema") or ():
        if not isinstance(column, Mapping) or not isinstance(column.get("data_type"), Mapping):
            continue
        kinds = column["data_type"]
        told = kinds.get("base") or next((one for one in kinds.values() if isinstance(one, Mapping)), None)
        if isinstance(told, Mapping):
            nullable = column.get("nullable") is not False
            found[str(column.get("name"))] = Declared(
                str(told.get("type")).upper(), str(told.get("length") or ""), nullable
            )
    metadata = manifest.get("column_metadata")
    for name, entries in metadata.items() if isinstance(metadata, Mapping) else ():
        said = {str(one.get("key")): one.get("value") for one in entries if isinstance(one, Mapping)}
        if _BASE in said:
            nullable = str(said.get(_NULLABLE, "1")).casefold() not in ("0", "false", "")
            found.setdefault(name, Declared(str(said[_BASE]).upper(), str(said.get(_LENGTH) or ""), nullable))
    return {name: one for name, one in found.items() if one.base not in ("STRING", "NONE", "")}


def typed_columns(
    con: duckdb.DuckDBPyConnection,
    relation: str,
    names: Iterable[str],
    manifest: Mapping[str, Any],
    key: Iterable[str],
    support: DataTypes,
) -> tuple[list[str], list[str]]:
    """SQL of each column of texts as what the manifest says that it is, and sentences about those that stay text.

    An empty text is an empty text in a column of texts, and null in any other.

    Raises:
        UserError: with ``authoritative``, for a value that does not fit.
        duckdb.Error: the relation cannot be read.
    """
    declared = declared_types(manifest) if support is not DataTypes.NONE else {}
    keys, values, notes = set(key), [], []
    for name in names:
        column, told = quoted(name), declared.get(name)
        kind: str | None = None
        if told is not None:
            kind, example = _fitting(con, relation, column, told, filled=name in keys or not told.nullable)
            if kind is None:
                what = f'column "{safe_line(name, 60)}" is declared {told.base}, which {example} is not'
                if support is DataTypes.AUTHORITATIVE:
                    raise UserError(f'{what}; data_types = "hints" keeps such a column as text')
                notes.append(f"{what}: it stays text")
        if kind is None:
            values.append(f"coalesce({column}, '') as {column}")
        else:
            values.append(f"cast(nullif({column}, '') as {kind}) as {column}")
    return values, notes


def _fitting(
    con: duckdb.DuckDBPyConnection, relation: str, column: str, told: Declared, *, filled: bool
) -> tuple[str | None, str]:
    """The first type in which all texts of the column have a value; else None, with a text that has none in any."""
    example = "an empty value"
    for way in _ways(con, relation, column, told):
        bad = f"not coalesce({way.fits} and try_cast({column} as {way.kind}) is not null, false)"
        wrong = f"{bad} and {column} <> ''" if not filled else bad
        row = con.execute(
            f"select left(any_value({column}), 60) from {relation} where {wrong} having count(*) > 0"
        ).fetchone()
        if row is None:
            return way.kind, ""
        example = f'"{safe_line(str(row[0]), 60)}"' if row[0] else "an empty value"
    return None, example


def _ways(con: duckdb.DuckDBPyConnection, relation: str, column: str, told: Declared) -> list[_Way]:
    """Types for a base type. A cast alone would round, or take a time without its zone."""
    match told.base:
        case "INTEGER":
            whole = rf"regexp_full_match({column}, '[+-]?\d+')"
            return [_Way("BIGINT", whole), _Way(f"DECIMAL({DECIMAL_DIGITS},0)", whole)]
        case "NUMERIC":
            return _numeric(con, relation, column, told.length)
        case "FLOAT":
            return [_Way("DOUBLE", rf"regexp_full_match({column}, '[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?')")]
        case "BOOLEAN":
            return [_Way("BOOLEAN", f"lower({column}) in ('true', 'false', '1', '0', 't', 'f')")]
        case "DATE":
            return [_Way("DATE", rf"regexp_full_match({column}, '\d{{4}}-\d{{2}}-\d{{2}}')")]
        case "TIMESTAMP":
            zone = f"regexp_matches({column}, '[0-9]{_ZONE}')"
            form = f"regexp_matches({column}, '{_TIME}')"
            # The digits of a date end in what looks like an offset: it is one behind a time only.
            zoned = f"({zone} and length({column}) > 10)"
            return [_Way("TIMESTAMP", f"{form} and not {zoned}"), _Way(ZONED, f"{form} and {zoned}")]
        case _:
            return [_Way(TEXT, "true")]


def _numeric(con: duckdb.DuckDBPyConnection, relation: str, column: str, length: str) -> list[_Way]:
    form = rf"regexp_full_match({column}, '[+-]?(\d+(\.\d*)?|\.\d+)')"
    fraction = f"length(rtrim(regexp_extract({column}, '\\.(\\d*)$', 1), '0'))"
    if (wanted := re.fullmatch(r"\s*(\d{1,2})\s*(?:,\s*(\d{1,2})\s*)?", length)) is not None:
        digits, scale = int(wanted[1]), int(wanted[2] or 0)
        if 0 < digits <= DECIMAL_DIGITS and scale <= digits:
            return [_Way(f"DECIMAL({digits},{scale})", f"{form} and {fraction} <= {scale}")]
    row = con.execute(f"select max({fraction}) from {relation} where {form}").fetchone()
    scale = int(row[0] or 0) if row else 0
    return [_Way(f"DECIMAL({DECIMAL_DIGITS},{scale})", form)] if scale <= DECIMAL_DIGITS else []
