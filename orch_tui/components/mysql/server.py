"""A MySQL or MariaDB server as both components see it: the connection, the names that are there, readable errors.

Sources: https://dev.mysql.com/doc/mysql-errors/8.4/en/server-error-reference.html and
https://mariadb.com/kb/en/mariadb-error-code-reference/
"""

from __future__ import annotations

import contextlib
import re
import socket
import ssl
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field

from orch_tui.components.dbapi.parameters import Server
from orch_tui.components.dbapi.session import STAGE, TEST_SECONDS, Session
from orch_tui.components.kit.component import Context
from orch_tui.model.errors import UserError
from orch_tui.model.texts.text import safe_line

if TYPE_CHECKING:
    import pymysql

_KILL_SECONDS = 5
_NO_THREAD, _CANCELLED = 1094, 1317
"""Errors: the statement has ended by itself; a statement was cancelled."""


class MysqlServer(Server):
    """A server that listens on 3306, as MySQL does."""

    port: int = Field(3306, ge=1, le=65535, title="Port", description="Where the server listens.")


def quoted(name: str) -> str:
    """An identifier of MySQL: any text, in backquotes."""
    return "`" + name.replace("`", "``") + "`"


def name_list(names: Iterable[str]) -> str:
    """Identifiers of MySQL for a statement, between commas."""
    return ", ".join(quoted(name) for name in names)


class Mysql(Session):
    """A session in UTC. ``quick`` limits every wait to the seconds of a test of the connection, ``sends`` lets the
    server ask for rows."""

    con: pymysql.Connection[Any]

    def __init__(self, server: Server, ctx: Context, *, quick: bool = False, sends: bool = False) -> None:
        super().__init__(server)
        self._ctx = ctx
        self._quick = quick
        self._sends = sends
        self.is_mariadb = False
        self._version = ""
        self._number = 0

    def connect(self) -> None:
        server = self.server
        wait = min(server.connect_timeout, TEST_SECONDS) if self._quick else server.connect_timeout
        self.con = self.open(wait, keep=not self._quick, sends=self._sends)
        self._number, version = self.execute("select connection_id(), version()")[0]
        self.is_mariadb = "mariadb" in str(version).lower()
        self._version = str(version).split("-")[0]
        limit = min(server.statement_timeout or TEST_SECONDS, TEST_SECONDS) if self._quick else server.statement_timeout
        self.execute("set session time_zone = '+00:00', net_write_timeout = 600, net_read_timeout = 600")
        if self.is_mariadb:
            self.execute(f"set session max_statement_time = {limit}")
        else:
            self.execute(f"set session max_execution_time = {limit * 1000}")

    def open(self, wait: float, *, keep: bool, sends: bool = False) -> pymysql.Connection[Any]:
        """A connection to the server. Raises: UserError when the driver is missing, its errors, OSError."""
        try:
            from orch_tui.components.mysql.driver import open_connection
        except ImportError as error:
            raise UserError("the driver of MySQL is not installed; run: pip install 'orch-tui[mysql]'") from error
        path = None
        if self.server.ssl_ca is not None:
            path = self._ctx.resolve(self.server.ssl_ca)
            if not path.is_file():
                raise UserError(f"there is no file {path}; correct the parameter ssl_ca")
        return open_connection(self.server, str(path) if path else None, wait, keep, sends)

    def execute(self, statement: str, arguments: tuple[Any, ...] | None = None) -> list[tuple[Any, ...]]:
        """The rows of a statement, none if it gives none. Raises: pymysql.Error."""
        with self.con.cursor() as cursor:
            cursor.execute(statement, arguments)
            return list(cursor.fetchall()) if cursor.description else []

    @property
    def lost(self) -> bool:
        return not self.con.open

    def close(self) -> None:
        if self.con.open:
            self.con.close()

    def abandon(self) -> None:
        import pymysql

        try:
            self.close()
            # The server notices a closed connection only when it has rows to send.
            self._kill("connection")
        except (pymysql.Error, OSError) as error:
            if error.args[:1] != (_NO_THREAD,):
                self._ctx.log(f"a statement may still run at the server: {safe_line(str(error), 200)}")

    def cancel(self) -> None:
        """Let the server end the statement that runs, where it lets us in once more for that. Raises nothing."""
        import pymysql

        # Without it the statement runs to its end.
        with contextlib.suppress(pymysql.Error, OSError):
            self._kill("query")

    def settle(self) -> None:
        """Wait for a cancel that came too late, so that it meets no other statement. Raises: pymysql.Error."""
        import pymysql

        try:
            self.execute("do 0")
        except pymysql.Error as error:
            if error.args[:1] != (_CANCELLED,):
                raise

    def _kill(self, what: Literal["connection", "query"]) -> None:
        with self.open(_KILL_SECONDS, keep=False) as other, other.cursor() as cursor:
            cursor.execute(f"kill {what} {int(self._number)}")

    def explain(self, error: Exception) -> str | None:
        import pymysql

        if isinstance(error, OSError) and not hasattr(self, "con"):
            return f"{self.shown} {_unreachable(error)}"
        return explain(error, self) if isinstance(error, pymysql.Error) else None

    def tables(self) -> dict[str, str]:
        """Name and kind ("BASE TABLE", "VIEW" …) of what the database has, in order. Raises: pymysql.Error."""
        rows = self.execute(
            "select table_name, table_type from information_schema.tables where table_schema = database() order by 1"
        )
        return {str(name): str(kind) for name, kind in rows}

    def greeting(self) -> str:
        """Which server answered, and as whom we are there; the beginning of a sentence."""
        name = "MariaDB" if self.is_mariadb else "MySQL"
        cipher = self.execute("show session status like 'Ssl_cipher'")
        safe = "with TLS" if cipher and cipher[0][1] else "without TLS"
        return f"connected to {name} {safe_line(self._version, 20)} at {self.shown} as {self.server.user} {safe}"


def _unreachable(error: OSError) -> str:
    if isinstance(error, socket.gaierror):
        return "is not known by that name; correct the parameter host, or check the name service"
    if isinstance(error, ssl.SSLError):
        reason = getattr(error, "verify_message", None) or str(error.reason or error)
        text = safe_line(reason, 200).replace("_", " ").rstrip(".")
        return f"has a certificate that cannot be trusted, or other TLS than ours: {text}; set ssl_ca to its authority"
    if isinstance(error, TimeoutError):
        return "did not answer in time; check host and port, a firewall, or raise connect_timeout"
    if isinstance(error, ConnectionRefusedError):
        return "refuses connections; check host and port, and that the server runs"
    return f"cannot be reached: {safe_line(error.strerror or str(error), 200)}; check host and port"


_LOST = "the connection was lost while a statement ran; run the task again"
_QUERY = "the query fails: {text}"
_DENIED = "{text}; let an administrator grant user {user} the right to it"
_BUSY = "the server has no connection left; try again later, or let fewer tasks run at once"
_BOUND = "a row is bound to rows of another table: {text}"

_REFUSED = 1045
_ADVICE = {
    _REFUSED: "the server refuses the password of user {user}, or does not know that user; correct user or password",
    1698: "the server refuses the password of user {user}, or does not know that user; correct user or password",
    1049: "there is no such database; correct the parameter database",
    1044: "user {user} may not use that database; let an administrator grant the right, or correct the parameters",
    1130: "the server does not let this machine in: {text}",
    1040: _BUSY,
    1203: _BUSY,
    1142: _DENIED,
    1143: _DENIED,
    1227: _DENIED,
    1370: _DENIED,
    1046: _QUERY,
    1054: _QUERY,
    1060: "the query fails: {text}; give each column a name of its own",
    1064: _QUERY,
    1146: _QUERY,
    1792: "the query fails: {text} (an extractor may only read)",
    1290: "the server may only be read: {text}",
    1836: "the server may only be read: {text}",
    1205: "another program locks what is needed ({text}); run the task again later, or raise lock_timeout",
    1213: "two programs waited for each other, and the server ended this one; run the task again",
    _CANCELLED: "the statement was cancelled at the server ({text}); run the task again",
    1053: _LOST,
    1927: _LOST,
    2006: _LOST,
    2013: _LOST,
    2014: _LOST,
    1153: "a row is larger than the server's max_allowed_packet; raise that at the server, or shorten the row",
    1021: "the server's disk is full: {text}",
    1114: "the server has no room left: {text}",
    1451: _BOUND,
    1452: _BOUND,
    2026: "the server does not offer TLS; set ssl to prefer or disable, or turn TLS on at the server",
}
_TIMEOUTS = (1969, 3024)
_NO_STAGE = (
    "user {user} may not make temporary tables, in which the rows wait for their transaction; let an administrator "
    "run: grant create temporary tables on `{database}`.* to {user}"
)


def explain(error: pymysql.Error, session: Mysql) -> str:
    """A driver's or server's message as one sentence: what, where, what to do."""
    code = error.args[0] if error.args and isinstance(error.args[0], int) else 0
    text = safe_line(str(error.args[-1] if error.args else error), 400).rstrip(". ")
    if not hasattr(session, "con"):
        cause = getattr(error, "original_exception", None) or error.__context__
        if code in (2003, 2013) and isinstance(cause, OSError):
            return f"{session.shown} {_unreachable(cause)}"
        if code in (2003, 2013):
            return f"{session.shown} ended the connection at once; check that host and port are those of MySQL"
    if code in _TIMEOUTS and session.server.statement_timeout:
        limit = session.server.statement_timeout
        return f"{session.shown}: a statement took longer than {limit} s; make it faster, or raise statement_timeout"
    if code == 1044 and hasattr(session, "con"):
        # The only statement of ours that takes a right to the database as a whole.
        return f"{session.shown}: {_NO_STAGE.format(user=session.server.user, database=session.server.database)}"
    user = f'"{safe_line(session.server.user, 60)}"'
    if code == _REFUSED and not session.server.password:
        return f"{session.shown}: the server wants a password, or does not know user {user}; set the parameter password"
    return f"{session.shown}: {_ADVICE.get(code, '{text}').format(text=_plain(text), user=user)}"


def _plain(text: str) -> str:
    """The message without the advice to read the manual, and without what only we know: the stage and its rows."""
    text = re.sub(rf"(`[^`]*`\.)?`{STAGE}`\.| at row \d+$", "", text)
    return re.sub(
        r"; check the manual that corresponds to your \w+ server version for the right syntax to use", "", text
    )
