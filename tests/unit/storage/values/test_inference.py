"""Types of texts: chosen only if every text comes back, in SQL and in Python alike."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from orch_tui.storage.values.conversion import text_of
from orch_tui.storage.values.inference import comes_back, infer_type, infer_types, one_form
from orch_tui.storage.values.observed import ObservedNumbers, ObservedTexts, number_text

from tests.support.effort import examples


@pytest.fixture(scope="module")
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(config={"threads": 1}) as made:
        made.execute("set timezone = 'UTC'")
        yield made


def fill(con: duckdb.DuckDBPyConnection, texts: Sequence[str | None]) -> None:
    con.execute("create or replace temp table texts as select unnest(?::varchar[]) as t", [list(texts)])


def observed(texts: Sequence[str | None]) -> str:
    seen = ObservedTexts()
    for text in texts:
        seen.add(text)
    return seen.type


EXAMPLES: list[tuple[list[str | None], str]] = [
    (["007", "8"], "VARCHAR"), (["+5"], "VARCHAR"), (["1e5"], "VARCHAR"), (["12e34567"], "VARCHAR"),
    (["0x1F"], "VARCHAR"),
    (["1_000"], "VARCHAR"), ([" 5"], "VARCHAR"), (["5 "], "VARCHAR"), (["5\n"], "VARCHAR"), (["١٢"], "VARCHAR"),
    ([""], "VARCHAR"),
    (["5", None, "-7", "0"], "BIGINT"), (["-0"], "DOUBLE"), (["9223372036854775807", "-9223372036854775808"], "BIGINT"),
    (["9223372036854775808", "1"], "DECIMAL(38,0)"), (["9" * 38, "1"], "DECIMAL(38,0)"), (["9" * 39], "VARCHAR"),
    (["12345678901234567890", "7.5"], "VARCHAR"), (["9007199254740993", "7.5"], "VARCHAR"),
    (["9007199254740991", "7.5"], "DOUBLE"),
    (["1.5", "2.25", "3"], "DOUBLE"), (["1.50", "12.00"], "DECIMAL(18,2)"), (["3", "3.0"], "VARCHAR"),
    (["3.0", "4.5"], "DECIMAL(18,1)"),
    (["1.5", "2.25", "3.0"], "VARCHAR"), (["1.9", "1.10"], "VARCHAR"), ([".5"], "VARCHAR"), (["5."], "VARCHAR"),
    (["0.00001"], "DECIMAL(18,5)"),
    (["0.00001", "1.5"], "VARCHAR"), (["1e-05", "1.5"], "DOUBLE"), (["1e+16"], "DOUBLE"),
    (["649686000000001631.440", "1.10"], "VARCHAR"),
    (["649686000000001631.440", "1.100"], "DECIMAL(38,3)"), (["99999999999999999.50", "1.00"], "DECIMAL(38,2)"),
    (["9999999999999999.50", "1.00"], "DECIMAL(18,2)"), (["0." + "0" * 37 + "1"], "DECIMAL(38,38)"),
    (["1." + "0" * 38], "VARCHAR"),
    (["-0.00", "1.00"], "VARCHAR"), (["0.10000000000000000555"], "DECIMAL(38,20)"), (["nan"], "VARCHAR"),
    (["inf", "-inf"], "VARCHAR"),
    (["nan", "1.5"], "DOUBLE"), (["NaN", "1.5"], "VARCHAR"), (["1e999"], "VARCHAR"), (["1/2"], "VARCHAR"),
    (["true", "false"], "BOOLEAN"), (["True"], "VARCHAR"), (["t", "f"], "VARCHAR"), (["true", "1"], "VARCHAR"),
    (["2024-01-05", "2024-02-29"], "DATE"), (["2023-02-29"], "VARCHAR"), (["2024-1-5"], "VARCHAR"),
    (["1/2/3"], "VARCHAR"),
    (["1-2-3"], "VARCHAR"), (["01/05/2024"], "VARCHAR"), (["0000-01-01"], "VARCHAR"), (["12024-01-05"], "VARCHAR"),
    (["infinity"], "VARCHAR"),
    (["epoch"], "VARCHAR"), (["2024-01-05 (BC)"], "VARCHAR"), (["2024-01-05", "2024-01-05 10:00:00"], "VARCHAR"),
    (["2024-01-05 10:00:00"], "TIMESTAMP"), (["2024-01-05T10:00:00"], "TIMESTAMP"),
    (["2024-01-05 10:00", "2024-01-06 11:30"], "TIMESTAMP"),
    (["2024-01-05 10:00", "2024-01-05 10:00:00"], "VARCHAR"),
    (["2024-01-05T10:00:00", "2024-01-05 10:00:00"], "VARCHAR"),
    (["2024-01-05 10:00:00", "2024-01-05 10:00:00.5", "2024-01-05 10:00:00.25"], "TIMESTAMP"),
    (["2024-01-05 10:00:00.500", "2024-01-05 10:00:00.250"], "TIMESTAMP"),
    (["2024-01-05 10:00:00.500", "2024-01-05 10:00:00"], "TIMESTAMP"),
    (["2024-01-05 10:00:00.000", "2024-01-05 10:00:00"], "VARCHAR"),
    (["2024-01-05 10:00:00.50", "2024-01-05 10:00:00.125"], "VARCHAR"),
    (["2024-01-05 10:00:00.123456"], "TIMESTAMP"), (["2024-01-05 10:00:00.123456789"], "VARCHAR"),
    (["2024-01-05 10:00:00.1234567"], "VARCHAR"),
    (["2024-01-05 24:00:00"], "VARCHAR"), (["2024-01-05 23:59:60"], "VARCHAR"), (["2024-01-05  10:00:00"], "VARCHAR"),
    (["2024-01-05t10:00:00"], "VARCHAR"), (["2024-01-05 10:00:0"], "VARCHAR"), (["2024-01-05 10"], "VARCHAR"),
    (["2024-01-05 10:00:00."], "VARCHAR"),
    (["2024-01-05T10:00:00Z", None], "TIMESTAMP WITH TIME ZONE"),
    (["2024-01-05 10:00:00+00"], "TIMESTAMP WITH TIME ZONE"),
    (["2024-01-05T10:00:00.25Z", "2024-01-05T10:00:00Z"], "TIMESTAMP WITH TIME ZONE"),
    (["2024-01-05T10:00:00z"], "VARCHAR"),
    (["2024-01-05T10:00:00+02:00", "2024-07-05T10:00:00+02:00"], "TIMESTAMP WITH TIME ZONE"),
    (["2024-01-05T10:00:00+01:00", "2024-07-05T10:00:00+02:00"], "VARCHAR"),
    (["2024-01-05T10:00:00Z", "2024-01-05T10:00:00+00:00"], "VARCHAR"),
    (["2024-01-05T10:00:00Z", "2024-01-05T10:00:00"], "VARCHAR"), (["2024-01-05 10:00:00+24:00"], "VARCHAR"),
    (["2024-01-05 10:00:00+01:60"], "VARCHAR"), (["2024-01-05 10:00:00-0530"], "TIMESTAMP WITH TIME ZONE"),
    (["2024-01-05 10:00:00 UTC"], "VARCHAR"),
    (["10:00:00"], "TIME"), (["10:00:00.5", "11:00:00"], "TIME"), (["24:00:00"], "TIME"), (["3:45"], "VARCHAR"),
    (["03:45"], "VARCHAR"),
    (["25:00:00"], "VARCHAR"), (["10:00:00.1234567"], "VARCHAR"), (["10:00:00+02"], "VARCHAR"),
    ([None, None], '"NULL"'), ([], '"NULL"'), (["a", "1"], "VARCHAR"), (["NULL"], "VARCHAR"),
]  # fmt: skip


@pytest.mark.parametrize(("texts", "kind"), EXAMPLES)
def test_a_type_is_chosen_only_if_every_text_comes_back(
    con: duckdb.DuckDBPyConnection, texts: list[str | None], kind: str
) -> None:
    fill(con, texts)
    # WHEN the type of texts is asked for THEN SQL and Python say the same
    assert infer_type(con, "texts", "t").type == kind
    assert observed(texts) == kind
    # AND in any order
    assert observed(texts[::-1]) == kind


def test_the_rows_behind_the_sample_count(con: duckdb.DuckDBPyConnection) -> None:
    # GIVEN columns that turn out to be something else after many rows
    con.execute(
        """create or replace temp table late as select
             case when i < 9000 then i::varchar else i || '.5' end as n,
             case when i < 9000 then '1.25' else '1.50' end as d,
             case when i < 9000 then i::varchar else '007' end as c,
             case when i < 9000 then null else '2024-01-05' end as day,
             case when i < 9000 then i::varchar else '12345678901234567890' end as big,
             case when i < 9000 then '2024-01-05 10:00:00' else '2024-01-05T10:00:00' end as mixed,
             null::varchar as nothing, i::varchar as "odd ""name"
           from range(10000) t(i)"""
    )
    # WHEN their types are asked for
    columns = ["n", "d", "c", "day", "big", "mixed", "nothing", '"odd ""name"']
    found = infer_types(con, "late", columns)
    # THEN all rows have counted
    kinds = ["DOUBLE", "DECIMAL(18,2)", "VARCHAR", "DATE", "DECIMAL(38,0)", "VARCHAR", '"NULL"', "BIGINT"]
    assert [found[column].type for column in columns] == kinds
    # AND what is given to make the values works on every row, and nothing is left behind
    con.execute(
        f"create or replace temp table typed as select {', '.join(found[c].cast_expression for c in columns)} from late"
    )
    assert con.execute("select count(*) from duckdb_tables() where table_name = 'sampled_texts'").fetchone() == (0,)


words = st.sampled_from([text for texts, _ in EXAMPLES for text in texts])
pieces = st.text("0123456789", min_size=1, max_size=6)
numbers = st.one_of(
    st.integers(-(10**20), 10**20).map(str),
    st.floats(width=64).map(number_text),
    st.floats(-1000, 1000).map(repr),
    st.decimals(-(10**6), 10**6, places=2).map(str),
    st.integers(-100, 100).map(str),
    st.tuples(pieces, pieces).map(".".join),
    st.from_regex(r"\A[-+]?[0-9]{0,3}\.?[0-9]{0,20}(e[-+]?[0-9]{1,3})?\Z"),
)
moments = st.datetimes(datetime(1, 1, 1), datetime(9999, 12, 31))
times = st.one_of(
    moments.map(str),
    moments.map(lambda moment: moment.isoformat()),
    moments.map(lambda moment: moment.isoformat(timespec="milliseconds")),
    moments.map(lambda moment: str(moment).rstrip("0")),
    moments.map(lambda moment: moment.isoformat(" ", "minutes")),
    moments.map(lambda moment: f"{moment.isoformat()}Z"),
    moments.map(lambda moment: f"{moment.isoformat()}+02:00"),
    moments.map(lambda moment: str(moment.date())),
    moments.map(lambda moment: str(moment.time())),
    moments.map(lambda moment: moment.strftime("%m/%d/%Y")),
    st.from_regex(
        r"\A[0-9]{4}-[01][0-9]-[0-3][0-9][T ][0-2][0-9]:[0-6][0-9](:[0-6][0-9](\.[0-9]{1,7})?)?"
        r"(Z|[+-][0-9]{2}(:?[0-9]{2})?)?\Z"
    ),
)  # fmt: skip
columns = st.one_of(
    [
        st.lists(st.one_of(st.none(), strategy), max_size=4)
        for strategy in (words, numbers, times, st.one_of(numbers, times), st.text(max_size=8))
    ]
)


@given(columns)
@settings(max_examples=examples(400), deadline=None)
def test_sql_and_python_say_the_same_of_any_texts(con: duckdb.DuckDBPyConnection, texts: list[str | None]) -> None:
    fill(con, texts)
    assert infer_type(con, "texts", "t").type == observed(texts)


@given(st.lists(numbers, min_size=1, max_size=4))
@settings(max_examples=examples(200), deadline=None)
def test_texts_of_numbers_come_back_letter_by_letter(con: duckdb.DuckDBPyConnection, texts: list[str]) -> None:
    # GIVEN texts that look like numbers
    fill(con, texts)
    found = infer_type(con, "texts", "t")
    # WHEN they become values and texts again THEN nothing has changed
    kind = "VARCHAR" if found.type == '"NULL"' else found.type
    back = con.execute(f"select {text_of(found.cast_expression, kind)} from texts").fetchall()
    assert [text for (text,) in back] == texts
    # AND a number is exactly what Python reads in the text
    if kind.startswith(("DECIMAL", "BIGINT")):
        values = con.execute(f"select {found.cast_expression} from texts").fetchall()
        assert [Decimal(value) for (value,) in values] == [Decimal(text) for text in texts]


@given(st.lists(times, min_size=1, max_size=3))
@settings(max_examples=examples(200), deadline=None)
def test_texts_of_times_become_the_times_that_python_reads(con: duckdb.DuckDBPyConnection, texts: list[str]) -> None:
    fill(con, texts)
    found = infer_type(con, "texts", "t")
    if found.type in ("TIMESTAMP", "TIMESTAMP WITH TIME ZONE"):
        # WHEN a column of texts is one of times
        back = con.execute(f"select epoch_us({found.cast_expression}) from texts").fetchall()
        # THEN to the microsecond (Python reads five digits or seven as fewer: they are filled up here)
        for (microseconds,), text in zip(back, texts, strict=True):
            moment = python_time(text)
            assert timedelta(microseconds=microseconds) == moment - datetime(1970, 1, 1, tzinfo=UTC)


def python_time(text: str) -> datetime:
    body, zone = text[:16], text[16:]
    seconds = zone[: len(zone) - len(zone.lstrip(":.0123456789"))]
    zone = zone[len(seconds) :] or "+00:00"
    whole, _, part = seconds.partition(".")
    sign, digits = (1 if zone[0] != "-" else -1), zone[1:].replace(":", "") if zone != "Z" else "0000"
    moment = datetime.fromisoformat(body + whole).replace(microsecond=int(part.ljust(6, "0") or 0), tzinfo=UTC)
    return moment - sign * timedelta(hours=int(digits[:2]), minutes=int(digits[2:] or 0))


@pytest.mark.parametrize(
    ("kind", "yes", "no"),
    [
        ("INTEGER", ["5", "-7"], ["05", "2147483648", "5.0"]),
        ("FLOAT", ["0.1", "3"], ["3.0", "0.123456789012"]),
        ("DECIMAL(2,2)", ["0.50"], [".50", "0.5", "1.50"]),
        ("UUID", ["f47ac10b-58cc-4372-a567-0e02b2c3d479"], ["F47AC10B-58CC-4372-A567-0E02B2C3D479"]),
        ("TIMESTAMP_NS", ["2024-01-01T00:00:00.123456789"], ["2024-01-01T00:00:00.1234567891", "1600-01-01 00:00:00"]),
        ("TIMESTAMP WITH TIME ZONE", ["2024-01-01T00:00:00+02:00"], ["2024-01-01T00:00:00", "2024-01-01T24:00:00Z"]),
        ("INTEGER[]", ["[1,2]"], ["[1, 2]", "[01]", "1"]),
        ('STRUCT("a" INTEGER)', ['{"a":1}'], ['{"a":1.0}', '{"b":1}', "{}"]),
        ("HUGEINT", ["170141183460469231731687303715884105727"], ["170141183460469231731687303715884105728"]),
        ("BLOB", ["\\xAA", "abc"], ["ä"]),
        ("VARCHAR", ["anything", ""], []),
    ],
)  # fmt: skip
def test_whether_one_text_comes_back(con: duckdb.DuckDBPyConnection, kind: str, yes: list[str], no: list[str]) -> None:
    for texts, verdict in ((yes, True), (no, False)):
        fill(con, texts)
        assert con.execute(f"select distinct {comes_back('t', kind)} from texts").fetchall() in ([(verdict,)], [])
    fill(con, [None])
    assert con.execute(f"select {comes_back('t', kind)} from texts").fetchall() == [(True,)]


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ([1, "2", None], "BIGINT"), (["1", "1.0"], "DOUBLE"), (["1.50", "1e3"], "DOUBLE"), ([2**63], "DECIMAL(38,0)"),
        ([10**38], "VARCHAR"), ([2**63 - 1, -(2**63)], "BIGINT"), ([-(2**63) - 1], "DECIMAL(38,0)"),
        ([9007199254740993, Decimal("1.5")], "VARCHAR"), ([9007199254740991, Decimal("1.5")], "DOUBLE"),
        (["0.1234567890123456789"], "VARCHAR"),
        (["1e400"], "VARCHAR"), (["123456789012345678901234567890", "5"], "DECIMAL(38,0)"), ([], '"NULL"'),
        ([None], '"NULL"'),
        (["-0"], "DOUBLE"), ([Decimal("1e2")], "DOUBLE"),
    ],
)  # fmt: skip
def test_numbers_of_json_count_by_what_they_are(values: list[int | Decimal | str | None], kind: str) -> None:
    seen = ObservedNumbers()
    for value in values:
        seen.add(value)
    assert seen.type == kind


@given(st.floats(allow_nan=False, allow_infinity=False))
@settings(max_examples=examples(200), deadline=None)
def test_the_text_of_a_double_is_the_same_in_sql_and_python(con: duckdb.DuckDBPyConnection, value: float) -> None:
    assert con.execute(f"select {text_of('$1::double', 'DOUBLE')}", [value]).fetchone() == (number_text(value),)


@pytest.mark.parametrize(
    ("lengths", "padded", "zero", "one"),
    [
        ({19}, False, True, True),
        ({21}, True, True, True),
        ({16, 19}, False, False, False),
        ({16, 21}, False, False, False),
        ({21, 23}, False, False, True),
        ({19, 21, 23}, False, False, True),
        ({21, 23}, True, False, False),
        ({19, 23}, True, False, True),
        ({19, 23}, True, True, False),
        ({19, 21, 23}, True, False, False),
    ],
    ids=str,
)
def test_seconds_are_written_in_one_way_or_in_several(
    lengths: set[int], *, padded: bool, zero: bool, one: bool
) -> None:
    assert one_form(lengths, 19, padded=padded, zero=zero) is one
