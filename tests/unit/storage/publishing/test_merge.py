"""New rows beside stored ones: no value changes, keys stay apart, and a change of a type is told."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest
from orch_tui.model.components.configuration import WriteMode
from orch_tui.model.errors import UserError
from orch_tui.storage.changes import TypeChange
from orch_tui.storage.storage import Storage
from orch_tui.storage.tables import Publication

from tests.support.tables import parquet_file

HOURS = pytest.mark.skipif(duckdb.__version__ == "2.0.0", reason="this DuckDB writes 24 hours as a day into Parquet")
"""For files made here as another program makes them: the storage itself writes such hours as text."""


@pytest.fixture
def storage(tmp_path: Path) -> Storage:
    return Storage(tmp_path / ".orch" / "storage")


def publish(storage: Storage, query: str, mode: str = "append", key: tuple[str, ...] = ()) -> list[TypeChange]:
    staged = parquet_file(storage.root / "staged.parquet", query)
    with storage.prepare([Publication("b/t", staged, WriteMode(mode), key)]) as transaction:
        transaction.commit()
        return transaction.changes


def types(storage: Storage) -> list[str]:
    info = storage.get("b/t")
    assert info is not None
    return [kind for _, kind in info.columns]


def texts(storage: Storage) -> list[str]:
    return sorted("|".join("null" if cell is None else cell for cell in row) for row in storage.preview("b/t")[1])


@pytest.mark.parametrize("mode", ["append", "incremental"])
@pytest.mark.parametrize(
    ("old", "new", "kept", "kind"),
    [
        ("9007199254740993::bigint", "1.5::double", ["1.5", "9007199254740993"], "VARCHAR"),
        ("7::bigint", "1.5::double", ["1.5", "7"], "DOUBLE"),
        ("7::bigint", "2::double", ["2", "7"], "BIGINT"),
        ("123456789::integer", "0.5::float", ["0.5", "123456789"], "DOUBLE"),
        ("18446744073709551615::ubigint", "(-1)::bigint", ["-1", "18446744073709551615"], "DECIMAL(20,0)"),
        ("1.123456789::decimal(38,9)", "1.23::decimal(38,2)", ["1.123456789", "1.230000000"], "DECIMAL(38,9)"),
        ("1.23::decimal(38,2)", "1.123456789::decimal(38,9)", ["1.123456789", "1.230000000"], "DECIMAL(38,9)"),
        ("repeat('1', 38)::decimal(38,0)", "1.50::decimal(10,2)", ["1.50", "1" * 38], "VARCHAR"),
        ("true", "5", ["5", "true"], "VARCHAR"),
        ("7", "'007'", ["007", "7"], "VARCHAR"),
        ("'007'", "7", ["007", "7"], "VARCHAR"),
        ("date '2024-01-05'", "timestamp '2024-01-05'", ["2024-01-05", "2024-01-05 00:00:00"], "VARCHAR"),
        ("time '10:00'", "'10:00:00.123456789'::time_ns", ["10:00:00", "10:00:00.123456789"], "TIME_NS"),
        ("timestamp '2024-01-05 10:00:00'", "timestamptz '2024-01-05 10:00:00.5+00'",
         ["2024-01-05 10:00:00+00", "2024-01-05 10:00:00.5+00"], "TIMESTAMP WITH TIME ZONE"),
        ("'2024-01-05 00:00:00.123456789'::timestamp_ns", "timestamp '1500-01-01'",
         ["1500-01-01 00:00:00", "2024-01-05 00:00:00.123456789"], "VARCHAR"),
        ("null::varchar", "5", ["5", "null"], "INTEGER"),
        ("'\\xAA'::blob", "'x'", ["\\xAA", "x"], "VARCHAR"),
        ("[9007199254740993]", "[0.5::double]", ["[0.5]", "[9007199254740993]"], "VARCHAR[]"),
        ("{'a': [1.5::decimal(2,1)]}", "{'a': [1.25::decimal(3,2)]}", ["{'a': [1.25]}", "{'a': [1.50]}"],
         "STRUCT(a DECIMAL(3,2)[])"),
        ("map {7: 'x'}", "map {'007': 'y'}", ["{007=y}", "{7=x}"], "MAP(VARCHAR, VARCHAR)"),
    ],
)  # fmt: skip
def test_values_that_meet_stay_as_they_are(
    storage: Storage, mode: str, old: str, new: str, kept: list[str], kind: str
) -> None:
    # GIVEN stored rows WHEN rows with another type come, in either mode
    key = ("id",) if mode == "incremental" else ()
    publish(storage, f"select 1 as id, {old} as x", "full", key)
    changes = publish(storage, f"select 2 as id, {new} as x", mode, key)
    # THEN old and new values are there as they were, in one type that holds both
    assert sorted(text.partition("|")[2] for text in texts(storage)) == sorted(kept)
    assert types(storage)[1] == kind
    # AND a change of what was stored is told, and nothing else
    before = publish(storage, f"select 1 as id, {old} as x", "full", key)
    assert bool(changes) == any(
        change.after == kind for change in [TypeChange("b/t", "x", c.after, c.before) for c in before]
    )


@pytest.mark.parametrize(
    ("old", "new", "left"),
    [
        ("values (7, 'seven'), (8, 'eight')", "select '007' as id, 'agent' as who",
         ["007|agent", "7|seven", "8|eight"]),
        ("values (7, 'seven'), (8, 'eight')", "select '7' as id, 'new' as who", ["7|new", "8|eight"]),
        ("values (7, 'seven')", "select 7.0::double as id, 'new' as who", ["7|new"]),
        ("values (9007199254740993, 'a'), (9007199254740992, 'b')", "select 1.5::double as id, 'c' as who",
         ["1.5|c", "9007199254740992|b", "9007199254740993|a"]),
        ("select 1.10::decimal(3,2) as id, 'a' as who", "select 1.1::decimal(2,1) as id, 'b' as who", ["1.10|b"]),
        ("select '1.10' as id, 'a' as who", "select 1.1::double as id, 'b' as who", ["1.1|b", "1.10|a"]),
        ("select '1' as id, 'a' as who", "select true as id, 'b' as who", ["1|a", "true|b"]),
        ("select date '2024-01-05' as id, 'a' as who", "select timestamp '2024-01-05' as id, 'b' as who",
         ["2024-01-05 00:00:00|b", "2024-01-05|a"]),
        ("select 'É' as id, 'a' as who", "select 'é' as id, 'b' as who", ["É|a", "é|b"]),
        ("select [1] as id, 'a' as who", "select [1.0::double] as id, 'b' as who", ["[1.0]|b"]),
        ("select interval '1 month' as id, 'a' as who", "select interval '30 days' as id, 'b' as who",
         ["1 month|a", "30 days|b"]),
        ("select [interval '2 months'] as id, 'a' as who", "select [interval '60 days'] as id, 'b' as who",
         ["[2 months]|a", "[60 days]|b"]),
        pytest.param("select interval '1 day' as id, 'a' as who", "select interval '24 hours' as id, 'b' as who",
                     ["1 day|a", "24:00:00|b"], marks=HOURS),
        pytest.param("select [interval '1 day'] as id, 'a' as who", "select [interval '24 hours'] as id, 'b' as who",
                     ["['24:00:00']|b", "[1 day]|a"], marks=HOURS),
        ("select {'d': interval '1 day'} as id, 'a' as who", "select {'d': interval '1 day'} as id, 'b' as who",
         ["{'d': 1 day}|b"]),
    ],
)  # fmt: skip
def test_keys_are_compared_in_the_type_that_is_stored(storage: Storage, old: str, new: str, left: list[str]) -> None:
    publish(storage, f"from ({old}) t(id, who)", "full", ("id",))
    publish(storage, new, "incremental", ("id",))
    assert texts(storage) == sorted(left)


@pytest.mark.parametrize("mode", ["full", "append"])
def test_intervals_that_last_as_long_are_different_keys(storage: Storage, mode: str) -> None:
    publish(storage, "select interval '1 month' as id, interval '60 days' as span", "full", ("id", "span"))
    keys = "(interval '30 days', interval '60 days'), (interval '1 month', interval '2 months')"
    publish(storage, f"from (values {keys}) t(id, span)", mode, ("id", "span"))
    assert len(texts(storage)) == (2 if mode == "full" else 3)
    # AND the same one twice is still found
    with pytest.raises(UserError, match="not unique"):
        publish(storage, "select interval '2 days' as id, interval '1 day' as span from range(2)", mode, ("id", "span"))


@pytest.mark.parametrize("mode", ["full", "incremental", "append"])
def test_keys_are_unique_in_every_mode(storage: Storage, mode: str) -> None:
    # GIVEN a table with a key
    publish(storage, "select 1 as id", "full", ("id",))
    # WHEN rows come that have a key twice THEN nothing is published
    with pytest.raises(UserError, match='"id" is not unique in the new rows, for example id = 5 occurs 2 times'):
        publish(storage, "select 5 as id from range(2)", mode, ("id",))
    assert texts(storage) == ["1"]


def test_an_appended_row_may_not_have_a_stored_key(storage: Storage) -> None:
    publish(storage, "select 7 as id", "full", ("id",))
    with pytest.raises(UserError, match="not unique in old and new rows together, for example id = 7"):
        publish(storage, "select '7' as id", "append", ("id",))
    publish(storage, "select '007' as id", "append", ("id",))
    assert texts(storage) == ["007", "7"]


def test_names_are_the_same_as_for_duckdb(storage: Storage) -> None:
    # GIVEN columns whose names differ in the case of letters
    publish(storage, 'select 1 as "Id", 2 as "É"', "full", ("Id",))
    # WHEN rows come with other cases THEN A to Z are the same and other letters are not, as in a query
    publish(storage, 'select 1 as "iD", 3 as "é"', "incremental", ("ID",))
    info = storage.get("b/t")
    assert info is not None and [name for name, _ in info.columns] == ["Id", "É", "é"]
    assert texts(storage) == ["1|null|3"]


def test_a_change_of_a_type_is_a_value_and_a_sentence(storage: Storage) -> None:
    assert publish(storage, "select 1::bigint as id, 'a' as name", "full") == []
    # WHEN a full load brings another type
    (changed,) = publish(storage, "select 1.5::double as id, 'a' as name", "full")
    # THEN it is told, also as what result.json has
    assert str(changed) == 'column "id" is DOUBLE now and was BIGINT'
    assert changed.finding() == {
        "kind": "type-changed", "table": "b/t", "column": "id", "before": "BIGINT", "after": "DOUBLE",
        "text": 'table "b/t": column "id" is DOUBLE now and was BIGINT',
    }  # fmt: skip
    # AND where new rows made it a third type, what they have too
    (changed,) = publish(storage, "select 9007199254740993 as id, 'b' as name", "append")
    assert str(changed) == 'column "id" is VARCHAR now and was DOUBLE, which holds the new BIGINT too'
    # AND rows that fit are no change
    assert publish(storage, "select 5 as id, 'c' as name", "append") == []


def test_a_machine_in_another_time_zone_stores_the_same(storage: Storage, monkeypatch: pytest.MonkeyPatch) -> None:
    import time

    monkeypatch.setenv("TZ", "America/New_York")
    time.tzset()
    try:
        publish(storage, "select timestamp '2024-01-05 10:00:00' as at", "full")
        publish(storage, "select timestamptz '2024-01-05 10:00:00+00' as at", "append")
        assert texts(storage) == ["2024-01-05 10:00:00+00"] * 2
    finally:
        monkeypatch.undo()
        time.tzset()


def test_another_key_than_the_stored_rows_were_told_apart_by_is_checked_over_all_rows(storage: Storage) -> None:
    # GIVEN rows of which two columns together are the key
    publish(storage, "select 1 as id, day from (values ('mon'), ('tue')) days(day)", "full", ("id", "day"))
    # WHEN other rows are merged by one of the columns alone THEN nothing is published: the stored ones share it
    with pytest.raises(UserError, match="not unique in old and new rows together, for example id = 1 occurs 2 times"):
        publish(storage, "select 2 as id, 'wed' as day", "incremental", ("id",))
    # AND by a column in which they differ, they are
    publish(storage, "select 2 as id, 'wed' as day", "incremental", ("day",))
    assert storage.get("b/t").primary_key == ("day",)  # type: ignore[union-attr]
