"""What is counted of a version, so that later ones can be held against it."""

from __future__ import annotations

from pathlib import Path

import duckdb
from orch_tui.storage.checks.profiles import profile_of

from tests.support.tables import parquet_file


def test_nulls_and_sums_of_the_first_two_hundred_columns_are_counted(tmp_path: Path) -> None:
    # GIVEN a table of 201 columns, of which the third is half empty and the fourth no number
    columns = [
        f"case when i < 2 then i end as c{number}" if number == 2 else f"i as c{number}" for number in range(201)
    ]
    columns[3] = "'x' as c3"
    file = parquet_file(tmp_path / "t.parquet", f"select {', '.join(columns)} from range(4) t(i)")
    with duckdb.connect() as connection:
        profile = profile_of(connection, file)
    # THEN the last one is not looked at
    assert profile.rows == 4 and len(profile.nulls) == 200 and "c199" in profile.nulls and "c200" not in profile.nulls
    assert profile.nulls["c2"] == 0.5 and profile.nulls["c0"] == 0.0
    assert profile.sums["c0"] == 6.0 and profile.sums["c2"] == 1.0 and "c3" not in profile.sums
