"""Tables in an object store under real processes: many writers, killed at any moment or stopped beyond their lease."""

from __future__ import annotations

import contextlib
import os
import random
import select
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from orch_tui.storage.storage import Storage

from tests.integration.attempts import COMPONENT
from tests.servers.s3 import BUCKET, KEYS, Fault, S3Call, S3Server, s3, s3_server
from tests.support.projects import started
from tests.support.tables import put, rows

__all__ = ["s3", "s3_server"]

LEASE = 4.0
GROUPS = 5
WRITERS = 20

COMMON = f"""
import sys
from pathlib import Path
import duckdb
from orch_tui.model.components.configuration import WriteMode
from orch_tui.project.definitions.storage_address import StorageAddress
from orch_tui.storage.objects.bucket import Bucket
from orch_tui.storage.storage import Storage
from orch_tui.storage.tables import Publication

home, url, prefix = Path(sys.argv[1]), sys.argv[2], sys.argv[3]
def opened(name):
    root = home / name / ".orch" / "storage"
    root.parent.mkdir(mode=0o700, parents=True)
    address = StorageAddress({BUCKET!r}, prefix, url, lease={LEASE})
    return Storage(root, keep=50, place=Bucket(root, address, lambda: ({KEYS[0]!r}, {KEYS[1]!r}, None)))
def staged(storage, tables, name, value):
    items = []
    for number, table in enumerate(tables):
        path = storage.root.parent / f"{{number}}.parquet"
        with duckdb.connect(config={{"threads": 1}}) as connection:
            connection.execute(f"copy (select '{{name}}' as writer, {{value}} as value) to '{{path}}' (format parquet)")
        items.append(Publication(table, path, WriteMode.INCREMENTAL, ("writer",)))
    return items
"""
# All writers are copies of one process, made before it has any thread; each says in a file of its own what it finished.
WRITER = (
    COMMON
    + f"""
import os
def write(number):
    name = f"w{{number}}"
    storage = opened(name)
    said = open(home / f"{{name}}.said", "w", buffering=1)
    group = number % {GROUPS}
    value = 0
    while True:
        try:
            storage.publish(staged(storage, [f"a/g{{group}}", f"b/g{{group}}"], name, value), run=name, task="t")
        except Exception as error:
            print("failed", value, type(error).__name__, error, file=said)
        else:
            print("done", value, file=said)
        value += 1
for number in range({WRITERS}):
    pid = os.fork()
    if not pid:
        write(number)
    print(pid, flush=True)
"""
)
STOPPED = (
    COMMON
    + """
storage = opened("stopped")
with storage.prepare(staged(storage, ["a/t", "b/t"], "late", 1), run="late", task="t") as transaction:
    print("prepared", flush=True)
    sys.stdin.readline()
    try:
        transaction.commit()
        print("published", flush=True)
    except Exception as error:
        print(error, flush=True)
"""
)


def start(code: str, home: Path, server: S3Server, prefix: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", code, str(home), server.url, prefix]
    return started(command, COMPONENT, stdin=subprocess.PIPE, stdout=subprocess.PIPE)


def content(storage: Storage, table: str) -> list[tuple[object, ...]]:
    info = storage.get(table)
    return [] if info is None else rows(storage.file_of(info))


def told(home: Path) -> dict[str, str]:
    """What each writer has said that it finished."""
    return {path.stem: path.read_text() for path in home.glob("*.said")}


@pytest.mark.slow
def test_twenty_writers_killed_at_random_moments(tmp_path: Path, s3: S3Server) -> None:
    # GIVEN twenty processes that publish sets of two tables, four to each set, and a server that errs now and then
    chance = random.Random(20261130)

    def err(call: S3Call) -> Fault | None:
        lot = chance.random()
        return Fault(status=503) if lot < 0.01 else Fault(lose=True) if lot < 0.02 else None

    s3.fault = err
    began = time.monotonic()
    mother = start(WRITER, tmp_path, s3, "many")
    assert mother.stdout is not None
    pids = [int(mother.stdout.readline()) for _ in range(WRITERS)]
    while sum(text.count("done") for text in told(tmp_path).values()) < WRITERS and time.monotonic() < began + 120:
        select.select([], [], [], 0.2)
    # WHEN each of them is killed at a random moment (the wait is the moment; nothing is expected to happen in it)
    chance.shuffle(pids)
    for pid in pids:
        select.select([], [], [], chance.uniform(0.0, 1.0))
        os.kill(pid, signal.SIGKILL)
    mother.communicate()
    s3.fault = lambda call: None
    # THEN both tables of a set have the same rows, and all that was finished is in them
    storage = s3.storage(tmp_path / "after", "many", LEASE, keep=50)
    finished, failed = 0, []
    for number in range(WRITERS):
        lines = told(tmp_path).get(f"w{number}", "").splitlines()
        done = [int(line.split()[1]) for line in lines if line.startswith("done")]
        failed += [line for line in lines if line.startswith("failed")]
        finished += len(done)
        kept = [value for writer, value in content(storage, f"a/g{number % GROUPS}") if writer == f"w{number}"]
        assert not done or (len(kept) == 1 and int(str(kept[0])) >= max(done))
    versions = 0
    for group in range(GROUPS):
        assert content(storage, f"a/g{group}") == content(storage, f"b/g{group}")
        info, twin = storage.get(f"a/g{group}"), storage.get(f"b/g{group}")
        assert info is not None and twin is not None
        assert [one.version for one in storage.versions(info.table)] == list(range(info.version, 0, -1))
        versions += info.version
    assert WRITERS <= finished <= versions
    # AND every set can be written again, with nothing left over
    for group in range(GROUPS):
        for table in (f"a/g{group}", f"b/g{group}"):
            put(storage, table, "select 'last' as writer, 1 as value", "incremental", ("writer",))
    assert storage.place.intents() == []
    print(
        f"\n20 writers killed within {time.monotonic() - began:.0f} s: {finished} publications told as done, "
        f"{versions} versions, {len(failed)} refused"
    )
    # Who waited for a killed one is not refused, and a lease is not lost by who lives on.
    assert not [line for line in failed if "ran out" not in line and "does not answer" not in line]


def test_a_writer_that_was_stopped_beyond_its_lease_is_fenced_off(tmp_path: Path, s3: S3Server) -> None:
    # GIVEN a set of tables, and a writer that is stopped right before its commit
    storage = s3.storage(tmp_path / "here", "stopped", LEASE)
    for table in ("a/t", "b/t"):
        put(storage, table, "select 'first' as writer, 0 as value")
    late = start(STOPPED, tmp_path, s3, "stopped")
    assert late.stdin is not None and late.stdout is not None
    assert late.stdout.readline() == "prepared\n"
    os.kill(late.pid, signal.SIGSTOP)
    try:
        # WHEN another one takes over the lease of one of the tables and publishes it
        said: list[str] = []
        storage.log = said.append
        put(storage, "a/t", "select 'second' as writer, 2 as value", "incremental", ("writer",))
    finally:
        os.kill(late.pid, signal.SIGCONT)
    # THEN the first one's commit comes too late, and nothing of its set is there
    with contextlib.suppress(BrokenPipeError):
        late.stdin.write("\n")
    out, _ = late.communicate(timeout=60)
    assert "lease of a/t" in out and "unchanged" in out and "published" not in out.splitlines()
    assert any("has not been heard of, its lease is taken over" in line for line in said)
    assert content(storage, "a/t") == [("first", 0), ("second", 2)]
    assert content(storage, "b/t") == [("first", 0)]
    assert len(storage.place.names("b/t")) == 1
