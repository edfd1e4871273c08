from __future__ import annotations

from pathlib import Path

import pytest
from orch_tui.components.kit.component import UserError
from orch_tui.components.sql.transformation import Parameters, run
from pydantic import ValidationError

from tests.support.bench import Bench

NUMBERS = "select range as id, range * 1.5 as amount from range(5)"


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def test_statements_run_in_order_and_declared_outputs_are_stored(bench: Bench) -> None:
    # GIVEN an input whose name needs quotes, and a script with comments, a semicolon in a text and two outputs
    ctx = bench.context({'odd "näme" 🚀': NUMBERS}, ("totals", "all rows"))
    sql = """
    -- first; a comment
    create table "all rows" as select *, 'a;b' as text from "odd ""näme"" 🚀";
    /* second */ create view totals as select sum(id) as ids, count(*) as n from "all rows";
    """
    # WHEN it runs
    run(Parameters(sql=sql), ctx)
    # THEN table and view are stored, and a sum of integers is still an integer
    assert bench.rows("totals") == [(10, 5)]
    assert bench.columns("totals") == {"ids": "BIGINT", "n": "BIGINT"}
    assert bench.rows("all rows")[0] == (0, 0, "a;b")
    assert (bench.data / "out/tables/totals.parquet").stat().st_mode & 0o777 == 0o600


def test_a_sum_beyond_64_bits_keeps_its_digits(bench: Bench) -> None:
    # GIVEN a value that only 128 bits hold
    # WHEN it is stored
    run(Parameters(sql="create table result as select sum(9223372036854775807) as x from range(3)"), bench.context())
    # THEN it is exact
    assert bench.columns() == {"x": "DECIMAL(38,0)"}
    assert int(bench.rows()[0][0]) == 3 * 9223372036854775807


@pytest.mark.parametrize(
    ("sql", "parts"),
    [
        ("selec 1", ["line 1", "syntax error"]),
        ("select 1;\n\n-- why\ncreate table result as\nselect nope from numbers", ["statement 2 of 2", "line 4", "create table result as", '"nope"', '"amount"']),  # noqa: E501
        ("create table result as from number", ['table "number" does not exist', "the inputs are numbers"]),
        ("create table a as select 1; from b", ["created so far: a"]),
        ("create table numbers as select 1", ['"numbers" is an input', "another name"]),
        ("create table other as select 1 as x", ['no table "result"', "it created other"]),
        ("select 1", ["it created nothing"]),
        ("-- only a comment", ["no statement"]),
        ("select error('stop: 3 campaigns without a name')", ["stop: 3 campaigns without a name"]),
        ("create table result as select cast('x' as integer) as y", ["Could not convert string 'x'"]),
    ],
)  # fmt: skip
def test_errors_name_the_statement_and_what_there_is(bench: Bench, sql: str, parts: list[str]) -> None:
    # GIVEN a script with an error
    ctx = bench.context({"numbers": NUMBERS})
    # WHEN it runs
    with pytest.raises(UserError) as caught:
        run(Parameters(sql=sql), ctx)
    # THEN one line says where and why
    message = str(caught.value)
    assert "\n" not in message
    for part in parts:
        assert part in message


@pytest.mark.parametrize(
    "sql",
    [
        "select * from read_csv('/etc/passwd')",
        "select * from read_text('/proc/self/environ')",
        "from '/etc/passwd'",
        "from glob('/etc/*')",
        "copy (select 1) to '/tmp/orch-tui-escape.csv'",
        "copy (pivot (select 1 as a, 2 as b) on a using sum(b)) to '{inside}'",
        "explain analyze copy (select 1 as a) to '{inside}'",
        "prepare p as copy (select 1 as a) to '{inside}'",
        "copy (select 1 as a) to '{inside}'",
        "export database '/tmp/orch-tui-escape'",
        "attach '/tmp/orch-tui-escape.db'",
        "install httpfs",
        "load httpfs",
        "set threads = 64",
        "set enable_external_access = true",
        "reset lock_configuration",
        "pragma memory_limit = '64GB'",
        "call pragma_version()",
        "from ctx",
        "update extensions",
        "-- copied\ncopy (pivot (select 1 as a) on a) to '{inside}'",
        "/* create /* */ */ set threads = 64",
        "/* create */ pragma memory_limit = '64GB'",
        "set /* variable */ threads = 64",
    ],
)
def test_the_sandbox_refuses_everything_but_inputs_and_outputs(bench: Bench, sql: str) -> None:
    # GIVEN an input, which is a hard link to a file that other runs rely on
    ctx = bench.context({"numbers": NUMBERS})
    staged = ctx.inputs["numbers"].path
    before = staged.read_bytes()
    # WHEN a statement reaches for something else
    with pytest.raises(UserError) as caught:
        run(Parameters(sql=f"{sql.format(inside=staged)}; create table result as select 1 as x"), ctx)
    # THEN it is refused in words and nothing has changed
    assert str(caught.value).startswith("statement 1 of 2 (line ")
    assert staged.read_bytes() == before
    assert not list(Path("/tmp").glob("orch-tui-escape*"))


def test_session_variables_transactions_and_pivots_work(bench: Bench) -> None:
    # GIVEN statements that change nothing outside
    sql = """
    set variable smallest = 2;
    begin;
    create table tall as select id % 2 as odd, id from numbers where id >= getvariable('smallest');
    commit;
    -- the smallest of all
    set /* a
    variable */
    variable
    smallest = 3; /* and */ ;
    -- a pivot
    create table result as pivot tall on odd using count(*);
    """
    # WHEN they run
    run(Parameters(sql=sql), bench.context({"numbers": NUMBERS}))
    # THEN they are allowed
    assert bench.rows() != []


def test_more_rows_than_memory_spill_to_disk_inside_the_sandbox(bench: Bench) -> None:
    # GIVEN a limit that a sort of two million wide rows does not fit
    sql = "create table result as select range as id, md5(range::text) as h from range(2000000) order by h"
    # WHEN it runs
    run(Parameters(sql=sql, memory_limit="60MB", threads=1), bench.context())
    # THEN it ends well
    assert len(bench.columns()) == 2


def test_progress_is_estimated_but_no_bar_is_drawn_and_times_are_utc(bench: Bench) -> None:
    # GIVEN / WHEN a script asks for the settings that it runs with
    sql = """create table result as select current_setting('enable_progress_bar') as estimated,
             current_setting('enable_progress_bar_print') as drawn, current_setting('timezone') as zone"""
    run(Parameters(sql=sql), bench.context())
    # THEN the log stays free of bars, and a run by cron writes the times of a run by hand
    assert bench.rows() == [(True, False, "UTC")]


def test_parameters_are_checked() -> None:
    # GIVEN limits that make no sense
    for bad in ({"memory_limit": "lots"}, {"threads": 0}, {"sql": ""}, {"sqll": "x"}):
        # WHEN they are validated, THEN they are refused
        with pytest.raises(ValidationError):
            Parameters.model_validate({"sql": "select 1", **bad})
