"""Component ``variables``: one row of a query, exactly or with a sentence."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from orch_tui.components.kit.component import UserError
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
