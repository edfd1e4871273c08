"""Runs of small tasks that are measured, and what starts as many processes beside them.

No directory is used again, and nothing is deleted in between: a file system that has just freed many inodes makes new
ones slowly, and would measure that.
"""

from __future__ import annotations

import itertools
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from orch_tui.project.history import run_ids, summarize
from orch_tui.project.project import Project

from tests.bench.cases import OURS, Case
from tests.bench.timing import Sample, Way, whole
from tests.pty.harness import PtyApp, orch_tui
from tests.servers.tools import tool
from tests.support.engine_kit import make_commands

SMALL_SQL = 100
PHASES, IN_PHASE = 10, 100


def task_cases(root: Path) -> Iterator[Case]:
    """Every way of running tasks that has one beside it; made one by one, since each fills directories."""
    places = (root / f"{number}" for number in itertools.count())
    yield Case(
        f"{SMALL_SQL} SQL tasks, {SMALL_SQL} models",
        {
            OURS: whole(lambda: _started(transformations(next(places)))),
            "dbt": whole(lambda: _started(models(next(places)))),
        },
        {"wall": 0.7, "cpu": 0.7},
    )
    for count in (100, 1_000, 10_000):
        yield Case(
            f"{count:,} trivial tasks, on disk",
            {OURS: _executor(places, count), "xargs with a log file each": _xargs(places, count)},
            {"wall": 1.2},
            most=5 if count < 10_000 else 3,
        )
    yield Case(
        f"{PHASES * IN_PHASE:,} trivial tasks, watched",
        {
            OURS: lambda: watched(phases_of(next(places)))[0],
            "the same, headless": lambda: headless(phases_of(next(places))),
        },
        {"wall": 1.15},
    )


def _started(argv: Sequence[str]) -> subprocess.Popen[str]:
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return subprocess.Popen(argv, env=kept, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def transformations(root: Path) -> list[str]:
    """The program that runs so many SQL transformations, four at once, each a process and a database of its own."""
    (root / "configurations" / "sql").mkdir(parents=True)
    (root / "orchestrations").mkdir()
    (root / "orch.toml").write_text('name = "Bench"\n')
    lines = ['name = "O"', "max_parallel = 4", "[[phases]]", 'name = "P"']
    for number in range(SMALL_SQL):
        (root / "configurations" / "sql" / f"t{number}.toml").write_text(
            f'name = "T{number}"\n[parameters]\nsql = "create table t{number} as select 1 as a"\n'
            f'[[outputs]]\nname = "t{number}"\ntable = "made/t{number}"\n'
        )
        lines += ["[[phases.tasks]]", f'id = "t{number}"', f'configuration = "sql/t{number}"']
    (root / "orchestrations" / "o.toml").write_text("\n".join(lines) + "\n")
    return [sys.executable, "-m", "orch_tui", "run", "o", "--quiet", "--project", str(root)]


def models(root: Path) -> list[str]:
    """The program that makes so many models of dbt, four at once, in one process and one database."""
    (root / "models").mkdir(parents=True)
    (root / "target").mkdir()
    for number in range(SMALL_SQL):
        (root / "models" / f"t{number}.sql").write_text("select 1 as a\n")
    (root / "dbt_project.yml").write_text(
        'name: b\nversion: "1.0"\nprofile: b\nmodels:\n  b:\n    +materialized: table\n'
    )
    database = root / "target" / "b.duckdb"
    (root / "profiles.yml").write_text(
        f"b:\n  target: dev\n  outputs:\n    dev: {{type: duckdb, path: {database}, threads: 4}}\n"
    )
    dbt = tool("dbt") / "bin" / "dbt"
    return [str(dbt), "run", "--quiet", "--project-dir", str(root), "--profiles-dir", str(root)]


def trivial(root: Path, count: int) -> Path:
    """A project whose orchestration runs ``/bin/true`` so often, eight at once."""
    make_commands(root, {"P": {f"t{number}": "/bin/true" for number in range(count)}}, "max_parallel = 8")
    return root


def parts(root: Path, count: int) -> Path:
    """A project whose orchestration runs ``/bin/true`` for each of so many files, eight at once."""
    make_commands(root, {"P": {"load": {"command": "/bin/true", "each": '"data/*.csv"'}}}, "max_parallel = 8")
    (root / "data").mkdir()
    for number in range(count):
        (root / "data" / f"{number:05d}.csv").touch()
    return root


def executed(root: Path) -> dict[str, Any]:
    """What a run of the project cost the executor, as :mod:`tests.bench.one_run` tells it."""
    argv = [sys.executable, "-m", "tests.bench.one_run", str(root)]
    output = subprocess.run(argv, check=True, capture_output=True, text=True)
    result: dict[str, Any] = json.loads(output.stdout)
    assert result["status"] == "success"
    return result


def xargs(logs: Path, count: int) -> float:
    """Seconds in which ``xargs`` starts as many shells, eight at once, with a log file each."""
    logs.mkdir(parents=True)
    command = f"seq {count} | xargs -P 8 -I{{}} sh -c '/bin/true > {logs}/{{}}.log 2>&1'"
    before = time.perf_counter()
    subprocess.run(["sh", "-c", command], check=True)
    return time.perf_counter() - before


def _executor(places: Iterator[Path], count: int) -> Way:
    def way() -> Sample:
        result = executed(trivial(next(places), count))
        return Sample(result["wall"], memory=result["rss_mb"])

    return way


def _xargs(places: Iterator[Path], count: int) -> Way:
    return lambda: Sample(xargs(next(places), count))


def phases_of(root: Path, command: str = "/bin/true") -> Project:
    """A project whose orchestration runs the command a thousand times in ten phases, eight at once."""
    phases = {f"P{p}": {f"t{p}-{n}": command for n in range(IN_PHASE)} for p in range(PHASES)}
    return make_commands(root, phases, "max_parallel = 8")


def _seconds(project: Project) -> float:
    summary = summarize(project.paths.run("o", run_ids(project.paths, "o")[0]))
    assert summary.state == "success" and summary.seconds is not None
    return summary.seconds


def headless(project: Project) -> Sample:
    """Seconds of a run that nobody looks at."""
    argv = [sys.executable, "-m", "orch_tui", "run", "o", "-q", "--project", str(project.root)]
    subprocess.run(argv, check=True)
    return Sample(_seconds(project))


def watched(project: Project) -> tuple[Sample, int]:
    """Seconds of a run on the screen of the process that executes it, and bytes to the terminal."""
    with PtyApp(orch_tui(project.root), cold=True) as terminal:
        # The row, and not only the list: it may come later.
        terminal.wait_for(f" {PHASES * IN_PHASE} ")
        terminal.send("\r")
        terminal.wait_for("Components")
        terminal.send("R")
        terminal.wait_for("will run")
        before = len(terminal.log)
        terminal.send("\r")
        terminal.wait_for("processing")
        terminal.wait_until(lambda: "processing" not in terminal.text(), "the end", patience=600)
        sent = len(terminal.log) - before
    return Sample(_seconds(project)), sent
