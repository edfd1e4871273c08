"""Mutation testing of the core: a random sample of cosmic-ray's mutants, each against the tests of its own module.

``python -m tests.support.mutants 500 --seed 7`` copies the tree, changes one place after another in the copy and says
which changes no test has noticed. Of each mutant the unit tests are run that import the changed module; another one
might still notice it, so the figure is an upper bound.
"""

from __future__ import annotations

import argparse
import os
import random
import re
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("model", "engine", "project", "storage")
# Nearly all of them are in annotations, which nothing evaluates.
_LEFT_OUT = re.compile(r"BinaryOperator_BitOr_")
_SECONDS = 240
_MOST_FILES = 4


def tests_of(module: str, root: Path = ROOT) -> list[str]:
    """The files of unit tests that import a module (``orch_tui/model/plan.py``), those named after it first."""
    name = module.removesuffix(".py").replace("/", ".")
    imported = re.compile(rf"(?:from|import) {re.escape(name)}\b")
    folder = root / "tests" / "unit" / module.split("/")[1]
    stem = Path(module).stem
    found = [path for path in sorted(folder.rglob("test_*.py")) if imported.search(path.read_text(encoding="utf-8"))]
    found.sort(key=lambda path: (stem not in path.stem, path.stat().st_size))
    return [path.relative_to(root).as_posix() for path in found[:_MOST_FILES]]


def _sample(session: Path, count: int, seed: int) -> list[tuple[str, str, int, str]]:
    """Leave ``count`` mutants in a session; which they are: job, module, line, operator."""
    with sqlite3.connect(session) as database:
        rows = database.execute(
            "select job_id, module_path, start_pos_row, operator_name from mutation_specs"
        ).fetchall()
        rows = sorted(row for row in rows if not _LEFT_OUT.search(row[3]) and tests_of(row[1]))
        chosen = random.Random(seed).sample(rows, min(count, len(rows)))
        kept = [row[0] for row in chosen]
        marks = ",".join("?" * len(kept))
        for table in ("mutation_specs", "work_items"):
            database.execute(f"delete from {table} where job_id not in ({marks})", kept)
    return chosen


def _judge() -> int:
    """The command that cosmic-ray runs in the copy: the tests of whatever differs from the original."""
    for package in PACKAGES:
        for path in Path("orch_tui", package).rglob("*.py"):
            if path.read_bytes() != (Path(os.environ["ORCH_ORIGINAL"]) / path).read_bytes():
                command = [
                    sys.executable,
                    "-m",
                    "pytest",
                    "-q",
                    "-n",
                    "0",
                    "-x",
                    *tests_of(path.as_posix(), Path.cwd()),
                ]
                return subprocess.run([*command, "-p", "no:randomly"], check=False).returncode
    return 0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("count", type=int, nargs="?", default=500)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument(
        "--only", action="append", help="a file or folder like model/plan.py; default: all four packages"
    )
    parser.add_argument("--judge", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.judge:
        return _judge()
    with tempfile.TemporaryDirectory(prefix="orch-mutants-") as place:
        tree, original = Path(place, "tree"), Path(place, "original")
        for copy in (tree, original):
            hidden = shutil.ignore_patterns(".git", ".venv*", ".tools", "__pycache__", ".*_cache")
            shutil.copytree(ROOT, copy, ignore=hidden, symlinks=True)
        modules = [f"orch_tui/{part}" for part in options.only or PACKAGES]
        (tree / "cosmic-ray.toml").write_text(
            f"[cosmic-ray]\nmodule-path = {modules}\ntimeout = {_SECONDS}\n"
            f'excluded-modules = []\ntest-command = "{sys.executable} -m tests.support.mutants --judge"\n'
            '[cosmic-ray.distributor]\nname = "local"\n'
        )
        run = {"cwd": tree, "env": {**os.environ, "ORCH_ORIGINAL": str(original), "CI": "1"}}
        tool, session = [sys.executable, "-m", "cosmic_ray.cli"], tree / "session.sqlite"
        subprocess.run([*tool, "init", "cosmic-ray.toml", session.name], check=True, **run)  # type: ignore[call-overload]
        chosen = _sample(session, options.count, options.seed)
        subprocess.run([*tool, "exec", "cosmic-ray.toml", session.name], check=True, **run)  # type: ignore[call-overload]
        with sqlite3.connect(session) as database:
            outcomes = dict(database.execute("select job_id, test_outcome from work_results"))
        lived = [row for row in chosen if str(outcomes.get(row[0])).lower().endswith("survived")]
        for _, module, line, operator in sorted(lived, key=lambda row: row[1:3]):
            print(f"{module}:{line + 1}: {operator.removeprefix('core/')}")
        share = 100 * len(lived) / max(1, len(chosen))
        print(f"{len(lived)} of {len(chosen)} survived ({share:.0f} %), seed {options.seed}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
