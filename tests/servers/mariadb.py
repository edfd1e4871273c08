"""A real MariaDB server from the Debian package, on loopback, for the length of a block."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pymysql

from tests.servers.databases import free_port, home
from tests.servers.tools import program

PASSWORD = "s3cret-of-mariadb"


@dataclass(frozen=True)
class MariaDbServer:
    """``parameters`` are those of the components, of a user who may do everything."""

    port: int
    socket: Path

    @property
    def parameters(self) -> dict[str, Any]:
        return {"host": "127.0.0.1", "port": self.port, "database": "shop", "user": "orch", "password": PASSWORD}

    def connect(self, **more: Any) -> pymysql.Connection[Any]:
        """A connection of the test's own, as root and in autocommit."""
        place = {"unix_socket": str(self.socket), "user": "root", "database": "shop", "autocommit": True}
        return pymysql.connect(charset="utf8mb4", **{**place, **more})

    def run(self, *statements: str) -> list[tuple[Any, ...]]:
        """The rows of the last statement, none if it gives none."""
        with self.connect() as con, con.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)
            return list(cursor.fetchall())

    def working(self, like: str = "%") -> list[int]:
        """The sessions of components whose statement looks like this."""
        text = like.replace("'", "''")
        rows = self.run(
            f"select id from information_schema.processlist where user <> 'root' and coalesce(info, '') like '{text}'"
        )
        return [number for (number,) in rows]

    def end(self, session: int) -> None:
        """End a session as an administrator does."""
        self.run(f"kill {session}")


@contextmanager
def mariadb() -> Iterator[MariaDbServer]:
    daemon, install = program("mariadbd", "/usr/sbin"), program("mariadb-install-db", "/usr/bin")
    with home("orch-mariadb-", "mysql") as (path, how):
        data = path / "data"
        quiet: dict[str, Any] = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL}
        subprocess.run([install, "--no-defaults", f"--datadir={data}", "--skip-test-db", "--skip-name-resolve",
                        "--auth-root-authentication-method=normal", "--innodb-log-file-size=16M"],
                       check=True, timeout=120, stderr=subprocess.DEVNULL, **quiet, **how)  # fmt: skip
        server = MariaDbServer(free_port(), path / "socket")
        with (path / "log").open("wb") as log:
            process = subprocess.Popen(
                [daemon, "--no-defaults", f"--datadir={data}", f"--port={server.port}", "--bind-address=127.0.0.1",
                 f"--socket={server.socket}", f"--pid-file={path / 'pid'}", "--skip-name-resolve", "--skip-log-bin",
                 "--innodb-flush-log-at-trx-commit=0", "--innodb-flush-method=nosync", "--innodb-log-file-size=16M",
                 "--innodb-buffer-pool-size=64M", "--innodb-doublewrite=0", "--max-connections=30"],
                stderr=log, **quiet, **how)  # fmt: skip
        try:
            _wait(server, process, path / "log")
            yield server
        finally:
            # Nothing of it is kept, so it need not end in peace.
            process.kill()
            process.wait(30)


def _wait(server: MariaDbServer, process: subprocess.Popen[bytes], log: Path) -> None:
    end = time.monotonic() + 60
    while True:
        try:
            with server.connect(database=None) as con, con.cursor() as cursor:
                cursor.execute("create database shop character set utf8mb4")
                cursor.execute(f"create user orch identified by '{PASSWORD}'")
                cursor.execute("grant all on *.* to orch with grant option")
            return
        except pymysql.OperationalError:
            assert process.poll() is None and time.monotonic() < end, log.read_text(errors="replace")
            time.sleep(0.05)
