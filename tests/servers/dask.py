"""A dask scheduler and its workers on loopback, each a process of its own, without dashboards.

Sources: ``dask scheduler --help``, ``dask worker --help``.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

from tests.servers.databases import free_port
from tests.servers.tools import missing

_PATIENCE = 60.0
_HERE = ("--host", "127.0.0.1", "--no-dashboard", "--dashboard-address", "127.0.0.1:0")


class Dask:
    """``address`` is the scheduler's. Workers are ``w1``, ``w2``, each with so many threads, and as many ``slot``."""

    def __init__(self, home: Path, workers: int, threads: int, tls: Sequence[str] = ()) -> None:
        self.home = home
        self.workers = [f"w{number}" for number in range(1, workers + 1)]
        self.port = free_port()
        self.address = f"{'tls' if tls else 'tcp'}://127.0.0.1:{self.port}"
        self._threads = threads
        self._tls = tls
        self._processes: dict[str, subprocess.Popen[bytes]] = {}

    @property
    def settings(self) -> str:
        """A backend ``lab`` for ``orch.toml``."""
        return f'[backends.lab]\nkind = "dask"\nscheduler = "{self.address}"\n'

    def up(self) -> None:
        self.start_scheduler()
        for worker in self.workers:
            self.start_worker(worker)
        self.wait_for_workers()

    def start_scheduler(self) -> None:
        protocol = ["--protocol", "tls"] if self._tls else []
        self._start("scheduler", ["scheduler", *_HERE, "--port", str(self.port), *protocol, *self._tls])

    def start_worker(self, worker: str) -> None:
        options = ["--no-nanny", "--name", worker, "--nthreads", str(self._threads), "--death-timeout", "60"]
        own = ["--resources", f"slot={self._threads}", "--local-directory", str(self.home / "spill")]
        self._start(worker, ["worker", self.address, *_HERE, *options, *own, *self._tls])

    def wait_for_workers(self) -> None:
        """Until the scheduler has taken in each that lives."""
        wanted = [worker for worker in self.workers if worker in self._processes]
        end = time.monotonic() + _PATIENCE
        while not all(re.search(r"Registered to:\s+\S*:" + str(self.port), self.log(worker)) for worker in wanted):
            assert time.monotonic() < end, "\n".join(self.log(name) for name in self._processes)
            time.sleep(0.02)

    def log(self, name: str) -> str:
        path = self.home / f"{name}.log"
        return path.read_text(errors="replace") if path.exists() else ""

    @property
    def logs(self) -> str:
        return "\n".join(self.log(name) for name in ("scheduler", *self.workers))

    def kill(self, name: str) -> None:
        """SIGKILL of the scheduler or of a worker's own process; what a worker has started lives on."""
        process = self._processes.pop(name)
        process.send_signal(signal.SIGKILL)
        process.wait(30)
        (self.home / f"{name}.log").rename(self.home / f"{name}.{time.monotonic_ns()}.log")

    def down(self) -> None:
        for name in list(self._processes):
            with contextlib.suppress(ProcessLookupError):
                self.kill(name)

    def _start(self, name: str, words: Sequence[str]) -> None:
        own = {"PATH": os.environ["PATH"], "HOME": str(self.home), "LANG": "C.UTF-8"}
        with (self.home / f"{name}.log").open("ab") as output:
            self._processes[name] = subprocess.Popen(
                [sys.executable, "-m", "distributed.cli.dask_" + words[0], *words[1:]],
                env=own, stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True,
            )  # fmt: skip


@contextmanager
def dask(workers: int = 2, threads: int = 4, tls: Sequence[str] = ()) -> Iterator[Dask]:
    """Skip, or fail, where the library is not installed. ``tls`` are the options of scheduler and workers for it."""
    if find_spec("distributed") is None:
        missing("a dask scheduler for tests needs the package distributed (the extra dask)")
    home = Path(tempfile.mkdtemp(prefix="orch-dask-"))
    found = Dask(home, workers, threads, tls)
    try:
        found.up()
        yield found
    finally:
        found.down()
        shutil.rmtree(home, ignore_errors=True)
