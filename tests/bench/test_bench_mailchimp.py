"""Memory of the Mailchimp writer, as a ratio. ``pytest -m bench -s tests/bench/test_bench_mailchimp.py``."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import duckdb
import pytest
from orch_tui.model.components.configuration import WriteMode
from orch_tui.storage.storage import Storage
from orch_tui.storage.tables import Publication
from sample_configs.stand_ins.mailchimp import API_KEY, AUDIENCE, serve

from tests.integration.attempts import attempt

pytestmark = pytest.mark.bench

_MEASURED = """
import atexit, runpy, sys
from pathlib import Path
def tell():
    line = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
    print("peak", line.split()[1], file=sys.stderr)
atexit.register(tell)
runpy.run_module("orch_tui.components.mailchimp.writer", run_name="__main__", alter_sys=True)
"""


def _peak(root: Path, count: int, **more: Any) -> tuple[float, float]:
    """Peak resident megabytes of the child process, and seconds."""
    root.mkdir()
    staged = root / "staged.parquet"
    with duckdb.connect() as con:
        con.execute(
            "copy (select 'person.' || range || '@example.com' as email, md5(range::varchar) as name, "
            f"date '2020-01-01' + (range % 1000)::int as since, 'red,blue' as t from range({count})) "
            f"to '{staged}' (format parquet)"
        )
    item = Publication("crm/contacts", staged, WriteMode.FULL, ())
    with Storage(root / ".orch" / "storage").prepare([item], run="r", task="t") as transaction:
        transaction.commit()
    with serve(count_only=True) as server:
        given = {"api_key": "${KEY}", "audience": AUDIENCE, "base_url": server.url, "poll_interval": 0.01,
                 "merge_fields": {"name": "FNAME", "since": "SINCE"}}  # fmt: skip
        task = attempt(root, {**given, **more}, [{"source": "crm/contacts", "destination": "c"}], [], {"KEY": API_KEY})
        before = time.perf_counter()
        done = subprocess.run(
            [sys.executable, "-c", _MEASURED], env=task.env, cwd=root, capture_output=True, text=True, timeout=1800
        )
        seconds = time.perf_counter() - before
        assert done.returncode == 0, done.stderr
        assert server.counted == count
    return int(done.stderr.split()[-1]) / 1024, seconds


def test_memory_does_not_grow_with_the_rows(tmp_path: Path) -> None:
    small, _ = _peak(tmp_path / "small", 100_000)
    large, seconds = _peak(tmp_path / "large", 1_000_000)
    print(
        f"\nmailchimp: peak of the process {small:.0f} MB for 100,000 rows, {large:.0f} MB for 1,000,000: ratio "
        f"{large / small:.2f}; {1_000_000 / seconds:,.0f} contacts/s in batches of 500"
    )
    assert large / small < 1.8
