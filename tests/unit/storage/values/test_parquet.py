"""What is stored of types that Parquet does not have."""

from __future__ import annotations

from pathlib import Path

import pytest
from orch_tui.storage.duckdb import columns_of, open_database, parquet
from orch_tui.storage.values.parquet import CarriedColumns, write_parquet

HUGE = "170141183460469231731687303715884105727"


@pytest.mark.parametrize(
    ("values", "kind", "texts"),
    [
        ("1::hugeint, null", "BIGINT", ["1", None]),
        ("9223372036854775808::hugeint, (-5)::hugeint", "DECIMAL(38,0)", ["9223372036854775808", "-5"]),
        (f"{HUGE}::hugeint, 1::hugeint", "VARCHAR", [HUGE, "1"]),
        ("340282366920938463463374607431768211455::uhugeint", "VARCHAR", ["340282366920938463463374607431768211455"]),
        ("5::uhugeint", "BIGINT", ["5"]),
        ("repeat('9', 60)::bignum", "VARCHAR", ["9" * 60]),
        ("7::bignum", "BIGINT", ["7"]),
        ("interval '24 hours', interval '1 day'", "VARCHAR", ["24:00:00", "1 day"]),
        ("[interval '30 hours']", "VARCHAR[]", ["['30:00:00']"]),
        ("interval '23 hours 59 minutes', interval '1 day'", "INTERVAL", ["23:59:00", "1 day"]),
        ("interval '1 month 2 days 3.5 seconds', interval '1193 hours'", "VARCHAR",
         ["1 month 2 days 00:00:03.5", "1193:00:00"]),
        ("interval '1 month 2 days 3.5 seconds'", "INTERVAL", ["1 month 2 days 00:00:03.5"]),
        ("interval '-1 day'", "VARCHAR", ["-1 day"]),
        ("interval '0.000001 seconds', interval '-5 seconds'", "VARCHAR", ["00:00:00.000001", "-00:00:05"]),
        ("time '24:00:00', time '10:00:00.123456'", "TIME", ["24:00:00", "10:00:00.123456"]),
        ("'10:00:00.123456789'::time_ns", "TIME_NS", ["10:00:00.123456789"]),
        ("'10:00:00+02'::timetz", "VARCHAR", ["10:00:00+02"]),
        ("'10:00:00+00'::timetz", "TIME WITH TIME ZONE", ["10:00:00+00"]),
        ("'2024-01-01 00:00:00.123456789'::timestamp_ns", "TIMESTAMP_NS", ["2024-01-01 00:00:00.123456789"]),
        ("'2024-01-01 00:00:00.123456789+00'::timestamptz_ns", "TIMESTAMPTZ_NS", ["2024-01-01 00:00:00.123456789+00"]),
        ("'2024-01-01'::timestamp_s", "TIMESTAMP", ["2024-01-01 00:00:00"]),
        ("timestamp 'infinity', timestamp '290309-12-22 (BC) 00:00:00'", "TIMESTAMP", ["infinity",
        "290309-12-22 (BC) 00:00:00"]),
        ("'10101'::bit", "VARCHAR", ["10101"]),
        ("'a'::enum('a', 'b')", "VARCHAR", ["a"]),
        ("union_value(num := 3)::union(num integer, s varchar)", "JSON", ['{"num":3}']),
        ("[1, 2]::integer[2]", "INTEGER[]", ["[1, 2]"]),
        ("row(1, 'a')", "STRUCT(element1 INTEGER, element2 VARCHAR)", ["{'element1': 1, 'element2': a}"]),
        ("null", "VARCHAR", [None]),
        (f"[{HUGE}::hugeint, null], null", "VARCHAR[]", [f"[{HUGE}, NULL]", None]),
        ("[1::hugeint]", "BIGINT[]", ["[1]"]),
        (f"{{'a': {HUGE}::hugeint, 'b': [{{'c': 1::hugeint}}]}}", "STRUCT(a VARCHAR, b STRUCT(c BIGINT)[])",
         [f"{{'a': {HUGE}, 'b': [{{'c': 1}}]}}"]),
        (f"map {{{HUGE}::hugeint: interval '-1 day'}}", "MAP(VARCHAR, VARCHAR)", [f"{{{HUGE}=-1 day}}"]),
        ("[union_value(a := 1)]", "JSON[]", ['[{"a":1}]']),
        ("[[1::hugeint]::hugeint[1]]::hugeint[1][1]", "BIGINT[][]", ["[[1]]"]),
        ("'nan'::double, '-inf'::double, '-0'::double", "DOUBLE", ["nan", "-inf", "-0.0"]),
        ("[]", '"NULL"[]', ["[]"]),
    ],
)  # fmt: skip
def test_every_value_is_stored_exactly(tmp_path: Path, values: str, kind: str, texts: list[str | None]) -> None:
    path = tmp_path / "x.parquet"
    with open_database(tmp_path) as con:
        # WHEN values are written
        assert write_parquet(con, f'select unnest([{values}]) as "a ""b"', path) == len(texts)
        # THEN the file has them in a type that keeps them, or as text
        assert columns_of(con, f"from {parquet(path)}") == [('a "b', kind)]
        found = con.execute(f'select cast("a ""b" as varchar) from {parquet(path)}').fetchall()
    assert [text for (text,) in found] == texts
    assert path.stat().st_mode & 0o777 == 0o600


def test_columns_come_back_from_files_on_the_way(tmp_path: Path) -> None:
    # GIVEN columns of types that Parquet does not keep, at every depth
    with open_database(tmp_path) as con:
        con.execute(
            f"""create table t as select {HUGE}::hugeint as h, interval '-1 day' as i, '10:00:00+02'::timetz as z,
                [{{'h': {HUGE}::hugeint, 's': 'it''s, "x"'}}] as n, union_value(a := 'x, y') as u,
                1.50::decimal(4,2) as d, [1, 2]::utinyint[2] as f, null::hugeint as nothing"""
        )
        columns = columns_of(con, "from t")
        carried = CarriedColumns(columns)
        path = tmp_path / "part.parquet"
        # WHEN they pass through a file
        con.execute(f"copy ({carried.there('t')}) to '{path}' (format parquet)")
        con.execute(f"create table back as from {carried.back(parquet(path))}")
        # THEN they are what they were
        assert columns_of(con, "from back") == columns
        assert con.execute("from t").fetchall() == con.execute("from back").fetchall()


def test_only_one_function_opens_a_database() -> None:
    # GIVEN the source of the package (dbt's own Python runs one file, without the package)
    root = Path(__file__).parents[4] / "orch_tui"
    opening = [
        str(path.relative_to(root))
        for path in root.rglob("*.py")
        if "duckdb.connect(" in path.read_text(encoding="utf-8")
    ]
    # THEN all others go through the one that sets UTC and forbids extensions
    assert sorted(opening) == ["components/dbt/database.py", "storage/duckdb.py"]
    assert (root / "components/dbt/database.py").read_text().count("timezone") == 1
