"""What a million rows from Snowflake cost: ``pytest -m bench -s tests/bench/test_bench_snowflake.py``.

fakesnow puts all rows into one answer, which the connector takes into memory as a whole; the real service answers in
pieces, as the proxy does here. Both are measured, and only the second one says something about the extractor.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from sample_configs.stand_ins.snowflake import StandIn, serve

from tests.integration.attempts import attempt
from tests.servers.snowflake_proxy import pieces
from tests.servers.tools import tool

pytestmark = pytest.mark.bench

QUERY = """select seq4() as id, 'recipient' || seq4() || '@example.com' as email, seq4() % 97 as campaign_id,
    cast(seq4() * 0.01 as number(12,2)) as amount, seq4() / 7.0 as score, seq4() % 2 = 0 as active,
    cast('2026-01-01' as date) as day, cast('2026-01-01 10:00:00' as timestamp_ntz) as changed
    from table(generator(rowcount => {}))"""

PROGRAM = """
import atexit, resource
from orch_tui.components import kit
from orch_tui.components.snowflake import extractor as component
atexit.register(lambda: print("peak", resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, flush=True))
kit.main(component.Parameters, component.run)
"""


@pytest.fixture(scope="module")
def stand_in() -> Iterator[StandIn]:
    with serve(home=tool("fakesnow"), data=None) as server:
        yield server


def extract(tmp_path: Path, stand_in: StandIn, rows: int, port: int, name: str) -> tuple[float, float]:
    """Peak memory in MB of the process, and its seconds."""
    given = attempt(
        tmp_path,
        {**stand_in.parameters, "password": "anything", "port": port, "query": QUERY.format(rows)},
        outputs=[{"source": "rows", "destination": "bench/rows", "mode": "full"}],
        name=name,
    )
    before = time.perf_counter()
    process = given.start(code=PROGRAM)
    out, err = process.communicate(timeout=600)
    wall = time.perf_counter() - before
    assert process.returncode == 0, err
    info = given.storage.get("bench/rows")
    assert info is not None and info.rows == rows
    found = re.search(r"^peak (\d+)$", out, re.MULTILINE)
    assert found
    return int(found[1]) / 1024, wall


def test_memory_of_a_million_rows(tmp_path: Path, stand_in: StandIn) -> None:
    print("\nsnowflake-extractor, 8 columns: peak memory of the process")
    with pieces(stand_in.python, stand_in.port, 20_000) as port:
        for label, where in (("in pieces of 20,000 rows", port), ("all rows in one answer", stand_in.port)):
            small, _ = extract(tmp_path, stand_in, 100_000, where, f"small-{where}")
            large, wall = extract(tmp_path, stand_in, 1_000_000, where, f"large-{where}")
            print(
                f"  {label}: {small:.0f} MB for 100,000 rows, {large:.0f} MB for 1,000,000: ratio {large / small:.2f}"
            )
            print(f"  {label}: {wall:.1f} s for 1,000,000 rows, the server's time included")
