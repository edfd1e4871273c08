"""A session at Snowflake: how a configuration logs in, with nothing written outside the attempt, cancelled on TERM.

Source: https://docs.snowflake.com/en/developer-guide/python-connector/python-connector-api
"""

from __future__ import annotations

import contextlib
import logging
import math
import os
import signal
import threading
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from orch_tui.components.kit.component import Context, UserError
from orch_tui.components.snowflake.errors import GaveUp, explain
from orch_tui.components.snowflake.keys import der_key
from orch_tui.components.snowflake.login import Login
from orch_tui.model.texts.text import safe_line
from orch_tui.project.attempt_dir import scratch_folder
from orch_tui.project.paths import ProjectPaths

_LOOPBACK = {"127.0.0.1", "::1", "localhost"}
_LONGEST_WAIT = 16
"""Seconds between two tries of a request that failed."""
_CANCEL_SECONDS = 3.0
"""How long a cancelled task waits for Snowflake to be told; the default grace before KILL is 5 seconds."""
_NANOSECONDS = "YYYY-MM-DD HH24:MI:SS.FF9"


class Session:
    """An open session. ``query`` and ``describe`` raise :class:`UserError` with what Snowflake said."""

    def __init__(self, connection: Any, login: Login) -> None:
        self._connection = connection
        self.login = login
        self._running: tuple[Any, str] | None = None

    def query(self, sql: str, arguments: Sequence[str] = ()) -> Any:
        """The cursor of a statement that has run. Raises: UserError."""
        with self._running_statement(sql) as cursor:
            cursor.execute(sql, tuple(arguments) or None)
            return cursor

    def describe(self, sql: str) -> list[Any]:
        """The columns of a query that is compiled and not run, as in ``cursor.description``. Raises: UserError."""
        with self._running_statement(sql) as cursor:
            return list(cursor.describe(sql) or ())

    @contextlib.contextmanager
    def _running_statement(self, sql: str) -> Iterator[Any]:
        with self.explained():
            cursor = self._connection.cursor()
            self._running = (cursor, sql)
            try:
                yield cursor
            finally:
                self._running = None

    @contextlib.contextmanager
    def explained(self) -> Iterator[None]:
        """What the connector raises inside becomes a sentence; also while rows are fetched."""
        try:
            yield
        except connector_errors() as error:
            raise UserError(explain(error, self.login)) from error

    def about(self) -> str:
        """Who one is here: ``FAKE (role SYSADMIN, warehouse WH)``, as the answer to the login says."""
        parts = [
            f"{label} {safe_line(str(value), 60)}"
            for label in ("role", "warehouse", "database", "schema")
            if (value := getattr(self._connection, label, None))
        ]
        user = safe_line(self.login.user, 60)
        return f"{user} ({', '.join(parts)})" if parts else user

    @property
    def can_cancel(self) -> bool:
        """False for version 5 of the connector, which waits where Python cannot see to signals."""
        return hasattr(self._connection, "_cancel_query")

    def cancel(self) -> None:
        """Tell Snowflake to stop the running statement; without one, or without an answer, nothing happens."""
        running, tell = self._running, getattr(self._connection, "_cancel_query", None)
        request = getattr(running[0], "_request_id", None) if running else None
        if running and tell and request:
            # It is on its way out: whatever goes wrong now helps nobody.
            with contextlib.suppress(Exception):
                tell(running[1], request)

    def close(self) -> None:
        # The rows are there already, and Snowflake ends idle sessions by itself.
        with contextlib.suppress(Exception):
            self._connection.close(retry=False)


@contextlib.contextmanager
def open_session(login: Login, ctx: Context, *, seconds: int | None = None) -> Iterator[Session]:
    """A session that is closed at the end, and whose running statement is cancelled when the task is.

    ``seconds`` bounds the login and each request, for a test of the connection.

    Raises:
        UserError: the extra is missing, the key is unusable, or Snowflake refuses or does not answer.
    """
    arguments = connect_arguments(login, ctx, seconds)
    keep_at_home(ctx)
    connector = _connector()
    with _reasons() as reasons:
        try:
            connection = connector.connect(**arguments)
        except connector_errors() as error:
            raise UserError(explain(error, login, while_connecting=True, reason=reasons.last)) from error
    session = Session(connection, login)
    try:
        with cancelled_on_term(session.cancel) if session.can_cancel else contextlib.nullcontext():
            yield session
    finally:
        session.close()


def _connector() -> Any:
    try:
        import snowflake.connector
    except ImportError as error:
        raise UserError(
            "reading from Snowflake needs its connector, which is not installed; run: pip install 'orch-tui[snowflake]'"
        ) from error
    # Without a handler Python would print the connector's warnings, with tracebacks, into the task's log; what it
    # warns of as changing in the future is not for the user either.
    warnings.filterwarnings("ignore", category=FutureWarning, module=r"snowflake\.connector")
    warnings.filterwarnings("ignore", category=DeprecationWarning, module=r"snowflake\.connector")
    logger = logging.getLogger("snowflake.connector")
    logger.propagate = False
    if not logger.handlers:
        logger.addHandler(logging.NullHandler())
    return snowflake.connector


def connector_errors() -> tuple[type[Exception], ...]:
    """What the connector raises for a query or a network that fails."""
    from snowflake.connector.errors import Error

    try:
        # Version 4 lets this through when an answer breaks off in the middle.
        from snowflake.connector.vendored.requests.exceptions import RequestException
    except ImportError:
        return Error, GaveUp
    return Error, GaveUp, RequestException


def connect_arguments(login: Login, ctx: Context, seconds: int | None = None) -> dict[str, Any]:
    """What ``snowflake.connector.connect`` is called with.

    Raises:
        UserError: the key is unusable, or the password would leave this machine unencrypted.
    """
    if login.protocol == "http" and login.host not in _LOOPBACK:
        raise UserError(
            "protocol http would send the login unencrypted, so it works with a host on this machine only; use https"
        )
    limit = login.network_timeout if seconds is None else min(seconds, login.network_timeout)
    arguments = {
        "account": login.account,
        "user": login.user,
        "password": login.password,
        "private_key": None if login.password is not None else der_key(login, ctx.resolve),
        "authenticator": "SNOWFLAKE" if login.password is not None else "SNOWFLAKE_JWT",
        "host": login.host,
        "port": login.port,
        "protocol": login.protocol,
        "warehouse": login.warehouse,
        "role": login.role,
        "database": login.database,
        "schema": login.schema_name,
        "login_timeout": login.login_timeout if seconds is None else min(seconds, login.login_timeout),
        "socket_timeout": seconds,
    }
    return {
        **{name: value for name, value in arguments.items() if value is not None},
        "application": "orch_tui",
        "paramstyle": "qmark",
        # The connector's own network_timeout would also end queries that run that long.
        "backoff_policy": lambda: waits(limit),
        "client_session_keep_alive": True,
        "client_prefetch_threads": 2,
        "client_store_temporary_credential": False,
        "client_request_mfa_token": False,
        "log_imported_packages_in_telemetry": False,
        "platform_detection_timeout_seconds": 0.0,
        "session_parameters": session_parameters(ctx),
    }


def session_parameters(ctx: Context) -> dict[str, str | int | bool]:
    """Source: https://docs.snowflake.com/en/sql-reference/parameters."""
    return {
        "QUERY_TAG": query_tag(ctx),
        "TIMEZONE": "UTC",
        "CLIENT_TELEMETRY_ENABLED": False,
        # The connector holds a few pieces of the result at once; MB each, the smallest that every client may ask for.
        "CLIENT_RESULT_CHUNK_SIZE": 48,
        "DATE_OUTPUT_FORMAT": "YYYY-MM-DD",
        "TIMESTAMP_NTZ_OUTPUT_FORMAT": _NANOSECONDS,
        "TIMESTAMP_LTZ_OUTPUT_FORMAT": f"{_NANOSECONDS} TZHTZM",
        "TIMESTAMP_TZ_OUTPUT_FORMAT": f"{_NANOSECONDS} TZHTZM",
        "TIMESTAMP_INPUT_FORMAT": "AUTO",
    }


def query_tag(ctx: Context) -> str:
    """``orch-tui <orchestration>/<task>``: how the query is found in Snowflake's history."""
    with contextlib.suppress(ValueError):
        orchestration = ctx.data_dir.relative_to(ProjectPaths(ctx.project).state / "runs").parts[0]
        return f"orch-tui {orchestration}/{ctx.task}"
    return f"orch-tui {ctx.task}"


def keep_at_home(ctx: Context) -> None:
    """The connector looks for configuration and keeps caches in the user's home: let it use the attempt's directory.

    For the rest of this process, since the connector reads these once, when it is imported.
    """
    home = scratch_folder(ctx.data_dir) / "snowflake"
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    places = ("SNOWFLAKE_HOME", "SF_OCSP_RESPONSE_CACHE_DIR", "SF_TEMPORARY_CREDENTIAL_CACHE_DIR", "XDG_CACHE_HOME")
    os.environ.update(dict.fromkeys(places, str(home)))
    os.environ["SNOWFLAKE_DISABLE_PLATFORM_DETECTION"] = "true"
    os.environ["SNOWFLAKE_DISABLE_MINICORE"] = "true"
    # How often is for login_timeout to say.
    os.environ["MAX_CON_RETRY_ATTEMPTS"] = "100"


def waits(limit: float, clock: Callable[[], float] = time.monotonic) -> Iterator[int]:
    """Seconds to wait before each new try of one request; the connector asks for the first one at the start.

    Raises:
        GaveUp: it has failed for ``limit`` seconds.
    """
    started, wait = clock(), 1
    while True:
        yield wait
        left = limit - (clock() - started)
        if left <= 0:
            raise GaveUp(limit)
        wait = min(2 * wait, _LONGEST_WAIT, math.ceil(left))


class _Reasons(logging.Handler):
    """What the connector says to its log while it tries to log in: its exception does not tell why it gave up."""

    last = ""

    def emit(self, record: logging.LogRecord) -> None:
        _, found, stack = record.getMessage().partition("Error stack: ")
        if found:
            self.last = stack


@contextlib.contextmanager
def _reasons() -> Iterator[_Reasons]:
    logger, handler = logging.getLogger("snowflake.connector.network"), _Reasons(logging.DEBUG)
    level = logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.DEBUG)
    try:
        yield handler
    finally:
        logger.removeHandler(handler)
        logger.setLevel(level)


@contextlib.contextmanager
def cancelled_on_term(cancel: Callable[[], None]) -> Iterator[None]:
    """On TERM ``cancel`` runs for a few seconds at most, then the process ends by TERM as it would have."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def stop(number: int, _frame: object) -> None:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        thread = threading.Thread(target=cancel, name="cancel", daemon=True)
        thread.start()
        thread.join(_CANCEL_SECONDS)
        os.kill(os.getpid(), number)

    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
