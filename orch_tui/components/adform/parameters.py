"""Parameters of the Adform extractor."""

from __future__ import annotations

import datetime
import re
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, model_validator

from orch_tui.components import kit
from orch_tui.model.texts.text import safe_line

MOST_DIMENSIONS = 8
MOST_METRICS = 10
MOST_DAYS = 397
_STATS: dict[str, Any] = {"x-depends-on": {"report": ["stats"]}}
_CAMPAIGNS: dict[str, Any] = {"x-depends-on": {"report": ["campaigns"]}}
_STATS_ONLY = ("dimensions", "metrics", "named_metrics", "filter", "days", "from_date", "to_date", "incremental")
_CAMPAIGNS_ONLY = ("status", "advertisers")

Word = Annotated[str, Field(pattern=r"^\S.*$", max_length=200)]


def snake_case(name: str) -> str:
    """A name as a column is called: ``campaignID`` and ``Campaign ID`` are ``campaign_id``."""
    apart = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", safe_line(name).strip())
    return re.sub(r"[\W_]+", "_", apart).strip("_").lower()


class NamedMetric(BaseModel):
    """A metric that is counted in a special way, under a name of its own."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    metric: Word = Field(title="Metric", description="Adform's name of it, such as conversions.")
    specs: dict[str, str | int | bool] = Field(
        {}, title="Specs", description='What is counted, in Adform\'s words: { adUniqueness = "campaignUnique" }.'
    )


class Parameters(kit.Parameters):
    """Who reads what from Adform."""

    client_id: Word = Field(title="Client id", description="Of the client credentials that Adform gave you.")
    client_secret: SecretStr = Field(
        title="Client secret", description="Of the same credentials.", json_schema_extra={"x-secret": True}
    )
    report: Literal["campaigns", "stats"] = Field(
        title="Report", description="campaigns: one row for each. stats: statistics by dimensions."
    )
    status: list[Word] = Field(
        [],
        title="Status",
        description="Only campaigns with one of these, such as Active and Inactive; Adform gives the active ones "
        "when this is empty.",
        json_schema_extra=_CAMPAIGNS,
    )
    advertisers: list[int] = Field(
        [], title="Advertisers", description="Only campaigns of these, by id.", json_schema_extra=_CAMPAIGNS
    )
    dimensions: list[Word] = Field(
        [],
        max_length=MOST_DIMENSIONS,
        title="Dimensions",
        description="What the numbers are told apart by, in Adform's words: date, campaignID, campaign, client; at "
        "most 8.",
        json_schema_extra=_STATS,
    )
    metrics: list[Word] = Field(
        [],
        max_length=MOST_METRICS,
        title="Metrics",
        description="Which numbers, in Adform's words: impressions, clicks, conversions, cost; at most 10.",
        json_schema_extra=_STATS,
    )
    named_metrics: dict[str, NamedMetric] = Field(
        {},
        title="Named metrics",
        description="Further metrics that need specs, by the name of their column.",
        json_schema_extra=_STATS,
    )
    filter: dict[str, Any] = Field(
        {},
        title="Filter",
        description="Adform's filter besides the dates, such as { campaignID = [1001, 1002] }.",
        json_schema_extra=_STATS,
    )
    days: int | None = Field(
        None,
        ge=1,
        le=MOST_DAYS,
        title="Days",
        description="So many days up to yesterday (UTC); 30 when there is no first day either. Adform keeps 397.",
        json_schema_extra=_STATS,
    )
    from_date: datetime.date | None = Field(
        None, title="First day", description="Instead of a number of days: 2026-01-31.", json_schema_extra=_STATS
    )
    to_date: datetime.date | None = Field(
        None, title="Last day", description="With a first day; yesterday if empty.", json_schema_extra=_STATS
    )
    include_today: bool = Field(
        False, title="Include today", description="Up to today, which is not over yet.", json_schema_extra=_STATS
    )
    incremental: bool = Field(
        False,
        title="Incremental",
        description="Later runs read only the days since the last one, and those of the lookback again. The output's "
        "mode is incremental then, with all dimensions as its primary key.",
        json_schema_extra=_STATS,
    )
    lookback: int = Field(
        3,
        ge=0,
        le=MOST_DAYS,
        title="Lookback",
        description="Days already read that an incremental run reads again, since conversions come in late.",
        json_schema_extra=_STATS,
    )
    days_per_report: int = Field(
        31,
        ge=1,
        le=MOST_DAYS,
        title="Days per report",
        description="Longer periods are several reports. One with too many rows is divided by itself.",
        json_schema_extra=_STATS,
    )
    rows_per_report: int = Field(
        100_000,
        ge=1,
        le=1_000_000,
        title="Rows per report",
        description="What one report may have; memory grows with it.",
        json_schema_extra=_STATS,
    )
    per_minute: int = Field(
        10,
        ge=1,
        title="Reports per minute",
        description="Adform allows 10 to all users of an agency together.",
        json_schema_extra=_STATS,
    )
    per_day: int = Field(
        500,
        ge=1,
        title="Reports per day",
        description="Adform allows 500 to all users of an agency together.",
        json_schema_extra=_STATS,
    )
    poll_interval: float = Field(
        5.0,
        gt=0,
        le=600,
        title="Poll interval",
        description="Seconds between two questions whether a report is ready.",
        json_schema_extra=_STATS,
    )
    report_timeout: float = Field(
        90.0,
        gt=0,
        title="Report timeout",
        description="Minutes that one report may take; Adform says that an hour is possible.",
        json_schema_extra=_STATS,
    )
    timeout: float = Field(60.0, gt=0, title="Timeout", description="Seconds without an answer.")
    retries: int = Field(
        5, ge=0, le=20, title="Retries", description="How often a request that failed on the way is repeated."
    )
    base_url: Word = Field("https://api.adform.com", title="Address", description="Of the API.")
    token_url: Word = Field(
        "https://id.adform.com/sts/connect/token", title="Token address", description="Where tokens come from."
    )
    scope: Word | None = Field(
        None,
        title="Scope",
        description="What the token is for; buyer.campaigns.api.readonly or buyer.stats if empty, after the report.",
    )
    credentials: Literal["body", "header"] = Field(
        "body", title="Place of the credentials", description="In the form of the token request, or in its header."
    )
    strict: bool = Field(False, title="Strict", description="A column that is gone or has another type is an error.")

    @model_validator(mode="after")
    def _belongs_together(self) -> Parameters:
        foreign = _STATS_ONLY if self.report == "campaigns" else _CAMPAIGNS_ONLY
        given = [name for name in foreign if getattr(self, name) != type(self).model_fields[name].default]
        if given:
            raise ValueError(f'{", ".join(given)} cannot be used with report = "{self.report}"; take it out')
        if self.report == "stats":
            self._check_columns()
            self._check_period()
        return self

    def _check_columns(self) -> None:
        count = len(self.metrics) + len(self.named_metrics)
        if not 1 <= count <= MOST_METRICS:
            raise ValueError(
                f"a report has 1 to {MOST_METRICS} metrics, named ones included, and there are {count}; "
                "change metrics or named_metrics"
            )
        names = self.columns
        if "" in names:
            raise ValueError("the name of a dimension or metric has neither letters nor digits; correct it")
        twins = sorted({name for name in names if names.count(name) > 1})
        if twins:
            raise ValueError(
                f"two columns would be called {', '.join(twins)}; take one of them out, or make it a named metric"
            )
        if "date" in self.filter:
            raise ValueError("filter has a date; use days, or from_date and to_date")
        if self.incremental and "date" not in self.dimensions:
            raise ValueError("incremental goes by days, so date must be one of the dimensions")

    def _check_period(self) -> None:
        if self.days is not None and (self.from_date or self.to_date):
            raise ValueError("give either days, or from_date and to_date")
        if self.to_date and not self.from_date:
            raise ValueError("to_date needs a from_date")
        if self.from_date and self.to_date and self.from_date > self.to_date:
            raise ValueError(f"from_date {self.from_date} is after to_date {self.to_date}")
        if self.include_today and self.to_date:
            raise ValueError("include_today makes no sense with a to_date; take one of them out")

    @property
    def columns(self) -> list[str]:
        """What the columns of the statistics are called: dimensions, metrics, named metrics."""
        return [snake_case(name) for name in (*self.dimensions, *self.metrics, *self.named_metrics)]

    @property
    def scopes(self) -> str:
        """The scope that the token is asked for."""
        last = "buyer.stats" if self.report == "stats" else "buyer.campaigns.api.readonly"
        return self.scope or f"https://api.adform.com/scope/{last}"
