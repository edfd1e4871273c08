"""JSON files: every digit is kept, what is no JSON or ends too early is said with its place; nothing is a result."""

from __future__ import annotations

import datetime
import gzip
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from backports import zstd
from orch_tui.components.files import json_records
from orch_tui.components.files.extractor import Parameters, run
from orch_tui.components.kit.component import Context, UserError
from orch_tui.model.components.configuration import WriteMode
from orch_tui.project.paths import ProjectPaths
from orch_tui.storage.storage import Storage

from tests.support.bench import Bench
from tests.support.tables import put


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def extract(bench: Bench, content: str | bytes, name: str = "a.json", **parameters: Any) -> Context:
    bench.file(name, content)
    ctx = bench.context()
    run(Parameters(path=name, **parameters), ctx)
    return ctx


@pytest.mark.parametrize(
    ("texts", "kind", "values"),
    [
        (["1", "2"], "BIGINT", [1, 2]),
        (["1", "2.5"], "DOUBLE", [1.0, 2.5]),
        (["1.0", "2.50", "1e3", "25E-1"], "DOUBLE", [1.0, 2.5, 1000.0, 2.5]),
        (["0.30000000000000004"], "DOUBLE", [0.30000000000000004]),
        (["9007199254740993", "1.5"], "VARCHAR", ["9007199254740993", "1.5"]),
        (["123456789012345678901234567890", "5"], "DECIMAL(38,0)", [Decimal("123456789012345678901234567890"), Decimal(5)]),  # noqa: E501
        (["1" * 50, "5"], "VARCHAR", ["1" * 50, "5"]),
        (["1e400", "5"], "VARCHAR", ["1e400", "5"]),
        (["1e-400"], "VARCHAR", ["1e-400"]),
        (["0.1234567890123456789", "0.5"], "VARCHAR", ["0.1234567890123456789", "0.5"]),
        (["1234567890123.12345", "1234567890123.10000"], "DECIMAL(18,5)", [Decimal("1234567890123.12345"), Decimal("1234567890123.10000")]),  # noqa: E501
        (["9223372036854775808"], "DECIMAL(38,0)", [Decimal(9223372036854775808)]),
        (["null", "1"], "BIGINT", [None, 1]),
        (["null", "null"], "VARCHAR", [None, None]),
        (["true", "false"], "BOOLEAN", [True, False]),
        (["true", "1"], "JSON", ["true", "1"]),
        (["1", '"x"'], "JSON", ["1", '"x"']),
        (['"1"', '"2"'], "VARCHAR", ["1", "2"]),
        (['"2024-01-05"'], "DATE", [datetime.date(2024, 1, 5)]),
        (['"25/12/2024"'], "VARCHAR", ["25/12/2024"]),
        (['"a\\"b\\\\\\n\\u00e9\\ud83d\\ude00"', '"é"'], "VARCHAR", ['a"b\\\né😀', "é"]),
        (['{"x": 0.1234567890123456789, "y": [1.50 , 1e400]}'], "JSON", ['{"x":0.1234567890123456789,"y":[1.50,1e400]}']),  # noqa: E501
        (['{"a b" :\n" c \\" : d"}'], "JSON", ['{"a b":" c \\" : d"}']),
        (['{"name": 1}', '{"Name": 2}', '{"NAME": 1, "name": 2}'], "JSON", ['{"name":1}', '{"Name":2}', '{"NAME":1,"name":2}']),  # noqa: E501
        (['[{"a": 1, "A": [{"b": 1, "B": 2}]}]'], "JSON", ['[{"a":1,"A":[{"b":1,"B":2}]}]']),
        (['{"a": 1}', "5", '"x"', "null"], "JSON", ['{"a":1}', "5", '"x"', None]),
    ],
)  # fmt: skip
def test_values_keep_every_digit(bench: Bench, texts: list[str], kind: str, values: list[Any]) -> None:
    # GIVEN a member with these values, WHEN the file is extracted, THEN the type holds each exactly
    extract(bench, "[" + ",".join(f'{{"v": {text}}}' for text in texts) + "]")
    assert bench.columns() == {"v": kind}
    assert [row[0] for row in bench.rows()] == values


def test_members_that_differ_in_case_are_one_column_unless_a_record_has_both(bench: Bench) -> None:
    # GIVEN records of two programs
    extract(bench, '[{"Id": 1, "t": "a"}, {"T": "b", "ID": 2}, {}]')
    # THEN a member is one column, as it is one column of different files
    assert bench.rows() == [(1, "a"), (2, "b"), (None, None)] and list(bench.columns()) == ["Id", "t"]
    # WHEN one record has both, THEN that is said
    with pytest.raises(UserError, match=r'a\.json record 2: it has members "id" and "Id".*upper and lower case'):
        extract(bench, '[{"id": 1}, {"id": 1, "Id": 2}]')


@pytest.mark.parametrize("text", ['{"a": 1, "a": 2}', '{"a": ":", "b": 1, "a": ":"}', '{"a:b": {"x": ":"}, "a:b": 1}'])
def test_a_member_that_comes_twice_is_refused(bench: Bench, text: str) -> None:
    # GIVEN a record of which one value would be lost, WHEN it is extracted, THEN it is named
    with pytest.raises(UserError, match=r"a\.ndjson line 2: it has the member \"a.*\" twice"):
        extract(bench, '{"a": 0}\n' + text, "a.ndjson")
    # Colons of other kinds are no second member.
    extract(bench, '{"x\\u003ay": 1, "a:b": ":::", "c": {"d": ":"}}', "b.ndjson")
    assert bench.rows() == [(1, ":::", '{"d":":"}')]


@pytest.mark.parametrize(
    ("name", "content", "place"),
    [
        ("a.ndjson", '{"a":1}\n{"a":2}\n{"a":', "a.ndjson line 3: no valid JSON at column 6"),
        ("a.ndjson", '{"a":1}\n\n{"a":2', "a.ndjson line 3: no valid JSON at column 7"),
        ("a.ndjson", '{"a":1}\n{"a":2}\n{"a":"xy', "a.ndjson line 3: no valid JSON at column 6"),
        ("a.ndjson", '{"a":1}\n[1]\n', "a.ndjson line 2: the records are no objects"),
        ("a.ndjson", '{"a":1}{"a":2}\n', "a.ndjson line 1: no valid JSON at column 8"),
        ("a.ndjson", '{"a":1}\n{"a":NaN}\n', "a.ndjson line 2: no valid JSON: it has no value NaN"),
        ("a.json", '[{"a":1},\n{"a":-Infinity}]', "a.json line 2: no valid JSON at column 1: there is no value -Infinity"),  # noqa: E501
        ("a.json", '[{"a":1},\n {"a":2}', "a.json line 2: no valid JSON at column 9: the list is not closed"),
        ("a.json", '[{"a":1},\n {"a":2},]', "a.json line 2: no valid JSON at column 10"),
        ("a.json", '[{"a":1}\n {"a":2}]', "a.json line 2: no valid JSON at column 2: Expecting ','"),
        ("a.json", '[{"a":1}]\n]', "a.json line 2: no valid JSON at column 1: Extra data"),
        ("a.json", '[{"a":1}] [{"a":1}]', "a.json line 1: no valid JSON at column 11: Extra data"),
        ("a.json", '{"a":1}\n{"a":01}', "a.json line 2: no valid JSON at column 7"),
        ("a.json", '{"a":1},{"a":2}', "a.json line 1: no valid JSON at column 8"),
        ("a.json", '[{"a":1}, [2]]', "a.json record 2: the records are no objects but values like [2]"),
        ("a.json", "[1", "a.json record 1: the records are no objects"),
        ("a.json", '"text"', "a.json record 1: the records are no objects"),
        ("a.json", " ", "no record"),
        ("a.json", '[{"a":"\\ud800"}]', "a.json record 1: a text holds half of a character"),
        ("a.json", '[{"a":' + "[" * 100_000 + "]" * 100_000 + "}]", "nested too deeply"),
        ("a.json", b'[{"a":1},\n{"a":"\xff"}]', "a.json line 2 is not UTF-8 (byte 0xff)"),
        ("a.ndjson", b'{"a":1}\n{"a":{"b":"\xe9"}}', "a.ndjson line 2 is not UTF-8 (byte 0xe9)"),
    ],
)  # fmt: skip
def test_what_is_no_json_is_said_with_its_place(bench: Bench, name: str, content: str | bytes, place: str) -> None:
    # GIVEN a damaged or cut file, WHEN it is extracted, THEN the message says where
    if place == "no record":
        assert extract(bench, content, name).outputs == {}
        return
    with pytest.raises(UserError) as caught:
        extract(bench, content, name)
    assert place in str(caught.value)


@pytest.mark.parametrize("content", ["[]", " [ ]\n", ""])
@pytest.mark.parametrize("mode", [WriteMode.FULL, WriteMode.APPEND])
def test_nothing_is_a_result(bench: Bench, content: str, mode: WriteMode) -> None:
    # GIVEN a table with rows, and a file that has no record today
    storage = Storage(ProjectPaths(bench.project).storage)
    put(storage, "out/result", "select 1 as id, 'a' as t")
    bench.file("a.ndjson" if not content else "a.json", content)
    ctx = bench.context(mode=mode)
    # WHEN it is extracted
    run(Parameters(path="a.*json"), ctx)
    # THEN the result has no rows and the columns that the table has; that a table becomes empty is a warning
    assert bench.rows() == [] and bench.columns() == {"id": "INTEGER", "t": "VARCHAR"}
    assert (ctx.warning is not None and "is empty now; it had 1" in ctx.warning) == (mode is WriteMode.FULL)


def test_nothing_for_a_table_that_is_not_there(bench: Bench) -> None:
    # GIVEN an empty list for a new table, WHEN it is extracted, THEN no table is made, unless its columns are named
    ctx = extract(bench, "[]")
    assert ctx.outputs == {} and ctx.warning is not None and "set types" in ctx.warning
    extract(bench, "[]", types={"id": "BIGINT", "t": "VARCHAR"})
    assert bench.columns() == {"id": "BIGINT", "t": "VARCHAR"} and bench.rows() == []


@pytest.mark.parametrize("size", [1, 7, 64])
@pytest.mark.parametrize("kind", ["list", "lines", "sequence", "nested"])
def test_pieces_of_any_size_give_the_same_records(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, size: int, kind: str
) -> None:
    # GIVEN records that are longer than what is read at once, with marks of all kinds in their texts
    monkeypatch.setattr(json_records, "_CHUNK", size)
    records = [{"n": n, "t": '},{"é😀\\n"' * (n % 4), "l": [{"x": i} for i in range(n % 30)]} for n in range(60)]
    texts = [
        json.dumps(record, ensure_ascii=False, indent=2 if kind in ("nested", "sequence") else None)
        for record in records
    ]
    content = "[" + " ,\n ".join(texts) + "]" if kind in ("list", "nested") else "\n".join(texts)
    # WHEN the file is extracted, THEN each record is one row
    extract(bench, content)
    assert [(n, t, json.loads(nested)) for n, t, nested in bench.rows()] == [
        tuple(record.values()) for record in records
    ]


@pytest.mark.parametrize(("packing", "pack"), [("gz", gzip.compress), ("zst", zstd.compress)])
def test_a_packed_file_is_read_to_its_end_or_refused(bench: Bench, packing: str, pack: Any) -> None:
    # GIVEN lines that are packed, whole, cut, and with a byte changed in the middle
    data = pack(b"".join(b'{"a":%d,"t":"%d"}\n' % (n, n * 7919 % 1000) for n in range(20_000)))
    extract(bench, data, f"a.ndjson.{packing}")
    assert len(bench.rows()) == 20_000
    for broken in (data[: len(data) // 2], data[:-5]):
        # WHEN it is extracted, THEN nothing is taken for the whole
        with pytest.raises(UserError, match=f"a.ndjson.{packing} is not a complete"):
            extract(bench, broken, f"a.ndjson.{packing}")


def test_members_that_come_late_and_rows_that_lack_some(bench: Bench) -> None:
    # GIVEN members of which the first 100,000 records know nothing
    lines = ['{"a":1}'] * 100_000 + ['{"b":"x"}', '{"c":[1],"a":2}', "{}"]
    extract(bench, "\n".join(lines), "a.ndjson")
    assert len(bench.rows()) == 100_003 and bench.rows()[-3:] == [(None, "x", None), (2, None, "[1]"), (None,) * 3]
