"""The storage under real processes: several writers beside a reader, and writers killed at any moment."""

from __future__ import annotations

import random
import select
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from orch_tui.storage.storage import Storage
from orch_tui.storage.tables import Publication

from tests.integration.attempts import COMPONENT
from tests.support.projects import started
from tests.support.tables import database, parquet_file

LAST_STEP = 14
"""Changes of files that the crashing publication surely makes; the exact number is no promise."""
TABLES = ("a/one", "b/two", "c/three")

WRITER = """
import sys
from pathlib import Path
import duckdb
from orch_tui.storage.publishing import publish as publishing
from orch_tui.storage.tables import Publication
from orch_tui.storage.storage import Storage
from orch_tui.model.components.configuration import WriteMode

root, name, times = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
tables = sys.argv[4].split(",")
storage = Storage(root, keep=3)
con = duckdb.connect(config={"threads": 1})
def once(value):
    items = []
    for table in tables:
        staged = root.parent / f"staged-{name}-{table.replace('/', '-')}.parquet"
        con.execute(f"copy (select '{name}' as writer, {value} as value) to '{staged}' (format parquet)")
        items.append(Publication(table, staged, WriteMode(sys.argv[5]), ("writer",)))
    storage.publish(items, run=name, task="t")
"""
MANY = WRITER + "for value in range(times): once(value)\n"
ENDLESS = WRITER + "value = times\nwhile True:\n    once(value)\n    print(value, flush=True)\n    value += 1\n"
# Dies by kill -9 just before the n-th change of a file that a publication makes.
CRASH = (
    WRITER
    + """
import os, signal
steps = 0
def deadly(function):
    def run(*args, **kwargs):
        global steps
        steps += 1
        if steps == times:
            os.kill(os.getpid(), signal.SIGKILL)
        return function(*args, **kwargs)
    return run
from orch_tui.storage import directory
from orch_tui.storage.publishing import merge
places = [(Path, "replace"), (Path, "unlink"), (Path, "rename"), (directory, "replace_own"), (merge, "bring"),
          (publishing, "sync_own"), (directory, "create_intent"), (os, "fsync")]
for owner, attribute in places:
    setattr(owner, attribute, deadly(getattr(owner, attribute)))
once(1000)
"""
)


def start(code: str, root: Path, name: str, times: int, tables: str, mode: str = "full") -> subprocess.Popen[str]:
    command = [sys.executable, "-c", code, str(root), name, str(times), tables, mode]
    return started(command, COMPONENT, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def values(root: Path) -> list[list[tuple[str, int]]]:
    storage = Storage(root)
    found: list[list[tuple[str, int]]] = []
    for table in TABLES:
        info = storage.get(table)
        found.append([])
        if info is not None:
            with database() as connection:
                found[-1] = connection.execute(f"from read_parquet('{info.file}')").fetchall()
    return found


def test_four_writers_and_a_constant_reader(tmp_path: Path) -> None:
    # GIVEN four processes that each publish ten times, incrementally, to one shared table and to a second one
    root = tmp_path / "storage"
    writers = [start(MANY, root, f"w{n}", 10, "a/one,b/two", "incremental") for n in range(4)]
    # WHEN a reader never stops while they live
    reads = 0
    while any(writer.poll() is None for writer in writers):
        storage = Storage(root)
        for info in storage.tables():
            assert info.problem is None
            columns, cells = storage.preview(info.table)
            assert columns == ["writer", "value"] and 1 <= len(cells) <= 4
            reads += 1
    # THEN no process had an error, no publication was lost and every row is there
    for writer in writers:
        _, errors = writer.communicate()
        assert writer.returncode == 0, errors
    infos = Storage(root).tables()
    assert [info.version for info in infos] == [40, 40] and reads > 10
    assert sorted(values(root)[0]) == sorted(values(root)[1]) == [(f"w{n}", 9) for n in range(4)]


@pytest.mark.parametrize("step", range(1, LAST_STEP + 1))
def test_kill_9_before_each_step_of_a_publication(tmp_path: Path, step: int) -> None:
    # GIVEN a set of three tables
    root = tmp_path / "storage"
    first = parquet_file(tmp_path / "first.parquet", "select 'w' as writer, 0 as value")
    Storage(root).publish([Publication(table, first) for table in TABLES])
    # WHEN the next publication of the set is killed before its step number ``step``
    crashed = start(CRASH, root, "w", step, ",".join(TABLES))
    crashed.communicate()
    assert crashed.returncode == -signal.SIGKILL
    # THEN all tables are readable and all old or all new, and the storage can be written again
    found = values(root)
    assert found in ([[("w", 0)]] * 3, [[("w", 1000)]] * 3)
    assert not [path for path in (root / ".intents").iterdir() if path.suffix == ".toml"]
    if step == LAST_STEP:
        assert start(MANY, root, "w", 8, ",".join(TABLES)).wait() == 0
        assert values(root) == [[("w", 7)]] * 3
        assert not [path for path in root.rglob("*.tmp") if path.parent.name != ".intents"]


def test_kill_9_at_random_moments(tmp_path: Path) -> None:
    # GIVEN a writer that publishes a set of three tables without pause and says which it finished
    root, chance, last = tmp_path / "storage", random.Random(20261122), -1
    for _ in range(8):
        writer = start(ENDLESS, root, "w", last + 1, ",".join(TABLES))
        assert writer.stdout is not None
        for _ in range(chance.randint(1, 3)):
            last = int(writer.stdout.readline())
        # WHEN it is killed at a random moment (the wait is the moment; nothing is expected to happen in it)
        select.select([], [], [], chance.uniform(0.0, 0.05))
        writer.kill()
        finished = [last, *map(int, writer.communicate()[0].split())]
        # THEN the set is of one publication, and none that was finished is forgotten
        found = values(root)
        assert found[0] == found[1] == found[2] and len(found[0]) == 1
        last = found[0][0][1]
        assert last >= max(finished)
