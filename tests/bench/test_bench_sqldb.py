"""Memory of the database components: 100,000 and 1,000,000 rows written to a server and read again.

``pytest -m bench -s tests/bench/test_bench_sqldb.py``
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest
from orch_tui.storage.tables import Publication

from tests.integration.attempts import attempt
from tests.servers.mariadb import mariadb
from tests.servers.postgres import postgres
from tests.support.tables import parquet_file

pytestmark = pytest.mark.bench
SERVERS: dict[str, Callable[[], AbstractContextManager[Any]]] = {"postgres": postgres, "mysql": mariadb}
ROWS = """
    select range::bigint as id, 'customer ' || range as name, (range / 7)::decimal(12,2) as amount, range % 2 = 0 as active,
        date '2026-01-01' + (range % 365)::integer as day, timestamp '2026-01-01' + to_seconds(range) as at,
        range::double / 3 as share, md5(range::varchar) as hash
    from range({})
"""  # noqa: E501


@pytest.fixture(params=list(SERVERS))
def side(request: pytest.FixtureRequest) -> Iterator[tuple[str, dict[str, Any]]]:
    """The name of the components, and the parameters of a server."""
    with SERVERS[request.param]() as server:
        yield request.param, server.parameters


def measured(root: Path, module: str, count: int, parameters: dict[str, Any]) -> tuple[float, float]:
    """Peak resident memory of the task's process (MB), and its seconds."""
    reads = module.endswith("extractor")
    given = attempt(
        root / module,
        parameters,
        inputs=[] if reads else [{"source": "a/b", "destination": "rows"}],
        outputs=[{"source": "x", "destination": "a/x"}] if reads else [],
    )
    if not reads:
        given.storage.publish([Publication("a/b", parquet_file(root / "seed.parquet", ROWS.format(count)))])
    before = time.perf_counter()
    process = given.start(f"orch_tui.components.{module}")
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - before
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.stderr is not None and process.stdout is not None
    with process.stdout, process.stderr:
        assert (process.returncode, process.stderr.read()) == (0, "")
    if reads:
        info = given.storage.get("a/x")
        assert info is not None and info.rows == count
    return usage.ru_maxrss / 1024, seconds


def test_memory_is_flat(tmp_path: Path, side: tuple[str, dict[str, Any]]) -> None:
    name, parameters = side
    found: dict[str, list[float]] = {}
    for count in (100_000, 1_000_000):
        steps: dict[str, dict[str, object]] = {
            "writer": {"table": "t", "mode": "replace", "key": ["id"]},
            "writer, upsert": {"table": "t", "mode": "upsert", "key": ["id"]},
            "extractor": {"table": "t"},
        }
        for number, (step, more) in enumerate(steps.items()):
            module = f"{name}.{step.split(',')[0]}"
            memory, seconds = measured(tmp_path / f"{count}-{number}", module, count, {**parameters, **more})
            found.setdefault(step, []).append(memory)
            print(f"\n{name} {step}: {count} rows, {memory:.0f} MB, {seconds:.1f} s", end="")
    print()
    for step, (small, large) in found.items():
        print(f"{name} {step}: {large / small:.2f} times the memory for ten times the rows")
        # Not 1: the smaller table fits into what DuckDB may take (512 MB), the larger does not.
        assert large < 2.8 * small
