"""Requests to Adform: campaigns page by page, and reports that are ordered, waited for and fetched.

Sources: https://api.adform.com/help/references/buyer-solutions/reporting/stats (orders, answers, limits) and
https://www.adformhelp.com/hc/en-us/articles/33147214961041-Learn-About-API-Limits (limits of each address).
"""

from __future__ import annotations

import datetime
import math
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

from orch_tui.components.adform.parameters import Parameters
from orch_tui.components.http.json.exact_json import loads
from orch_tui.components.http.paging.evidence import whole_number
from orch_tui.components.kit.component import Context, UserError
from orch_tui.model.texts.text import safe_line
from orch_tui.project.attempt_dir import scratch_folder

if TYPE_CHECKING:
    import httpx

CAMPAIGNS = "/v1/buyer/campaigns"
DATA = "/v1/buyer/stats/data"
OPERATIONS = "/v1/buyer/stats/operations"
PAGE = 100
_WORDS = {"notstarted": "not started yet"}
_MOST_PAGES = 10_000
_DAY = datetime.timedelta(days=1)


def utc_now() -> datetime.datetime:
    """The time, with its zone."""
    return datetime.datetime.now(datetime.UTC)


@dataclass(frozen=True, slots=True)
class Timing:
    """What time is and how to wait: tests have no time to wait."""

    now: Callable[[], datetime.datetime] = utc_now
    sleep: Callable[[float], None] = time.sleep


@dataclass(frozen=True, slots=True)
class Answer:
    """A report, or a page of one. ``total`` is how many rows there are in all, None when Adform did not say."""

    headers: list[str]
    rows: list[list[Any]]
    total: int | None


@dataclass(slots=True)
class Steps:
    """How far the task is, for the progress: reports that are done, and how many there are."""

    ctx: Context
    done: int = 0
    total: int | None = None

    def say(self, text: str) -> None:
        """What is going on now."""
        self.ctx.progress(self.done, self.total, text)


class ReportFailed(UserError):
    """Adform says that it could not make a report."""


class Quota:
    """Reports ordered since the first of a day, over several runs; Adform counts 24 hours from the first.

    Other users of the agency share the limit and are not seen here, so this can only be too low.
    """

    def __init__(self, state: Any, limit: int, now: datetime.datetime) -> None:
        self._limit = limit
        self._since, self._used = now, 0
        if isinstance(state, Mapping):
            try:
                since, used = datetime.datetime.fromisoformat(str(state.get("since"))), int(state.get("used") or 0)
                if since.tzinfo is not None and since <= now < since + _DAY:
                    self._since, self._used = since, used
            except ValueError:
                # No state of ours; the limit is kept by the server all the same.
                return

    def require(self, count: int) -> None:
        """Raises: UserError when so many more reports are too many for the day."""
        if self._used + count > self._limit:
            again = f"{(self._since + _DAY).astimezone(datetime.UTC):%Y-%m-%d %H:%M} UTC"
            used = f" and {self._used} were ordered since {self._since:%H:%M} UTC" if self._used else ""
            raise UserError(
                f"this needs {count} {'report' if count == 1 else 'reports'} of Adform, of which {self._limit} a day "
                f"are allowed{used}; ask for fewer days, raise days_per_report, or run it again after {again}"
            )

    def take(self) -> None:
        """One is ordered now. Raises: UserError when it is one too many."""
        self.require(1)
        self._used += 1

    def state(self) -> dict[str, Any]:
        return {"since": self._since.isoformat(), "used": self._used}


class Api:
    """One connection to Adform. Use as a context manager.

    ``patient = False`` is for a test of the connection: answers or gives up within seconds.
    """

    def __init__(self, parameters: Parameters, ctx: Context, timing: Timing, *, patient: bool = True) -> None:
        from orch_tui.components.http.auth.settings import Auth
        from orch_tui.components.http.client import HttpClient
        from orch_tui.components.http.wire.retry import PerMinute

        self._parameters = parameters
        self._timing = timing
        self._log = ctx.log
        self.steps = Steps(ctx)
        self._say = self.steps.say
        self._orders = PerMinute(parameters.per_minute)
        self._fetches = PerMinute(parameters.per_minute)
        self._scratch = scratch_folder(ctx.data_dir)
        auth = Auth(
            type="oauth2_client_credentials",
            token_url=parameters.token_url,
            client_id=parameters.client_id,
            client_secret=parameters.client_secret,
            scope=parameters.scopes,
            credentials=parameters.credentials,
        )
        self._client = HttpClient(
            parameters.base_url,
            auth,
            timeout=parameters.timeout if patient else min(6.0, parameters.timeout),
            retries=parameters.retries if patient else min(1, parameters.retries),
            max_total_wait=900.0 if patient else 3.0,
            # Five repetitions then take more than the minute for which Adform counts, should it not say how long.
            backoff=4.0 if patient else 1.0,
            log=ctx.log,
            progress=self._say,
            sleep=timing.sleep,
            clock=self._seconds,
        )

    def __enter__(self) -> Api:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._client.__exit__(kind, error, trace)

    def _seconds(self) -> float:
        return self._timing.now().timestamp()

    def campaigns(self, status: str | None, advertiser: int | None) -> Iterator[list[dict[str, Any]]]:
        """Pages of campaigns. Ends at an empty page: a short one may just be what the server gives at most. Fewer than
        the server counts are a warning: how exact its count is, is not documented.

        Raises:
            UserError: the server refuses, fails, or answers something else than a list of campaigns.
        """
        offset = 0
        for _ in range(_MOST_PAGES):
            query = {"status": status, "advertisers": advertiser, "offset": offset, "limit": PAGE}
            response = self._client.request("GET", CAMPAIGNS, params=query)
            page = self._list_of(response, CAMPAIGNS, "campaigns")
            if not page:
                total = whole_number(response.headers.get("Return-Total-Count"))
                if total is not None and total > offset:
                    self.steps.ctx.warn(f"Adform counts {total} campaigns and gave {offset}; run the task again")
                return
            yield page
            offset += len(page)
        raise UserError(f"Adform gave {_MOST_PAGES} pages of campaigns and no end; set status or advertisers")

    def first_campaigns(self) -> list[dict[str, Any]]:
        """The first page of active campaigns. Raises: UserError."""
        return self._list(CAMPAIGNS, {"limit": PAGE}, "campaigns")

    def operations(self) -> list[dict[str, Any]]:
        """Reports that are being made or kept; this costs none of the reports of the day. Raises: UserError."""
        return self._list(OPERATIONS, {}, "operations")

    def report(self, order: Mapping[str, Any], quota: Quota, name: str) -> Answer:
        """Order a report, wait until it is made, fetch it. ``name`` is what people call it: "report 2 of 5".

        A report that Adform could not make is ordered a second time.

        Raises:
            UserError: the server refuses or fails, the day's reports are used up, or it took too long.
        """
        try:
            place = self._made(order, quota, name)
        except ReportFailed as error:
            self._log(f"{error}; it is ordered once more")
            place = self._made(order, quota, name)
        return self._fetch(place, name)

    def _made(self, order: Mapping[str, Any], quota: Quota, name: str) -> str:
        """Where the finished report is."""
        quota.take()
        self._keep_pace(self._orders)
        self._say(f"{name}: ordered")
        # To order it twice does no harm; it costs one more of the day's reports.
        response = self._client.request("POST", DATA, json=order, idempotent=True)
        place, operation = response.headers.get("Location"), response.headers.get("Operation-Location")
        if not operation:
            raise UserError(
                f"{name}: Adform took the order (status {response.status_code}) and did not say where to ask for it, "
                "the header Operation-Location is missing; check base_url"
            )
        place = self._await(operation, name) or place
        if not place:
            raise UserError(f"{name}: Adform made it and did not say where it is, the header Location is missing")
        return place

    def _await(self, operation: str, name: str) -> str | None:
        began, pause = self._seconds(), min(1.0, self._parameters.poll_interval)
        while True:
            body = _json_of(self._client.request("GET", operation), name)
            if not isinstance(body, Mapping) or not isinstance(body.get("status"), str):
                raise UserError(f"{name}: Adform's answer about it holds no status; check base_url")
            status, seconds = body["status"].casefold(), self._seconds() - began
            if status == "succeeded":
                self._say(f"{name}: ready")
                place = body.get("location")
                return place if isinstance(place, str) and place else None
            if status == "failed":
                raise ReportFailed(
                    f"{name}: Adform could not make it{_reason(body)}; run the task again, or ask for fewer days "
                    "(days_per_report), dimensions or metrics"
                )
            shown = _WORDS.get(status, safe_line(status, 40))
            if seconds >= self._parameters.report_timeout * 60:
                raise UserError(
                    f"{name}: not ready after {seconds / 60:.0f} min (it is {shown}); run the task "
                    "again later, raise report_timeout, or ask for fewer days in one report (days_per_report)"
                )
            self._say(f"{name}: {shown}, {int(seconds)} s")
            self._timing.sleep(pause)
            pause = min(self._parameters.poll_interval, pause * 1.5)

    def _fetch(self, place: str, name: str) -> Answer:
        self._keep_pace(self._fetches)
        self._scratch.mkdir(parents=True, exist_ok=True)
        path = self._scratch / "report.json"
        try:
            self._client.request("GET", place, into=path)
            return read_report(path, name)
        finally:
            path.unlink(missing_ok=True)

    def _keep_pace(self, limit: Any) -> None:
        seconds = limit.wait(self._seconds())
        if seconds > 0:
            text = f"waiting {math.ceil(seconds)} s: {self._parameters.per_minute} reports a minute are allowed"
            self._say(text)
            if seconds >= 1:
                self._log(text)
            self._timing.sleep(seconds)
        limit.count(self._seconds())

    def _list(self, path: str, query: Mapping[str, Any], what: str) -> list[dict[str, Any]]:
        return self._list_of(self._client.request("GET", path, params=query), path, what)

    def _list_of(self, response: httpx.Response, path: str, what: str) -> list[dict[str, Any]]:
        body = _json_of(response, what)
        if not isinstance(body, list) or not all(isinstance(item, dict) for item in body):
            raise UserError(f"{what}: {self._client.absolute(path)} did not answer with a list; check base_url")
        return body


def read_report(path: Path, name: str) -> Answer:
    """The report in a file of JSON. Raises: UserError when it is none."""
    try:
        body = loads(path.read_text("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise UserError(f"{name}: what Adform gave is no JSON ({safe_line(str(error), 120)}); {_LATER}") from error
    body = body if isinstance(body, dict) else {}
    data: dict[str, Any] = body["reportData"] if isinstance(body.get("reportData"), dict) else {}
    headers, rows = data.get("columnHeaders"), data.get("rows")
    if not isinstance(headers, list) or not isinstance(rows, list):
        raise UserError(f"{name}: Adform's answer has no reportData with columnHeaders and rows; {_LATER}")
    width = len(headers)
    for number, row in enumerate(rows, start=1):
        if not isinstance(row, list) or len(row) != width:
            found = f"{len(row)} values" if isinstance(row, list) else "no list of values"
            raise UserError(f"{name}: row {number} has {found} for {width} columns; {_LATER}")
    total = next((place[key] for place in (data, body) for key in _TOTALS if type(place.get(key)) is int), None)
    return Answer([str(header) for header in headers], rows, total)


_LATER = "run the task again, and ask Adform's support if it stays so"
_TOTALS = ("totalRowCount", "rowCount")


def _json_of(response: httpx.Response, name: str) -> Any:
    try:
        return loads(response.content.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        kind = safe_line(response.headers.get("content-type") or "no type", 60)
        raise UserError(f"{name}: the answer ({kind}) is no JSON; check base_url, or run the task again") from error


def _reason(body: Mapping[str, Any]) -> str:
    for key in ("error", "message", "reason", "failureReason"):
        value = body.get(key)
        if isinstance(value, Mapping):
            value = value.get("message") or value.get("reason")
        if isinstance(value, str) and value.strip():
            return f" ({safe_line(value.strip().rstrip('.'), 300)})"
    return ""
