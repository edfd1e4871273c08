"""Real data, and the whole tree of processes killed at random: what is read is always one whole version of it."""

from __future__ import annotations

import contextlib
import random
import sqlite3
import subprocess
import time
from pathlib import Path

from orch_tui.model.status import Status
from orch_tui.project.journal.file import is_executed, read_run
from orch_tui.project.paths import ProjectPaths
from orch_tui.storage.storage import Storage

from tests.support.attack import Tally, first_seed, trials
from tests.support.engine_kit import until
from tests.support.executors import kill_process
from tests.support.owned import descendants
from tests.support.projects import latest_run, start
from tests.support.tables import database, only

ROWS = 3000
FILES = {
    "orch.toml": 'name = "Data"\n',
    "orchestrations/o.toml": """
name = "O"
[[phases]]
name = "Extract"
[[phases.tasks]]
id = "rows"
configuration = "file-extractor/rows"
[[phases]]
name = "Transform"
[[phases.tasks]]
id = "sums"
configuration = "sql/sums"
[[phases]]
name = "Write"
[[phases.tasks]]
id = "replaced"
configuration = "sqlite-writer/replaced"
[[phases.tasks]]
id = "upserted"
configuration = "sqlite-writer/upserted"
""",
    "configurations/file-extractor/rows.toml": """
[parameters]
path = "rows.csv"
[[outputs]]
name = "rows"
table = "raw/rows"
primary_key = ["id"]
""",
    "configurations/sql/sums.toml": """
[parameters]
sql = '''
create table doubled as select id, version, value * 2 as value from rows;
create table merged as select id, version from rows;
'''
[[inputs]]
table = "raw/rows"
[[outputs]]
name = "doubled"
table = "out/doubled"
[[outputs]]
name = "merged"
table = "out/merged"
primary_key = ["id"]
mode = "incremental"
""",
    **{
        f"configurations/sqlite-writer/{name}.toml": f"""
[parameters]
database = "target.sqlite"
table = "{name}"
mode = "{mode}"
{key}
[[inputs]]
table = "out/doubled"
"""
        for name, mode, key in (("replaced", "replace", ""), ("upserted", "upsert", 'key = ["id"]'))
    },
}
TOGETHER = ("out/doubled", "out/merged")
"""Outputs of one task: they change at once."""


def _project(root: Path) -> Path:
    for name, text in FILES.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return root


def _bring(project: Path, version: int) -> None:
    """What the source has by now: all rows are of this version."""
    lines = "".join(f"{number},{version},{number * version}\n" for number in range(ROWS))
    (project / "rows.csv").write_text(f"id,version,value\n{lines}")


def _versions(project: Path) -> dict[str, list[tuple[int, int]]]:
    """Of each table that is there, versions and how many rows are of them."""
    found = {}
    with database() as con:
        for table in ("raw/rows", *TOGETHER):
            info = Storage(ProjectPaths(project).storage).get(table)
            if info is not None:
                query = f"select version::int, count(*) from {only(info.file)} group by 1"
                found[table] = con.execute(query).fetchall()
    if (project / "target.sqlite").exists():
        with contextlib.closing(sqlite3.connect(project / "target.sqlite")) as target:
            tables = [name for (name,) in target.execute("select name from sqlite_master where type = 'table'")]
            for name in sorted({"replaced", "upserted"}.intersection(tables)):
                query = f"select cast(version as int), count(*) from {name} group by 1"
                found[name] = target.execute(query).fetchall()
    return found


def _look(project: Path, version: int, where: str, tally: Tally) -> None:
    """Each table is wholly of this version or of the one before, and what is published at once is of one."""
    found = _versions(project)
    for table, counts in found.items():
        if counts not in ([(version, ROWS)], [(version - 1, ROWS)]):
            tally.fault("partial", f"{where}: {table} {counts}")
    if len({str(found.get(table)) for table in TOGETHER}) != 1:
        tally.fault("half published", f"{where}: {found}")


def _kill_all(process: subprocess.Popen[str], chance: random.Random) -> str:
    """The executor and all that it started, in any order, until nothing is left; what was said."""
    while below := [one.pid for one in descendants() if one.state not in "ZX"]:
        for pid in chance.sample(below, len(below)):
            kill_process(pid)
    return process.communicate(timeout=60)[0]


def _go_on(project: Path) -> subprocess.Popen[str]:
    """As a person would: the run is resumed if it did not end, what failed of it is run again if it did."""
    runs = project / ".orch" / "runs" / "o"
    if not runs.exists() or not any(runs.glob("*/run.toml")):
        return start(project, "run", "o")
    run = latest_run(project, "o")
    until(lambda: not is_executed(run))
    if not read_run(run).finished:
        return start(project, "run", "--resume", run.name)
    return start(project, "run", "o", *(["--rerun-failed"] if read_run(run).status is not Status.SUCCESS else []))


def _generation(project: Path, version: int, chance: random.Random, where: str, tally: Tally) -> None:
    _bring(project, version)
    process = start(project, "run", "o")
    for _ in range(chance.randrange(1, 4)):
        # WHEN all of it is killed at some moment
        time.sleep(chance.random() * 2.5)
        said = _kill_all(process, chance)
        tally.look_for_traceback(said, where)
        tally.seen["kills"] += process.returncode < 0
        # THEN whoever looks now sees whole tables
        _look(project, version, where, tally)
        process = _go_on(project)
    for _ in range(4):
        said = process.communicate(timeout=120)[0]
        tally.look_for_traceback(said, where)
        _look(project, version, where, tally)
        if process.returncode == 0:
            break
        process = _go_on(project)
    # AND in the end all of them are the new version
    found = _versions(project)
    if len(found) != 5 or any(counts != [(version, ROWS)] for counts in found.values()):
        tally.fault("not exact", f"{where}: {found}, exit {process.returncode}: {said[-500:]}")


@trials(short=1, long=60)
def test_whatever_is_killed_tables_are_whole_and_exact_in_the_end(tmp_path: Path, trials: int) -> None:
    seed, tally = first_seed(), Tally()
    for number in range(seed, seed + trials):
        chance, project = random.Random(number), _project(tmp_path / str(number))
        # GIVEN data that changed twice since the tables were made
        for version in (1, 2):
            _generation(project, version, chance, f"seed {number}, version {version}", tally)
        tally.trial_over()
    tally.require_none()
