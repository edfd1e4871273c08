"""Component ``variables``: one row of a query, exactly or with a sentence."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from orch_tui.components.kit.component import UserError
from orch_tui.components.kit.parameters import model_errors
from orch_tui.components.sql.variables import Parameters, run

from tests.support.bench import Bench

NUMBERS = "select range as id, range * 1.5 as amount from range(5)"


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def left(bench: Bench, sql: str) -> dict[str, Any]:
    """The variables in the result that the component leaves."""
    ctx = bench.context({"numbers": NUMBERS}, ())
    run(Parameters(sql=sql), ctx)
    told: dict[str, Any] = json.loads((ctx.data_dir / "result.json").read_text())["variables"]
    return told


def test_columns_of_the_row_become_variables_of_their_types(bench: Bench) -> None:
    sql = """select sum(id) as ids, 'a' as name, true as ok, 12.00::decimal(9,2) as price, [1, 2] as list,
        date '2026-11-29' as day, timestamp '2026-11-29 10:00:00' as at from numbers"""
    assert left(bench, sql) == {
        "ids": 10,
        "name": "a",
        "ok": True,
        "price": 12.0,
        "list": [1, 2],
        "day": {"type": "date", "value": "2026-11-29"},
        "at": {"type": "datetime", "value": "2026-11-29T10:00:00+00:00"},
    }
    # THEN a decimal is a number also where it is whole
    assert isinstance(left(bench, sql)["price"], float)


@pytest.mark.parametrize(
    ("sql", "told"),
    [
        ("select id from numbers", "the query gives more than one row; variables are set from exactly one"),
        ("select id from numbers where id > 9", "the query gives no row; variables are set from exactly one"),
        ("select 1 as a, 2 as a", '2 columns are called "a"; name them with as'),
        ("select null as a", "variable a was not set: it is null"),
        ("select {'x': 1} as a", 'the column "a" has no type of a variable; cast it to text'),
        ("select 0.1234567890123456789::decimal(38,19) as a", "which no number holds exactly"),
        ("select sum(9223372036854775807) as a from range(3)", "beyond 64 bits"),
        ("select count(*) from numbers", '"count_star()" cannot be the name of a variable'),
        ("select 1 as a; select 2 as b", "write one query"),
        ("create table a as select 1", "write one query"),
        ("select nope from numbers", "nope"),
        ("select * from read_csv('/etc/passwd')", "nothing but its inputs"),
    ],
)
def test_what_cannot_be_taken_is_one_sentence(bench: Bench, sql: str, told: str) -> None:
    ctx = bench.context({"numbers": NUMBERS}, ())
    with pytest.raises(UserError) as caught:
        run(Parameters(sql=sql), ctx)
    assert told in str(caught.value).replace('\\"', '"')
    assert "\n" not in str(caught.value)


def worked_out(bench: Bench, **expressions: str) -> dict[str, Any]:
    """What expressions give that are tried outside of a run."""
    ctx = bench.context({}, ())
    run(Parameters(expressions=expressions), ctx)
    told: dict[str, Any] = json.loads((ctx.data_dir / "result.json").read_text())["variables"]
    return told


def test_expressions_keep_their_types(bench: Bench) -> None:
    told = worked_out(
        bench,
        whole="6 * 7",
        number="3.0",
        text="'a' + 'b'",
        flag="1 < 2",
        list="[1, 2].map(x, x * 2)",
        at="timestamp('2026-11-29T10:00:00+01:00')",
    )
    assert told == {
        "whole": 42,
        "number": 3.0,
        "text": "ab",
        "flag": True,
        "list": [2, 4],
        "at": {"type": "datetime", "value": "2026-11-29T09:00:00+00:00"},
    }
    assert isinstance(told["number"], float)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("1 / 0", "expressions.bad: a division by zero"),
        ("null", "expressions.bad: it gives null, which is no value"),
        ("null + 1", "expressions.bad: no operation + for null, int"),
        ("{'a': 1}", "expressions.bad: it gives a map"),
        ("[null]", "expressions.bad: it gives null"),
        ("now - now", "expressions.bad: it gives a duration"),
        ("b'a'", "expressions.bad: it gives what no variable holds"),
        ("[[1]]", "variable bad was not set: it is a list in a list"),
        ("double('inf')", "variable bad was not set: it is no finite number"),
        ("18446744073709551615u", "variable bad was not set: it is a whole number beyond 64 bits"),
        ("int('x')", "expressions.bad: a string that is no int"),
        ("[1][3]", "expressions.bad: no item 3 in a list of 1"),
        ("'3' > 3", "expressions.bad: no operation > for string, int"),
        ("task.load.rows", 'expressions.bad: there is no "load"; there are none (it is tried without a run'),
    ],
)
def test_an_expression_that_gives_no_value_is_one_sentence(bench: Bench, text: str, sentence: str) -> None:
    parameters = Parameters.model_construct(expressions={"good": "1", "bad": text}, sql="")
    with pytest.raises(UserError) as caught:
        run(parameters, bench.context({}, ()))
    assert str(caught.value).startswith(sentence), str(caught.value)
    assert not (bench.data / "result.json").exists()


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({}, "it sets nothing: write expressions, or a query in sql"),
        ({"expressions": {"a b": "1"}}, 'expressions: "a b" cannot be the name of a variable'),
        ({"expressions": {"a": "1 +"}}, "expressions.a: the expression ends too early (character 4)"),
        ({"expressions": {"a": "1 +\n  tosk"}}, 'expressions.a: there is no "tosk"; did you mean "task"? (line 2, cha'),
        ({"expressions": {"a": "nope(1)"}}, 'expressions.a: there is no function "nope" (character 5)'),
        ({"expressions": {"a": 1}}, "expressions.a: must be a valid string"),
    ],
)
def test_what_cannot_be_an_expression_is_told_before_it_runs(given: dict[str, Any], sentence: str) -> None:
    assert any(sentence in one for one in model_errors(Parameters, given)), model_errors(Parameters, given)
