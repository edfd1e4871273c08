"""Reports of the stand-in for Adform: what an order may ask for, how a report comes about, and its answer."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any

from sample_configs.stand_ins.adform_data import DIMENSIONS, METRICS, report

MOST_DIMENSIONS = 8
MOST_METRICS = 10
MOST_DAYS = 397
DEFAULT_LIMIT = 100_000
_FILTERS = ("date", "client", "clientID", "campaign", "campaignID")
_MEMBERS = {"dimensions", "metrics", "filter", "paging", "includeRowCount", "includeTotals", "sort"}


class Refused(Exception):
    """Why an order is no order."""


@dataclass(frozen=True, slots=True)
class Order:
    since: datetime.date
    until: datetime.date
    dimensions: tuple[str, ...]
    metrics: tuple[str, ...]
    only: Mapping[str, list[Any]]
    offset: int
    limit: int
    count: bool


@dataclass(slots=True)
class Report:
    """An order under way: after some questions it is running, after some more it is ready."""

    id: str
    order: Order
    polls: int
    seen: int = 0
    failure: str | None = None

    @property
    def status(self) -> str:
        if self.failure is not None:
            return "failed"
        if self.seen >= self.polls:
            return "succeeded"
        return "running" if self.seen > self.polls / 2 else "notStarted"

    def asked(self) -> None:
        self.seen += 1

    def fail(self, reason: str) -> None:
        self.failure = reason

    def operation(self) -> dict[str, Any]:
        made = {"id": self.id, "status": self.status, "location": f"/v1/buyer/stats/data/{self.id}"}
        return made if self.failure is None else {**made, "error": {"message": self.failure}}


def read_order(body: Any, today: datetime.date) -> Order:
    """The order in the body of a request. Raises: Refused, when Adform's documentation says that it cannot be."""
    if not isinstance(body, Mapping) or set(body) - _MEMBERS:
        raise Refused(f"The body must be an object with {', '.join(sorted(_MEMBERS))}.")
    dimensions = body.get("dimensions", [])
    metrics = [_metric(one) for one in body.get("metrics", [])]
    for what, names, known, most in (
        ("dimensions", dimensions, DIMENSIONS, MOST_DIMENSIONS),
        ("metrics", metrics, METRICS, MOST_METRICS),
    ):
        unknown = [name for name in names if name not in known]
        if unknown:
            raise Refused(f"Unknown {what}: {', '.join(map(str, unknown))}.")
        if len(names) > most:
            raise Refused(f"At most {most} {what} are allowed.")
    if not metrics:
        raise Refused("At least one metric must be specified.")
    filters = body.get("filter") or {}
    strange = [name for name in filters if name not in _FILTERS]
    if strange:
        raise Refused(f"Unknown filters: {', '.join(strange)}.")
    since, until = _period(filters.get("date"), today)
    paging = body.get("paging") or {}
    limit = int(paging.get("limit", DEFAULT_LIMIT))
    only = {name: list(values) for name, values in filters.items() if name != "date"}
    offset = int(paging.get("offset", 0))
    count = bool(body.get("includeRowCount", False))
    return Order(since, until, tuple(dimensions), tuple(metrics), only, offset, limit, count)


def _metric(one: Any) -> str:
    """A name, or an object with the name and what it counts exactly."""
    if isinstance(one, Mapping) and set(one) <= {"metric", "specs"} and isinstance(one.get("specs", {}), Mapping):
        return str(one.get("metric"))
    if isinstance(one, str):
        return one
    raise Refused("A metric is a text, or an object with metric and specs.")


def _period(date: Any, today: datetime.date) -> tuple[datetime.date, datetime.date]:
    if not isinstance(date, Mapping) or set(date) != {"from", "to"}:
        raise Refused("The date filter is required, with from and to.")
    try:
        since, until = (datetime.date.fromisoformat(str(date[name])[:10]) for name in ("from", "to"))
    except ValueError as error:
        raise Refused(f"The date filter is wrong: {error}.") from error
    if since > until:
        raise Refused("The date filter ends before it begins.")
    if (today - since).days > MOST_DAYS:
        raise Refused(f"The date range is limited to {MOST_DAYS} days back from today.")
    return since, until


def answer(order: Order, today: datetime.date, line_items: int, late: int, fault: str = "") -> dict[str, Any]:
    """The report as ``GET /v1/buyer/stats/data/{id}`` gives it: names of columns, rows, and their number if asked."""
    headers = [*order.dimensions, *order.metrics]
    rows = list(
        report(
            today,
            order.since,
            order.until,
            order.dimensions,
            order.metrics,
            line_items=line_items,
            late=late,
            only=dict(order.only),
        )
    )
    if fault == "empty":
        rows = []
    missing = fault.partition(":")[2]
    if missing in headers:
        at = headers.index(missing)
        headers.pop(at)
        for row in rows:
            row.pop(at)
    end = None if order.limit == 0 else order.offset + order.limit
    made: dict[str, Any] = {"columnHeaders": headers, "rows": list(islice(rows, order.offset, end))}
    if order.count:
        made["totalRowCount"] = len(rows)
    return {"reportData": made, "correlationCode": "0"}
