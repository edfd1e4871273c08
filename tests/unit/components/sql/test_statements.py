"""Statements of a script, found alike whatever blanks and comments stand around them."""

from __future__ import annotations

from collections.abc import Iterator

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from orch_tui.components.sql.statements import beginning, read_statements
from orch_tui.model.errors import UserError

from tests.support.effort import examples


@pytest.fixture(scope="module")
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(config={"threads": 1}) as made:
        yield made


@pytest.mark.parametrize(
    ("sql", "found"),
    [
        ("select 1", [(1, "SELECT", "SELECT 1")]),
        ("select 1;\n\n-- why\ncreate table t as\nselect 2", [(1, "SELECT", "SELECT 1"),
        (4, "CREATE", "CREATE TABLE")]),
        ("set variable x = 2;\n/* a; */ set\nvariable y = 3; -- end", [(1, "SET", "SET VARIABLE"),
        (2, "SET", "SET VARIABLE")]),
        ("set /* a /* nested */ one */ -- and\n variable x = 2", [(1, "SET", "SET VARIABLE")]),
        ("-- a\n;;\n ; select 'a;b' ; ;; /* tail */", [(3, "SELECT", "SELECT '")]),
        ("-- a\r-- b\r\nselect 1", [(2, "SELECT", "SELECT 1")]),
        ("\ufeff-- bom\nselect\u00a01;\u2003\u200b\n\u3000select 2", [(2, "SELECT", "SELECT 1"),
        (3, "SELECT", "SELECT 2")]),
        ("select 1; select 1;\nselect 1", [(1, "SELECT", "SELECT 1"), (1, "SELECT", "SELECT 1"),
        (2, "SELECT", "SELECT 1")]),
        ("select '\n\n'; select 'x\u00a0y'\n;\npivot (select 1 a) on a", [(1, "SELECT", "SELECT '"),
        (3, "SELECT", "SELECT '"),
                                                                  (5, "MULTI", "PIVOT (")]),
        ("select $$\n;$$;\n/**/create table x as pivot (select 1 a) on a", [(1, "SELECT", "SELECT $"),
        (3, "MULTI", "CREATE TABLE")]),
        ("", []), ("-- only", []), ("/* only */ ; ;", []),
    ],
)  # fmt: skip
def test_statements_with_their_lines(
    con: duckdb.DuckDBPyConnection, sql: str, found: list[tuple[int, str, str]]
) -> None:
    statements = read_statements(con, sql)
    assert [(item.line, item.kind, " ".join(item.words(2))) for item in statements] == found


@pytest.mark.parametrize(
    ("sql", "says"),
    [
        ("select 1;\nselec 2", "line 2 of the SQL: syntax error"),
        ("select 1; select 'x", "line 1 of the SQL: unterminated"),
    ],
)
def test_a_script_that_cannot_be_read(con: duckdb.DuckDBPyConnection, sql: str, says: str) -> None:
    with pytest.raises(UserError, match=says):
        read_statements(con, sql)


def test_a_kind_without_a_name_is_none(con: duckdb.DuckDBPyConnection) -> None:
    (statement,) = read_statements(con, "-- all\nupdate extensions")
    assert (statement.kind, statement.words(1)) == ("", ["UPDATE"])


def test_the_line_of_an_error_is_counted_from_the_first_word(con: duckdb.DuckDBPyConnection) -> None:
    (_, statement) = read_statements(con, "select 1;\n\n-- why\nselect\n  1 as x,\n  nope from range(1)")
    with pytest.raises(duckdb.BinderException) as error:
        con.execute(statement.parsed.query)
    assert (statement.line, statement.line_of(error.value)) == (4, 3)


gaps = st.lists(st.sampled_from([" ", "\n", "\t", "-- c; 'x\n", "/* ; ' */", "/* /* */ */", "\n\n"]), max_size=4).map(
    "".join
)


@given(
    st.lists(
        st.tuples(gaps, st.sampled_from(["select 1", "select 'a;b'", 'select 2 as ";"', "values\n(1)"])), max_size=5
    ),
    gaps,
)
@settings(max_examples=examples(300), deadline=None)
def test_any_blanks_and_comments_may_stand_between(
    con: duckdb.DuckDBPyConnection, parts: list[tuple[str, str]], end: str
) -> None:
    # GIVEN statements with anything that is none between them
    sql, lines = "", []
    for gap, text in parts:
        sql += gap
        lines.append(1 + sql.count("\n"))
        sql += f"{text};"
    # WHEN they are read THEN each begins where it was put
    statements = read_statements(con, sql + end)
    assert [item.line for item in statements] == lines
    assert [item.text.split(";")[0].split()[0] for item in statements] == [text.split()[0] for _, text in parts]


@given(gaps, st.text(max_size=10))
def test_the_beginning_is_behind_blanks_and_comments_and_nothing_else(gap: str, text: str) -> None:
    assert beginning(f"{gap}x{text}") == len(gap)
