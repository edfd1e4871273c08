"""A PostgreSQL server as both components see it: the connection, the names that are there, readable errors.

Sources: https://www.psycopg.org/psycopg3/docs/ and https://www.postgresql.org/docs/current/errcodes-appendix.html
"""

from __future__ import annotations

import re
import ssl
from typing import TYPE_CHECKING, Any

from pydantic import Field

from orch_tui.components.dbapi.names import require
from orch_tui.components.dbapi.parameters import Server
from orch_tui.components.dbapi.session import TEST_SECONDS, Session
from orch_tui.components.kit.component import Context
from orch_tui.model.errors import UserError
from orch_tui.model.texts.text import safe_line
from orch_tui.storage.duckdb import quoted

if TYPE_CHECKING:
    import psycopg

READABLE = ("r", "p", "v", "m", "f")
"""What can be read: tables, partitioned tables, views, materialized views, foreign tables (pg_class.relkind)."""


class PostgresServer(Server):
    """A server that listens on 5432, as PostgreSQL does, and has its tables in schemas."""

    port: int = Field(5432, ge=1, le=65535, title="Port", description="Where the server listens.")
    schema_name: str = Field("public", alias="schema", min_length=1, title="Schema", description="Where the table is.")


class Postgres(Session):
    """A session of one transaction. ``quick`` limits every wait to the seconds of a test of the connection."""

    con: psycopg.Connection[tuple[Any, ...]]

    def __init__(self, server: Server, ctx: Context, *, read_only: bool, quick: bool = False) -> None:
        super().__init__(server)
        self._ctx = ctx
        self._read_only = read_only
        self._quick = quick

    def connect(self) -> None:
        try:
            import psycopg
        except ImportError as error:
            raise UserError(
                "the driver of PostgreSQL is not installed; run: pip install 'orch-tui[postgres]'"
            ) from error
        server = self.server
        wait = min(server.connect_timeout, TEST_SECONDS) if self._quick else server.connect_timeout
        self.con = psycopg.connect(
            host=server.host,
            port=server.port,
            dbname=server.database,
            user=server.user,
            password=server.password,
            sslmode=server.ssl,
            sslrootcert=self._authorities(),
            connect_timeout=wait,
            application_name="orch-tui",
            client_encoding="utf8",
            # A server that is gone without a word is noticed after two minutes, not after two hours.
            keepalives_idle=60,
            keepalives_interval=15,
            keepalives_count=4,
            tcp_user_timeout=120_000,
            # Prepared statements do not survive a pooler that hands out connections by transaction.
            prepare_threshold=None,
        )
        self.con.read_only = self._read_only
        self.con.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ if self._read_only else None
        limit = min(server.statement_timeout or TEST_SECONDS, TEST_SECONDS) if self._quick else server.statement_timeout
        self.set_local("timezone", "UTC")
        self.set_local("datestyle", "ISO, YMD")
        self.set_local("intervalstyle", "postgres")
        self.set_local("extra_float_digits", "3")
        self.set_local("bytea_output", "hex")
        self.set_local("statement_timeout", f"{limit}s")

    def _authorities(self) -> str | None:
        """libpq's sslrootcert. Raises: UserError when the file does not exist."""
        if self.server.ssl != "verify-full":
            return None
        if self.server.ssl_ca is not None:
            path = self._ctx.resolve(self.server.ssl_ca)
            if not path.is_file():
                raise UserError(f"there is no file {path}; correct the parameter ssl_ca")
            return str(path)
        # The driver's own OpenSSL looks for the system's authorities where its build machine had them.
        return ssl.get_default_verify_paths().cafile or "system"

    def set_local(self, name: str, value: str) -> None:
        """A setting until the end of the transaction. Raises: psycopg.Error."""
        self.con.execute("select set_config(%s, %s, true)", (name, value))

    @property
    def lost(self) -> bool:
        return self.con.broken

    def close(self) -> None:
        self.con.close()

    def abandon(self) -> None:
        import psycopg

        try:
            if self.con.info.transaction_status is psycopg.pq.TransactionStatus.ACTIVE:
                self.con.cancel_safe(timeout=5)
        except psycopg.Error as error:
            self._ctx.log(f"the statement may still run at the server: {safe_line(str(error), 200)}")
        finally:
            self.con.close()

    def explain(self, error: Exception) -> str | None:
        import psycopg

        return explain(error, self) if isinstance(error, psycopg.Error) else None

    def tables(self, schema: str, kinds: tuple[str, ...] = READABLE) -> dict[str, str]:
        """Name and kind of what is in a schema, in order. Raises: UserError when there is no such schema."""
        rows = self.con.execute(
            "select c.relname, c.relkind::text from pg_catalog.pg_class c"
            " join pg_catalog.pg_namespace n on n.oid = c.relnamespace where n.nspname = %s and c.relkind = any(%s)"
            " order by 1",
            (schema, list(kinds)),
        ).fetchall()
        if not rows:
            known = self.con.execute(
                "select nspname from pg_catalog.pg_namespace where nspname !~ '^pg_(toast|temp)' order by 1"
            ).fetchall()
            require(schema, [str(name) for (name,) in known], "schema", self.shown)
        return {str(name): str(kind) for name, kind in rows}

    def greeting(self) -> str:
        """Which server answered, and as whom we are there; the beginning of a sentence."""
        version = str(self.con.info.parameter_status("server_version") or "").split(" ")[0]
        safe = "with TLS" if self.con.pgconn.ssl_in_use else "without TLS"
        return f"connected to PostgreSQL {safe_line(version, 20)} at {self.shown} as {self.server.user} {safe}"


def qualified(schema: str, table: str) -> str:
    """``"schema"."table"``."""
    return f"{quoted(schema)}.{quoted(table)}"


_CONNECTING = (
    ("password authentication failed", "refuses the password of user {user}; correct user or password"),
    ("no password supplied", "wants a password; set the parameter password"),
    ("no pg_hba.conf entry", "does not let user {user} in from this machine, or not without TLS: {text}"),
    ("role ", "does not know user {user}; correct the parameter user"),
    ("database ", "does not have that database; correct the parameter database"),
    ("too many clients", "has no connection left; try again later, or let fewer tasks run at once"),
    ("remaining connection slots", "has no connection left; try again later, or let fewer tasks run at once"),
    ("starting up", "is starting up; try again in a moment"),
    ("server does not support SSL", "does not offer TLS; set ssl to prefer or disable, or turn TLS on at the server"),
    ("certificate verify failed", "has a certificate that cannot be trusted: {text}; set ssl_ca to its authority"),
    ("does not match host name", "has a certificate for another name: {text}; correct the parameter host"),
    ("translate host name", "is not known by that name; correct the parameter host, or check the name service"),
    ("resolve host", "is not known by that name; correct the parameter host, or check the name service"),
    ("Connection refused", "refuses connections; check host and port, and that the server runs"),
    ("No such file or directory", "has no socket there; check host and port, and that the server runs"),
    ("timeout expired", "did not answer in time; check host and port, a firewall, or raise connect_timeout"),
    ("Network is unreachable", "cannot be reached from this network; check the parameter host"),
    ("No route to host", "cannot be reached from this network; check the parameter host"),
)
"""What libpq says while it connects, which has no code, and the end of a sentence that begins with the place."""

_LOST = "the connection was lost while a statement ran ({text}); run the task again"

_ADVICE = {
    "42501": "{text}; let the owner grant user {user} the right to it",
    "42P01": "the query fails: {text}",
    "42703": "the query fails: {text}",
    "42601": "the query fails: {text}",
    "25006": "the query fails: {text}; an extractor may only read, and a server that is a replica too",
    "55P03": "another program locks what is needed ({text}); run the task again later, or raise lock_timeout",
    "40P01": "two programs waited for each other, and the server ended this one; run the task again",
    "57P01": _LOST,
    "57P02": _LOST,
    "57P03": "the server is not ready: {text}; try again in a moment",
    "53300": "the server has no connection left; try again later, or let fewer tasks run at once",
    "53100": "the server's disk is full: {text}",
    "23503": "a row is bound to rows of another table: {text}",
    "21000": "several rows of the input are one row by the key, as the server compares it: {text}",
    "42P10": "the query fails: {text}",
}


_COPIED = re.compile(r"COPY [^,\n]+, line \d+(, column [^\n]*)?")


def explain(error: psycopg.Error, session: Postgres) -> str:
    """A driver's or server's message as one sentence: what, where, what to do."""
    import psycopg

    user = f'"{safe_line(session.server.user, 60)}"'
    code = error.sqlstate
    if code is None or code.startswith(("08", "28", "3D")):
        text = safe_line(str(error), 400)
        if not hasattr(session, "con"):
            # Of several addresses the last one's refusal tells as much as the first one's.
            for sign, advice in _CONNECTING:
                if sign in text:
                    return f"{session.shown} " + advice.format(user=user, text=_tail(text))
            return f"{session.shown} cannot be connected to: {_tail(text)}"
        if isinstance(error, psycopg.OperationalError):
            return f"{session.shown}: {_LOST.format(text=_tail(text))}"
        return f"{session.shown}: {_tail(text)}"
    text = _message(error)
    if code == "57014":
        if session.server.statement_timeout and "timeout" in text:
            limit = session.server.statement_timeout
            return (
                f"{session.shown}: a statement took longer than {limit} s; make it faster, or raise statement_timeout"
            )
        return f"{session.shown}: the statement was cancelled at the server ({text}); run the task again"
    advice = _ADVICE.get(code, "{text}")
    return f"{session.shown}: {advice.format(text=text, user=user)}"


def _message(error: psycopg.Error) -> str:
    """The server's message with what it adds: the key, the nearest name, the line and column; never a whole row."""
    diag = error.diag
    parts = [diag.message_primary]
    if not (diag.message_detail or "").startswith("Failing row"):
        parts.append(diag.message_detail)
    if diag.message_hint and diag.message_hint.startswith("Perhaps you meant"):
        parts.append(diag.message_hint)
    if diag.context and (copied := _COPIED.match(diag.context)):
        parts.append(copied.group())
    text = "; ".join(part.rstrip(". ") for part in parts if part)
    return safe_line(text or str(error), 400)


def _tail(text: str) -> str:
    """libpq's message without the way to it."""
    for sign in ("FATAL:", "failed:"):
        text = text.rpartition(sign)[2]
    return text.strip().rstrip(".")
