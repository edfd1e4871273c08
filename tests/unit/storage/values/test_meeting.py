"""Where types and values meet: nothing that meets changes."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction
from typing import Any, Literal

import duckdb
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from orch_tui.storage.values.conversion import converted, holds, text_of
from orch_tui.storage.values.lattice import INTEGERS, common_type
from orch_tui.storage.values.meeting import meeting

from tests.support.effort import examples
from tests.unit.storage.values.test_types import SCALARS


@pytest.fixture(scope="module")
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(config={"threads": 1}) as made:
        made.execute("set timezone = 'UTC'")
        yield made


def side(con: duckdb.DuckDBPyConnection, values: str) -> tuple[str, str, str]:
    relation = f"(select unnest([{values}]) as x)"
    row = con.execute(f"select column_type from (describe {relation[1:-1]})").fetchone()
    assert row is not None
    return relation, '"x"', row[0]


def met(con: duckdb.DuckDBPyConnection, *values: str) -> tuple[str, list[str | None]]:
    """The type in which lists of values meet, and the texts that they have there."""
    sides = [side(con, part) for part in values]
    found = meeting(con, sides)
    union = " union all ".join(
        f"select {expression} as x, {at} as place from {relation}"
        for at, (expression, (relation, _, _)) in enumerate(zip(found.expressions, sides, strict=True))
    )
    kinds = con.execute(f"select distinct typeof(x) from ({union})").fetchall()
    assert len(kinds) == 1
    texts = con.execute(f"select {text_of('x', found.type)} from ({union}) order by place").fetchall()
    return found.type, [text for (text,) in texts]


@pytest.mark.parametrize(
    ("types", "common"),
    [
        (["INTEGER", "DOUBLE"], "DOUBLE"), (["BIGINT", "DOUBLE"], "VARCHAR"), (["DECIMAL(4,2)", "DOUBLE"], "VARCHAR"),
        (["UINTEGER", "FLOAT"], "DOUBLE"), (["SMALLINT", "FLOAT"], "FLOAT"), (["FLOAT", "DOUBLE"], "DOUBLE"),
        (["UBIGINT", "BIGINT"], "DECIMAL(20,0)"), (["UINTEGER", "INTEGER"], "BIGINT"),
        (["UTINYINT", "TINYINT"], "SMALLINT"),
        (["UTINYINT", "UBIGINT"], "UBIGINT"), (["HUGEINT", "BIGINT"], "HUGEINT"), (["HUGEINT", "UHUGEINT"], "BIGNUM"),
        (["BIGNUM", "DECIMAL(9,2)"], "VARCHAR"), (["BIGNUM", "DECIMAL(9,0)"], "BIGNUM"),
        (["BIGNUM", "INTEGER"], "BIGNUM"), (["DECIMAL(38,0)", "HUGEINT"], "HUGEINT"),
        (["DECIMAL(10,2)", "HUGEINT"], "VARCHAR"),
        (["DECIMAL(10,2)", "DECIMAL(12,4)"], "DECIMAL(12,4)"), (["DECIMAL(10,2)", "DECIMAL(9,4)"], "DECIMAL(12,4)"),
        (["DECIMAL(38,9)", "DECIMAL(38,2)"], "VARCHAR"), (["DECIMAL(10,2)", "INTEGER"], "DECIMAL(12,2)"),
        (["BOOLEAN", "INTEGER"], "VARCHAR"), (["DATE", "TIMESTAMP"], "VARCHAR"), (["TIME", "TIMESTAMP"], "VARCHAR"),
        (["TIMESTAMP", "TIMESTAMP WITH TIME ZONE"], "TIMESTAMP WITH TIME ZONE"),
        (["TIMESTAMP_S", "TIMESTAMP_MS"], "TIMESTAMP_MS"),
        (["TIMESTAMP_NS", "TIMESTAMP"], "VARCHAR"), (["TIMESTAMP_NS", "TIMESTAMPTZ_NS"], "TIMESTAMPTZ_NS"),
        (["TIME", "TIME_NS"], "TIME_NS"), (["TIME", "TIME WITH TIME ZONE"], "VARCHAR"),
        (["UUID", "VARCHAR"], "VARCHAR"),
        (["BLOB", "BIT"], "VARCHAR"), (["JSON", "VARCHAR"], "VARCHAR"), (["JSON", "BIGINT"], "JSON"),
        (["JSON", "INTEGER[]"], "JSON"),
        (["JSON", "DOUBLE"], "VARCHAR"), (["ENUM('a')", "ENUM('b')"], "VARCHAR"), (["INTERVAL", "TIME"], "VARCHAR"),
        (['"NULL"', "DATE"], "DATE"), (['"NULL"', '"NULL"'], "VARCHAR"), ([], "VARCHAR"), (["DATE", "DATE"], "DATE"),
        (["INTEGER[]", "DOUBLE[]"], "DOUBLE[]"), (["INTEGER[]", '"NULL"[]'], "INTEGER[]"),
        (["INTEGER[2]", "DOUBLE[2]"], "DOUBLE[2]"),
        (["INTEGER[2]", "INTEGER[3]"], "INTEGER[]"), (["BIGINT[]", "DOUBLE[]"], "VARCHAR[]"),
        (["INTEGER[]", "INTEGER"], "VARCHAR"),
        (["STRUCT(a INTEGER)", "STRUCT(a DOUBLE, b DATE)"], "STRUCT(a DOUBLE, b DATE)"),
        (["STRUCT(a INTEGER)", "STRUCT(A INTEGER)"], "JSON"), (["STRUCT(a INTEGER)", "INTEGER[]"], "JSON"),
        (["MAP(VARCHAR, INTEGER)", "MAP(VARCHAR, BIGINT)"], "MAP(VARCHAR, BIGINT)"),
        (["STRUCT(a STRUCT(b TINYINT)[])", "STRUCT(a STRUCT(b UTINYINT)[])"], 'STRUCT("a" STRUCT("b" SMALLINT)[])'),
        (["UNION(a INTEGER)", "UNION(b INTEGER)"], "JSON"),
    ],
)  # fmt: skip
def test_types_meet_in_one_that_holds_all_of_their_values(types: list[str], common: str) -> None:
    # WHEN types meet in any order, and more than once THEN it is the same type
    for order in itertools.permutations(types):
        assert common_type([*order, *order]) == common or common.startswith("STRUCT")
    assert common_type(types) == common


@given(st.lists(st.sampled_from([*SCALARS, '"NULL"']), min_size=1, max_size=4))
@settings(max_examples=examples(300), deadline=None)
def test_the_common_type_is_an_upper_bound(types: list[str]) -> None:
    # GIVEN any types WHEN they meet
    common = common_type(types)
    # THEN neither their order nor meeting the result again changes it
    assert common_type(reversed(types)) == common
    assert common_type([common, *types]) == common


@pytest.mark.parametrize(
    ("sides", "kind", "texts"),
    [
        (["9007199254740993", "1.5::double"], "VARCHAR", ["9007199254740993", "1.5"]),
        (["9007199254740992", "1.5::double"], "DOUBLE", ["9007199254740992", "1.5"]),
        (["1000000000000000000", "1.5::double"], "VARCHAR", ["1000000000000000000", "1.5"]),
        (["7::bigint", "2.0::double"], "BIGINT", ["7", "2"]),
        (["7::bigint", "'-0.0'::double"], "DOUBLE", ["7", "-0"]),
        (["2.5::double", "7::bigint"], "DOUBLE", ["2.5", "7"]),
        (["2.5::double", "9007199254740993"], "VARCHAR", ["2.5", "9007199254740993"]),
        (["'nan'::double, 'inf'::double", "7::bigint"], "DOUBLE", ["nan", "inf", "7"]),
        (["7::bigint", "'nan'::double"], "DOUBLE", ["7", "nan"]),
        (["0.1::float", "0.25::double"], "DOUBLE", ["0.1", "0.25"]),
        (["0.1::float", "0.123456789::double"], "DOUBLE", ["0.1", "0.123456789"]),
        (["123456789::integer", "0.5::float"], "DOUBLE", ["123456789", "0.5"]),
        (["18446744073709551615::ubigint", "(-1)::bigint"], "DECIMAL(20,0)", ["18446744073709551615", "-1"]),
        (["5::smallint", "6::bigint"], "BIGINT", ["5", "6"]),
        (["5::smallint", "60000::bigint"], "BIGINT", ["5", "60000"]),
        (["1.123456789::decimal(38,9)", "1.23::decimal(38,2)"], "DECIMAL(38,9)", ["1.123456789", "1.230000000"]),
        (["1.23::decimal(38,2)", "1.123456789::decimal(38,9)"], "DECIMAL(38,9)", ["1.230000000", "1.123456789"]),
        (["1.23::decimal(38,2)", "1.1::decimal(38,9)"], "DECIMAL(38,2)", ["1.23", "1.10"]),
        (["repeat('9', 36)::decimal(38,2)", "0.1234::decimal(38,9)"], "VARCHAR", ["9" * 36 + ".00", "0.123400000"]),
        (["repeat('9', 33)::decimal(38,2)", "0.1234::decimal(38,9)"], "DECIMAL(38,4)", ["9" * 33 + ".0000", "0.1234"]),
        (["repeat('1', 38)::decimal(38,0)", "1.50::decimal(10,2)"], "VARCHAR", ["1" * 38, "1.50"]),
        (["0.50::decimal(2,2)", "'x'"], "VARCHAR", ["0.50", "x"]),
        (["(-0.50)::decimal(2,2)", "true"], "VARCHAR", ["-0.50", "true"]),
        (["1.50::decimal(4,2)", "1.25::double"], "DECIMAL(4,2)", ["1.50", "1.25"]),
        (["1.50::decimal(4,2)", "1.125::double"], "DOUBLE", ["1.5", "1.125"]),
        (["0.12345678901234567891::decimal(38,20)", "1.125::double"], "DECIMAL(38,20)",
         ["0.12345678901234567891", "1.12500000000000000000"]),
        (["0.12345678901234567891::decimal(38,20)", "1e300::double"], "VARCHAR", ["0.12345678901234567891", "1e+300"]),
        (["1.125::double", "0.12345678901234567891::decimal(38,20)"], "VARCHAR", ["1.125", "0.12345678901234567891"]),
        (["true", "5"], "VARCHAR", ["true", "5"]),
        (["null", "5"], "INTEGER", [None, "5"]),
        (["null::varchar", "5"], "INTEGER", [None, "5"]),
        (["5", "null::varchar"], "INTEGER", ["5", None]),
        (["null::varchar", "null::date"], "VARCHAR", [None, None]),
        (["null::date", "'x'"], "VARCHAR", [None, "x"]),
        (["null::date", "5", "null::varchar"], "INTEGER", [None, "5", None]),
        (["[null]::varchar[]", "[5]"], "INTEGER[]", ["[null]", "[5]"]),
        (["null", "null"], "VARCHAR", [None, None]),
        (["repeat('9', 60)::bignum", "5::bigint"], "BIGNUM", ["9" * 60, "5"]),
        (["5::bigint", "repeat('9', 60)::bignum"], "BIGNUM", ["5", "9" * 60]),
        (["5::bigint", "6::bignum"], "BIGNUM", ["5", "6"]),
        (["5::bigint", "(-170141183460469231731687303715884105727)::hugeint"], "HUGEINT",
         ["5", "-170141183460469231731687303715884105727"]),
        (["timestamp '2020-01-01 10:00:00'", "'2020-01-01 10:00:00+01'::timestamptz"], "TIMESTAMP WITH TIME ZONE",
         ["2020-01-01 10:00:00+00", "2020-01-01 09:00:00+00"]),
        (["'2020-01-01 00:00:00.123456789'::timestamp_ns", "timestamp '2020-01-01'"], "TIMESTAMP_NS",
         ["2020-01-01 00:00:00.123456789", "2020-01-01 00:00:00"]),
        (["'2020-01-01 00:00:00.5'::timestamp_ns", "timestamp '1500-01-01'"], "TIMESTAMP",
         ["2020-01-01 00:00:00.5", "1500-01-01 00:00:00"]),
        (["'2020-01-01 00:00:00.123456789'::timestamp_ns", "timestamp '1500-01-01'"], "VARCHAR",
         ["2020-01-01 00:00:00.123456789", "1500-01-01 00:00:00"]),
        (["timestamp 'infinity'", "'2020-01-01 00:00:00.5'::timestamp_ns"], "TIMESTAMP", ["infinity",
        "2020-01-01 00:00:00.5"]),
        (["date '2020-01-01'", "timestamp '2020-01-01'"], "VARCHAR", ["2020-01-01", "2020-01-01 00:00:00"]),
        (["'{\"a\": 1.0}'::json", "1.5::double"], "JSON", ['{"a": 1.0}', "1.5"]),
        (["'[1]'::json", "'nan'::double"], "VARCHAR", ["[1]", "nan"]),
        (["[1, null]::bigint[]", "[1.5]::double[]"], "DOUBLE[]", ["[1,null]", "[1.5]"]),
        (["[9007199254740993]", "[1.5]::double[]"], "VARCHAR[]", ['["9007199254740993"]', '["1.5"]']),
        (["[[1::bigint]]", "[[2.0::double], null]"], "BIGINT[][]", ["[[1]]", "[[2],null]"]),
        (["{'a': 9007199254740993, 'b': 1}", "{'a': 1.5::double, 'c': 'x'}"],
         'STRUCT("a" VARCHAR, "b" INTEGER, "c" VARCHAR)',
         ['{"a":"9007199254740993","b":1,"c":null}', '{"a":"1.5","b":null,"c":"x"}']),
        (["map {'k': 1::bigint}", "map {'k': 1.5::double}"], "MAP(VARCHAR, DOUBLE)", ['{"k":1}', '{"k":1.5}']),
        (["map {1::bigint: true}", "map {'007': true}"], "MAP(VARCHAR, BOOLEAN)", ['{"1":true}', '{"007":true}']),
        (["{'a': [1.5::float]}", "{'a': [2]}"], 'STRUCT("a" DOUBLE[])', ['{"a":[1.5]}', '{"a":[2]}']),
        (["[1, 2]::integer[2]", "[3]"], "INTEGER[]", ["[1,2]", "[3]"]),
        (["[1, 2]::bigint[2]", "[3, 0.5]::double[2]"], "DOUBLE[2]", ["[1,2]", "[3,0.5]"]),
        (["row(1, 'a')", "row(0.5::double, null)"], "TUPLE(DOUBLE, VARCHAR)", ['[1,"a"]', "[0.5,null]"]),
        (["{'a': 1}", "[1]"], "JSON", ['{"a":1}', "[1]"]),
        (["{'a b\"': date '2020-01-01', 'd': 0.50::decimal(2,2), 'n': 'nan'::double, 'b': '\\xAA\\x5C'::blob}", "[]"],
        "JSON",
         ['{"a b\\"":"2020-01-01","d":0.50,"n":"nan","b":"\\\\xAA\\\\x5C"}', "[]"]),
        (["union_value(num := 3)", "[1]"], "JSON", ['{"num":3}', "[1]"]),
        (["{'a': null}", "{'a': 5}"], "STRUCT(a INTEGER)", ['{"a":null}', '{"a":5}']),
        (["null::struct(a integer)", "{'b': 5}"], 'STRUCT("a" INTEGER, "b" INTEGER)', [None, '{"a":null,"b":5}']),
    ],
)  # fmt: skip
def test_values_meet_as_they_are(
    con: duckdb.DuckDBPyConnection, sides: list[str], kind: str, texts: list[str | None]
) -> None:
    assert met(con, *sides) == (kind, texts)


INTEGER = [kind for kind in INTEGERS if kind != "UHUGEINT"]


@st.composite
def numbers(draw: st.DrawFn) -> tuple[str, str, Any]:
    """SQL of a number with its type, and its exact value as its text says it."""
    kind = draw(st.sampled_from([*INTEGER, "UHUGEINT", "DECIMAL", "DOUBLE", "FLOAT"]))
    if kind in INTEGERS:
        low, high = INTEGERS[kind]
        value = draw(st.one_of(st.integers(low, high), st.integers(max(low, -10), 10)))
        return f"'{value}'::{kind}", kind, Fraction(value)
    if kind == "DECIMAL":
        digits = draw(st.integers(1, 38))
        scale = draw(st.integers(0, digits))
        unscaled = draw(st.integers(-(10**digits) + 1, 10**digits - 1))
        text = f"{Decimal(unscaled).scaleb(-scale):f}" if abs(unscaled) < 10**28 else exact(unscaled, scale)
        return f"'{text}'::decimal({digits},{scale})", f"DECIMAL({digits},{scale})", Fraction(text)
    width: Literal[32, 64] = 64 if kind == "DOUBLE" else 32
    wide = draw(
        st.one_of(st.floats(allow_nan=False, allow_infinity=False, width=width), st.integers(-100, 100).map(float))
    )
    text = repr(wide) if kind == "DOUBLE" else ""
    return f"'{wide!r}'::{kind}", kind, Fraction(Decimal(text)) if text else None


def exact(unscaled: int, scale: int) -> str:
    digits = str(abs(unscaled)).rjust(scale + 1, "0")
    whole, part = (digits[:-scale], digits[-scale:]) if scale else (digits, "")
    return f"{'-' if unscaled < 0 else ''}{whole}{'.' if part else ''}{part}"


@given(st.lists(numbers(), min_size=2, max_size=3))
@example([("'0.0'::FLOAT", "FLOAT", None), ("'9223372036854775808'::UHUGEINT", "UHUGEINT", Fraction(2**63))])
@settings(max_examples=examples(200), deadline=None)
def test_numbers_keep_their_value_wherever_they_meet(
    con: duckdb.DuckDBPyConnection, found: list[tuple[str, str, Any]]
) -> None:
    # GIVEN numbers of different types WHEN they meet
    _, texts = met(con, *(sql for sql, _, _ in found))
    # THEN each is the number that it was, as Python's exact arithmetic has it
    for text, (sql, kind, value) in zip(texts, found, strict=True):
        assert text is not None
        if value is None:
            row = con.execute(f"select {text_of(sql, kind)}").fetchone()
            assert row is not None
            value = Fraction(Decimal(row[0]))
        assert Fraction(Decimal(text)) == value
    # AND the common type of their types alone holds them too
    common = common_type(kind for _, kind, _ in found)
    for sql, kind, _ in found:
        row = con.execute(f"select {text_of(converted(sql, kind, common), common)}, {text_of(sql, kind)}").fetchone()
        assert row is not None and Fraction(Decimal(row[0])) == Fraction(Decimal(row[1]))


KINDS = {
    "BOOLEAN": "true", "UTINYINT": "'7'", "UINTEGER": "'7'", "UBIGINT": "'18446744073709551615'", "UHUGEINT": "'7'",
    "TINYINT": "'-7'", "BIGINT": "'-7'", "HUGEINT": "'-7'", "BIGNUM": "'7'", "DECIMAL(9,2)": "'1.50'", "FLOAT": "'0.5'",
    "DOUBLE": "'0.5'", "VARCHAR": "'1.5'", "BLOB": "'a'", "DATE": "'2024-01-05'", "TIME": "'10:00:00'",
    "TIMESTAMP": "'2024-01-05 10:00:00'", "TIMESTAMP WITH TIME ZONE": "'2024-01-05 10:00:00+00'", "INTERVAL": "'1 day'",
    "UUID": "'7f4df5b0-62b1-4a3e-9f2e-8a2e6a2f4d5b'", "BIT": "'101'", "JSON": "'1'", "ENUM('1.5')": "'1.5'",
}  # fmt: skip


@pytest.mark.parametrize("source", KINDS)
@pytest.mark.parametrize("target", ["FLOAT", "DOUBLE", "BIGINT", "UBIGINT", "DECIMAL(9,2)", "BOOLEAN", "VARCHAR"])
def test_whether_a_type_holds_a_value_can_be_asked_of_any_two(
    con: duckdb.DuckDBPyConnection, source: str, target: str
) -> None:
    # GIVEN a value of any type, null and any other type that it may meet or be asked for
    for value in (KINDS[source], "null"):
        sql = f"cast({value} as {source})"
        row = con.execute(f"select {holds(sql, source, target)}").fetchone()
        # WHEN it is asked THEN there is an answer, and one of yes is true
        assert row is not None and row[0] in (True, False) and (row[0] or value != "null")
        if row[0] and value != "null":
            there = con.execute(f"select {text_of(converted(sql, source, target), target)}").fetchone()
            assert there is not None and there[0] is not None
    if source == "VARCHAR" and target in ("FLOAT", "DOUBLE"):
        assert con.execute(f"select {holds(KINDS[source], source, target)}").fetchone() == (True,)


@given(numbers(), st.sampled_from([*INTEGER, "DECIMAL(38,0)", "DECIMAL(18,2)", "DECIMAL(38,20)", "DOUBLE", "FLOAT"]))
@settings(max_examples=examples(200), deadline=None)
def test_what_a_type_holds_is_the_same_number_in_it(
    con: duckdb.DuckDBPyConnection, number: tuple[str, str, Any], target: str
) -> None:
    sql, kind, _ = number
    # GIVEN a number that a type says it holds
    row = con.execute(f"select {holds(sql, kind, target)}").fetchone()
    assert row is not None
    if row[0]:
        # WHEN it is converted THEN it is the same number
        texts = con.execute(f"select {text_of(sql, kind)}, {text_of(converted(sql, kind, target), target)}").fetchone()
        assert texts is not None and Fraction(Decimal(texts[0])) == Fraction(Decimal(texts[1]))
