"""Memory of the Keboola runner: ``pytest -m bench -s tests/bench/test_bench_keboola.py``."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import pytest
from orch_tui.storage.tables import Publication

from tests.integration.attempts import attempt
from tests.support.tables import parquet_file

pytestmark = pytest.mark.bench

# The component reports its own peak, since nobody else can see it once it is gone.
_CODE = """
import atexit, sys
def peak():
    line = next(line for line in open('/proc/self/status') if line.startswith('VmHWM'))
    print('peak', line.split()[1], file=sys.stderr)
atexit.register(peak)
from orch_tui.components import kit
from orch_tui.components.keboola import program as keboola
kit.main(keboola.Parameters, keboola.run, keboola.test_connection)
"""
_COPY = """
import os, pathlib, shutil
data = pathlib.Path(os.environ["KBC_DATADIR"])
shutil.copyfile(data / "in/tables/many.csv", data / "out/tables/copy.csv")
"""


def measure(root: Path, count: int) -> tuple[float, float]:
    """Peak resident MiB and seconds for a program that copies that many rows."""
    (root / "venv" / "bin").mkdir(parents=True)
    (root / "venv" / "bin" / "python").symlink_to(sys.executable)
    (root / "pass_through.py").write_text(_COPY)
    given = attempt(
        root,
        {"venv": "venv", "program": "pass_through.py"},
        inputs=[{"source": "crm/many", "destination": "many"}],
        outputs=[{"source": "copy", "destination": "crm/copy"}],
    )
    query = f"select range as id, 'customer ' || range % 977 as name, range / 4 as amount from range({count})"
    given.storage.publish([Publication("crm/many", parquet_file(root / "seed.parquet", query))])
    begun = time.monotonic()
    process = given.start(code=_CODE)
    _, err = process.communicate(timeout=600)
    seconds = time.monotonic() - begun
    assert process.returncode == 0, err
    info = given.storage.get("crm/copy")
    assert info is not None and info.rows == count
    return int(err.split("peak ")[1].split()[0]) / 1024, seconds


def test_memory_does_not_grow_with_the_rows(tmp_path: Path) -> None:
    # GIVEN / WHEN tables of 100,000 and 1,000,000 rows go to a program and back
    small, brief = measure(tmp_path / "small", 100_000)
    large, long = measure(tmp_path / "large", 1_000_000)
    # THEN memory stays
    print(f"\nkeboola, {sys.version.split()[0]}, {os.cpu_count()} cores: 100,000 rows {small:.0f} MiB {brief:.1f} s, "
          f"1,000,000 rows {large:.0f} MiB {long:.1f} s, ratio {large / small:.2f}")  # fmt: skip
    assert large < 2 * small
