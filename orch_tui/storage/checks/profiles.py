"""What earlier versions of a table were like, in numbers: kept longer than the versions themselves.

``profiles.json`` beside ``table.toml``. It is made from the files, when somebody asks: the current version is always
there, so that nothing is missing that was published since, and losing the file loses the past only.
"""

from __future__ import annotations

import contextlib
import json
import math
from collections.abc import Mapping
from dataclasses import field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from orch_tui.model.dataclass import dataclass
from orch_tui.project.files.own_files import read_own, replace_json
from orch_tui.storage.checks.learned import VERSIONS
from orch_tui.storage.duckdb import Column, describe, parquet, quoted
from orch_tui.storage.values.lattice import is_number
from orch_tui.storage.values.types import parse_type

if TYPE_CHECKING:
    import duckdb

    from orch_tui.storage.tables import TableFiles, TableInfo

FILE = "profiles.json"
_COLUMNS = 200
"""Columns of a table that are counted, the first ones."""
_LIMIT = 16 << 20


@dataclass(frozen=True, slots=True)
class Profile:
    """``nulls`` are shares of the rows, ``sums`` those of the columns with numbers; by name of the column."""

    rows: int
    nulls: Mapping[str, float] = field(default_factory=dict)
    sums: Mapping[str, float] = field(default_factory=dict)


def profile_of(connection: duckdb.DuckDBPyConnection, file: Path) -> Profile:
    """Reads the file once. Raises: duckdb.Error."""
    columns = describe(connection, parquet(file))[:_COLUMNS]
    numbers = [name for name, kind in columns if is_number(parse_type(kind))]
    counts = [f"count({quoted(name)})" for name, _ in columns]
    sums = [f"sum({_finite(column)})" for column in columns if column[0] in numbers]
    found = connection.execute(f"select {', '.join(['count(*)', *counts, *sums])} from {parquet(file)}").fetchone()
    rows, *values = found or (0,)
    filled = dict(zip((name for name, _ in columns), values, strict=False))
    totals = zip(numbers, values[len(columns) :], strict=True)
    return Profile(
        int(rows),
        {name: 1 - number / rows for name, number in filled.items()} if rows else {},
        {name: float(total) for name, total in totals if total is not None and math.isfinite(total)},
    )


def _finite(column: Column) -> str:
    name = quoted(column[0])
    wide = f"cast({name} as double)"
    return f"case when isfinite({wide}) then {wide} end"


def earlier_profiles(
    connection: duckdb.DuckDBPyConnection, storage: TableFiles, info: TableInfo | None
) -> list[Profile]:
    """Of the last versions of a table, the oldest first. Needs the table's lock. Raises: duckdb.Error, OSError."""
    if info is None:
        return []
    home = storage.home(info.table)
    known = _read(home / FILE)
    with contextlib.suppress(FileNotFoundError):
        # Of the others only those are counted that are on this machine.
        storage.file_of(info)
    stored = {version.version: home / version.file for version in (info.current, *info.previous)}
    new = {number: file for number, file in stored.items() if number not in known and file.exists()}
    if new:
        known |= {number: profile_of(connection, file) for number, file in new.items()}
        known = dict(sorted(known.items())[-VERSIONS:])
        replace_json(home / FILE, {str(number): _json(profile) for number, profile in known.items()}, durable=False)
    return [profile for number, profile in sorted(known.items()) if number <= info.version][-VERSIONS:]


def _json(profile: Profile) -> dict[str, Any]:
    return {"rows": profile.rows, "nulls": dict(profile.nulls), "sums": dict(profile.sums)}


def _read(path: Path) -> dict[int, Profile]:
    """A file that is not there, or is damaged, knows nothing: what is still stored is counted again."""
    try:
        body = json.loads(read_own(path, _LIMIT))
        return {
            int(number): Profile(int(one["rows"]), _numbers(one["nulls"]), _numbers(one["sums"]))
            for number, one in body.items()
        }
    except (FileNotFoundError, AttributeError, KeyError, TypeError, ValueError):
        return {}


def _numbers(values: Mapping[str, Any]) -> dict[str, float]:
    return {str(name): float(value) for name, value in values.items()}
