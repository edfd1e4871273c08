"""Parquet files for tests, and a storage to publish them to."""

from __future__ import annotations

from pathlib import Path

import duckdb
from orch_tui.model.components.configuration import WriteMode
from orch_tui.storage.storage import Storage
from orch_tui.storage.tables import Publication


def parquet_file(path: Path, query: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with duckdb.connect() as connection:
        connection.execute(f"copy ({query}) to '{str(path).replace(chr(39), chr(39) * 2)}' (format parquet)")
    return path


def rows(path: Path, order: str = "all") -> list[tuple[object, ...]]:
    with duckdb.connect() as connection:
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
