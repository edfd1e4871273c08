"""Of which columns of its inputs a script of SQL makes its outputs."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
from orch_tui.lineage.sql.relation import Relation
from orch_tui.lineage.sql.script import TracedScript, trace_script

INPUTS: dict[str, list[str] | None] = {"a": ["id", "x", "y"], "b": ["id", "z"], "open": None}


def traced(sql: str, *outputs: str) -> TracedScript:
    return trace_script(sql, INPUTS, outputs or ("o",))


def made(sql: str) -> Relation:
    script = traced(sql)
    assert not script.untraced
    return script.outputs["o"]


def shown(origins: Iterable[tuple[str, str]]) -> str:
    return " ".join(sorted(f"{table}.{column}" for table, column in origins))


def columns(relation: Relation) -> dict[str, str]:
    return {name: shown(origins) for name, origins in relation.columns.items()}


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("select * from a", {"id": "a.id", "x": "a.x", "y": "a.y"}),
        ("from a", {"id": "a.id", "x": "a.x", "y": "a.y"}),
        ("select x + y as s, 1 as one from a", {"s": "a.x a.y", "one": ""}),
        ('select A.ID, "X" as Up from A', {"id": "a.id", "up": "a.x"}),
        ("select x as k, k + y as l from a", {"k": "a.x", "l": "a.x a.y"}),
        ("select * exclude (x) replace (y + 1 as y) from a", {"id": "a.id", "y": "a.y"}),
        ("select columns('x|y') from a", {"x": "a.x", "y": "a.y"}),
        ("select id, x, z from a join b using (id)", {"id": "a.id b.id", "x": "a.x", "z": "b.z"}),
        ("select v.z, w.z as w from b v, b w", {"z": "b.z", "w": "b.z"}),
        ("with c as (select id, sum(x) as s from a group by all) select s from c", {"s": "a.x"}),
        ("with c(i, j) as (select id, x from a) select j, i from c", {"j": "a.x", "i": "a.id"}),
        ("with c as (select 1 as q), d as (select q, id from c, a) select * from d", {"q": "", "id": "a.id"}),
        ("select t.q from (select x * 2 as q from (select x from a)) t", {"q": "a.x"}),
        ("select (select max(z) from b where b.id = a.id) as m from a", {"m": "a.id b.id b.z"}),
        ("select id from a union all select z from b", {"id": "a.id b.z"}),
        ("select * from a union all by name select * from b",
         {"id": "a.id b.id", "x": "a.x", "y": "a.y", "z": "b.z"}),
        ("select id from a except select z from b", {"id": "a.id"}),
        ("with recursive r as (select id, x from a union all select b.id, r.x + z from r join b using (id)) from r",
         {"id": "a.id b.id", "x": "a.x b.z"}),
        ("select l.m from a, lateral (select max(z) as m from b where b.id = a.id) l", {"m": "a.id b.id b.z"}),
        ("select row_number() over (partition by y order by x) as n from a", {"n": "a.x a.y"}),
        ("select sum(x) over w as s from a window w as (order by y)", {"s": "a.x a.y"}),
        ("select t.v from a, unnest([x, y]) as t(v)", {"v": "a.x a.y"}),
        ("select * from a pivot (sum(x) for y in ('p'))", {"id": "a.id", "p": "a.x a.y"}),
        ("select * from a unpivot (v for k in (x, y))", {"id": "a.id", "k": "a.x a.y", "v": "a.x a.y"}),
        ("select list_transform([x], e -> e + z) as l from a, b", {"l": "a.x b.z"}),
        ("select s.f from (select {'f': x} as s from a)", {"f": "a.x"}),
        ("select case when x > 1 then y end as c, coalesce(z, 0) as d from a, b", {"c": "a.x a.y", "d": "b.z"}),
        ("select q, r from (values (1, 2)) v(q, r)", {"q": "", "r": ""}),
        ("select count(*) as n from a", {"n": ""}),
    ],
    ids=lambda value: value[:60] if isinstance(value, str) else "",
)  # fmt: skip
def test_columns_of_a_query(query: str, expected: dict[str, str]) -> None:
    # GIVEN a script with one query
    # WHEN it is read
    relation = made(f"create table o as {query}")
    # THEN
    assert columns(relation) == expected


@pytest.mark.parametrize(
    ("query", "rows", "tables"),
    [
        ("select x from a where y > 1", "a.y", "a"),
        ("select x from a join b using (id)", "a.id b.id", "a b"),
        ("select x, count(*) from a group by x having sum(y) > 1", "a.x a.y", "a"),
        ("select x from a order by y", "", "a"),
        ("select x from a order by y limit 3", "a.y", "a"),
        ("select x from a where not exists (select 1 from b where b.id = a.id and z > 1)", "a.id b.id b.z", "a b"),
        ("select x from a where id in (select z from b)", "a.id b.z", "a b"),
        ("select x from a qualify row_number() over (order by y) = 1", "a.y", "a"),
        ("select id from a except select z from b", "b.z", "a b"),
        ("with c as (select x from a where y > 1) select x from c", "a.y", "a"),
        ("select count(*) as n from a, b", "", "a b"),
    ],
    ids=lambda value: value[:60],
)
def test_what_decides_about_rows(query: str, rows: str, tables: str) -> None:
    # WHEN
    relation = made(f"create table o as {query}")
    # THEN
    assert shown(relation.rows) == rows
    assert " ".join(sorted(relation.tables)) == tables


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        ("create temp table t as select id, x from a; create view v as from t; create table o as select x from v",
         {"x": "a.x"}),
        ("create table o (k int, v text); insert into o select id, x from a; insert into o (v) select z from b",
         {"k": "a.id", "v": "a.x b.z"}),
        ("create table o as from b; insert into o by name select y as z from a", {"id": "b.id", "z": "a.y b.z"}),
        ("create table o as from a; update o set x = b.z from b where b.id = o.y",
         {"id": "a.id", "x": "a.x a.y b.id b.z", "y": "a.y"}),
        ("create table o as from b; alter table o rename z to w; alter table o add column q int",
         {"id": "b.id", "w": "b.z", "q": ""}),
        ("create table p as from b; alter table p rename to o", {"id": "b.id", "z": "b.z"}),
        ("create table o as from a; create or replace table o as from b", {"id": "b.id", "z": "b.z"}),
        ("create table o as from b; create table if not exists o as from a", {"id": "b.id", "z": "b.z"}),
        ("create table o as from b; merge into o using a on o.id = a.id when matched then update set z = a.x "
         "when not matched then insert (id, z) values (a.id, a.y)",
         {"id": "a.id b.id", "z": "a.id a.x a.y b.id b.z"}),
        ("select error('no') from a where x < 0; create table o as select z from b", {"z": "b.z"}),
        ("create view v(p, q) as select id, x from a; create table o as select q from v", {"q": "a.x"}),
    ],
    ids=lambda value: value[:60] if isinstance(value, str) else "",
)  # fmt: skip
def test_columns_through_several_statements(script: str, expected: dict[str, str]) -> None:
    # WHEN
    relation = made(script)
    # THEN
    assert columns(relation) == expected


def test_deleting_rows_depends_on_what_the_condition_asks() -> None:
    # WHEN
    relation = made("create table o as from b; delete from o where id in (select id from a where y = 1)")
    # THEN
    assert shown(relation.rows) == "a.id a.y b.id"


def test_columns_of_an_unknown_table_pass_under_their_own_names() -> None:
    # GIVEN an input whose columns nobody knows
    # WHEN
    relation = made("create table o as select *, u.p + 1 as q from open u join b using (id)")
    # THEN those that are named are known, and the rest may be any of it
    assert relation.rest == {"open"}
    assert shown(relation.columns["q"]) == "open.p"
    assert shown(relation.column("whatever")) == "open.whatever"


@pytest.mark.parametrize(
    "statement",
    ["create table o as select from where a ((", "create table o as pivot a on x using sum(y)",
     "create table o as sumarize a"],
    ids=["broken", "pivot", "misspelled"],
)  # fmt: skip
def test_a_statement_that_is_not_understood_costs_columns_and_no_table(statement: str) -> None:
    # GIVEN a statement in the middle of a script
    # WHEN
    script = traced(
        f"create table p as select z from b;\n{statement};\ncreate table q as select id from b", "o", "p", "q"
    )
    # THEN the others are read, and of this one it is known which inputs it names
    assert columns(script.outputs["p"]) == {"z": "b.z"}
    assert columns(script.outputs["q"]) == {"id": "b.id"}
    assert script.outputs["o"].tables == {"a"}
    assert script.outputs["o"].rest == {"a"}
    assert [one.line for one in script.untraced] in ([2], [])


def test_an_output_that_is_not_made_is_missing() -> None:
    # WHEN
    script = traced("create table p as from a")
    # THEN
    assert script.outputs == {}
