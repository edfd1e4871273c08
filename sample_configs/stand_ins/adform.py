"""A stand-in for Adform on loopback: the token endpoint of id.adform.com and what api.adform.com says to buyers.

``python -m sample_configs.stand_ins.adform`` prints its address and serves until it is told to stop. It is strict where
Adform documents to be: scopes, tokens for an hour, at most 100 campaigns a page, 8 dimensions, 10 metrics and 397 days
in a report, 10 reports a minute and 500 a day. Sources: https://api.adform.com/help/references/buyer-solutions/reporting/stats
and https://www.adformhelp.com/hc/en-us/articles/33147214961041-Learn-About-API-Limits. What it cannot know is what the
real service does beyond its documentation.
"""

from __future__ import annotations

import argparse
import base64
import datetime
import json
import math
import os
import secrets
import signal
import sys
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote_plus, urlsplit

from sample_configs.stand_ins.adform_data import campaigns
from sample_configs.stand_ins.adform_reports import Refused, Report, answer, read_order

TOKEN = "/sts/connect/token"
CAMPAIGNS = "/v1/buyer/campaigns"
DATA = "/v1/buyer/stats/data"
OPERATIONS = "/v1/buyer/stats/operations"
SCOPE = "https://api.adform.com/scope/"
_CAMPAIGN_SCOPES = {f"{SCOPE}buyer.campaigns.api", f"{SCOPE}buyer.campaigns.api.readonly"}
_STATS_SCOPES = {f"{SCOPE}buyer.stats"}


@dataclass(slots=True)
class Settings:
    """How the stand-in behaves. ``polls`` is how often an operation is asked for before it ends."""

    client_id: str = "sample@clients.adform.com"
    client_secret: str = "sample-adform-secret"
    scopes: tuple[str, ...] = (*sorted(_CAMPAIGN_SCOPES), *sorted(_STATS_SCOPES))
    token_seconds: int = 3600
    per_minute: int = 10
    per_day: int = 500
    per_second: int = 10
    minute: float = 60.0
    polls: int = 3
    line_items: int = 4
    late: int = 0
    today: datetime.date | None = None


@dataclass(slots=True)
class Fault:
    """What goes wrong with requests whose "METHOD /path" begins with ``match``: after ``after`` of them, so many times.

    ``kind``: a status such as "503"; "drop" (the connection ends without an answer) or "cut" (in the middle of it);
    "slow"; "html" (a page instead of JSON); "empty" (no rows); "failed" (the report fails); "missing:NAME" (a column).
    """

    kind: str
    match: str
    after: int = 0
    times: int = 1
    retry_after: str | None = None
    seconds: float = 1.0


@dataclass(slots=True)
class _Window:
    """A limit counts from its first request, not from the start of a minute, as Adform says."""

    limit: int
    seconds: float
    since: float = float("-inf")
    used: int = 0

    def refused(self, now: float) -> float | None:
        """Seconds to wait, or None when the request is allowed (and counted)."""
        if now >= self.since + self.seconds:
            self.since, self.used = now, 0
        if self.used >= self.limit:
            return self.since + self.seconds - now
        self.used += 1
        return None


@dataclass(slots=True)
class _Reply(Exception):
    status: int
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)


class Adform(ThreadingHTTPServer):
    """The server. ``requests`` lists "METHOD /path?query" with the status of each answer, ``orders`` the orders.

    ``faults`` and ``settings`` may be changed while it serves. ``rows`` counts the rows of the reports given out.
    """

    daemon_threads = True

    def __init__(self, port: int = 0, settings: Settings | None = None) -> None:
        super().__init__(("127.0.0.1", port), _Handler)
        self.settings = settings or Settings()
        self.faults: list[Fault] = []
        self.requests: list[tuple[str, int]] = []
        self.orders: list[dict[str, Any]] = []
        self.rows = 0
        self.lock = threading.Lock()
        self.tokens: dict[str, tuple[float, frozenset[str]]] = {}
        self.reports: dict[str, Report] = {}
        limits = self.settings
        self.windows = {
            f"POST {DATA}": [_Window(limits.per_minute, limits.minute), _Window(limits.per_day, 86_400)],
            f"GET {DATA}": [_Window(limits.per_minute, limits.minute)],
            f"GET {OPERATIONS}": [_Window(limits.per_second, 1)],
        }

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    @property
    def today(self) -> datetime.date:
        return self.settings.today or datetime.datetime.now(datetime.UTC).date()

    def count(self, start: str) -> int:
        """How many requests begin with "METHOD /path"."""
        return sum(line.startswith(start) for line, _ in self.requests)

    def fault(self, line: str, kinds: tuple[str, ...] = ()) -> Fault | None:
        """The fault that strikes this request; with ``kinds`` only one of those."""
        with self.lock:
            for one in self.faults:
                if not line.startswith(one.match) or (one.kind.partition(":")[0] in _DATA_FAULTS) != bool(kinds):
                    continue
                if one.after > 0:
                    one.after -= 1
                elif one.times > 0:
                    one.times -= 1
                    return one
        return None

    def limit(self, key: str) -> None:
        """Raises: _Reply with 429 when there were too many requests of a kind."""
        with self.lock:
            now = time.monotonic()
            for window in self.windows.get(key, []):
                wait = window.refused(now)
                if wait is not None:
                    body = {"reason": "quotaLimitExceeded", "message": f"API calls quota exceeded ({window.limit})."}
                    raise _Reply(429, body, {"Retry-After": str(math.ceil(wait))})

    def close(self) -> None:
        self.shutdown()
        self.server_close()

    def __enter__(self) -> Adform:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


_DATA_FAULTS = ("empty", "failed", "missing")


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Adform
    timeout = 60
    # Headers and body in one packet: the client's delayed acknowledgement would cost 40 ms with each answer.
    wbufsize = -1
    disable_nagle_algorithm = True

    def log_message(self, format: str, *args: Any) -> None:
        """Requests are listed in ``Adform.requests``; standard error is for mistakes."""

    def do_GET(self) -> None:
        self._serve(b"")

    def do_POST(self) -> None:
        self._serve(self.rfile.read(int(self.headers.get("Content-Length") or 0)))

    def _serve(self, body: bytes) -> None:
        line = f"{self.command} {self.path}"
        fault = self.server.fault(line)
        if fault is not None and self._strike(fault, line):
            return
        place = urlsplit(self.path)
        try:
            self._route(place.path, parse_qs(place.query, keep_blank_values=True), body)
        except _Reply as reply:
            self._answer(line, reply)

    def _strike(self, fault: Fault, line: str) -> bool:
        """True when the request has had its answer."""
        if fault.kind == "slow":
            time.sleep(fault.seconds)
            return False
        if fault.kind == "html":
            self._send(line, 200, b"<html>Maintenance</html>", {"Content-Type": "text/html"})
        elif fault.kind in ("drop", "cut"):
            self.server.requests.append((line, 0))
            if fault.kind == "cut":
                self.wfile.write(
                    b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 9999\r\n\r\n{"re'
                )
            self.close_connection = True
        else:
            headers = {"Retry-After": fault.retry_after} if fault.retry_after is not None else {}
            self._answer(line, _Reply(int(fault.kind), {"message": "The service is not available."}, headers))
        return True

    def _route(self, path: str, query: Mapping[str, list[str]], body: bytes) -> None:
        if path == TOKEN and self.command == "POST":
            raise _Reply(200, self._token(body))
        scopes = self._scopes()
        key, _, rest = path.rpartition("/")
        if (self.command, path) == ("GET", CAMPAIGNS):
            self._need(scopes, _CAMPAIGN_SCOPES)
            raise _Reply(200, self._campaigns(query))
        self._need(scopes, _STATS_SCOPES)
        if (self.command, path) == ("POST", DATA):
            self._order(body)
        elif self.command == "GET" and path == OPERATIONS:
            self.server.limit(f"GET {OPERATIONS}")
            raise _Reply(200, [report.operation() for report in self.server.reports.values()])
        elif self.command == "GET" and key in (OPERATIONS, DATA) and rest in self.server.reports:
            self.server.limit(f"GET {key}")
            self._report(key, self.server.reports[rest])
        raise _Reply(404, {"reason": "notFound", "message": f"There is no {path}."})

    def _token(self, body: bytes) -> dict[str, Any]:
        settings = self.server.settings
        form = {name: values[0] for name, values in parse_qs(body.decode(errors="replace")).items()}
        client, secret = form.get("client_id"), form.get("client_secret")
        kind, _, value = self.headers.get("Authorization", "").partition(" ")
        if kind.lower() == "basic":
            client, secret = map(unquote_plus, base64.b64decode(value).decode(errors="replace").split(":", 1))
        if (client, secret) != (settings.client_id, settings.client_secret):
            raise _Reply(400, {"error": "invalid_client"})
        if form.get("grant_type") != "client_credentials":
            raise _Reply(400, {"error": "unsupported_grant_type"})
        scopes = frozenset(form.get("scope", "").split())
        if not scopes or not scopes <= set(settings.scopes):
            raise _Reply(400, {"error": "invalid_scope"})
        token = secrets.token_urlsafe(24)
        self.server.tokens[token] = (time.monotonic() + settings.token_seconds, scopes)
        return {"access_token": token, "expires_in": settings.token_seconds, "token_type": "Bearer"}

    def _scopes(self) -> frozenset[str]:
        kind, _, token = self.headers.get("Authorization", "").partition(" ")
        until, scopes = self.server.tokens.get(token, (0.0, frozenset[str]()))
        if kind != "Bearer" or time.monotonic() >= until:
            raise _Reply(401, {"message": "Authorization has been denied for this request."})
        return scopes

    def _need(self, scopes: frozenset[str], wanted: set[str]) -> None:
        if not scopes & wanted:
            raise _Reply(403, {"message": f"The token has none of the scopes {', '.join(sorted(wanted))}."})

    def _campaigns(self, query: Mapping[str, list[str]]) -> list[dict[str, Any]]:
        try:
            limit, offset = int(query.get("limit", ["25"])[0]), int(query.get("offset", ["0"])[0])
            advertiser = int(query["advertisers"][0]) if "advertisers" in query else None
        except ValueError as error:
            raise _Reply(400, {"reason": "validationFailed", "message": str(error)}) from error
        if not 1 <= limit <= 100 or offset < 0:
            message = "limit must be from 1 to 100, offset must not be negative."
            raise _Reply(400, {"reason": "validationFailed", "message": message})
        status = query.get("status", ["Active"])[0]
        found = [
            one.answer()
            for one in campaigns(self.server.today)
            if one.status == status and advertiser in (None, one.advertiser)
        ]
        fault = self.server.fault(f"{self.command} {self.path}", _DATA_FAULTS)
        if fault is not None and fault.kind == "empty":
            return []
        if fault is not None:
            found = [
                {name: value for name, value in one.items() if name != fault.kind.partition(":")[2]} for one in found
            ]
        return found[offset : offset + limit]

    def _order(self, body: bytes) -> None:
        self.server.limit(f"POST {DATA}")
        try:
            wanted = json.loads(body)
            order = read_order(wanted, self.server.today)
        except (ValueError, Refused) as error:
            raise _Reply(400, {"reason": "validationFailed", "message": str(error)}) from error
        number = secrets.token_hex(8)
        with self.server.lock:
            self.server.orders.append(wanted)
            self.server.reports[number] = Report(number, order, self.server.settings.polls)
        places = {"Location": f"{DATA}/{number}", "Operation-Location": f"{OPERATIONS}/{number}"}
        raise _Reply(202, None, places)

    def _report(self, key: str, report: Report) -> None:
        line = f"{self.command} {self.path}"
        fault = self.server.fault(line, _DATA_FAULTS)
        if key == OPERATIONS:
            report.asked()
            if fault is not None and fault.kind == "failed":
                report.fail("The report is too large to be made.")
            raise _Reply(200, report.operation())
        if report.status != "succeeded":
            raise _Reply(404, {"reason": "notFound", "message": "The report is not ready."})
        settings, kind = self.server.settings, fault.kind if fault is not None else ""
        made = answer(report.order, self.server.today, settings.line_items, settings.late, kind)
        self.server.rows += len(made["reportData"]["rows"])
        raise _Reply(200, made)

    def _answer(self, line: str, reply: _Reply) -> None:
        body = b"" if reply.body is None else json.dumps(reply.body, ensure_ascii=False).encode()
        self._send(line, reply.status, body, {"Content-Type": "application/json; charset=utf-8", **reply.headers})

    def _send(self, line: str, status: int, body: bytes, headers: Mapping[str, str]) -> None:
        self.server.requests.append((line, status))
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)


def serve(port: int = 0, settings: Settings | None = None) -> Adform:
    """A stand-in that serves from a thread of its own until ``close()``. Raises: OSError when the port is taken."""
    server = Adform(port, settings)
    threading.Thread(target=server.serve_forever, args=(0.05,), name="adform", daemon=True).start()
    return server


def main() -> None:
    """The program: serves until SIGTERM or SIGINT. Credentials come from the variables of the sample project."""
    parser = argparse.ArgumentParser(prog="python -m sample_configs.stand_ins.adform", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="0 takes any free port")
    parser.add_argument("--per-minute", type=int, default=Settings().per_minute, help="reports per minute")
    chosen = parser.parse_args()
    settings = Settings(per_minute=chosen.per_minute)
    settings.client_id = os.environ.get("ADFORM_CLIENT_ID") or settings.client_id
    settings.client_secret = os.environ.get("ADFORM_CLIENT_SECRET") or settings.client_secret
    stopped = threading.Event()
    for kind in (signal.SIGTERM, signal.SIGINT):
        signal.signal(kind, lambda *_: stopped.set())
    with serve(chosen.port, settings) as server:
        sys.stdout.write(f"Adform stand-in: {server.url} (token: {server.url}{TOKEN})\n")
        sys.stdout.flush()
        stopped.wait()


if __name__ == "__main__":
    main()
