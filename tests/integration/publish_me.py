"""Writers that never end, to be killed: what they need is loaded once, and each is forked from there.

``python -m tests.integration.publish_me`` reads lines of JSON with the arguments of :func:`publish_endlessly`, and says
the pid of each.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from itertools import count
from pathlib import Path

import duckdb
from orch_tui.model.components.configuration import WriteMode
from orch_tui.storage import directory  # noqa: F401 - so that each fork has it
from orch_tui.storage.publishing import committing, merge, publish  # noqa: F401 - the same
from orch_tui.storage.storage import Storage
from orch_tui.storage.tables import Publication

TABLES = ("a/one", "b/two")


def publish_endlessly(root: Path, said: Path, name: str, first: int) -> None:
    """Publish a row of its own into each table, its value one more each time. A line in ``said`` for each time: the
    value, and the versions that have it."""
    storage = Storage(root, keep=3)
    out = os.open(said, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    with duckdb.connect(config={"threads": 1}) as connection:
        for value in count(first):
            items = []
            for table in TABLES:
                staged = root.parent / f"staged-{name}-{table.replace('/', '-')}.parquet"
                rows = f"select '{name}' as writer, {value} as value"
                connection.execute(f"copy ({rows}) to '{staged}' (format parquet)")
                items.append(Publication(table, staged, WriteMode.INCREMENTAL, ("writer",)))
            versions = [info.version for info in storage.publish(items, run=name, task="t")]
            os.write(out, f"{value} {versions[0]} {versions[1]}\n".encode())


if __name__ == "__main__":
    # Nobody waits for them here.
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    for line in sys.stdin:
        root, said, name, first = json.loads(line)
        if (pid := os.fork()) == 0:
            publish_endlessly(Path(root), Path(said), name, first)
        print(pid, flush=True)
