from __future__ import annotations

import csv
import errno
import gzip
import json
import os
from pathlib import Path
from typing import Any

import duckdb
import pytest
from orch_tui.components.files.writer import Parameters, run
from orch_tui.components.kit.component import Context, UserError
from pydantic import ValidationError

from tests.support.bench import Bench

ROWS = """
    select * from (values
        (2, 'b "q", x', 1.50::decimal(5,2), date '2026-01-31', [1, 2]),
        (10, null,      null,               null,              null),
        (1, 'a' || chr(10) || 'é', 0.1,     date '2026-02-28', [])
    ) t(id, name, amount, day, list)
"""


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def write(bench: Bench, query: str = ROWS, **parameters: Any) -> Context:
    ctx = bench.context({"t": query}, ())
    run(Parameters(**parameters), ctx)
    return ctx


def test_csv_is_what_other_programs_read(bench: Bench) -> None:
    # GIVEN values with quotes, commas, line ends and nulls
    # WHEN some columns are written in an order
    ctx = write(bench, path="out/deep/a.csv", columns=["name", "id"], order_by=["-id"])
    # THEN another CSV reader gets them back, and the file is reported
    path = bench.project / "out/deep/a.csv"
    with path.open(newline="") as file:
        assert list(csv.reader(file)) == [["name", "id"], ["", "10"], ['b "q", x', "2"], ["a\né", "1"]]
    assert ctx.files == [{"path": "out/deep/a.csv", "rows": 3, "bytes": path.stat().st_size}]
    assert [item.name for item in path.parent.iterdir()] == ["a.csv"]
    assert not list((bench.data / "out/files").iterdir())


@pytest.mark.parametrize("overwrite", [True, False])
def test_another_file_system_is_reached_by_a_copy(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, overwrite: bool
) -> None:
    # GIVEN a target to which nothing can be renamed or linked from the attempt's directory
    replace, link = Path.replace, os.link

    def refuse(source: Path, target: Path) -> None:
        if Path(source).parent != Path(target).parent:
            raise OSError(errno.EXDEV, os.strerror(errno.EXDEV))

    monkeypatch.setattr(Path, "replace", lambda self, target: (refuse(self, target), replace(self, target))[1])
    monkeypatch.setattr(os, "link", lambda source, target: (refuse(source, target), link(source, target))[1])
    # WHEN the file is written
    write(bench, path="out/a.csv", overwrite=overwrite)
    # THEN it is there completely, and alone
    assert (bench.project / "out/a.csv").read_text().startswith("id,")
    assert [item.name for item in (bench.project / "out").iterdir()] == ["a.csv"]


@pytest.mark.parametrize(
    ("parameters", "read"),
    [
        ({"path": "a.ndjson"}, lambda data: [json.loads(line)["id"] for line in data.splitlines()]),
        ({"path": "a.json"}, lambda data: [item["id"] for item in json.loads(data)]),
        ({"path": "a.jsonl.gz"}, lambda data: [json.loads(line)["id"] for line in gzip.decompress(data).splitlines()]),
        ({"path": "a.tsv", "header": False}, lambda data: [int(line.split(b"\t")[0]) for line in data.splitlines()]),
        ({"path": "a.out", "format": "csv", "delimiter": ";", "compression": "gzip"},
         lambda data: [int(row["id"]) for row in csv.DictReader(gzip.decompress(data).decode().splitlines(), delimiter=";")]),  # noqa: E501
    ],
)  # fmt: skip
def test_formats(bench: Bench, parameters: dict[str, Any], read: Any) -> None:
    # GIVEN a format, named or told by the name of the file
    # WHEN it is written
    write(bench, "select 3 - range as id, 'x' as t from range(3)", order_by=["id"], **parameters)
    # THEN a reader of that format finds the rows in order
    assert read((bench.project / parameters["path"]).read_bytes()) == [1, 2, 3]


def test_parquet_keeps_types(bench: Bench) -> None:
    # GIVEN / WHEN a table is written as Parquet
    write(bench, path="a.parquet")
    # THEN its types are the same
    with duckdb.connect() as con:
        rows = con.execute("describe (from read_parquet(?))", [str(bench.project / "a.parquet")]).fetchall()
    assert [row[1] for row in rows] == ["INTEGER", "VARCHAR", "DECIMAL(5,2)", "DATE", "INTEGER[]"]


def test_a_failed_write_leaves_the_old_file_and_nothing_else(bench: Bench) -> None:
    # GIVEN a file that is there, and an input that breaks while it is read
    old = bench.file("out/a.csv", "old")
    ctx = bench.context({"t": ROWS}, ())
    staged = ctx.inputs["t"].path
    staged.write_bytes(staged.read_bytes()[:50])
    # WHEN it is written
    with pytest.raises(UserError, match=r"out/a\.csv cannot be written"):
        run(Parameters(path="out/a.csv"), ctx)
    # THEN the old one is untouched
    assert old.read_text() == "old" and [item.name for item in old.parent.iterdir()] == ["a.csv"]


def test_a_replaced_file_keeps_its_permissions_and_its_link(bench: Bench) -> None:
    # GIVEN a private file behind a symbolic link
    real = bench.file("real.csv", "old")
    real.chmod(0o640)
    (bench.project / "a.csv").symlink_to(real)
    # WHEN the link is written
    write(bench, path="a.csv")
    # THEN the file behind it is new and has its permissions
    assert (bench.project / "a.csv").is_symlink()
    assert real.read_text().startswith("id,") and real.stat().st_mode & 0o777 == 0o640


@pytest.mark.parametrize(
    ("parameters", "parts"),
    [
        ({"path": "a.csv", "columns": ["nope"]}, ['no column "nope"', "id, name"]),
        ({"path": "a.csv", "order_by": ["-nope"]}, ['no column "nope"']),
        ({"path": "a.xyz"}, ["a.xyz", "format"]),
        ({"path": "there.csv", "overwrite": False}, ["there.csv exists already"]),
        ({"path": "there.csv/b.csv"}, ["there.csv/b.csv cannot be written"]),
        ({"path": "folder", "format": "csv"}, ["folder", "is a directory"]),
        ({"path": "package://x/a.csv"}, ["package"]),
    ],
)
def test_errors(bench: Bench, parameters: dict[str, Any], parts: list[str]) -> None:
    # GIVEN a place or column that is not possible
    bench.file("there.csv", "old")
    (bench.project / "folder").mkdir()
    # WHEN it is written
    with pytest.raises(UserError) as caught:
        write(bench, **parameters)
    # THEN one line says why
    for part in parts:
        assert part in str(caught.value)
    assert (bench.project / "there.csv").read_text() == "old"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_read_only_directory_is_a_sentence(bench: Bench) -> None:
    # GIVEN a directory that may not be written
    (bench.project / "out").mkdir(mode=0o500)
    # WHEN a file is written there, THEN the message says what to check
    with pytest.raises(UserError, match="check the permissions"):
        write(bench, path="out/a.csv")


def test_parameters_are_checked() -> None:
    # GIVEN delimiters that cannot be read again, WHEN validated, THEN they are refused
    for bad in ('"', "\n", ";;", ""):
        with pytest.raises(ValidationError):
            Parameters.model_validate({"path": "a.csv", "delimiter": bad})
