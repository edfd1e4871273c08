"""Types read from DuckDB's texts and written again."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from orch_tui.storage.values.types import DataType, parse_type, walk

from tests.support.effort import examples
from tests.support.tables import database

SCALARS = (
    "BOOLEAN", "TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT",
    "UHUGEINT", "BIGNUM", "FLOAT", "DOUBLE", "DECIMAL(1,0)", "DECIMAL(18,3)", "DECIMAL(38,38)", "VARCHAR", "BLOB",
    "BIT",
    "UUID", "JSON", "DATE", "TIME", "TIME_NS", "TIME WITH TIME ZONE", "TIMESTAMP", "TIMESTAMP_S", "TIMESTAMP_MS",
    "TIMESTAMP_NS", "TIMESTAMP WITH TIME ZONE", "TIMESTAMPTZ_NS", "INTERVAL", "ENUM('a', 'it''s', 'x, y)', '\"')",
)  # fmt: skip

names = st.sampled_from(["a", "b", "a b", 'quo"te', "select", "x(", "y[]", "Ünï", "1", "it's", ", "])


def nested(inner: st.SearchStrategy[DataType]) -> st.SearchStrategy[DataType]:
    fields = st.lists(st.tuples(names, inner), min_size=1, max_size=3, unique_by=lambda field: field[0].casefold())
    return st.one_of(
        inner.map(lambda kind: DataType("LIST", (("", kind),))),
        st.tuples(inner, st.integers(1, 5)).map(lambda two: DataType("ARRAY", (("", two[0]),), length=two[1])),
        fields.map(lambda found: DataType("STRUCT", tuple(found))),
        fields.map(lambda found: DataType("UNION", tuple(found))),
        st.tuples(inner, inner).map(lambda two: DataType("MAP", (("", two[0]), ("", two[1])))),
    )


trees = st.recursive(st.sampled_from(SCALARS).map(parse_type), nested, max_leaves=6)


@given(trees)
@settings(max_examples=examples(200), deadline=None)
def test_every_type_is_read_as_duckdb_writes_it(kind: DataType) -> None:
    # GIVEN a type, made a column in DuckDB
    with database() as con:
        con.execute(f"create temp table t (x {kind})")
        row = con.execute("select column_type from (describe t)").fetchone()
    # WHEN DuckDB's text of it is read THEN it is the same type
    assert row is not None and parse_type(row[0]) == kind
    # AND so is our own
    assert parse_type(str(kind)) == kind


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("int", "INTEGER"), ("numeric(9, 2)", "DECIMAL(9,2)"), ("decimal", "DECIMAL(18,3)"),
        ("decimal(5)", "DECIMAL(5,0)"),
        ("text", "VARCHAR"), ("varchar(20)", "VARCHAR"), ("timestamptz", "TIMESTAMP WITH TIME ZONE"),
        ("timestamp  with\ttime zone", "TIMESTAMP WITH TIME ZONE"), ("double precision", "DOUBLE"),
        ("int[][3]", "INTEGER[][3]"),
        (' struct ( "a" int , b text[ ] ) ', 'STRUCT("a" INTEGER, "b" VARCHAR[])'),
        ("row(a int)", 'STRUCT("a" INTEGER)'),
        ("map(text, real)", "MAP(VARCHAR, FLOAT)"), ("null", '"NULL"'),
        ("geometry('OGC:CRS84')", "GEOMETRY('OGC:CRS84')"),
        ("my_type", "MY_TYPE"),
    ],
)  # fmt: skip
def test_what_people_write_is_read(written: str, meant: str) -> None:
    assert str(parse_type(written)) == meant


@pytest.mark.parametrize(
    "text", ["", "(", "integer)", "decimal(39,0)", "decimal(2,3)", "decimal(a)", "struct(a", "integer[", "integer[x]",
             "map(integer)x", "struct(a integer,)", "1", "'a'"],
)  # fmt: skip
def test_what_is_no_type_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is no type"):
        parse_type(text)


def test_walk_gives_all_types_inside() -> None:
    names = [kind.name for kind in walk(parse_type("STRUCT(a INTEGER[], m MAP(VARCHAR, DATE))"))]
    assert names == ["STRUCT", "LIST", "INTEGER", "MAP", "VARCHAR", "DATE"]
