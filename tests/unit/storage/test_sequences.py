"""Random sequences of full, append and incremental loads of one table, against a model in a few lines of Python."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from orch_tui.model.components.configuration import WriteMode
from orch_tui.model.errors import UserError
from orch_tui.storage.duckdb import open_database, quoted
from orch_tui.storage.storage import Storage
from orch_tui.storage.tables import Publication
from orch_tui.storage.values.parquet import write_parquet

from tests.support.effort import examples
from tests.support.typed_tables import NAMES, random_kind, random_value, same

pyarrow = pytest.importorskip("pyarrow.parquet")

SHORT = examples(40)
LONG = 5_000
# What a person would call one key is one: 7 and "7"; and 007 is another.
KEYS = ["1", "2", "3", "7", "007", "A1", "9007199254740993"]


@dataclass
class Load:
    """Rows with a number each, which no other row of any load has, and a key."""

    mode: WriteMode
    key: tuple[str, ...]
    query: str
    rows: list[dict[str, Any]]

    @property
    def keys(self) -> list[str | None]:
        return [row["id"] for row in self.rows]


@dataclass
class Model:
    """What the table has to hold."""

    rows: list[dict[str, Any]] = field(default_factory=list)
    exists: bool = False

    def take(self, load: Load) -> bool:
        """Whether the load is taken; if not, nothing changes."""
        new = set(load.keys)
        if load.key and (None in new or len(new) < len(load.rows)):
            return False
        if load.mode is WriteMode.FULL or not self.exists:
            rows = load.rows
        elif load.mode is WriteMode.APPEND:
            rows = self.rows + load.rows
        else:
            rows = [row for row in self.rows if row["id"] not in new] + load.rows
        times = Counter(row["id"] for row in rows)
        if load.key and (None in times or (times and max(times.values()) > 1)):
            return False
        self.rows, self.exists = list(rows), True
        return True


class Loads:
    """Makes loads; the types of a column are often those of the load before."""

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng
        self._kinds = {name: random_kind(rng) for name in rng.sample(NAMES, 3)}
        self._numbers = 0

    def make(self) -> Load:
        rng = self._rng
        for name in self._kinds:
            if rng.random() < 0.3:
                self._kinds[name] = random_kind(rng)
        kinds = {name: kind for name, kind in self._kinds.items() if rng.random() < 0.8}
        mode = rng.choice([WriteMode.FULL, WriteMode.APPEND, WriteMode.INCREMENTAL, WriteMode.INCREMENTAL])
        key = ("id",) if mode is WriteMode.INCREMENTAL or rng.random() < 0.3 else ()
        keys = [one if rng.random() > 0.03 else None for one in rng.sample(KEYS, rng.randrange(4))]
        if rng.random() < 0.1:
            keys += keys[:1]
        # A file of numbers, or of texts.
        numbers = all(one is None or (one.isdecimal() and not one.startswith("0")) for one in keys)
        kind = rng.choice(["BIGINT", "VARCHAR"]) if numbers else "VARCHAR"
        rows, selects = [], []
        for one in keys:
            self._numbers += 1
            made = {name: random_value(rng, inner) for name, inner in kinds.items()}
            rows.append({"n": self._numbers, "id": one, **{name: item for name, (_, item) in made.items()}})
            own = "null" if one is None else f"'{one}'"
            parts = [f"{self._numbers} as n", f"cast({own} as {kind}) as id"]
            selects.append("select " + ", ".join([*parts, *(f"{sql} as {quoted(n)}" for n, (sql, _) in made.items())]))
        empty = [f"cast(null as {inner.sql}) as {quoted(name)}" for name, inner in kinds.items()]
        nothing = f"select {', '.join(['1 as n', f'cast(null as {kind}) as id', *empty])} limit 0"
        return Load(mode, key, " union all ".join(selects) or nothing, rows)


def play(root: Path, seed: int | str) -> None:
    """A few loads, each taken or refused as the model says; then all values are compared."""
    rng = random.Random(f"sequence {seed}")
    storage, model, loads = Storage(root / f"{seed}"), Model(), Loads(rng)
    for step in range(rng.randint(2, 6)):
        load = loads.make()
        staged = root / f"{seed}-{step}.parquet"
        with open_database(root, threads=1) as con:
            write_parquet(con, load.query, staged)
        before = storage.get("b/t")
        try:
            storage.publish([Publication("b/t", staged, load.mode, load.key)])
            taken = True
        except UserError as error:
            taken, reason = False, str(error)
            assert "primary key" in reason, f"seed {seed}, load {step}: {reason}"
            assert storage.get("b/t") == before
        assert taken == model.take(load), f"seed {seed}, load {step}: {load.mode} by {load.key}: {load.keys}"
        if model.exists:
            _compare(storage, model, f"seed {seed}, load {step}")


def _compare(storage: Storage, model: Model, where: str) -> None:
    info = storage.get("b/t")
    assert info is not None
    found = {row["n"]: row for row in pyarrow.ParquetFile(info.file).read().to_pylist()}
    assert info.rows == len(found) == len(model.rows), where
    for row in model.rows:
        stored = found[row["n"]]
        for name, value in row.items():
            assert same(value, stored[name]), f"{where}: {name} {value!r} is {stored[name]!r}"
        others = [name for name in stored if name not in row]
        assert all(stored[name] is None for name in others), f"{where}: {others}"


def test_random_sequences_of_loads(tmp_path: Path) -> None:
    for seed in range(SHORT):
        play(tmp_path, seed)


@pytest.mark.long
def test_thousands_of_random_sequences_of_loads(tmp_path: Path) -> None:
    faults = []
    for seed in range(1000, 1000 + LONG):
        try:
            play(tmp_path, seed)
        except Exception as fault:  # noqa: BLE001 - all that differ are told at the end
            faults.append(f"seed {seed}: {str(fault)[:400]}")
    print(f"{LONG} sequences, {len(faults)} differences")
    assert not faults, "\n".join(faults[:20])
