from __future__ import annotations

import csv
import errno
import gzip
import json
import os
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from orch_tui.components.files.extractor import Parameters as FileParameters
from orch_tui.components.files.extractor import run as extract
from orch_tui.components.files.writer import Parameters, run
from orch_tui.components.kit.component import Context, UserError
from pydantic import ValidationError

from tests.support.bench import Bench
from tests.support.tables import database

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

    def replacing(source: Path, target: Path) -> Path:
        refuse(source, target)
        return replace(source, target)

    def linking(source: Path, target: Path) -> None:
        refuse(source, target)
        link(source, target)

    monkeypatch.setattr(Path, "replace", replacing)
    monkeypatch.setattr(os, "link", linking)
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
    with database() as con:
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


EXACT = """
    select 12345678901234567890123456789012345678::decimal(38,0) as big, 0.1234567890123456789::decimal(20,19) as fine,
        9007199254740993::bigint as i, 'nan'::double as n, {'x': '-inf'::double, 'd': [1.50::decimal(5,2), null]} as s,
        map {'k"': 1} as m, 'a"b' || chr(10) || 'é' as t, null::varchar as z, 3.0::double as f,
        0.5::decimal(2,2) as half
"""


def test_json_keeps_all_digits_and_is_json(bench: Bench) -> None:
    # GIVEN numbers that no DOUBLE holds, and values that JSON does not have, at every depth
    for name in ("a.json", "a.ndjson"):
        write(bench, EXACT, path=name)
        # WHEN another program reads the file, with decimals for numbers
        text = (bench.project / name).read_text()
        value = json.loads(text, parse_float=Decimal, parse_constant=pytest.fail)
        record = value[0] if name == "a.json" else value
        # THEN every digit is there, and what JSON lacks is null, which the log says
        assert record == {
            "big": 12345678901234567890123456789012345678, "fine": Decimal("0.1234567890123456789"),
            "i": 9007199254740993, "n": None, "s": {"x": None, "d": [Decimal("1.50"), None]}, "m": {'k"': 1},
            "t": 'a"b\né', "z": None, "f": 3, "half": Decimal("0.50"),
        }  # fmt: skip
    assert any('column "n": 1 rows have NaN' in line for line in bench.lines)
    assert any('column "s": 1 rows have NaN' in line for line in bench.lines)


def test_an_empty_table_is_an_empty_list(bench: Bench) -> None:
    # GIVEN a table without rows, WHEN it is written, THEN the file is valid JSON
    write(bench, "select 1 as id where false", path="a.json")
    assert json.loads((bench.project / "a.json").read_text()) == []


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_csv_comes_back_as_it_was(bench: Bench, delimiter: str) -> None:
    # GIVEN values of many types, nulls and empty texts
    query = """
        select * from (values
            (1, 'x', 1.50::decimal(38,2), 0.1::double, date '2026-01-31', timestamp '2026-01-31 10:00:00.5', true,
             {'a': [1]}),
            (2, '', 9.00, 3.0, null, null, null, null), (3, null, -0.05, 2.25, null, null, false, null),
            (4, 'q"' || chr(13) || chr(10) || ';,|', null, null, null, null, null, null)
        ) t(id, t, d, f, day, moment, b, s)"""
    write(bench, query, path="a.csv", delimiter=delimiter)
    # WHEN the file is read again
    extract(FileParameters(path="a.csv", delimiter=delimiter, empty="quoted"), bench.context())
    # THEN all values are there, and structs are JSON
    rows = bench.rows()
    assert [row[1] for row in rows] == ["x", "", None, 'q"\r\n;,|']
    assert [row[2] for row in rows] == [Decimal("1.50"), Decimal("9.00"), Decimal("-0.05"), None]
    assert [row[3] for row in rows] == [0.1, 3.0, 2.25, None]
    assert [row[6] for row in rows] == [True, None, False, None] and rows[0][7] == '{"a":[1]}'
    assert (str(rows[0][4]), str(rows[0][5])) == ("2026-01-31", "2026-01-31 10:00:00.500000")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may give a file to somebody else")
def test_a_replaced_file_keeps_its_owner_and_group(bench: Bench) -> None:
    # GIVEN a file of another user and group
    path = bench.file("a.csv", "old")
    os.chown(path, 1234, 4321)
    path.chmod(0o2664)
    # WHEN it is replaced, THEN it is theirs still
    write(bench, path="a.csv")
    found = path.stat()
    assert (found.st_uid, found.st_gid, found.st_mode & 0o7777) == (1234, 4321, 0o2664)


def test_a_name_that_is_too_long_is_no_matter_of_permissions(bench: Bench) -> None:
    # GIVEN a name of 900 characters, WHEN it is written, THEN the message is about its length
    with pytest.raises(UserError, match="255 bytes") as caught:
        write(bench, path="x" * 900 + ".csv")
    assert "permissions" not in str(caught.value)


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
