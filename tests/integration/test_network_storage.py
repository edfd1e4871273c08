"""A project on a network file system, through two clients that know nothing of each other, as two machines."""

from __future__ import annotations

import json
import os
import random
import select
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest
from orch_tui.model.status import Status
from orch_tui.project.concurrent import save_lock
from orch_tui.project.concurrent.locks import Lock, holder_of, is_locked
from orch_tui.project.concurrent.save_lock import saving
from orch_tui.storage.directory import INTENTS
from orch_tui.storage.storage import Storage

from tests.integration.publish_me import TABLES
from tests.servers.glusterfs import network_storage
from tests.servers.slurm import slurm
from tests.support.attack import first_seed, trials
from tests.support.engine_kit import make_commands, statuses, until
from tests.support.executors import Executor, host

_WRITERS, _KILLED = 20, 4
_PATIENCE = 120.0
_HOLDER = """
import sys, time
from pathlib import Path
from orch_tui.project.concurrent.locks import Lock
from orch_tui.project.concurrent.save_lock import saving
from orch_tui.storage.storage import Storage
root = Path(sys.argv[1])
lock = Lock.acquire(root / "locks" / "c.lock", "the other machine")
with saving(root), Storage(root / "storage").place.held(["a/one"], print):
    print(lock is not None, flush=True)
    time.sleep(600)
"""


@pytest.fixture(scope="module")
def clients() -> Iterator[list[Path]]:
    with network_storage() as mounts:
        yield mounts


def test_locks_hold_on_the_other_machine_and_vanish_with_their_holder(
    clients: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    # GIVEN a process on one machine that holds a lock, saves, and writes a table
    here, there = (client / "locking" for client in clients)
    there.mkdir()
    monkeypatch.setattr(save_lock, "_WAIT", 0.1)
    storage, path = Storage(here / "storage"), here / "locks" / "c.lock"
    with subprocess.Popen([sys.executable, "-c", _HOLDER, str(there)], stdout=subprocess.PIPE, text=True) as holder:
        try:
            assert holder.stdout is not None and holder.stdout.readline() == "True\n"
            # WHEN / THEN nobody has any of it on the other one
            assert is_locked(path) and holder_of(path) == "the other machine"
            assert Lock.acquire(path, "this machine") is None
            with pytest.raises(OSError, match="another program is saving"), saving(here):
                pass
            with storage.place.held(["a/one"], print, 0.1) as held:
                assert not held
        finally:
            # WHEN it is killed
            holder.send_signal(signal.SIGKILL)
    # THEN all of it is free
    until(lambda: not is_locked(path))
    with saving(here), storage.place.held(["a/one"], print, 10.0) as held:
        assert held
    lock = Lock.acquire(path, "this machine")
    assert lock is not None
    lock.free()


class Writers:
    """Those of one test; what they said they have published is in files of ``home``, one for each."""

    def __init__(self, home: Path) -> None:
        self._home = home
        self._pids: dict[str, int] = {}
        self._forker = subprocess.Popen(
            [sys.executable, "-m", "tests.integration.publish_me"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def told(self, name: str) -> list[list[int]]:
        """Value and versions of each publication that a writer finished."""
        file = self._home / name
        lines = file.read_text().splitlines() if file.exists() else []
        return [list(map(int, line.split())) for line in lines]

    def count(self) -> int:
        return sum(len(self.told(file.name)) for file in self._home.iterdir())

    def begin(self, name: str, root: Path) -> None:
        assert self._forker.stdin is not None and self._forker.stdout is not None
        before = self.told(name)
        asked = [str(root), str(self._home / name), name, before[-1][0] + 1 if before else 0]
        self._forker.stdin.write(json.dumps(asked) + "\n")
        self._forker.stdin.flush()
        self._pids[name] = int(self._forker.stdout.readline())

    def kill(self, name: str) -> None:
        """And wait until it is gone: one that waits for a lock goes when its file system has answered."""
        pid = self._pids.pop(name)
        descriptor = os.pidfd_open(pid)
        try:
            signal.pidfd_send_signal(descriptor, signal.SIGKILL)
            assert select.select([descriptor], [], [], _PATIENCE)[0], "a killed writer does not go"
        finally:
            os.close(descriptor)

    def end(self) -> None:
        for name in list(self._pids):
            self.kill(name)
        self._forker.communicate()


@trials(short=10, long=300)
def test_writers_on_two_machines_are_killed_at_any_moment(clients: list[Path], tmp_path: Path, trials: int) -> None:
    # GIVEN twenty writers of the same two tables, half of them on each machine
    chance, names = random.Random(first_seed()), [f"w{number}" for number in range(_WRITERS)]
    roots = [client / f"writers{trials}" / "storage" for client in clients]
    roots[0].parent.mkdir()
    writers = Writers(tmp_path)
    try:
        for number, name in enumerate(names):
            writers.begin(name, roots[number % 2])
        # WHEN some of them are killed again and again while all write
        for _ in range(trials):
            before = writers.count()
            until(lambda before=before: writers.count() > before, _PATIENCE)
            select.select([], [], [], chance.uniform(0.0, 0.2))
            for name in chance.sample(names, _KILLED):
                writers.kill(name)
                writers.begin(name, roots[names.index(name) % 2])
    finally:
        writers.end()
    # THEN no version was given twice, and none was lost
    done = [one for name in names for one in writers.told(name)]
    versions = [one[1] for one in done]
    assert len(set(versions)) == len(versions) >= trials and all(one[1] == one[2] for one in done)
    for root in roots:
        storage = Storage(root)
        infos = storage.tables()
        assert [info.table for info in infos] == list(TABLES) and {info.problem for info in infos} == {None}
        assert {info.version for info in infos} == {infos[0].version} and infos[0].version >= max(versions)
        # AND each table is whole: both have the rows of the same publications, with what each writer finished
        with duckdb.connect() as connection:
            one, two = (dict(connection.execute(f"from read_parquet('{info.file}')").fetchall()) for info in infos)
        assert one == two
        assert all(one[name] >= told[-1][0] for name in names if (told := writers.told(name)))
        assert not list((storage.root / INTENTS).glob("*.toml"))
    print(f"{trials * _KILLED} kills, {len(done)} publications, version {max(versions)}, {len(one)} writers")


def test_a_run_is_taken_over_through_the_other_client(clients: list[Path], monkeypatch: pytest.MonkeyPatch) -> None:
    # GIVEN a cluster whose nodes have a client each, and an executor beside the first
    here, there = clients
    with slurm(seen={"n2": (there, here)}) as cluster:
        for name, value in cluster.environment.items():
            monkeypatch.setenv(name, value)
        wait = (
            "echo begin >> trace.$ORCH_TASK_ID; until [ -e go ]; do sleep 0.05; done; hostname >> trace.$ORCH_TASK_ID"
        )
        task = {"command": wait, "resources": "{ cpus = 4 }"}
        project = make_commands(here / "p", {"P": {"a": task, "b": task}}, 'runs_on = "c"\nbackends.c.kind = "slurm"\n')
        first = Executor(project.root, within=host("first"))
        try:
            until(lambda: len(list(project.root.glob("trace.*"))) == 2, _PATIENCE)
        finally:
            # WHEN it is killed, and another one goes on beside the second
            first.kill()
        # (What each holds is held on both.)
        locks = [project.paths.configuration_lock(f"command/{name}") for name in "ab"]
        assert all(is_locked(lock) and is_locked(there / lock.relative_to(here)) for lock in locks)
        second = Executor(project.root, first.directory, within=host("second", (there, here)))
        (there / "p" / "go").touch()
        assert second.process.wait(_PATIENCE) == 0
        # THEN each has run once, one of them on each node
        assert set(statuses(second.state).values()) == {Status.SUCCESS}, second.state.tasks
        assert [one["host"] for one in second.state.executors] == ["first", "second"]
        traces = [(there / "p" / f"trace.{name}").read_text().split() for name in "ab"]
        assert sorted(traces) == [["begin", "n1"], ["begin", "n2"]]
        assert not any(is_locked(lock) for lock in locks)
