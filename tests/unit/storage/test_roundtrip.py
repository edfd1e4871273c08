"""Random typed tables through Parquet, publishing and merging, compared by value with another reader (pyarrow)."""

from __future__ import annotations

import json
import random
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from orch_tui.model.configuration import WriteMode
from orch_tui.storage.duckdb import open_database, quoted
from orch_tui.storage.parquet import write_parquet
from orch_tui.storage.publish import Publication
from orch_tui.storage.tables import Storage

parquet = pytest.importorskip("pyarrow.parquet")

NAMES = ["x", "a b", 'quo"te', "select", "Ünï", "1", "it's", "🚀"]
TEXTS = ["", "a", "007", "NULL", "null", "it's", '"', "\\", "a\nb", "é😀", "1.50", "true", "2024-01-05", "{}", "[1]"]


def value(rng: random.Random, depth: int = 0) -> tuple[str, Any]:
    """A type and a maker of values of it: SQL and what it is in Python."""
    kinds = ["BOOLEAN", "TINYINT", "INTEGER", "BIGINT", "UBIGINT", "HUGEINT", "DOUBLE", "VARCHAR", "DATE", "TIMESTAMP",
             "TIMESTAMP WITH TIME ZONE", "DECIMAL", "BLOB"]  # fmt: skip
    kind = rng.choice(kinds + (["LIST", "STRUCT"] * 2 if depth < 2 else []))
    if kind == "DECIMAL":
        digits = rng.choice([4, 9, 18, 38])
        return f"DECIMAL({digits},{rng.randrange(min(digits, 20))})", None
    if kind == "LIST":
        inner, made = value(rng, depth + 1)
        return f"{inner}[]", ("LIST", inner, made)
    if kind == "STRUCT":
        fields = [(name, *value(rng, depth + 1)) for name in rng.sample(NAMES, rng.randint(1, 3))]
        return f"STRUCT({', '.join(f'{quoted(name)} {inner}' for name, inner, _ in fields)})", ("STRUCT", fields, None)
    return kind, None


def literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def sample(rng: random.Random, kind: str, shape: Any) -> tuple[str, Any]:
    """SQL of a random value of a type, and the value."""
    if rng.random() < 0.15:
        return f"cast(null as {kind})", None
    if shape and shape[0] == "LIST":
        items = [sample(rng, shape[1], shape[2]) for _ in range(rng.randrange(4))]
        return f"cast([{', '.join(sql for sql, _ in items)}] as {kind})", [item for _, item in items]
    if shape and shape[0] == "STRUCT":
        made = [(name, *sample(rng, inner, part)) for name, inner, part in shape[1]]
        fields = ", ".join(f"{literal(name)}: {sql}" for name, sql, _ in made)
        return f"cast({{{fields}}} as {kind})", {name: item for name, _, item in made}
    if kind.startswith("DECIMAL"):
        digits, scale = map(int, kind[8:-1].split(","))
        unscaled = rng.randint(-(10**digits) + 1, 10**digits - 1) if rng.random() < 0.5 else rng.randint(-500, 500)
        unscaled = max(min(unscaled, 10**digits - 1), 1 - 10**digits)
        text = f"{'-' if unscaled < 0 else ''}{abs(unscaled) // 10**scale}"
        text += f".{abs(unscaled) % 10**scale:0{scale}d}" if scale else ""
        return f"'{text}'::{kind}", Decimal(text)
    bits = {"TINYINT": 7, "INTEGER": 31, "BIGINT": 63, "HUGEINT": 127, "UBIGINT": 64}.get(kind)
    if bits:
        low = 0 if kind == "UBIGINT" else -(2**bits)
        number = rng.choice([low, 2**bits - 1, rng.randint(low, 2**bits - 1), rng.randint(0, 100)])
        return f"'{number}'::{kind}", number
    if kind == "DOUBLE":
        number = rng.choice([0.1, 1.5, 3.0, 1e300, 5e-324, float("nan"), float("inf"), rng.uniform(-1e6, 1e6), 2.0**60])
        return f"'{number!r}'::DOUBLE", number
    if kind == "BOOLEAN":
        yes = rng.random() < 0.5
        return str(yes).lower(), yes
    if kind == "VARCHAR":
        text = rng.choice(TEXTS)
        return literal(text), text
    if kind == "BLOB":
        data = bytes(rng.randrange(256) for _ in range(rng.randrange(4)))
        return f"from_hex('{data.hex()}')", data
    moment = datetime(1, 1, 2) + timedelta(microseconds=rng.randrange(3_650_000 * 86_400 * 10**6 - 10**12))
    if kind == "DATE":
        return f"date '{moment.date()}'", moment.date()
    if kind == "TIMESTAMP":
        return f"timestamp '{moment}'", moment
    return f"timestamptz '{moment}+00'", moment.replace(tzinfo=UTC)


def same(before: Any, after: Any) -> bool:
    """Whether a value is the one that was written; a text must say exactly what it was."""
    if before is None or after is None:
        return before is after
    if isinstance(before, list) and isinstance(after, list):
        return len(before) == len(after) and all(map(same, before, after))
    if isinstance(before, dict) and isinstance(after, dict):
        return before.keys() <= after.keys() and all(same(before.get(name), part) for name, part in after.items())
    if isinstance(before, list | dict) and isinstance(after, str):
        return same(before, json.loads(after, parse_float=Decimal))
    if isinstance(before, bool) or isinstance(after, bool):
        return before is after or after == str(before).lower()
    if isinstance(before, float) and before != before:
        return after == "nan" or (isinstance(after, float) and after != after)
    if isinstance(before, int | float | Decimal) and isinstance(after, int | float | Decimal | str):
        return Decimal(repr(before) if isinstance(before, float) else before) == Decimal(
            repr(after) if isinstance(after, float) else after
        )
    if isinstance(before, bytes) and isinstance(after, str):
        return after == "".join(chr(b) if 32 <= b < 127 and b not in b"\"'\\" else f"\\x{b:02X}" for b in before)
    if isinstance(before, datetime):
        text = f"{before.replace(tzinfo=None)}".rstrip("0" if before.microsecond else "") + (
            "+00" if before.tzinfo else ""
        )
        if isinstance(after, datetime):
            return before.replace(tzinfo=UTC) == after.replace(tzinfo=UTC)
        return bool(text == after)
    if isinstance(before, date) and isinstance(after, str):
        return before.isoformat() == after
    return type(before) is type(after) and bool(before == after)


def attempt(root: Path, seed: int) -> None:
    """Two random tables with the same names go into one; everything must be there as it was."""
    rng = random.Random(seed)
    storage = Storage(root / f"{seed}")
    names = rng.sample(NAMES, rng.randint(1, 3))
    mode = rng.choice([WriteMode.APPEND, WriteMode.INCREMENTAL])
    key = ("id",) if mode is WriteMode.INCREMENTAL else ()
    written: dict[int, dict[str, Any]] = {}
    types = {name: value(rng) for name in names}
    for load in range(2):
        if load and rng.random() < 0.8:
            types = {name: value(rng) for name in names}
        rows = []
        for number in range(rng.randrange(4)):
            made = {name: sample(rng, *types[name]) for name in names}
            identity = load * 2 + number
            written[identity] = {name: item for name, (_, item) in made.items()}
            rows.append(
                f"select {identity} as id, " + ", ".join(f"{sql} as {quoted(n)}" for n, (sql, _) in made.items())
            )
        empty = ", ".join(f"cast(null as {kind}) as {quoted(name)}" for name, (kind, _) in types.items())
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
            assert same(before, after), (seed, name, types[name][0], before, after)


@pytest.mark.parametrize("start", range(0, 60, 20))
def test_random_tables_come_back(tmp_path: Path, start: int) -> None:
    for seed in range(start, start + 20):
        attempt(tmp_path, seed)


@pytest.mark.long
@pytest.mark.timeout(7200)
def test_ten_thousand_random_tables_come_back(tmp_path: Path) -> None:
    for seed in range(10_000):
        attempt(tmp_path, seed)
