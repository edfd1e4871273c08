"""What small tasks of built-in components cost, beside dbt. ``pytest -m bench -s tests/bench``.

100 times ``select 1 as a`` as a table, four at once, the start of the program included. dbt has one process and one
database for all of them; here each is a process and a database of its own, which can be killed alone.
"""

from __future__ import annotations

import os
import resource
import shutil
import statistics
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.servers.tools import tool

pytestmark = pytest.mark.bench
TASKS, ROUNDS = 100, 5


def _transformations(root: Path) -> list[str]:
    (root / "configurations" / "sql").mkdir(parents=True)
    (root / "orchestrations").mkdir()
    (root / "orch.toml").write_text('name = "Bench"\n')
    lines = ['name = "O"', "max_parallel = 4", "[[phases]]", 'name = "P"']
    for number in range(TASKS):
        (root / "configurations" / "sql" / f"t{number}.toml").write_text(
            f'name = "T{number}"\n[parameters]\nsql = "create table t{number} as select 1 as a"\n'
            f'[[outputs]]\nname = "t{number}"\ntable = "made/t{number}"\n'
        )
        lines += ["[[phases.tasks]]", f'id = "t{number}"', f'configuration = "sql/t{number}"']
    (root / "orchestrations" / "o.toml").write_text("\n".join(lines) + "\n")
    return [sys.executable, "-m", "orch_tui", "run", "o", "--quiet", "--project", str(root)]


def _models(root: Path, dbt: Path) -> list[str]:
    (root / "models").mkdir(parents=True)
    for number in range(TASKS):
        (root / "models" / f"t{number}.sql").write_text("select 1 as a\n")
    (root / "dbt_project.yml").write_text(
        'name: b\nversion: "1.0"\nprofile: b\nmodels:\n  b:\n    +materialized: table\n'
    )
    database = root / "target" / "b.duckdb"
    (root / "profiles.yml").write_text(
        f"b:\n  target: dev\n  outputs:\n    dev: {{type: duckdb, path: {database}, threads: 4}}\n"
    )
    return [str(dbt), "run", "--quiet", "--project-dir", str(root), "--profiles-dir", str(root)]


def _cost(argv: list[str], made: Path) -> tuple[float, float]:
    """Seconds of CPU with all children, and of the clock; ``made`` is what an earlier round left."""
    shutil.rmtree(made, ignore_errors=True)
    if made.name == "target":
        made.mkdir()
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    before, begun = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run(argv, check=True, stdout=subprocess.DEVNULL, env=kept)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return cpu, time.perf_counter() - begun


def test_small_sql_tasks(tmp_path: Path) -> None:
    dbt = tool("dbt") / "bin" / "dbt"
    ours, theirs = _transformations(tmp_path / "ours"), _models(tmp_path / "dbt", dbt)
    cpu, wall = [], []
    for _ in range(ROUNDS):
        mine = _cost(ours, tmp_path / "ours" / ".orch")
        other = _cost(theirs, tmp_path / "dbt" / "target")
        cpu.append(mine[0] / other[0])
        wall.append(mine[1] / other[1])
    print(
        f"\n{TASKS} SQL tasks / dbt: CPU {statistics.median(cpu):.2f}, wall {statistics.median(wall):.2f} (budget 0.7)"
    )
