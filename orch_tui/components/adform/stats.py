"""Statistics of Adform as a table: the period in reports that are small enough, their columns, incremental runs."""

from __future__ import annotations

import datetime
import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from orch_tui.components.adform.api import Answer, Api, Quota, Timing
from orch_tui.components.adform.parameters import MOST_DAYS, Parameters, snake_case
from orch_tui.components.adform.table import Column, dimension_kind, metric_kind, pieces, typed
from orch_tui.components.kit.component import Context, UserError
from orch_tui.components.kit.contract import Output
from orch_tui.components.kit.drift import check_shape
from orch_tui.components.kit.sql import ParquetSink, connect, listed, tell_content
from orch_tui.model.components.configuration import WriteMode
from orch_tui.model.texts.text import safe_line
from orch_tui.project.paths import ProjectPaths
from orch_tui.storage.duckdb import quoted
from orch_tui.storage.opening import open_storage

_DAY = datetime.timedelta(days=1)
_DEFAULT_DAYS = 30
_PART = 50_000


@dataclass(frozen=True, slots=True)
class Span:
    """Days from the first to the last, both included."""

    since: datetime.date
    until: datetime.date

    @property
    def days(self) -> int:
        return (self.until - self.since).days + 1

    def __str__(self) -> str:
        return f"{self.since} to {self.until}"


def extract_stats(api: Api, parameters: Parameters, ctx: Context, timing: Timing) -> None:
    """The statistics of the period, or of what is new in it, into the only output.

    Raises:
        UserError: the period is out of reach, the output does not fit, or the server refuses or fails.
    """
    output = ctx.only_output()
    _check_output(parameters, output)
    now = timing.now()
    span = period(parameters, ctx, now.astimezone(datetime.UTC).date())
    quota = Quota(ctx.state.get("quota"), parameters.per_day, now)
    columns = [
        *(Column(snake_case(name), dimension_kind(snake_case(name))) for name in parameters.dimensions),
        *(Column(name, metric_kind(name)) for name in parameters.columns[len(parameters.dimensions) :]),
    ]
    # Texts of many columns: small parts and one thread keep memory about where one report has it.
    con = connect(ctx, threads=1, memory_limit="256MB")
    reader = Reader(api, parameters, ctx, quota)
    known = open_storage(ProjectPaths(ctx.project)).get(output.table)
    make = typed(con, columns, ctx.log, dict(known.columns) if known is not None else None)
    texts = [(column.name, "VARCHAR") for column in columns]
    with ParquetSink(con, texts, output.path, _without(make, reader), part_rows=_PART) as sink:
        if span is not None:
            reader.read(span, sink)
    stored = tell_content(ctx, output, con, sink.rows)
    reports = "1 report" if reader.reports == 1 else f"{reader.reports} reports"
    ctx.log(f"{sink.rows} rows and {len(stored)} columns from {reports}")
    ctx.metrics["reports"] = reader.reports
    check_shape(ctx, output, stored if sink.rows else [], sink.rows, strict=parameters.strict)
    ctx.next_state = {"quota": quota.state()}
    if parameters.incremental:
        last = str(span.until) if span is not None else ctx.state.get("last")
        ctx.next_state |= {"last": last, "asked": _signature(parameters)}


def _check_output(parameters: Parameters, output: Output) -> None:
    if not parameters.incremental:
        return
    wanted = [snake_case(name) for name in parameters.dimensions]
    if output.mode is not WriteMode.INCREMENTAL or sorted(output.primary_key) != sorted(wanted):
        raise UserError(
            f'with incremental the output "{output.name}" needs mode = "incremental" and all dimensions as its key: '
            f"primary_key = {json.dumps(wanted)}; days that are read again would come twice otherwise"
        )


def _signature(parameters: Parameters) -> str:
    """What the state belongs to: with other dimensions, metrics or filter the older days are not there yet."""
    named = {name: metric.model_dump() for name, metric in parameters.named_metrics.items()}
    asked = [parameters.dimensions, parameters.metrics, named, parameters.filter]
    return hashlib.sha256(json.dumps(asked, sort_keys=True, default=str).encode()).hexdigest()[:16]


def period(parameters: Parameters, ctx: Context, today: datetime.date) -> Span | None:
    """The days to read; None when an incremental run has read them all.

    Raises:
        UserError: Adform keeps no statistics of the first day any more, or there are none yet.
    """
    oldest = today - MOST_DAYS * _DAY
    until = parameters.to_date or (today if parameters.include_today else today - _DAY)
    since = parameters.from_date or until - ((parameters.days or _DEFAULT_DAYS) - 1) * _DAY
    last = _last_day(parameters, ctx)
    if last is not None:
        next_day = last + (1 - parameters.lookback) * _DAY
        if next_day < oldest:
            ctx.warn(
                f"the last run read up to {last}, and Adform keeps {MOST_DAYS} days: those before {oldest} are lost"
            )
        since = max(next_day, oldest)
        if since > until:
            ctx.log(f"all days up to {until} were read by the last run; there is nothing new")
            return None
        ctx.log(f"days {since} to {until}: the last run read up to {last}, its last {parameters.lookback} come again")
        return Span(since, until)
    if parameters.from_date and since < oldest:
        raise UserError(
            f"from_date {since} is too long ago: Adform keeps statistics of {MOST_DAYS} days, now those from {oldest}"
        )
    if since > until:
        raise UserError(f"from_date {since} is after {until}, the last day that there are statistics of; correct it")
    return Span(max(since, oldest), until)


def _last_day(parameters: Parameters, ctx: Context) -> datetime.date | None:
    if not parameters.incremental or not ctx.state.get("last"):
        return None
    if ctx.state.get("asked") != _signature(parameters):
        ctx.log("dimensions, metrics or filter are others than those of the last run: the whole period is read")
        return None
    try:
        return datetime.date.fromisoformat(str(ctx.state["last"]))
    except ValueError as error:
        raise UserError(
            f'the saved state names "{safe_line(str(ctx.state["last"]), 40)}" as the last day, which is no date; '
            "delete the state to start from the beginning"
        ) from error


class Reader:
    """Reads a period in reports that are small enough, and finds the columns in each of them."""

    def __init__(self, api: Api, parameters: Parameters, ctx: Context, quota: Quota) -> None:
        self._api = api
        self._parameters = parameters
        self._ctx = ctx
        self._quota = quota
        self._by_day = "date" in parameters.dimensions
        self._found: set[str] = set()
        self._told = False
        self.reports = 0
        self.missing: list[str] = []

    def read(self, span: Span, sink: ParquetSink) -> None:
        """Every row of the period into the sink. Raises: UserError."""
        size = min(self._parameters.days_per_report, span.days) if self._by_day else span.days
        self._quota.require(-(-span.days // size))
        since, done = span.since, 0
        while since <= span.until:
            part = Span(since, min(since + (size - 1) * _DAY, span.until))
            total = done + -(-((span.until - since).days + 1) // size)
            self._api.steps.done, self._api.steps.total = done, total
            rows = self._one(part, f"report {done + 1} of {total}", sink)
            if rows is not None:
                # Fewer days from now on: the days to come will not have fewer rows.
                parts = max(2, -(-rows * 5 // (self._parameters.rows_per_report * 4)))
                size = max(1, part.days // parts)
                continue
            since, done = part.until + _DAY, done + 1
        names = self._parameters.columns
        self.missing = [name for name in names if self._found and name not in self._found]
        self._complain()

    def _one(self, part: Span, name: str, sink: ParquetSink) -> int | None:
        """None when all rows of these days are in the sink; else how many rows there are, and none is."""
        offset, limit = 0, self._parameters.rows_per_report
        while True:
            self._ctx.log(f"{name}: {part}" + (f", rows from {offset + 1}" if offset else ""))
            answer = self._api.report(self.order(part, offset), self._quota, name)
            self.reports += 1
            end = offset + len(answer.rows)
            if answer.total is None and not self._told:
                self._told = True
                self._ctx.log(
                    f"{name}: Adform does not say how many rows there are; a report with less than {limit} is taken "
                    "for complete"
                )
            more = end < answer.total if answer.total is not None else len(answer.rows) >= limit
            if more and self._by_day and part.days > 1 and not offset:
                rows = answer.total or 2 * limit
                self._ctx.log(f"{name}: more than {limit} rows; its days are divided into smaller reports")
                return rows
            self._add(answer, name, sink)
            if not more:
                return None
            if not answer.rows:
                raise UserError(f"{name}: Adform tells of {answer.total} rows and gives {end}; run the task again")
            offset = end

    def order(self, part: Span, offset: int) -> dict[str, Any]:
        """The body of an order (https://api.adform.com/help/references/buyer-solutions/reporting/stats)."""
        parameters = self._parameters
        named = [{"metric": one.metric, "specs": one.specs} for one in parameters.named_metrics.values()]
        body: dict[str, Any] = {
            "dimensions": parameters.dimensions,
            "metrics": [*({"metric": name} for name in parameters.metrics), *named],
            "filter": {**parameters.filter, "date": {"from": str(part.since), "to": str(part.until)}},
            "paging": {"offset": offset, "limit": parameters.rows_per_report},
            "includeRowCount": True,
        }
        if parameters.dimensions:
            # Pages of rows in no order would overlap.
            body["sort"] = [{"dimension": name, "direction": "asc"} for name in parameters.dimensions]
        return body

    def _add(self, answer: Answer, name: str, sink: ParquetSink) -> None:
        if not answer.rows:
            # Whether an empty report names its columns is not documented.
            return
        places = self._places(answer.headers, name)
        self._found.update(
            column for column, at in zip(self._parameters.columns, places, strict=True) if at is not None
        )
        step = _PART // 5
        for start in range(0, len(answer.rows), step):
            rows = answer.rows[start : start + step]
            sink.add(*pieces([[None if at is None else row[at] for at in places] for row in rows]))

    def _places(self, headers: list[str], name: str) -> list[int | None]:
        """Where in a row each column is; None for one that is not there.

        Adform gives dimensions and metrics in the order in which they were asked for, so that names count only when
        some are missing. Raises: UserError when a dimension is missing.
        """
        parameters = self._parameters
        asked = [
            *parameters.dimensions,
            *parameters.metrics,
            *(one.metric for one in parameters.named_metrics.values()),
        ]
        if len(headers) == len(asked):
            return list(range(len(asked)))
        places: list[int | None] = []
        start = 0
        for one in asked:
            at = next((n for n in range(start, len(headers)) if snake_case(headers[n]) == snake_case(one)), None)
            places.append(at)
            start = start if at is None else at + 1
        lost = [one for one, at in zip(parameters.dimensions, places, strict=False) if at is None]
        if lost:
            raise UserError(
                f"{name}: Adform's report has no column for the dimension {listed(lost)}, so its rows cannot be told "
                f"apart; it has {listed(headers)}. Take it out of dimensions, or ask Adform's support"
            )
        return places

    def _complain(self) -> None:
        if not self.missing:
            return
        sentence = f"Adform's reports have no column for {listed(self.missing)}, which the parameters ask for"
        if self._parameters.strict:
            raise UserError(
                f"{sentence}; the parameter strict refuses that. Take it out of metrics, or set strict = false"
            )
        self._ctx.warn(sentence)


def _without(make: Callable[[str], str], reader: Reader) -> Callable[[str], str]:
    """The final query without the columns that no report had."""

    def final(source: str) -> str:
        query = make(source)
        if not reader.missing:
            return query
        return f"select * exclude ({', '.join(quoted(name) for name in reader.missing)}) from ({query})"

    return final
