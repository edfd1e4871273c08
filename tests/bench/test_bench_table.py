"""A table of a million rows on the screen. ``pytest -m bench -s tests/bench/test_bench_table.py``."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import pytest
from orch_tui.storage.storage import Storage
from orch_tui.storage.tables import Publication

from tests.pty.harness import PtyApp
from tests.support.tables import parquet_file

pytestmark = pytest.mark.bench
MILLION = 1_000_000
_SCREEN = """
import sys
from pathlib import Path
from orch_tui.project.project import open_project
from orch_tui.tui.app import OrchApp
from orch_tui.tui.data.table import TableScreen

class Viewer(OrchApp):
    def on_mount(self):
        super().on_mount()
        self.push_screen(TableScreen(self.project.paths, sys.argv[2]))

app = Viewer(open_project(Path(sys.argv[1]), tolerant=True))
app.run()
"""


def query(rows: int) -> str:
    return f"""select range as id, 'customer ' || (range * 7919 % 1000003) as name, random() * 1000 as amount,
        (range % 97)::decimal(10, 2) as price, timestamp '2026-01-01' + to_seconds(range) as made,
        range % 3 = 0 as flag,
        case when range % 11 = 0 then null else 'c' || (range % 50) end as category, md5(range::varchar) as hash
        from range({rows})"""


def memory(app: PtyApp) -> float:
    """Resident MiB."""
    return int(Path(f"/proc/{app.pid}/status").read_text().split("VmRSS:")[1].split()[0]) / 1024


def timed(app: PtyApp, keys: str, wanted: str) -> float:
    """Milliseconds from the keys to what they show."""
    begun = time.perf_counter()
    app.send(keys)
    app.wait_for(wanted)
    return (time.perf_counter() - begun) * 1000


def test_a_million_rows(tmp_path: Path) -> None:
    # GIVEN a short and a long table
    (tmp_path / "orch.toml").write_text('name = "Tables"\n')
    storage = Storage(tmp_path / ".orch" / "storage")
    storage.root.mkdir(parents=True)
    found = {}
    sizes = {"short": 1000, "long": MILLION}
    for name, rows in sizes.items():
        storage.publish([Publication(f"raw/{name}", parquet_file(tmp_path / f"{name}.parquet", query(rows)))])
    size = (storage.home("raw/long") / "000001.parquet").stat().st_size / 1024**2
    print(f"\n1,000,000 rows of 8 columns:      {size:8.1f} MiB of Parquet")
    # WHEN each is opened and walked through in a terminal
    for name in sizes:
        with PtyApp([sys.executable, "-c", _SCREEN, str(tmp_path), f"raw/{name}"]) as app:
            begun = time.perf_counter()
            app.wait_for("customer 0")
            print(f"{name:6} start to first rows       {(time.perf_counter() - begun) * 1000:8.0f} ms")
            last = f"customer {(sizes[name] - 1) * 7919 % 1000003}"
            print(f"{name:6} to the last row           {timed(app, 'G', last):8.0f} ms")
            before = len(app.log)
            print(f"{name:6} back to the first         {timed(app, 'g', 'customer 7919'):8.0f} ms")
            for _ in range(30):
                app.send("\x1b[6~")
                app.settle(0.1)
            print(f"{name:6} 30 pages down             {(len(app.log) - before) / 31:8.0f} bytes a page")
            found[name] = memory(app)
            print(f"{name:6} memory                    {found[name]:8.1f} MiB")
            print(f"{name:6} sorted by name            {timed(app, 'gls', '▲'):8.0f} ms")
            print(f"{name:6} memory after sorting      {memory(app):8.1f} MiB")
    # THEN what is not looked at takes no memory
    print(f"memory for 999,000 rows more:     {found['long'] - found['short']:8.1f} MiB (budget 60)")
    assert found["long"] - found["short"] <= 60
