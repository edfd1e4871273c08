"""A real PostgreSQL server from the Debian package, on loopback, for the length of a block."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import psycopg

from tests.servers.databases import free_port, home
from tests.servers.tools import program

PASSWORD = "s3cret-of-postgres"
_SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "autovacuum": "off",
    "shared_buffers": "32MB",
    "max_connections": "20",
}


@dataclass(frozen=True)
class PostgresServer:
    """``parameters`` are those of the components, of a superuser."""

    port: int

    @property
    def parameters(self) -> dict[str, Any]:
        return {
            "host": "127.0.0.1", "port": self.port, "database": "postgres", "user": "postgres", "password": PASSWORD,
        }  # fmt: skip

    def connect(self, **more: Any) -> psycopg.Connection[Any]:
        """A connection of the test's own, in autocommit."""
        place = {"host": "127.0.0.1", "port": self.port, "dbname": "postgres", "user": "postgres"}
        return psycopg.connect(**{**place, "password": PASSWORD, "autocommit": True, **more})

    def run(self, *statements: str) -> list[tuple[Any, ...]]:
        """The rows of the last statement, none if it gives none."""
        with self.connect() as con:
            for statement in statements:
                cursor = con.execute(statement.encode())
            return cursor.fetchall() if cursor.description else []

    def working(self, like: str = "%") -> list[int]:
        """The sessions of components whose last statement looks like this."""
        text = like.replace("'", "''")
        rows = self.run(
            f"select pid from pg_stat_activity where application_name = 'orch-tui' and query ilike '{text}'"
        )
        return [pid for (pid,) in rows]

    def end(self, session: int) -> None:
        """End a session as an administrator does."""
        self.run(f"select pg_terminate_backend({session})")


@contextmanager
def postgres() -> Iterator[PostgresServer]:
    where = "/usr/lib/postgresql/*/bin"
    initdb, pg_ctl = program("initdb", where), program("pg_ctl", where)
    with home("orch-postgres-", "postgres") as (path, how):
        secret = path / "password"
        secret.write_text(PASSWORD)
        secret.chmod(0o644)
        data = path / "data"
        _run([initdb, "-D", data, "-U", "postgres", "-A", "scram-sha-256", f"--pwfile={secret}", "--no-sync",
              "--no-instructions", "-E", "UTF8", "--locale=C.UTF-8"], how)  # fmt: skip
        server = PostgresServer(free_port())
        settings = {**_SETTINGS, "port": str(server.port), "unix_socket_directories": str(path)}
        options = " ".join(f"-c {name}={value}" for name, value in settings.items())
        _run([pg_ctl, "-D", data, "-w", "-t", "60", "-l", path / "log", "-o", options, "start"], how)
        try:
            yield server
        finally:
            _run([pg_ctl, "-D", data, "-w", "-t", "30", "-m", "immediate", "stop"], how)


def _run(argv: list[Any], how: dict[str, Any]) -> None:
    # Not a pipe: the server that pg_ctl leaves behind would hold it open.
    with (how["cwd"] / "output").open("w+b") as output:
        done = subprocess.run([str(part) for part in argv], stdin=subprocess.DEVNULL, stdout=output, stderr=output,
                              timeout=120, **how)  # fmt: skip
        output.seek(0)
        assert done.returncode == 0, output.read().decode(errors="replace")
