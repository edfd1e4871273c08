"""Records out of JSON, flat rows, types from all values, and the largest value of a field."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from orch_tui.components.http.json import stream
from orch_tui.components.http.json.exact_json import Number, loads
from orch_tui.components.http.json.json_path import MISSING, at_path, items_at, with_value
from orch_tui.components.http.json.stream import RecordStream
from orch_tui.components.http.paging.incremental import Incremental, Watermark
from orch_tui.components.http.paging.settings import Call
from orch_tui.components.http.records import flatten as flatten_module
from orch_tui.components.http.records.flatten import Flattener
from orch_tui.components.http.records.names import ColumnNames
from orch_tui.components.http.records.spool import Spool
from orch_tui.components.http.records.tables import store as stored_rows
from orch_tui.model.errors import UserError
from pydantic import ValidationError

from tests.support.effort import examples

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=4),
    max_leaves=20,
)


@given(
    records=st.lists(JSON, max_size=6),
    around=st.dictionaries(st.sampled_from("abc"), JSON, max_size=3),
    depth=st.integers(0, 2),
    chunk=st.integers(1, 40),
    indent=st.sampled_from([None, 1]),
    escaped=st.booleans(),
)
@settings(max_examples=examples(150), deadline=None)
def test_a_stream_reads_what_a_parser_reads(
    tmp_path_factory: pytest.TempPathFactory,
    records: list[Any],
    around: dict[str, Any],
    depth: int,
    chunk: int,
    indent: int | None,
    escaped: bool,
) -> None:
    # GIVEN records somewhere in a document, read in pieces of any size
    body: Any = records
    for level in range(depth):
        body = {**around, f"p{level}": body, "z": 1}
    path = [f"p{level}" for level in reversed(range(depth))]
    file = tmp_path_factory.getbasetemp() / "body.json"
    file.write_text(json.dumps(body, indent=indent, ensure_ascii=escaped), "utf-8", errors="surrogatepass")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(stream, "_CHUNK", chunk)
        # WHEN they are streamed
        found = RecordStream(file, path, "here")
        assert list(found) == records
    # THEN they are the same, and so is what is around them
    assert found.count == len(records) and found.last == (records[-1] if records else None)
    expected: Any = None
    for level in range(depth):
        expected = {**around, f"p{level}": expected, "z": 1}
    assert found.envelope == expected


@pytest.mark.parametrize(
    ("text", "path", "records"),
    [
        ("", "", []),
        (" \n", "a", []),
        ('{"a": null}', "a", []),
        ('{"a": {"id": 1}}', "a", [{"id": 1}]),
        ('{"id": 1}\n{"id": 2}\n', "", [{"id": 1}, {"id": 2}]),
        ('{"a": [1]}\n{"a": [2]}', "a", [1, 2]),
        ("\ufeff[1e5, 1.5, 12, -0]", "", [Number("1e5"), 1.5, 12, Number("-0")]),
        ("[Infinity, -Infinity]", "", [float("inf"), float("-inf")]),
        ("123", "", [123]),
        ("[" + "7" * 5000 + ", 8]", "", [Number("7" * 5000), 8]),
        # Through lists: every entry, or one of them.
        ('[{"a": [1, 2]}, {"a": []}, {"b": 0}, {"a": 3}, {"a": null}]', "a", [1, 2, 3]),
        ('{"g": [{"a": [1]}, {"a": [2]}], "n": 5}', "g.a", [1, 2]),
        ('{"g": [{"a": [1]}, {"a": [2]}]}', "g.1.a", [2]),
        ('{"g": [[1, 2], [3]]}', "g.*", [1, 2, 3]),
        ('{"g": []}', "g.a.b", []),
        # Through objects with data as names.
        ('{"d": {"17": {"a": 1}, "18": {"a": 2}}}', "d.*", [{"a": 1}, {"a": 2}]),
        ('{"d": {"17": [1, 2], "18": null, "19": 3}}', "d.*", [1, 2, None, 3]),
        ('{"d": {"17": {"r": [1]}, "18": {}, "19": {"r": [2]}}}', "d.*.r", [1, 2]),
        ('{"d": {}}', "d.*", []),
        ('{"x": {"a": 1}, "y": {"a": 2}}', "*", [{"a": 1}, {"a": 2}]),
        # Names with dots.
        ('{"@odata.context": "c", "data.items": [1]}', "data.items", [1]),
        ('{"a": {"b.c": {"d": [1]}}}', "a.b.c.d", [1]),
    ],
)
def test_answers_of_all_kinds(tmp_path: Path, text: str, path: str, records: list[Any]) -> None:
    (tmp_path / "x").write_text(text, "utf-8")
    assert list(RecordStream(tmp_path / "x", path.split(".") if path else [], "here")) == records


@pytest.mark.parametrize("text", ['[{"a": 1}]', '{"g": [{"a": 1}]}', '{"a": {"b": 1}}', "5", '{"d": {"1": {"x": 1}}}'])
@pytest.mark.parametrize("path", ["g.z", "d.*.z", "a.0"])
def test_a_path_that_leads_nowhere_is_an_error(tmp_path: Path, text: str, path: str) -> None:
    (tmp_path / "x").write_text(text)
    with pytest.raises(UserError, match="the answer has nothing at"):
        list(RecordStream(tmp_path / "x", path.split("."), "here"))


def test_the_names_that_a_star_stands_for(tmp_path: Path) -> None:
    text = '{"total": 3, "d": {"17": {"r": [1, 2]}, "18": {"r": [3]}}, "more": false}'
    (tmp_path / "x").write_text(text)
    stream = RecordStream(tmp_path / "x", ["d", "*", "r"], "here")
    assert [(stream.key, record) for record in stream] == [("17", 1), ("17", 2), ("18", 3)]
    assert stream.envelope == {"total": 3, "d": {}, "more": False} and stream.count == 3
    # Two answers with the same records under other names are not the same.
    (tmp_path / "y").write_text(text.replace("17", "19"))
    other = RecordStream(tmp_path / "y", ["d", "*", "r"], "here")
    assert list(other) == [1, 2, 3] and other.digest != stream.digest
    (tmp_path / "x").write_text('{"d": {"a": {"b": 1, "c": 2}}}')
    stream = RecordStream(tmp_path / "x", ["d", "*", "*"], "here")
    assert [(stream.key, record) for record in stream] == [("a.b", 1), ("a.c", 2)]


def test_a_value_without_an_end_does_not_fill_the_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream, "_LARGEST", 1000)
    monkeypatch.setattr(stream, "_CHUNK", 100)
    (tmp_path / "x").write_text('[{"a": "' + "x" * 100_000)
    read = RecordStream(tmp_path / "x", [], "here")
    with pytest.raises(UserError, match="no complete JSON"):
        list(read)
    assert len(read._text) < 5000


def test_paths() -> None:
    body = {"a": {"b": [{"c": 1}, {"c": 2}]}, "x.y": 5}
    assert at_path(body, "$.a.b.1.c") == 2 and at_path(body, "a.b.-1.c") == 2 and at_path(body, "$") is body
    assert at_path(body, "a.b.7") is MISSING and at_path(body, "a.b.c") is MISSING and at_path(None, "a") is MISSING
    assert at_path(body, "x.y") == 5 and at_path({"a": {"b.c": {"d": 1}}}, "a.b.c.d") == 1
    assert list(items_at(body, ("a", "b", "c"))) == [1, 2] and list(items_at(body, ("a", "z"))) == []
    assert list(items_at({"a": [1, None, [None, 2]]}, ("a",))) == [1, None, None, 2]
    assert list(items_at({"a": None}, ("a",))) == []
    assert with_value({"a": {"b": 1}}, "a.c", 2) == {"a": {"b": 1, "c": 2}} and with_value(None, "a.b", 1) == {
        "a": {"b": 1}
    }


def store(
    tmp_path: Path,
    records: list[Any],
    known: dict[str, str] | None = None,
    types: dict[str, str] | None = None,
    key: tuple[str, ...] = (),
    pages: list[int] | None = None,
    **more: Any,
) -> tuple[dict[str, str], list[tuple[Any, ...]], list[str]]:
    """Columns, rows and remarks of these records."""
    path = tmp_path / "out.parquet"
    with duckdb.connect() as con, Spool(tmp_path / "spool", Flattener(**more), key) as spool:
        con.execute("set timezone = 'UTC'")
        for number, record in enumerate(records):
            spool.page = pages[number] if pages else 1
            spool.add(spool.flattener.row(record))
        names = ColumnNames(spool.flattener.separator)
        stored = stored_rows(con, spool, path, names, known or {}, types or {})
        rows = con.execute(f"from read_parquet('{path}')").fetchall() if stored.columns else []
    assert not (tmp_path / "spool").exists()
    return dict(stored.columns), rows, stored.remarks


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ([1, -(2**63), None], "BIGINT"),
        ([1, 2**63], "VARCHAR"),
        ([1, 1.5], "DOUBLE"),
        ([2**53, -(2**53), 0.5], "DOUBLE"),
        ([2**53 + 1, 0.5], "VARCHAR"),
        ([10**30, 5], "VARCHAR"),
        ([10**30, 0.5], "VARCHAR"),
        ([Number("1.50"), Number("1e5"), 3], "DOUBLE"),
        ([Number("0.1234567890123456789"), 1], "VARCHAR"),
        ([Number("1e400"), 1.5], "VARCHAR"),
        ([Number("1e-400")], "VARCHAR"),
        ([float("nan"), float("-inf"), 1], "DOUBLE"),
        ([True, False], "BOOLEAN"),
        ([True, 1], "VARCHAR"),
        (["007", "12"], "VARCHAR"),
        (["1", 2], "VARCHAR"),
        ([None, None], "VARCHAR"),
        (["2026-01-31", None], "DATE"),
        (["2026-02-30"], "VARCHAR"),
        (["2026-01-31", "soon"], "VARCHAR"),
        (["2026-01-31", "2026-01-31T10:00:00"], "VARCHAR"),
        (["2026-01-31T10:00:00", "2026-01-31T10:00:00.123", "2026-01-31T10:00:00.25"], "TIMESTAMP"),
        (["2026-01-31 10:00", None], "TIMESTAMP"),
        (["2026-01-31T10:00:00Z", "2026-01-31T10:00:00.123456Z"], "TIMESTAMP WITH TIME ZONE"),
        # A time in two forms would not come back as it was.
        (["2026-01-31T10:00", "2026-01-31 10:00:00.123"], "VARCHAR"),
        (["2026-01-31T10:00:00Z", "2026-01-31T10:00:00+02:00"], "VARCHAR"),
        (["2026-01-31T10:00:00.123456789"], "VARCHAR"),
        (["2026-01-31T10:00:00Z", "2026-01-31T10:00:00"], "VARCHAR"),
        (["01/02/2026", "20260131", "10:00"], "VARCHAR"),
        ([[1], None], "JSON"),
        ([[1], "x", 2], "JSON"),
        ([[Number("1.0")], Number("1e400"), True], "JSON"),
    ],
)  # fmt: skip
def test_types_come_from_all_values(tmp_path: Path, values: list[Any], kind: str) -> None:
    # More rows than the sample in which types are first looked for.
    columns, rows, _ = store(tmp_path, [{"v": values[0]}] * 1_100 + [{"v": value} for value in values])
    assert columns == {"v": kind} and len(rows) == 1_100 + len(values)


def test_values_that_are_hard_to_store(tmp_path: Path) -> None:
    records = [{"a": "half \ud83d", "b": float("inf"), "c": "nul \0 end", "d": {"e": [float("inf"), "ü"]}}, {"b": 1}]
    columns, rows, remarks = store(tmp_path, records, flatten=False)
    assert columns == {"a": "VARCHAR", "b": "DOUBLE", "c": "VARCHAR", "d": "JSON"}
    assert rows[0] == ("half ?", float("inf"), "nul \0 end", '{"e":["inf","ü"]}') and rows[1][1] == 1.0
    assert remarks == ['1 rows have half of a surrogate pair in a text, which no text can hold; it is stored as "?"']


ODD = [
    123456789012345678901234567890, 9007199254740993, 1.5, Number("1e400"), Number("0.1234567890123456789"),
    Number("1.10"), Number("-0"), True, "007", "5", 5, None, "nan", float("nan"), Number("9" * 5000),
]  # fmt: skip


@given(
    values=st.lists(st.sampled_from(ODD) | st.integers() | st.floats() | st.text(max_size=3), min_size=1, max_size=6),
    nested=st.booleans(),
)
@settings(max_examples=examples(150), deadline=None)
def test_every_value_comes_back(tmp_path_factory: pytest.TempPathFactory, values: list[Any], nested: bool) -> None:
    # GIVEN numbers, texts and truth values of any kind in one column, with or without a list among them
    more: list[Any] = [[1, Number("2.50")]] if nested else []
    columns, rows, _ = store(tmp_path_factory.mktemp("t"), [{"v": value} for value in [*values, *more]])
    # WHEN they are stored, THEN each of them is there: the same number, the same text, the same JSON
    for value, (found,) in zip(values, rows, strict=False):
        if value is None:
            assert found is None
        elif columns["v"] == "JSON":
            assert loads(found) == (str(value) if value != value or value in (float("inf"), -float("inf")) else value)
        elif isinstance(value, float) and value != value:
            assert str(found) == "nan"
        elif isinstance(value, Number) and isinstance(found, float):
            assert Decimal(repr(found)) == value.value
        elif isinstance(found, str):
            text = ("true" if value else "false") if isinstance(value, bool) else str(value)
            assert found == text.replace("\ud83d", "?")
        else:
            assert found == value and type(found) is (float if columns["v"] == "DOUBLE" else type(value))


def test_numbers_in_types_of_the_user_are_told_where_they_are_rounded(tmp_path: Path) -> None:
    records = [{"a": Number("1.005"), "b": 3, "c": "1.50"}, {"a": 2, "b": Number("2.6"), "c": "2"}]
    types = {"a": "DECIMAL(9,2)", "b": "BIGINT", "c": "DECIMAL(9,2)"}
    _, rows, remarks = store(tmp_path, records, types=types)
    assert [str(value) for value in rows[0]] == ["1.01", "3", "1.50"] and len(remarks) == 2
    assert remarks[0] == '1 values of "a" have more digits than DECIMAL(9,2), which types sets; they are rounded'


def test_members_with_data_as_names_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(flatten_module, "_MOST", 50)
    with pytest.raises(UserError, match="more than 50 different members, the last ones in by_id"):
        store(tmp_path, [{"by_id": {str(number): 1}} for number in range(100)])
    assert len(store(tmp_path, [{"by_id": {str(n): 1}} for n in range(100)], keep={("by_id",)})[1]) == 100


def test_types_of_the_table_as_it_is(tmp_path: Path) -> None:
    known = {"n": "DOUBLE", "d": "DATE", "gone": "BIGINT", "who_name": "VARCHAR", "t": "VARCHAR", "b": "BIGINT"}
    records = [{"n": 1, "d": None, "who": None, "t": 5, "b": "x"}]
    columns, rows, _ = store(tmp_path, records, known)
    assert columns == {"n": "DOUBLE", "d": "DATE", "who_name": "VARCHAR", "t": "BIGINT", "b": "VARCHAR"}
    assert rows == [(1.0, None, None, 5, "x")]
    with pytest.raises(UserError, match='types: there is no column "x"; the columns are n, d, who, t, b'):
        store(tmp_path, records, types={"x": "BIGINT"})
    with pytest.raises(duckdb.Error, match="Could not convert"):
        store(tmp_path, records, types={"b": "BIGINT"})
    assert store(tmp_path, [{"a": "1.10"}], types={"A": "DECIMAL(9,2)"})[0] == {"a": "DECIMAL(9,2)"}


@pytest.mark.parametrize("before", ["DOUBLE", "FLOAT", "BIGINT", "DECIMAL(9,2)", "BOOLEAN", "DATE", "UUID"])
@pytest.mark.parametrize(
    ("value", "kind"), [(True, "BOOLEAN"), (1, "BIGINT"), (0.5, "DOUBLE"), ("2024-01-05", "DATE"), ("x", "VARCHAR")]
)
def test_a_column_may_have_had_any_other_type_before(tmp_path: Path, before: str, value: Any, kind: str) -> None:
    # GIVEN a table whose column has another type than the values that come now
    columns, rows, _ = store(tmp_path, [{"v": value}, {"v": None}], {"v": before})
    # WHEN they are stored THEN they keep their value, and what is no number becomes none
    assert rows == [(Decimal(value) if columns["v"].startswith("DECIMAL") else value,), (None,)] or kind == "DATE"
    numbers = ("DOUBLE", "FLOAT", "BIGINT", "DECIMAL(9,2)")
    assert columns["v"] == kind or (kind in ("BIGINT", "DOUBLE") and before in numbers and columns["v"] == before)


def test_records_that_moved_to_a_later_page(tmp_path: Path) -> None:
    records: list[Any] = [{"id": 1, "v": "old"}, {"id": 2, "v": "a"}, {"id": 1, "v": "new"}]
    # GIVEN a key that comes on two pages, THEN the last one counts
    _, rows, remarks = store(tmp_path, records, key=("id",), pages=[1, 1, 2])
    assert sorted(rows) == [(1, "new"), (2, "a")] and remarks == [
        "1 records came on several pages, since they moved while pages were read; the last ones count, and 1 older "
        "ones are left out"
    ]
    # GIVEN the same number in two forms, and a column of the name that pages have
    records[2]["id"], records[0]["page"] = Number("1.0"), "x"
    assert sorted(store(tmp_path, records, key=("id",), pages=[1, 1, 2])[1]) == [(1.0, "new", None), (2.0, "a", None)]
    records[2]["id"] = 1
    # GIVEN one that comes twice on a page, THEN it is left for the storage to refuse
    assert len(store(tmp_path, records, key=("id",), pages=[1, 1, 1])[1]) == 3
    assert len(store(tmp_path, records, pages=[1, 1, 2])[1]) == 3
    assert len(store(tmp_path, records, key=("nope",), pages=[1, 1, 2])[1]) == 3


@pytest.mark.parametrize(
    ("values", "lag", "sent"),
    [
        ([1, 5, 3], None, 5),
        ([1, 5.5], "0.5", 5.0),
        ([100], "10", 90),
        ([1_000_000], "1d", 913_600),
        (["2026-01-31", "2026-02-01"], "1d", "2026-01-31"),
        (["2026-01-31T10:00:00Z", "2026-01-31T11:30:00+02:00"], None, "2026-01-31T10:00:00Z"),
        (["2026-01-31T10:00:00Z"], "90m", "2026-01-31T08:30:00Z"),
        (["2026-01-31 10:00:00.250+02:00"], "1s", "2026-01-31 09:59:59.250000+02:00"),
        (["a", "c", "b"], None, "c"),
        ([None], None, "first"),
    ],
)
def test_the_largest_value(values: list[Any], lag: str | None, sent: Any) -> None:
    rule = Incremental(field="m.at", param="since", lag=lag, initial="first")
    # GIVEN a run that saw these values
    first = Watermark(rule, {})
    assert first.applied(Call()).params == {"since": "first"}
    for value in values:
        first.see({"m": {"at": value}})
    # WHEN the next one starts, THEN it asks from the largest on, less the lag
    assert Watermark(rule, first.state() or {}).applied(Call()).params == {"since": sent}


def test_a_number_keeps_its_digits_from_run_to_run() -> None:
    # GIVEN a sequence number with more digits than a float, and one with zeros at its end
    rule = Incremental(field="n", param="since")
    for largest, lag, sent in (
        ("1764371045.123456789", None, "1764371045.123456789"),
        ("1764371045.123456789", "1.5", "1764371043.623456789"),
        ("1764371045.10", "1m", "1764370985.10"),
    ):
        mark = Watermark(rule, {})
        for value in (1764371045, Number(largest), float("nan"), 1.5):
            mark.see({"n": value})
        state = json.loads(json.dumps(mark.state()))
        again = Watermark(rule.model_copy(update={"lag": lag}), state)
        assert again.applied(Call()).params == {"since": sent}
        again.see({"n": 1764371046})
        assert again.state() == {"field": "n", "last": 1764371046}


def test_what_incremental_refuses() -> None:
    for bad in ({"field": "a"}, {"field": "a", "param": "b", "lag": "3 days"}, {"format": "x"}):
        with pytest.raises(ValidationError):
            Incremental.model_validate(bad)
    rule = Incremental(field="a", param="b", place="body", format="a > {value}", lag="3d")
    mark = Watermark(rule, {"field": "other", "last": 5})
    assert mark.applied(Call()) == Call() and mark.state() is None
    mark.see({"a": "x"})
    for other, says in ((1, "different kinds"), ({"b": 1}, "dict values"), (True, "bool values")):
        with pytest.raises(UserError, match=says):
            mark.see({"a": other})
    with pytest.raises(UserError, match="does not fit the value"):
        Watermark(rule, {"field": "a", "last": "x"}).applied(Call())
    assert Watermark(rule, {"field": "a", "last": 4 * 86_400}).applied(Call()).body == {"b": "a > 86400"}
    assert mark.missing_in(5) is None and "no record has a value" in (Watermark(rule, {}).missing_in(5) or "")
