"""Two versions of a table of ten million rows compared. ``pytest -m bench -s tests/bench/test_bench_difference.py``."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.tables import parquet_file

pytestmark = pytest.mark.bench
BUDGET = 700
"""MiB: what DuckDB may take for it, and what the program takes with its libraries."""
_COMPARE = """
import resource, sys
from pathlib import Path
from orch_tui.storage.difference import difference
before, after, spill = map(Path, sys.argv[1:4])
found = difference(before, after, sys.argv[4:], spill)
used = resource.getrusage(resource.RUSAGE_SELF)
print(found.added, found.removed, found.changed, used.ru_maxrss // 1024, used.ru_utime + used.ru_stime)
"""


def _query(rows: int, first: int, changed: int) -> str:
    """``rows`` rows from the key ``first`` on, of which every ``changed``th has another amount (0: none)."""
    amount = f"case when id % {changed} = 0 then -1 else id % 1000 end" if changed else "id % 1000"
    return f"""select id, md5(id::varchar) as hash, ({amount})::decimal(18, 2) as amount,
        timestamp '2026-01-01' + to_seconds(id) as made from (select range + {first} as id from range({rows}))"""


@pytest.mark.parametrize("key", [("id",), ()], ids=["by key", "whole rows"])
def test_ten_million_rows_are_compared_in_flat_memory(tmp_path: Path, key: tuple[str, ...]) -> None:
    # A file: what is given by -c counts as interactive for DuckDB, which then draws a bar.
    script = tmp_path / "compare.py"
    script.write_text(_COMPARE)
    peaks = {}
    print()
    for rows in (100_000, 1_000_000, 10_000_000):
        # GIVEN two versions: a hundredth is new, a hundredth gone, a thousandth of what stayed is changed
        shift = rows // 100
        before = parquet_file(tmp_path / "before.parquet", _query(rows, 0, 0))
        after = parquet_file(tmp_path / "after.parquet", _query(rows, shift, 1000))
        spill = tmp_path / "spill"
        spill.mkdir(exist_ok=True)
        # WHEN they are compared in a process of their own
        argv = [sys.executable, str(script), str(before), str(after), str(spill), *key]
        said = subprocess.run(argv, check=True, capture_output=True, text=True).stdout.split()
        added, removed, changed, peaks[rows] = map(int, said[:4])
        kind = "by key" if key else "whole rows"
        print(f"{rows:10,} rows, {kind:10}  {peaks[rows]:5} MiB  {float(said[4]):6.1f} s of CPU")
        # THEN all of it is found
        altered = (rows - shift) // 1000
        assert (added, removed, changed) == ((shift, shift, altered) if key else (shift + altered, shift + altered, 0))
    # AND the longest takes no more memory than what was given to it
    assert peaks[10_000_000] < BUDGET
