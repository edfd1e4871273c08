"""A stand-in for Snowflake on loopback: an unmodified `fakesnow <https://github.com/tekumara/fakesnow>`_ server.

    python -m sample_configs.stand_ins.snowflake --port 8044

It prints its address and serves until it is told to stop. The server has a virtual environment of its own, since it
excludes newer versions of the connector: the one that ``FAKESNOW_VENV`` names, or ``.stand-ins/fakesnow``, which is
made with pip on first use. It runs SQL on DuckDB, accepts any user and password, and makes every database and schema
that a login names; a timestamp without a value comes back as 1970-01-01. Version 5 of the connector refuses its answer
to a login, so the sample's command completes that answer (``for_version_5``); the tests of the extractor do not. The
e-mail recipients of the sample are loaded as ``CRM.PUBLIC.EMAIL_RECIPIENTS``.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
import venv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
HOME = ROOT / ".stand-ins" / "fakesnow"
REQUIREMENTS = ("fakesnow[server]==0.12.1", "snowflake-connector-python>=4.8,<5")
RECIPIENTS = ROOT / "sample_configs" / "data" / "email-recipients.sqlite"
DATABASE, SCHEMA, TABLE = "CRM", "PUBLIC", "EMAIL_RECIPIENTS"

_COLUMNS = {
    "recipient_id": "number(38,0)",
    "email": "varchar",
    "first_name": "varchar",
    "country": "varchar",
    "campaign_id": "number(38,0)",
    "signed_up": "timestamp_ntz",
    "emails_sent": "number(38,0)",
    "opens": "number(38,0)",
    "clicks": "number(38,0)",
    "unsubscribed": "boolean",
    "in_mailing_list": "boolean",
}
"""Of the table in SQLite, with the types they have in Snowflake."""

_CLIENT = """
import json, sys
import snowflake.connector
wanted = json.load(sys.stdin)
connection = snowflake.connector.connect(
    user="fake", password="snow", account="fakesnow", host="127.0.0.1", port=wanted["port"], protocol="http",
    database=wanted["database"], schema=wanted["schema"], session_parameters={"CLIENT_TELEMETRY_ENABLED": False},
)
for statement in wanted["statements"]:
    connection.cursor().execute(statement)
connection.close()
"""
"""Runs in the server's own environment, which has the connector: the sample's may be without."""


_SERVER = """
import importlib, sys
import uvicorn
server = importlib.import_module("fakesnow.server")

class Answer(server.JSONResponse):
    def render(self, content):
        data = content.get("data") if isinstance(content, dict) else None
        if isinstance(data, dict) and "token" in data:
            data = {"masterToken": data["token"], "sessionId": 1, **data}
            content = {**content, "data": data}
        return super().render(content)

server.JSONResponse = Answer
uvicorn.run(server.app, port=int(sys.argv[1]), log_level="critical")
"""
"""fakesnow, whose answer to a login also has what version 5 of the connector asks for."""


@dataclass(frozen=True, slots=True)
class StandIn:
    """A server that answers. ``python`` is the interpreter of its environment."""

    host: str
    port: int
    pid: int
    python: Path

    @property
    def url(self) -> str:
        return f"http://{self.host}:{self.port}"

    @property
    def parameters(self) -> dict[str, object]:
        """The parameters of a ``snowflake-extractor`` that reads from it."""
        return {
            "account": "fakesnow",
            "user": "fake",
            "host": self.host,
            "port": self.port,
            "protocol": "http",
            "database": DATABASE,
            "schema": SCHEMA,
        }

    def run(self, *statements: str) -> None:
        """Statements in Snowflake's SQL, in one session. Raises: RuntimeError with what the server says."""
        wanted = {"port": self.port, "database": DATABASE, "schema": SCHEMA, "statements": statements}
        ended = subprocess.run(
            [self.python, "-c", _CLIENT], input=json.dumps(wanted), capture_output=True, text=True, timeout=120
        )
        if ended.returncode:
            raise RuntimeError(f"the stand-in refuses a statement: {ended.stderr.strip().splitlines()[-1:]}")


def environment(home: Path | None = None) -> Path:
    """The Python of a virtual environment with fakesnow. Raises: RuntimeError when pip cannot make it."""
    given = home or (Path(os.environ["FAKESNOW_VENV"]) if os.environ.get("FAKESNOW_VENV") else None)
    place = given or HOME
    python = place / ("Scripts" if os.name == "nt" else "bin") / "python"
    if given is None and not (place / "installed").exists():
        sys.stderr.write(f"making {place} for fakesnow, once; this takes a minute\n")
        venv.create(place, with_pip=True, clear=True)
        command = [str(python), "-m", "pip", "install", "-q", "--disable-pip-version-check", *REQUIREMENTS]
        if subprocess.run(command, check=False).returncode:
            raise RuntimeError(f"pip cannot install fakesnow into {place}; look at its message, then try again")
        (place / "installed").touch()
    if not python.exists():
        raise RuntimeError(f"{place} is no virtual environment with fakesnow")
    return python


@contextlib.contextmanager
def serve(
    port: int = 0, home: Path | None = None, *, data: Path | None = RECIPIENTS, for_version_5: bool = False
) -> Iterator[StandIn]:
    """A server with the sample's table, ended by its own process id at the end of the block.

    ``home`` is the virtual environment; ``port`` 0 takes a free one; without ``data`` there is no table. With
    ``for_version_5`` the answer to a login also has what that version of the connector asks for.

    Raises:
        RuntimeError: it cannot be installed, or does not answer within a minute.
    """
    python = environment(home)
    chosen = port or _free_port()
    # Whoever takes the port in between is told of by the server's end.
    process = subprocess.Popen(
        [python, *(("-c", _SERVER, str(chosen)) if for_version_5 else ("-m", "fakesnow", "-s", "-p", str(chosen)))],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        # A Ctrl-C in the terminal is for whoever started it, who ends it then.
        start_new_session=True,
    )
    try:
        _wait(process, chosen)
        found = StandIn("127.0.0.1", chosen, process.pid, python)
        if data is not None:
            found.run(*_statements(data))
        yield found
    finally:
        _end(process)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait(process: subprocess.Popen[bytes], port: int, seconds: float = 60.0) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise RuntimeError(f"the stand-in for Snowflake ended with {process.returncode}; is port {port} taken?")
        with contextlib.suppress(OSError):
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=5)
            except urllib.error.HTTPError:
                # It answers; that there is nothing at "/" is no matter.
                return
        time.sleep(0.1)
    raise RuntimeError(f"the stand-in for Snowflake does not answer on port {port}")


def _end(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGINT if os.name != "nt" else signal.SIGTERM)
    try:
        process.wait(5)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _statements(path: Path) -> list[str]:
    """What makes the table of recipients out of the sample's SQLite file."""
    with contextlib.closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as con:
        rows = con.execute(f"select {', '.join(_COLUMNS)} from recipients order by 1").fetchall()
    kinds = list(_COLUMNS.values())
    values = [f"({', '.join(_literal(value, kind) for value, kind in zip(row, kinds, strict=True))})" for row in rows]
    fields = ", ".join(f"{name} {kind}" for name, kind in _COLUMNS.items())
    return [f"create or replace table {TABLE} ({fields})", f"insert into {TABLE} values {', '.join(values)}"]


def _literal(value: object, kind: str) -> str:
    if value is None:
        return "null"
    if kind == "boolean":
        return "true" if value else "false"
    if isinstance(value, int | float):
        return str(value)
    return "'" + str(value).replace("\\", "\\\\").replace("'", "''") + "'"


def main() -> None:
    """Serve until TERM or Ctrl-C."""
    parser = argparse.ArgumentParser(description="A stand-in for Snowflake on loopback (fakesnow).")
    parser.add_argument("--port", type=int, default=0, help="a free one if it is not given")
    parser.add_argument("--environment", type=Path, help="a virtual environment with fakesnow[server]")
    chosen = parser.parse_args()
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    with serve(chosen.port, chosen.environment, for_version_5=True) as server:
        sys.stdout.write(f"Snowflake stand-in: {server.url}\n")
        sys.stdout.flush()
        stop.wait()


if __name__ == "__main__":
    main()
