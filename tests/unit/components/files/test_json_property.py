"""Random JSON documents: every value that is read is the one that Python's ``json`` reads with decimals for numbers."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

import pytest
from orch_tui.components.files.extractor import Parameters, run
from orch_tui.model.errors import UserError
from orch_tui.storage.values.conversion import text_of

from tests.support.bench import Bench
from tests.support.tables import database

ROUNDS = [pytest.param(range(15), id="short"), pytest.param(range(1000, 11_000), id="long", marks=pytest.mark.long)]
NUMBERS = ["0", "-0", "1", "-5", "1.0", "1.50", "2.25", "1e3", "1E-7", "0.1", "9007199254740993", "1e400", "-1e-400",
           "123456789012345678901234567890", "0.1234567890123456789", "1.7976931348623157e308", "5e-324", "1e22",
           "12345678901234567", "0.30000000000000004", "100000000000000000000000000000000000000000", "-0.0"]  # fmt: skip  # noqa: E501
STRINGS = ["", "a", "é", "😀", "1", "true", "null", '"', "\\", "\n", "a b", "2024-01-05", "2024-01-05 10:00:00", "\x7f",
           "2024-01-05T10:00:00Z", "01/05/2024", "\u2028", "/", "a:b", "{", "x\x1fy", "\x00", "10:00:00"]  # fmt: skip
NAMES = ["id", "a", "é", "a b", "a:b", "n.x", 'q"', "x\\y", "ключ", "1", "Z"]


class Number(str):
    """A number as it is written."""


def random_value(random: Random, depth: int = 0) -> Any:
    kind = random.random()
    if kind < 0.4:
        return Number(random.choice(NUMBERS))
    if kind < 0.7 or depth > 2:
        return random.choice(STRINGS)
    if kind < 0.85:
        return random.choice([None, True, False])
    if kind < 0.93:
        return [random_value(random, depth + 1) for _ in range(random.randint(0, 3))]
    # Names that differ in case, which a table could not keep apart, are no harm inside.
    return {random.choice([*NAMES, "ID", "A"]): random_value(random, depth + 1) for _ in range(random.randint(0, 3))}


def written(random: Random, value: Any, blanks: str) -> str:
    def gap() -> str:
        return random.choice([blanks, ""]) if blanks else ""

    if isinstance(value, Number):
        return str(value)
    if isinstance(value, dict):
        members = [f"{json.dumps(k)}{gap()}:{gap()}{written(random, v, blanks)}" for k, v in value.items()]
        return "{" + gap() + f"{gap()},{gap()}".join(members) + gap() + "}"
    if isinstance(value, list):
        return "[" + gap() + f",{gap()}".join(written(random, item, blanks) for item in value) + gap() + "]"
    return json.dumps(value, ensure_ascii=random.random() < 0.5)


def random_json(random: Random) -> tuple[str, str, list[dict[str, Any]]]:
    """The name of a file, its text, and its records."""
    names = random.sample(NAMES, random.randint(1, 5))
    pools = {name: [random_value(random) for _ in range(random.randint(1, 3))] for name in names}
    records = [
        {name: random.choice(pools[name]) for name in random.sample(names, len(names)) if random.random() < 0.85}
        for _ in range(random.randint(1, 6))
    ]
    kind = random.choice(["list", "lines", "sequence"])
    texts = [
        written(random, record, "" if kind == "lines" else random.choice(["", " ", "\n", "\r\n\t"]))
        for record in records
    ]
    if kind == "list":
        return "a.json", " [" + random.choice([", ", ",", ",\n"]).join(texts) + "\n]\n", records
    if kind == "lines":
        return random.choice(["a.ndjson", "a.json"]), random.choice(["\n", "\r\n"]).join(texts), records
    return "a.json", random.choice(["", "\n", " "]).join(texts), records


def plain(value: Any) -> Any:
    if isinstance(value, Number):
        return Decimal(value)
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    return [plain(item) for item in value] if isinstance(value, list) else value


def parsed(text: str) -> Any:
    return json.loads(text, parse_float=Decimal, parse_int=Decimal)


def same(text: str | None, kind: str, given: Any) -> bool:
    """The text of a stored value is the value that was written."""
    if text is None or given is None:
        return text is None and given is None
    if kind == "JSON":
        return bool(parsed(text) == given)
    if isinstance(given, bool):
        return text == ("true" if given else "false")
    if isinstance(given, Decimal):
        return Decimal(text) == given
    if kind.startswith("TIME") and isinstance(given, str):
        return text.removesuffix("+00") == given.replace("T", " ").removesuffix("Z")
    return bool(text == given)


def compare(root: Path, seed: int) -> None:
    random = Random(seed)
    name, text, records = random_json(random)
    # The same text is what the independent reader sees.
    if name == "a.json" and text.startswith(" ["):
        assert parsed(text) == plain(records)
    bench = Bench(root)
    bench.file(name, random.choice(["utf-8", "utf-8-sig"]) and text)
    if not any(records):
        with pytest.raises(UserError, match="no columns"):
            run(Parameters(path=name), bench.context())
        return
    run(Parameters(path=name), bench.context())
    kinds = bench.columns()
    path = bench.data / "out" / "tables" / "result.parquet"
    chosen = ", ".join(text_of('"' + column.replace('"', '""') + '"', kind) for column, kind in kinds.items())
    with database() as con:
        con.execute("set timezone = 'UTC'")
        rows = con.execute(f"select {chosen} from read_parquet('{path}')").fetchall()
    assert len(rows) == len(records), (seed, text)
    assert set(kinds) == {key for record in records for key in record}
    for row, record in zip(rows, records, strict=True):
        for (column, kind), value in zip(kinds.items(), row, strict=True):
            assert same(value, kind, plain(record.get(column))), (seed, text, column, kind, value)


@pytest.mark.parametrize("seeds", ROUNDS)
def test_every_value_is_the_one_that_json_reads(tmp_path: Path, seeds: range) -> None:
    # GIVEN any documents, WHEN they are extracted, THEN the values are those of an independent reader
    for seed in seeds:
        compare(tmp_path / str(seed), seed)


def compare_broken(root: Path, seed: int) -> str:
    random = Random(seed)
    name, text, _ = random_json(random)
    for _ in range(random.randint(1, 2)):
        at = random.randrange(len(text) + 1)
        text = random.choice(
            [text[:at], text[:at] + text[at + 1 :], text[:at] + random.choice('{}[],:"0-.e\\\n ') + text[at:]]
        )
    root.mkdir()
    bench = Bench(root / "b")
    bench.file(name, text)
    try:
        run(Parameters(path=name), bench.context())
    except UserError:
        return "refused"
    path = bench.data / "out" / "tables" / "result.parquet"
    if not path.exists():
        return "empty"
    with database() as con:
        found = con.execute(f"select count(*) from read_parquet('{path}')").fetchone()
    assert found is not None and found[0] == len(records_of(name, text)), (seed, text)
    return "read"


def records_of(name: str, text: str) -> list[Any]:
    """The records of a document as the standard library finds them. Raises: ValueError when it is none."""
    if name == "a.ndjson":
        return [json.loads(line) for line in text.split("\n") if line.strip()]
    if text.lstrip(" \t\r\n").startswith("["):
        return list(json.loads(text))
    found, at = [], 0
    while rest := text[at:].lstrip(" \t\r\n"):
        at = len(text) - len(rest)
        value, at = json.JSONDecoder().raw_decode(text, at)
        found.append(value)
    return found


@pytest.mark.parametrize("seeds", ROUNDS)
def test_a_broken_document_is_refused_or_still_whole(tmp_path: Path, seeds: range) -> None:
    # GIVEN documents that are cut or damaged, WHEN they are extracted
    outcomes = [compare_broken(tmp_path / str(seed), seed) for seed in seeds]
    # THEN what is no JSON any more is refused, and the rest has all its records
    assert outcomes.count("refused") > len(seeds) // 2 and "read" in outcomes
