"""Random typed tables through Parquet, publishing and merging, compared by value with another reader (pyarrow)."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest
from orch_tui.model.components.configuration import WriteMode
from orch_tui.storage.duckdb import open_database, quoted
from orch_tui.storage.storage import Storage
from orch_tui.storage.tables import Publication
from orch_tui.storage.values.parquet import write_parquet

from tests.support.typed_tables import NAMES, random_kind, random_value, same

parquet = pytest.importorskip("pyarrow.parquet")


def attempt(root: Path, seed: int) -> None:
    """Two random tables with the same names go into one; everything must be there as it was."""
    rng = random.Random(seed)
    storage = Storage(root / f"{seed}")
    names = rng.sample(NAMES, rng.randint(1, 3))
    mode = rng.choice([WriteMode.APPEND, WriteMode.INCREMENTAL])
    key = ("id",) if mode is WriteMode.INCREMENTAL else ()
    written: dict[int, dict[str, Any]] = {}
    kinds = {name: random_kind(rng) for name in names}
    for load in range(2):
        if load and rng.random() < 0.8:
            kinds = {name: random_kind(rng) for name in names}
        rows = []
        for number in range(rng.randrange(4)):
            made = {name: random_value(rng, kinds[name]) for name in names}
            identity = load * 2 + number
            written[identity] = {name: item for name, (_, item) in made.items()}
            rows.append(
                f"select {identity} as id, " + ", ".join(f"{sql} as {quoted(n)}" for n, (sql, _) in made.items())
            )
        empty = ", ".join(f"cast(null as {kind.sql}) as {quoted(name)}" for name, kind in kinds.items())
        query = " union all ".join(rows) or f"select 0 as id, {empty} limit 0"
        staged = root / f"{seed}-{load}.parquet"
        with open_database(root, threads=1) as con:
            write_parquet(con, query, staged)
        storage.publish([Publication("b/t", staged, mode if load else WriteMode.FULL, key)])
    info = storage.get("b/t")
    assert info is not None
    stored = parquet.ParquetFile(info.file).read().to_pylist()
    newest = {row["id"]: row for row in stored}
    for identity, row in written.items():
        for name, before in row.items():
            after = newest[identity][name]
            assert same(before, after), (seed, name, kinds[name].sql, before, after)


@pytest.mark.parametrize("start", range(0, 60, 20))
def test_random_tables_come_back(tmp_path: Path, start: int) -> None:
    for seed in range(start, start + 20):
        attempt(tmp_path, seed)


@pytest.mark.long
@pytest.mark.timeout(7200)
def test_ten_thousand_random_tables_come_back(tmp_path: Path) -> None:
    for seed in range(10_000):
        attempt(tmp_path, seed)
