"""What Snowflake and its connector say, as one sentence with what to do about it.

Sources: the connector's snowflake.connector.errorcode, and
https://docs.snowflake.com/en/user-guide/key-pair-auth-troubleshooting
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from orch_tui.model.texts.text import safe_line

if TYPE_CHECKING:
    from orch_tui.components.snowflake.login import Login


class GaveUp(Exception):
    """A request failed again and again; what failed is in the context. The argument is for how many seconds."""


_LOGIN_ADVICE = {
    390100: "correct user and password",
    390101: "the user is locked for some minutes; check the password, then wait",
    390102: "the user is locked; ask an administrator",
    390106: "log in once by hand and set a new password",
    390144: "check user and account, the key that is registered for the user (describe user), and this machine's clock",
    390186: "correct the parameter role, or have the role granted to the user",
    390189: "correct the parameter role, or have the role granted to the user",
    390201: "correct database, schema or warehouse, or have them granted to the role",
    390422: "have this machine's address allowed by the account's network policy",
    394300: "check user and account, and the key that is registered for the user (describe user)",
    394302: "set this machine's clock",
    394303: "set this machine's clock",
    394304: "check the key that is registered for the user (describe user)",
    394508: "use a key pair or a programmatic access token, since a program cannot confirm a second factor",
}
_KEY_PAIR = range(394299, 394310)

_QUERY_ADVICE = {
    606: "set the parameter warehouse, or give the user a default one",
    604: "run the task again",
    630: "make the query smaller, or raise STATEMENT_TIMEOUT_IN_SECONDS",
    904: 'check the names of the columns; one with small letters is written in double quotes: "Name"',
    1003: "correct the query",
    2003: 'check database, schema, role and spelling; a name with small letters is written in double quotes: "Name"',
    2043: "check database, schema, role and spelling",
    3001: "choose another role, or have the privilege granted to it",
    90073: "raise the quota of the resource monitor, or choose another warehouse",
    390112: "run the task again",
    390114: "run the task again",
}


def explain(error: Exception, login: Login, *, while_connecting: bool = False, reason: str = "") -> str:
    """A sentence for what the connector raised. ``reason`` is what it told its log, where its error says nothing."""
    code, said = _code(error), _said(error)
    if while_connecting:
        return _login_sentence(code, said, reason, login)
    if query := getattr(error, "sfqid", None):
        said += f" (query {safe_line(str(query), 60)})"
    if isinstance(error, GaveUp):
        cause = next(_causes(error), None)
        return _network_sentence(f"{_said(cause) or type(cause).__name__}" if cause else "", error.args[0], login)
    if code in _QUERY_ADVICE:
        return f"Snowflake refuses the query: {said}; {_QUERY_ADVICE[code]}"
    if "warehouse" in said.casefold() and re.search(r"suspend|resum|quota", said, re.IGNORECASE):
        return f"Snowflake cannot use the warehouse: {said}; resume it, or choose another one"
    if 250000 <= code < 300000 or isinstance(error, OSError) or "HTTP request failed" in said:
        return f"the connection to Snowflake at {login.shown} broke: {network_reason(said)}; run the task again"
    return f"Snowflake refuses the query: {said}"


def _login_sentence(code: int, said: str, reason: str, login: Login) -> str:
    who = f"{safe_line(login.user, 60)} at {login.shown}"
    if code in _LOGIN_ADVICE:
        return f"Snowflake refuses the login of {who}: {said}; {_LOGIN_ADVICE[code]}"
    if code in _KEY_PAIR:
        return f"Snowflake refuses the key of {who}: {said}; check the key that is registered for the user"
    if "Verify the account name" in said or code in (290403, 290404):
        return (
            f"there is no Snowflake account at {login.shown}: the server does not know it (403 or 404); correct the "
            "parameter account, or host"
        )
    if reason or "Could not connect" in said:
        return _unreachable(network_reason(reason or said), login)
    if 300000 <= code < 400000:
        return f"Snowflake refuses the login of {who}: {said}; check account, user and role"
    return _unreachable(network_reason(said), login)


def _unreachable(why: str, login: Login) -> str:
    if re.search(r"HTTP (429|5\d\d)", why):
        return f"Snowflake at {login.shown} takes no login now: {why}, again and again; run the task later"
    return f"Snowflake at {login.shown} cannot be reached: {why}; check account, host and the network"


def _network_sentence(said: str, seconds: float, login: Login) -> str:
    why = network_reason(said)
    return (
        f"the connection to Snowflake at {login.shown} broke and {seconds:g} s of new tries did not help: {why}; "
        "run the task again, or raise network_timeout"
    )


_STATUS = re.compile(
    r"\bHTTP:? ?(\d{3})\b|\b(\d{3}):? (?:HTTP|Server Error|Client Error)|\b290(\d{3})\b|\blast status (\d{3})\b"
    r"|^([45]\d\d) [A-Z]"
)
_PHRASES = (
    (r"Connection refused", "the connection is refused"),
    (r"Name or service not known|name resolution|nodename nor|getaddrinfo|NameResolution|dns error",
     "the name of the host is not known"),
    (r"certificate|SSLError|SSL error", "the server's certificate is not accepted"),
    (r"timed? ?out|ReadTimeout|ConnectTimeout", "no answer in time"),
    (r"RemoteDisconnected|without response|reset by peer|IncompleteRead|Connection aborted|broken|EOF|closed before",
     "the server closes the connection"),
    (r"Expecting value|JSONDecode|Unterminated string", "the answer is not Snowflake's"),
)  # fmt: skip


def network_reason(said: str) -> str:
    """A phrase for what ``requests`` and the connector say at length: a refused connection, an HTTP status, …"""
    if status := _STATUS.search(said):
        return f"HTTP {next(group for group in status.groups() if group)}"
    found = (phrase for pattern, phrase in _PHRASES if re.search(pattern, said, re.IGNORECASE))
    return next(found, safe_line(said, 200) or "no reason given")


def _code(error: Exception) -> int:
    try:
        return int(getattr(error, "errno", None) or 0)
    except (TypeError, ValueError):
        return 0


def _said(error: Any) -> str:
    """The message without codes and ids in front, and without the query that it may quote."""
    text = str(getattr(error, "raw_msg", None) or getattr(error, "msg", None) or error or "")
    text = re.sub(r"^\s*\d{6} \(\w+\):\s*", "", text)
    text = re.sub(r"^Failed to connect to DB: \S+ |^Failed to login: |^Login error: ", "", text)
    text = re.sub(r"^Login error: |, code: \d+$", "", text)
    text = re.sub(r"^[0-9a-f]{8}-[0-9a-f-]{20,}:\s*", "", text.split("\nLINE ")[0].strip())
    text = re.sub(r"^\d+: ", "", text)
    text = re.sub(r"^(SQL compilation error|Catalog Error|Binder Error|Parser Error):\s*", "", text)
    return safe_line(text, 400).rstrip(".;! ")


def _causes(error: BaseException) -> Iterator[Exception]:
    """What failed before the error was raised, the connector's wrapping taken off."""
    seen, current = 0, error.__context__
    while current is not None and seen < 10:
        inner = current.args[0] if current.args and isinstance(current.args[0], Exception) else current
        if isinstance(inner, Exception):
            yield inner
        seen, current = seen + 1, current.__context__
