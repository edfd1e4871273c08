"""Memory of the Singer runner: ``pytest -m bench -s tests/bench/test_bench_singer.py``."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import pytest

from tests.integration.attempts import attempt
from tests.unit.components.singer.test_tap import make_venv, output

pytestmark = pytest.mark.bench

# The component reports its own peak, since nobody else can see it once it is gone.
_CODE = """
import atexit, sys
def peak():
    line = next(line for line in open('/proc/self/status') if line.startswith('VmHWM'))
    print('peak', line.split()[1], file=sys.stderr)
atexit.register(peak)
from orch_tui.components import kit
from orch_tui.components.singer import tap as singer
kit.main(singer.Parameters, singer.run, singer.test_connection)
"""


def measure(root: Path, count: int, keys: tuple[str, ...]) -> tuple[float, float]:
    """Peak resident MiB and seconds for that many records of a tap of our own."""
    root.mkdir()
    make_venv(root)
    given = attempt(
        root, {"venv": "venv", "tap": "tap-test", "config": {"count": count, "keys": keys}}, outputs=[output("many")]
    )
    given.env["PYTHONUNBUFFERED"] = "1"
    begun = time.monotonic()
    process = given.start(code=_CODE)
    _, err = process.communicate(timeout=600)
    seconds = time.monotonic() - begun
    assert process.returncode == 0, err
    info = given.storage.get("crm/many")
    assert info is not None and info.rows == count
    return int(err.split("peak ")[1].split()[0]) / 1024, seconds


@pytest.mark.parametrize("keys", [(), ("id",)])
def test_memory_does_not_grow_with_the_records(tmp_path: Path, keys: tuple[str, ...]) -> None:
    # GIVEN / WHEN a tap sends 100,000 and 1,000,000 records
    small, brief = measure(tmp_path / "small", 100_000, keys)
    large, long = measure(tmp_path / "large", 1_000_000, keys)
    # THEN memory stays; the check that no key comes twice takes some, which DuckDB bounds
    print(f"\nsinger, {sys.version.split()[0]}, {os.cpu_count()} cores, key {keys}: 100,000 records {small:.0f} MiB "
          f"{brief:.1f} s, 1,000,000 records {large:.0f} MiB {long:.1f} s, ratio {large / small:.2f}")  # fmt: skip
    assert large < 1.6 * small
