"""A row that is appended with another type changes no value that is stored, in real runs of real tasks."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.support.commands import command_here
from tests.support.projects import latest_run, make_project, orch
from tests.support.typed_tables import text_of

pyarrow = pytest.importorskip("pyarrow.parquet")

# What is stored, what is appended, and the texts of both then.
PAIRS = {
    "big-and-half": ("9007199254740993::bigint", "1.5::double", ["9007199254740993", "1.5"]),
    "int-and-float": ("123456789::integer", "0.5::float", ["123456789", "0.5"]),
    "int-and-double": ("7::integer", "0.1::double", ["7", "0.1"]),
    "float-and-int": ("0.1::float", "16777217::integer", ["0.1", "16777217"]),
    "double-and-big": ("0.1::double", "(-9223372036854775808)::bigint", ["0.1", "-9223372036854775808"]),
    "unsigned-and-signed": ("18446744073709551615::ubigint", "(-1)::bigint", ["18446744073709551615", "-1"]),
    "two-scales": ("1.123456789::decimal(38,9)", "1.23::decimal(38,2)", ["1.123456789", "1.230000000"]),
    "long-decimals": (
        "12345678901234567890123456789012345678::decimal(38,0)",
        "1.50::decimal(10,2)",
        ["12345678901234567890123456789012345678", "1.50"],
    ),
    "decimal-and-double": ("0.1::decimal(5,1)", "0.30000000000000004::double", ["0.1", "0.30000000000000004"]),
    "flag-and-number": ("true", "5", ["true", "5"]),
    "number-and-flag": ("1::double", "false", ["1", "false"]),
    "day-and-moment": ("date '2024-01-05'", "timestamp '2024-01-05 10:00:00'", ["2024-01-05", "2024-01-05 10:00:00"]),
    "number-and-text": ("1.5::double", "'007'", ["1.5", "007"]),
    "huge-and-double": ("170141183460469231731687303715884105727::hugeint", "0.5::double",
                        ["170141183460469231731687303715884105727", "0.5"]),
}  # fmt: skip


def test_appending_changes_no_stored_value(tmp_path: Path) -> None:
    # GIVEN a task with a table for each pair of types, which appends one row to each of them with each run
    project = make_project(tmp_path, {"o": {"Append": {"rows": {"configuration": "sql/rows"}}}})
    folder = project / "configurations" / "sql"
    folder.mkdir()
    # WHEN the first and the second of them are appended
    for turn in (0, 1):
        outputs = "".join(f'[[outputs]]\nname = "{name}"\ntable = "b/{name}"\nmode = "append"\n' for name in PAIRS)
        sql = "".join(f'create table "{name}" as select {pair[turn]} as v;' for name, pair in PAIRS.items())
        (folder / "rows.toml").write_text(f"{outputs}[parameters]\nsql = {json.dumps(sql)}\n")
        ended = orch(project, "run", "o", "--plain")
        assert ended.returncode == 0, ended.stdout + ended.stderr
    for name, (_, _, wanted) in PAIRS.items():
        # THEN a reader that is not ours finds both as they were
        stored = max((project / ".orch" / "storage" / "b" / name).glob("*.parquet"))
        values = pyarrow.ParquetFile(stored).read().column("v").to_pylist()
        assert sorted(map(text_of, values)) == sorted(wanted), name
    # THEN the program shows them so too, and the log says what became of the column
    shown = command_here(project, "preview", "b/big-and-half", "--csv")
    assert sorted(shown.stdout.split()) == ["1.5", "9007199254740993", "v"]
    (log,) = latest_run(project, "o").glob("tasks/rows/*/log")
    (line,) = [line for line in log.read_text().splitlines() if "big-and-half" in line and 'column "v"' in line]
    assert "VARCHAR" in line
