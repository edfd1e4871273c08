"""Random CSV documents, written by Python's ``csv`` and broken at random: what is read is what an independent reader
reads, or it is refused."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from random import Random

import duckdb
import pytest
from orch_tui.components.files import csv_files
from orch_tui.components.files.csv_files import CsvFile
from orch_tui.components.files.extractor import Parameters, run
from orch_tui.components.files.source import Source
from orch_tui.components.kit.csv.copy import LINE
from orch_tui.components.kit.csv.dialect import Dialect, Empty, Ragged
from orch_tui.model.errors import UserError
from orch_tui.storage.values.conversion import text_of

from tests.support.bench import Bench
from tests.support.csv_documents import CsvDocument, random_document
from tests.support.tables import database

ROUNDS = [pytest.param(range(15), id="short"), pytest.param(range(1000, 11_000), id="long", marks=pytest.mark.long)]


def extracted(root: Path, document: CsvDocument) -> Bench:
    bench = Bench(root)
    bench.file("a.csv", document.data)
    run(Parameters(path="a.csv", **document.parameters), bench.context())
    return bench


def as_texts(bench: Bench) -> list[tuple[str | None, ...]]:
    """The rows with every value as the text of its type."""
    path = bench.data / "out" / "tables" / "result.parquet"
    chosen = ", ".join(text_of('"' + name.replace('"', '""') + '"', kind) for name, kind in bench.columns().items())
    with database() as con:
        con.execute("set timezone = 'UTC'")
        return con.execute(f"select {chosen} from read_parquet('{path}')").fetchall()


def agree(got: str | None, given: str | None, kind: str) -> bool:
    """A time may be written with a T and with another number of zeros, and a date in another order."""
    if got is None or given is None or not kind.startswith(("TIME", "DATE")):
        return got == given
    if "/" in given:
        month, day, year = given.split("/")
        return got in (f"{year}-{month}-{day}", f"{year}-{day}-{month}")
    return got.removesuffix("+00") == given.replace("T", " ").removesuffix("Z")


@pytest.mark.parametrize("seeds", ROUNDS)
def test_what_csv_writes_comes_back(tmp_path: Path, seeds: range) -> None:
    # GIVEN any documents, WHEN they are extracted
    for seed in seeds:
        # THEN names and rows are those that were written, whatever types were found
        compare_written(tmp_path / str(seed), seed)


def compare_written(root: Path, seed: int) -> None:
    document = random_document(Random(seed))
    bench = extracted(root, document)
    assert list(bench.columns()) == [name.strip() for name in document.names], (seed, document.data)
    kinds = list(bench.columns().values())
    rows = as_texts(bench)
    assert len(rows) == len(document.rows), (seed, document.data)
    for got, given in zip(rows, document.values, strict=True):
        fits = all(agree(*pair) for pair in zip(got, given, kinds, strict=True))
        assert fits, (seed, document.data, got, given, kinds)


def read_by_duckdb(file: CsvFile) -> list[tuple[str | None, ...]]:
    chosen = f'* exclude ("{LINE}")' if file.copied else "*"
    with database() as con:
        return con.execute(f"select {chosen} from {csv_files.scan([file])}").fetchall()


def read_as_a_task_does(file: CsvFile, dialect: Dialect, scratch: Path) -> list[tuple[str | None, ...]]:
    try:
        rows = read_by_duckdb(file)
        if len(rows) == file.rows:
            return rows
    except duckdb.Error:
        pass
    csv_files.copy(file, dialect, scratch)
    return read_by_duckdb(file)


@pytest.mark.parametrize("seeds", ROUNDS)
def test_a_broken_document_is_read_as_csv_reads_it_or_refused(tmp_path: Path, seeds: range) -> None:
    # GIVEN documents with some characters taken out, doubled or put in, WHEN they are read
    outcomes = [compare_broken(tmp_path / str(seed), seed) for seed in seeds]
    # THEN many were read, as the module reads them, and many refused
    assert min(outcomes.count("read"), outcomes.count("refused")) > len(seeds) // 10


def compare_broken(root: Path, seed: int) -> str:
    random = Random(seed)
    text = broken(random, random_document(random))
    root.mkdir()
    path = root / "a.csv"
    path.write_bytes(text.encode())
    delimiter = random.choice(",;|")
    dialect = Dialect(
        delimiter=delimiter,
        empty=random.choice([Empty.TEXT, Empty.NULL]),
        ragged=random.choice([Ragged.REFUSE, Ragged.FILL, Ragged.FILL]),
    )
    try:
        file = csv_files.look_at(Source(path, "a.csv", "csv"), dialect, root)
        rows = None if file is None else read_as_a_task_does(file, dialect, root)
    except UserError:
        return "refused"
    expected = independent(text, delimiter, dialect)
    if expected is None or file is None:
        return "incomparable"
    assert rows == expected, (seed, text)
    assert file.rows == len(expected)
    if not file.copied:
        csv_files.copy(file, dialect, root)
        assert read_by_duckdb(file) == expected and file.rows == len(expected), (seed, text)
    return "read"


def broken(random: Random, document: CsvDocument) -> str:
    text = document.data.decode("utf-8", "ignore").replace("\x00", "")
    for _ in range(random.randint(0, 4)):
        at = random.randrange(len(text) + 1)
        text = random.choice(
            [
                text[:at] + text[at + 1 :],
                text[:at] + random.choice('",;\n\r |x') + text[at:],
                text[:at] + text[at : at + 3] + text[at:],
            ]
        )
    return text.removeprefix("\ufeff")


def independent(text: str, delimiter: str, dialect: Dialect) -> list[tuple[str | None, ...]] | None:
    """The rows that Python's module reads; None where its rules are others: no text follows a closing quote, blanks
    stand around quotes."""
    first = text.lstrip("\r\n")
    if first.lower().lstrip('"').startswith("sep="):
        return None
    try:
        records = list(csv.reader(io.StringIO(first, newline=""), delimiter=delimiter, strict=True))
    except csv.Error:
        return None
    if any(f'{delimiter} "' in piece or piece.lstrip(" ").startswith('"') for piece in blank_led(first, delimiter)):
        return None
    width = len(records[0])
    nulls = {""} if dialect.empty is Empty.NULL else set()
    rows = []
    for record in records[1:]:
        if not record:
            if width > 1:
                continue
            record = [""]
        while len(record) > width and not record[-1]:
            record.pop()
        values = tuple(None if value in nulls else value for value in record)
        rows.append((*values, *[None] * (width - len(values))))
    return rows


def blank_led(text: str, delimiter: str) -> list[str]:
    """Stretches that begin with a blank, where a field may begin."""
    lines = text.replace("\r", "\n").split("\n")
    return [piece for line in lines for piece in line.split(delimiter) if piece.startswith(" ")]
