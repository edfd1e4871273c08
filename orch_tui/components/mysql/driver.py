"""What is done with the driver PyMySQL itself. Import it inside functions: the driver may not be installed.

Source: https://pymysql.readthedocs.io/
"""

from __future__ import annotations

import functools
import socket
import ssl
from collections.abc import Iterable
from typing import Any

import pymysql
from pymysql.constants import CLIENT, COMMAND, FIELD_TYPE
from pymysql.converters import conversions
from pymysql.cursors import SSCursor
from pymysql.protocol import FieldDescriptorPacket, OKPacketWrapper

from orch_tui.components.dbapi.parameters import Server
from orch_tui.components.mysql.types import MysqlField
from orch_tui.model.texts.text import safe_line

_KEEPALIVE = {"TCP_KEEPIDLE": 60, "TCP_KEEPINTVL": 15, "TCP_KEEPCNT": 4, "TCP_USER_TIMEOUT": 120_000}
"""A server that is gone without a word is noticed after two minutes, not after two hours; nor after a quarter of one
where it takes no more of the rows that it is sent."""

_INTEGERS = (FIELD_TYPE.TINY, FIELD_TYPE.SHORT, FIELD_TYPE.INT24, FIELD_TYPE.LONG, FIELD_TYPE.LONGLONG, FIELD_TYPE.YEAR)
_DECODERS: dict[Any, Any] = {
    **{kind: encode for kind, encode in conversions.items() if not isinstance(kind, int)},
    **dict.fromkeys(_INTEGERS, int),
    **dict.fromkeys((FIELD_TYPE.FLOAT, FIELD_TYPE.DOUBLE), float),
}
"""Dates, times and decimals stay the server's text: what they become is a matter of the column."""


_NOT_LET_IN = ((1148,), (3948,), (4166,))
"""Errors of servers that let nobody load what is local to the client: older ones, MySQL's, MariaDB's. Sources:
https://dev.mysql.com/doc/mysql-errors/8.4/en/server-error-reference.html and https://mariadb.com/kb/en/e4166/"""


class Stream(SSCursor):
    """A cursor that does not hold its rows, and can be left in the middle of them."""

    _result: Any

    def fields(self) -> list[MysqlField]:
        """The columns of the result, with what the standard description leaves out."""
        found = self._result.fields if self._result is not None and self.description else []
        return [_field(packet) for packet in found]

    def leave(self) -> None:
        """Forget the rest. Otherwise the driver reads all of it first, also when the connection is closed."""
        if self._result is not None:
            self._result.unbuffered_active = False
        self._result = None
        self.connection = None  # type: ignore[assignment]


class _Connection(pymysql.Connection):
    def _create_ssl_ctx(self, sslp: Any) -> ssl.SSLContext:
        # The driver's way for "encrypt if the server can": it reads the machine's authorities each time and asks none.
        return super()._create_ssl_ctx(sslp) if sslp else _unverified()  # type: ignore[misc]


def open_connection(
    server: Server, authorities: str | None, wait: float, keep: bool, sends: bool = False
) -> pymysql.Connection[Any]:
    """A connection in autocommit. Answers must come within ``wait`` seconds, with ``keep`` for ever.

    With ``sends`` the server may ask for the rows of :func:`send`. It gets no file, whichever it asks for.

    Raises:
        OSError: the server cannot be reached, or its certificate is not to be trusted.
        pymysql.Error: it refuses us.
    """
    local = server.host.startswith("/")
    con = _Connection(
        host="localhost" if local else server.host,
        unix_socket=server.host if local else None,
        port=server.port,
        user=server.user,
        password=server.password or "",
        database=server.database,
        charset="utf8mb4",
        conv=_DECODERS,
        autocommit=True,
        connect_timeout=int(wait),
        read_timeout=wait,
        program_name="orch-tui",
        # Not the driver's local_infile, by which it would open whatever file a server names.
        client_flag=CLIENT.LOCAL_FILES if sends else 0,
        defer_connect=True,
        **_tls(server, authorities),
    )
    con.connect(None if local else _connected(server, wait))
    if keep:
        # The driver has one limit for the greeting and for every answer after it.
        con._read_timeout = None  # type: ignore[attr-defined]
    return con


def described(con: pymysql.Connection[Any], statement: str) -> list[MysqlField]:
    """The columns that a statement would give; the server prepares it and does not run it.

    Source: https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_com_stmt_prepare.html

    Raises:
        pymysql.Error: the server cannot prepare it.
    """
    talk: Any = con
    talk._execute_command(COMMAND.COM_STMT_PREPARE, statement)
    answer = talk._read_packet()
    answer.advance(1)
    number, columns, parameters = answer.read_uint32(), answer.read_uint16(), answer.read_uint16()
    for _ in range(parameters + 1 if parameters else 0):
        talk._read_packet()
    found = [talk._read_packet(FieldDescriptorPacket) for _ in range(columns)]
    if columns:
        talk._read_packet()
    # There is no answer to this one.
    talk._execute_command(COMMAND.COM_STMT_CLOSE, number.to_bytes(4, "little"))
    return [_field(packet) for packet in found]


class NotAskedError(Exception):
    """The server did not ask for the rows of a LOAD DATA, and none has been taken; the text says why."""


def send(con: pymysql.Connection[Any], statement: str, chunks: Iterable[bytes], packet: int) -> int:
    """Run a LOAD DATA LOCAL whose file is the chunks, whatever name it has in the statement, ``packet`` bytes at once.

    Source: https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_com_query_response_local_infile_request.html

    Returns:
        How many warnings there were.

    Raises:
        NotAskedError: the server takes no rows like that, or not by this statement.
        pymysql.Error: the server refuses the rows, or the connection was lost.
        Exception: those of ``chunks``; the connection cannot be used any more.
    """
    talk: Any = con
    talk._execute_command(COMMAND.COM_QUERY, statement)
    try:
        asked = talk._read_packet()
    except pymysql.Error as error:
        if not con.open:
            raise
        reason = "local_infile = 0" if error.args[:1] in _NOT_LET_IN else safe_line(str(error.args[-1]), 200)
        raise NotAskedError(reason) from error
    if not asked.is_load_local_packet():
        raise NotAskedError("it does not ask for them")
    for chunk in chunks:
        for at in range(0, len(chunk), packet):
            talk.write_packet(chunk[at : at + packet])
    talk.write_packet(b"")
    return int(OKPacketWrapper(talk._read_packet()).warning_count)


def _field(found: Any) -> MysqlField:
    return MysqlField(found.name, found.type_code, found.length, found.scale, found.flags, found.charsetnr)


def _connected(server: Server, wait: float) -> socket.socket:
    found = socket.create_connection((server.host, server.port), wait)
    found.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    found.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in _KEEPALIVE.items():
        if hasattr(socket, name):
            found.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)
    return found


def _tls(server: Server, authorities: str | None) -> dict[str, Any]:
    if server.ssl == "disable":
        return {"ssl_disabled": True}
    if server.ssl == "prefer":
        return {}
    if server.ssl == "require":
        return {"ssl": _unverified()}
    return {"ssl": ssl.create_default_context(cafile=authorities)}


@functools.cache
def _unverified() -> ssl.SSLContext:
    """Encrypts, whoever answers."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context
