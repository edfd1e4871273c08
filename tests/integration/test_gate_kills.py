"""Refusing, accepting and discarding under ``kill -9``: no table half published, no candidate half there."""

from __future__ import annotations

import json
import random
import select
import subprocess
import sys
from pathlib import Path

from orch_tui.storage.deciding import accept
from orch_tui.storage.publishing.candidates import QUARANTINE, candidates
from orch_tui.storage.storage import Storage

from tests.integration.attempts import COMPONENT
from tests.support.attack import Tally, first_seed, trials
from tests.support.projects import started
from tests.support.tables import database, only

TABLES = ("raw/a", "raw/b")
# A check refuses; what waits is accepted, or every third time discarded: without end.
ENDLESS = """
import sys
from pathlib import Path
import duckdb
from orch_tui.storage.publishing.candidates import Maker
from orch_tui.storage.deciding import accept, discard
from orch_tui.storage.storage import Storage
from orch_tui.storage.tables import Publication
root, value = Path(sys.argv[1]), int(sys.argv[2])
storage, con = Storage(root), duckdb.connect(config={"threads": 1})
while True:
    items = []
    for n, table in enumerate(sys.argv[3:]):
        staged = root.parent / f"{n}.parquet"
        con.execute(f"copy (select {value} as value from range(100)) to '{staged}' (format parquet)")
        items.append(Publication(table, staged))
    with storage.prepare(items) as transaction:
        identity = transaction.set_aside(Maker("sql", "c", "r", "t", "runs/o/r/tasks/t/1"), [], {"value": value})
    print("refused", value, flush=True)
    if value % 3:
        accept(storage, identity, by="test", note="")
        print("accepted", value, flush=True)
    else:
        discard(storage, identity, by="test", note="")
    value += 1
"""


def _values(storage: Storage) -> list[int | None]:
    """The one value of all rows of each table. Raises: AssertionError for a table of several, or too few rows."""
    found: list[int | None] = []
    for table in TABLES:
        info = storage.get(table)
        if info is None:
            found.append(None)
            continue
        with database() as connection:
            ((value, number),) = connection.execute(
                f"select value, count(*) from {only(info.file)} group by 1"
            ).fetchall()
        assert number == 100
        found.append(value)
    return found


def _look(root: Path, accepted: int, where: str, tally: Tally) -> int:
    """The value of the tables after what was interrupted is completed."""
    storage = Storage(root)
    first, second = _values(storage)
    if first != second:
        tally.fault("half published", f"{where}: {first} and {second}")
    if (first or -1) < accepted:
        tally.fault("lost", f"{where}: {first} after {accepted} was accepted")
    state = root.parent / "state" / "sql" / "c.json"
    kept = json.loads(state.read_text())["value"] if state.exists() else None
    if kept != first:
        tally.fault("state", f"{where}: the state is of {kept}, the tables of {first}")
    for one in candidates(storage):
        tally.seen["waiting"] += 1
        with database() as connection:
            for table in one.tables:
                rows = connection.execute(f"select count(*) from {only(table.file)}").fetchall()
                if rows != [(100,)]:
                    tally.fault("half kept", f"{where}: {table.table} of candidate {one.id} has {rows}")
    folders = [path.name for path in (root / QUARANTINE).glob("[!.]*")]
    if len(folders) != len(candidates(storage)):
        tally.fault("unreadable", f"{where}: {folders}")
    return first if first is not None else -1


@trials(short=2, long=100)
def test_what_is_refused_and_decided_is_whole_whenever_it_is_killed(tmp_path: Path, trials: int) -> None:
    seed, tally, root, value = first_seed(), Tally(), tmp_path / ".orch" / "storage", 0
    for trial in range(seed, seed + trials):
        # GIVEN a process that refuses, accepts and discards the tables of a task without pause
        chance, where = random.Random(trial), f"seed {trial}"
        root.parent.mkdir(parents=True, exist_ok=True)
        arguments = [sys.executable, "-c", ENDLESS, str(root), str(value + 1), *TABLES]
        writer = started(arguments, COMPONENT, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        assert writer.stdout is not None
        said = [writer.stdout.readline() for _ in range(chance.randint(1, 5))]
        # WHEN it is killed at a random moment (the wait is the moment; nothing is expected to happen in it)
        select.select([], [], [], chance.uniform(0.0, 0.06))
        writer.kill()
        out, errors = writer.communicate()
        tally.look_for_traceback(errors, where)
        accepted = [int(line.split()[1]) for line in [*said, *out.splitlines()] if line.startswith("accepted")]
        tally.seen["accepted"] += len(accepted)
        # THEN both tables are of one value, no accepted one is forgotten, and what waits is whole
        value = max(value, _look(root, max([value, *accepted]) if accepted else value or -1, where, tally))
        # AND what waits can be accepted
        for one in candidates(Storage(root)):
            if not one.outdated(Storage(root)):
                accept(Storage(root), one.id, by="test", note="")
                value = _look(root, value, f"{where}, accepted after it", tally)
        tally.trial_over()
    assert trials < 10 or tally.seen["waiting"] > 3, tally.words
    tally.require_none()
