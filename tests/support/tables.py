"""Parquet files for tests, and a storage to publish them to."""

from __future__ import annotations

import functools
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
from orch_tui.model.components.configuration import WriteMode
from orch_tui.storage.storage import Storage
from orch_tui.storage.tables import Publication


@contextmanager
def database() -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection to make files and to look at them. Nothing but temporary tables is made in it: to make a database
    takes longer than most tests do, so one serves all of a process."""
    with _database(os.environ.get("TZ")).cursor() as connection:
        yield connection


@functools.cache
def _database(zone: str | None) -> duckdb.DuckDBPyConnection:
    # Without threads, since tests fork; without a cache, since they write a file again and again.
    return duckdb.connect(config={"threads": 1, "enable_external_file_cache": False})


def parquet_file(path: Path, query: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with database() as connection:
        connection.execute(f"copy ({query}) to '{str(path).replace(chr(39), chr(39) * 2)}' (format parquet)")
    return path


def rows(path: Path, order: str = "all") -> list[tuple[object, ...]]:
    with database() as connection:
        return connection.execute(f"select * from {only(path)} order by {order}").fetchall()


def only(path: Path) -> str:
    """DuckDB's reader of this Parquet file and no other, whatever stands in its path, and of its own columns alone."""
    text = "".join(f"[{mark}]" if mark in "*?[" else mark for mark in str(path)).replace("'", "''")
    return f"read_parquet('{text}', hive_partitioning = false)"


def put(
    storage: Storage, table: str, query: str, mode: str = "full", key: tuple[str, ...] = (), run: str = "r1"
) -> None:
    staged = parquet_file(storage.root.parent / "staged" / f"{table.replace('/', '-')}.parquet", query)
    storage.publish([Publication(table, staged, WriteMode(mode), key)], run=run, task="t")
    staged.unlink()
