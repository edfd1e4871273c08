"""Parquet files for tests, and a storage to publish them to."""

from __future__ import annotations

from pathlib import Path

import duckdb
from orch_tui.model.configuration import WriteMode
from orch_tui.storage.publish import Publication
from orch_tui.storage.tables import Storage


def parquet_file(path: Path, query: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with duckdb.connect() as connection:
        connection.execute(f"copy ({query}) to '{path}' (format parquet)")
    return path


def rows(path: Path, order: str = "all") -> list[tuple[object, ...]]:
    with duckdb.connect() as connection:
        return connection.execute(f"select * from read_parquet('{path}') order by {order}").fetchall()


def put(
    storage: Storage, table: str, query: str, mode: str = "full", key: tuple[str, ...] = (), run: str = "r1"
) -> None:
    staged = parquet_file(storage.root.parent / "staged" / f"{table.replace('/', '-')}.parquet", query)
    storage.publish([Publication(table, staged, WriteMode(mode), key)], run=run, task="t")
    staged.unlink()
