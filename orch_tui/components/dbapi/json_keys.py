"""JSON objects in which a key comes twice: databases that take JSON apart keep the last one without a word."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import duckdb

_KEY = r'"((?:[^"\\]|\\.)*)"\s*:'


class _Twice(Exception):
    pass


def _once(pairs: list[tuple[str, Any]]) -> None:
    if len({key for key, _ in pairs}) < len(pairs):
        raise _Twice


_decode = json.JSONDecoder(object_pairs_hook=_once).decode


def has_key_twice(text: str) -> bool:
    """True when an object in ``text``, at any depth, has two members of one name; False also for what is no JSON."""
    try:
        _decode(text)
    except _Twice:
        return True
    except (ValueError, RecursionError):
        return False
    return False


def repeated_key(con: duckdb.DuckDBPyConnection, x: str) -> str | None:
    """A value of the column ``x`` of the view ``source`` in which a key comes twice; None when there is none."""
    keys = f"regexp_extract_all(cast({x} as varchar), '{_KEY}', 1)"
    # Most objects have no name twice at all, which DuckDB finds out sooner.
    rows = con.execute(f"select cast({x} as varchar) from source where len({keys}) > len(list_distinct({keys}))")
    while batch := rows.fetchmany(1000):
        for (text,) in batch:
            if has_key_twice(text):
                return str(text)
    return None
