"""The Adform extractor against its stand-in: what it asks for, and what the tables hold then."""

from __future__ import annotations

import contextlib
import datetime
import io
import json
import os
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from orch_tui.components import kit
from orch_tui.components.adform import extractor as adform_extractor
from orch_tui.components.adform.api import Timing, utc_now
from orch_tui.components.adform.extractor import Parameters
from orch_tui.components.adform.parameters import snake_case
from orch_tui.components.adform.stats import _signature, period
from orch_tui.components.kit.component import Context, UserError
from orch_tui.components.kit.parameters import model_errors
from orch_tui.model.components.configuration import WriteMode
from sample_configs.stand_ins.adform import TOKEN, Adform, Settings, serve
from sample_configs.stand_ins.adform_data import campaigns, report

from tests.integration.attempts import Attempt, attempt
from tests.support.bench import Bench
from tests.support.projects import make_project, orch
from tests.support.tables import database

TODAY = utc_now().date()
DAY = datetime.timedelta(days=1)


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


@pytest.fixture
def adform() -> Iterator[Adform]:
    with serve(settings=Settings(per_minute=1000, per_second=1000, polls=2)) as server:
        yield server


class Waits(list[float]):
    """The seconds that were waited for, without waiting; the clock goes on by nothing but them."""

    def timing(self) -> Timing:
        start = utc_now().replace(microsecond=0)
        return Timing(lambda: start + datetime.timedelta(seconds=sum(self)), self.append)


def given(server: Adform, **more: Any) -> dict[str, Any]:
    known = {
        "client_id": server.settings.client_id,
        "client_secret": server.settings.client_secret,
        "base_url": server.url,
        "token_url": server.url + TOKEN,
        "poll_interval": 0.02,
        "report": "stats" if "metrics" in more else "campaigns",
    }
    return {name: value for name, value in {**known, **more}.items() if value is not None}


def extract(
    bench: Bench,
    server: Adform,
    waits: Waits | None = None,
    mode: WriteMode = WriteMode.FULL,
    state: dict[str, Any] | None = None,
    **more: Any,
) -> Context:
    ctx = bench.context(mode=mode, state=state)
    adform_extractor.run(Parameters(**given(server, **more)), ctx, (Waits() if waits is None else waits).timing())
    return ctx


def here(run: Attempt) -> tuple[int, str, str]:
    """Exit code, standard output and error of a task in this process: one of its own takes ten times longer."""
    out, err = io.StringIO(), io.StringIO()
    with (
        mock.patch.dict(os.environ, run.env),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
        pytest.raises(SystemExit) as stop,
    ):
        kit.main(Parameters, lambda parameters, ctx: adform_extractor.run(parameters, ctx, Waits().timing()))
    return int(str(stop.value.code)), out.getvalue(), err.getvalue()


STATS: dict[str, Any] = {"dimensions": ["date", "campaignID"], "metrics": ["impressions", "cost"], "days": 10}


def expected(days: int, dimensions: list[str], metrics: list[str], **more: Any) -> list[tuple[Any, ...]]:
    """What the stand-in knows of the days up to yesterday."""
    rows = report(TODAY, TODAY - days * DAY, TODAY - DAY, dimensions, metrics, **more)
    return [(datetime.date.fromisoformat(row[0][:10]), *row[1:]) for row in rows]


def test_campaigns_are_read_page_by_page_with_their_types(bench: Bench, adform: Adform) -> None:
    # GIVEN / WHEN campaigns are read, and nothing is said of their status
    ctx = extract(bench, adform)
    # THEN all active ones are there, from pages of a hundred
    rows = bench.rows()
    active = [one.id for one in campaigns(TODAY) if one.status == "Active"]
    assert [row[0] for row in rows] == active and 100 < len(active) < 200
    assert [line for line, _ in adform.requests[1:]] == [
        "GET /v1/buyer/campaigns?offset=0&limit=100",
        "GET /v1/buyer/campaigns?offset=100&limit=100",
        f"GET /v1/buyer/campaigns?offset={len(active)}&limit=100",
    ]
    # AND dates are dates, ids numbers, and what is nested is JSON
    assert bench.columns() == {
        "id": "BIGINT", "name": "VARCHAR", "advertiser_id": "BIGINT", "budget": "DOUBLE", "currency": "VARCHAR",
        "start_date": "DATE", "end_date": "DATE", "status": "VARCHAR", "type": "VARCHAR", "labels": "JSON",
    }  # fmt: skip
    assert rows[0][:2] == (1001, "New Year Fitness – Social") and ctx.metrics == {"campaigns": len(active)}


def test_each_status_and_advertiser_is_asked_for_and_no_campaign_comes_twice(bench: Bench, adform: Adform) -> None:
    # GIVEN / WHEN two of each are given, one of them twice
    extract(bench, adform, status=["Active", "Inactive", "Active"], advertisers=[501, 502])
    # THEN there are the campaigns of both, each once
    rows = bench.rows()
    assert {row[2] for row in rows} == {501, 502} and {row[7] for row in rows} == {"Active", "Inactive"}
    wanted = [one.id for one in campaigns(TODAY) if one.status != "Deleted" and one.advertiser in (501, 502)]
    assert sorted(row[0] for row in rows) == wanted


def test_no_campaigns_leave_the_columns_as_they_were(bench: Bench, adform: Adform) -> None:
    # GIVEN / WHEN there is no campaign with the status
    ctx = extract(bench, adform, status=["Paused"])
    # THEN the table is empty with the columns that campaigns have, and a warning says so
    assert bench.rows() == [] and bench.columns()["start_date"] == "DATE"
    assert ctx.warning == "the source gave no rows, so out/result is empty now"


def test_statistics_have_the_types_that_their_names_promise(bench: Bench, adform: Adform) -> None:
    # GIVEN dimensions and metrics of every kind, one of them with specs
    dimensions = ["date", "campaignID", "campaign", "deal", "dealID"]
    named = {"unique_clicks": {"metric": "clicks", "specs": {"adUniqueness": "campaignUnique"}}}
    # WHEN 40 days are read
    ctx = extract(
        bench,
        adform,
        dimensions=dimensions,
        metrics=["impressions", "rtbMediaCost", "ctr"],
        named_metrics=named,
        days=40,
    )
    # THEN the rows are those that Adform has, from two reports
    assert bench.rows() == expected(40, dimensions, ["impressions", "rtbMediaCost", "ctr", "clicks"])
    assert bench.columns() == {
        "date": "DATE", "campaign_id": "BIGINT", "campaign": "VARCHAR", "deal": "VARCHAR", "deal_id": "BIGINT",
        "impressions": "BIGINT", "rtb_media_cost": "DOUBLE", "ctr": "DOUBLE", "unique_clicks": "BIGINT",
    }  # fmt: skip
    assert ctx.metrics == {"reports": 2} and len(adform.orders) == 2
    assert adform.orders[0]["metrics"][-1] == {"metric": "clicks", "specs": {"adUniqueness": "campaignUnique"}}
    assert adform.orders[0]["filter"]["date"] == {"from": str(TODAY - 40 * DAY), "to": str(TODAY - 10 * DAY)}


def test_days_are_divided_until_a_report_is_small_enough(bench: Bench, adform: Adform) -> None:
    # GIVEN reports that may have 30 rows, where a day has about ten and 20 days have 200
    extract(bench, adform, **STATS | {"days": 20}, rows_per_report=30)
    # THEN the first one is left out, and smaller ones give every row once
    assert bench.rows() == expected(20, STATS["dimensions"], STATS["metrics"])
    assert "more than 30 rows" in "\n".join(bench.lines)
    spans = [order["filter"]["date"] for order in adform.orders[1:]]
    assert {one["offset"] for one in (order["paging"] for order in adform.orders)} == {0}
    assert spans[0]["from"] == str(TODAY - 20 * DAY) and spans[-1]["to"] == str(TODAY - DAY)


@pytest.mark.parametrize("dimensions", [["date", "campaignID"], ["campaignID", "country"]])
def test_what_cannot_be_divided_by_days_comes_in_pages(bench: Bench, adform: Adform, dimensions: list[str]) -> None:
    # GIVEN one day with more rows than a report may have; or no dates in the rows, which days would come twice without
    days, limit = (1, 4) if "date" in dimensions else (40, 40)
    extract(bench, adform, **STATS | {"days": days, "dimensions": dimensions}, rows_per_report=limit)
    # THEN pages of an ordered report give every row once
    rows = bench.rows()
    wanted = [order["paging"]["offset"] for order in adform.orders]
    assert wanted == list(range(0, len(rows), limit)) and adform.orders[0]["sort"][0]["dimension"] == dimensions[0]
    assert len({row[:2] for row in rows}) == len(rows) > limit
    assert {json.dumps(order["filter"]) for order in adform.orders} == {json.dumps(adform.orders[0]["filter"])}


def stored(run: Attempt, query: str) -> list[tuple[Any, ...]]:
    info = run.storage.get("ads/stats")
    assert info is not None
    with database() as con:
        return con.execute(query.format(f"read_parquet('{info.file}')")).fetchall()


def test_an_incremental_run_reads_the_last_days_again(tmp_path: Path, adform: Adform) -> None:
    # GIVEN a first run of 20 days, as a process with its secret in the environment
    parameters = given(adform, **STATS | {"days": 20, "metrics": ["impressions", "conversions"]}, incremental=True)
    parameters |= {"client_secret": "${ADFORM_SECRET}"}
    secrets = {"ADFORM_SECRET": adform.settings.client_secret}
    key = ["campaign_id", "date"]
    output = [{"source": "stats", "destination": "ads/stats", "mode": "incremental", "primary_key": key}]
    first = attempt(tmp_path, parameters, outputs=output, secrets=secrets)
    assert first.run("orch_tui.components.adform.extractor")[0] == 0
    before = stored(first, "select count(*), sum(conversions) from {}")
    # WHEN conversions come late, and it runs again
    adform.settings.late = 5
    second = attempt(tmp_path, parameters, outputs=output, secrets=secrets, name="2")
    code, out, err = second.run("orch_tui.components.adform.extractor")
    # THEN only the lookback was ordered, its rows are replaced, and none is there twice
    assert (code, err) == (0, ""), out
    assert adform.orders[-1]["filter"]["date"] == {"from": str(TODAY - 3 * DAY), "to": str(TODAY - DAY)}
    late = len(expected(3, ["date", "campaignID"], ["clicks"]))
    assert stored(second, "select count(*), sum(conversions) from {}") == [(before[0][0], before[0][1] + 5 * late)]
    assert len(adform.orders) == 2 and f"the last run read up to {TODAY - DAY}" in out
    # AND the secret is in no file
    for path in tmp_path.rglob("*"):
        assert path.is_dir() or adform.settings.client_secret.encode() not in path.read_bytes(), path


@pytest.mark.parametrize(
    ("mode", "key"), [("full", None), ("append", None), ("incremental", ["date"]), ("incremental", ["campaign_id"])]
)
def test_incremental_needs_an_output_that_fits(
    tmp_path: Path, adform: Adform, mode: str, key: list[str] | None
) -> None:
    # GIVEN an output in which days would be lost, or come twice
    output = [{"source": "s", "destination": "ads/stats", "mode": mode, "primary_key": key}]
    run = attempt(tmp_path, given(adform, **STATS, incremental=True), outputs=output)
    # WHEN / THEN the task says what is needed, before anything is ordered
    code, _, err = here(run)
    assert code == 1 and 'primary_key = ["date", "campaign_id"]' in err and err.count("\n") == 1
    assert adform.requests == []


LAST = datetime.date(2026, 6, 9)
NOW = datetime.date(2026, 6, 10)


def asked(**more: Any) -> Parameters:
    base = {"client_id": "x", "client_secret": "y", "report": "stats", "metrics": ["clicks"], "dimensions": ["date"]}
    return Parameters(**{**base, **more})


@pytest.mark.parametrize(
    ("more", "since", "until"),
    [
        ({}, "2026-05-11", "2026-06-09"),
        ({"days": 1}, "2026-06-09", "2026-06-09"),
        ({"days": 397}, "2025-05-09", "2026-06-09"),
        ({"days": 397, "include_today": True}, "2025-05-10", "2026-06-10"),
        ({"from_date": "2026-06-01"}, "2026-06-01", "2026-06-09"),
        ({"from_date": "2026-06-01", "to_date": "2026-06-02"}, "2026-06-01", "2026-06-02"),
    ],
)
def test_the_period_without_a_state(bench: Bench, more: dict[str, Any], since: str, until: str) -> None:
    span = period(asked(**more), bench.context(), NOW)
    assert span is not None and (str(span.since), str(span.until)) == (since, until)


def test_the_period_with_a_state(bench: Bench) -> None:
    # GIVEN what a run of the day before left
    parameters = asked(incremental=True)
    ctx = bench.context(mode=WriteMode.INCREMENTAL)

    def after(last: str, **more: Any) -> str:
        ctx.state = {"last": last, "asked": _signature(parameters)}
        return str(period(asked(incremental=True, **more), ctx, NOW))

    # WHEN / THEN new days come with the lookback; without one there may be nothing new
    assert after("2026-06-08") == "2026-06-06 to 2026-06-09"
    assert after("2026-06-08", lookback=0) == "2026-06-09 to 2026-06-09"
    assert after("2026-06-09", lookback=0) == "None"
    assert ctx.warning is None
    # AND other metrics begin anew; days that Adform has forgotten are told of
    assert after("2026-06-08", metrics=["cost"]) == "2026-05-11 to 2026-06-09"
    assert after("2025-01-01") == "2025-05-09 to 2026-06-09" and "are lost" in str(ctx.warning)


def test_nothing_new_is_an_empty_table_with_types(bench: Bench, adform: Adform) -> None:
    # GIVEN a run that read up to yesterday
    more: dict[str, Any] = STATS | {"incremental": True, "lookback": 0}
    ctx = bench.context(mode=WriteMode.INCREMENTAL)
    ctx.outputs["result"] = type(ctx.outputs["result"])(
        "result", "out/result", WriteMode.INCREMENTAL, ("date", "campaign_id"), ctx.outputs["result"].path
    )
    adform_extractor.run(Parameters(**given(adform, **more)), ctx)
    ctx.state, orders = ctx.next_state or {}, len(adform.orders)
    # WHEN it runs again on the same day
    adform_extractor.run(Parameters(**given(adform, **more)), ctx)
    # THEN nothing is ordered, and the state stays
    assert len(adform.orders) == orders and bench.rows() == [] and ctx.next_state == ctx.state
    assert list(bench.columns().values()) == ["DATE", "BIGINT", "BIGINT", "DOUBLE"]


def test_the_progress_tells_what_becomes_of_each_report(
    bench: Bench, adform: Adform, monkeypatch: pytest.MonkeyPatch
) -> None:
    # GIVEN somebody who watches
    told: dict[str, tuple[int, int | None]] = {}
    monkeypatch.setattr(
        Context, "progress", lambda self, done, total=None, text="": told.setdefault(text, (done, total))
    )
    adform.settings.polls = 4
    # WHEN two reports are made, with seconds between two questions
    extract(bench, adform, **STATS, days_per_report=5, poll_interval=5)
    # THEN each is told of with its state and its time
    assert list(told)[:5] == [
        "report 1 of 2: ordered",
        "report 1 of 2: not started yet, 0 s",
        "report 1 of 2: not started yet, 1 s",
        "report 1 of 2: running, 2 s",
        "report 1 of 2: ready",
    ]
    assert told["report 2 of 2: ordered"] == (1, 2)


def test_reports_keep_the_pace_that_adform_asks_for(bench: Bench, adform: Adform) -> None:
    # GIVEN five reports, of which two may be ordered in a minute
    waits = Waits()
    extract(bench, adform, waits, **STATS, days_per_report=2, per_minute=2, poll_interval=0.001)
    # THEN it waits before the third and the fifth, not in between
    long = [seconds for seconds in waits if seconds > 10]
    assert len(adform.orders) == 5 and len(long) == 2 and all(55 < seconds <= 60 for seconds in long)
    assert sum("2 reports a minute are allowed" in line for line in bench.lines) == 2


def test_the_reports_of_a_day_are_counted_over_runs(bench: Bench, adform: Adform) -> None:
    # GIVEN a run that ordered two reports
    state = extract(bench, adform, **STATS, days_per_report=5).next_state
    assert state is not None and state["quota"]["used"] == 2
    # WHEN the next one would go beyond the day's number
    with pytest.raises(UserError) as caught:
        extract(bench, adform, state=state, **STATS, days_per_report=5, per_day=3)
    # THEN it says so, and when there will be more, and orders none
    assert "needs 2 reports of Adform, of which 3 a day are allowed and 2 were ordered since" in str(caught.value)
    assert str(TODAY + DAY) in str(caught.value) and len(adform.orders) == 2
    # AND a day later the count begins anew
    late = (utc_now() - 25 * datetime.timedelta(hours=1)).isoformat()
    again = extract(bench, adform, state={"quota": {"since": late, "used": 500}}, **STATS).next_state
    assert again is not None and again["quota"]["used"] == 1


def test_the_connection_is_tried_without_ordering_a_report(tmp_path: Path, adform: Adform) -> None:
    # GIVEN two configurations of a project
    project = make_project(tmp_path, {})
    folder = project / "configurations" / "adform-extractor"
    folder.mkdir(parents=True)
    (project / ".env").write_text(f"ADFORM_SECRET={adform.settings.client_secret}\n")
    (project / ".env").chmod(0o600)
    for name, more in (("stats", STATS), ("campaigns", {})):
        known = given(adform, **more) | {"client_secret": "${ADFORM_SECRET}"}
        known.pop("days", None)
        lines = [f"{key} = {json.dumps(value)}" for key, value in known.items()]
        # A date of TOML, without quotes.
        lines += [f"from_date = {TODAY - DAY}"] if more else []
        (folder / f"{name}.toml").write_text(
            "\n".join([f'name = "{name}"', "[parameters]", *lines, "[[outputs]]", f'table = "ads/{name}"']) + "\n"
        )
    # WHEN they are tested
    answers = {name: orch(project, "test", f"adform-extractor/{name}") for name in ("stats", "campaigns")}
    # THEN each says what it may see
    who = f"connected to {adform.url} as {adform.settings.client_id}"
    assert answers["stats"].returncode == 0 and f"{who}, which may order statistics" in answers["stats"].stdout
    assert f"{who}, sees 100 or more active campaigns" in answers["campaigns"].stdout
    assert adform.orders == []


@pytest.mark.parametrize(
    ("more", "part"),
    [
        ({"report": "campaigns"}, 'dimensions, metrics cannot be used with report = "campaigns"'),
        ({"status": ["Active"]}, 'status cannot be used with report = "stats"'),
        ({"metrics": []}, "1 to 10 metrics, named ones included, and there are 0"),
        ({"metrics": [f"m{n}" for n in range(10)], "named_metrics": {"x": {"metric": "y"}}}, "and there are 11"),
        ({"metrics": [f"m{n}" for n in range(11)]}, "metrics: list should have at most 10 items"),
        ({"dimensions": [f"d{n}" for n in range(9)]}, "dimensions: list should have at most 8 items"),
        ({"dimensions": ["campaignID", "campaign_id"]}, "two columns would be called campaign_id"),
        ({"dimensions": ["…"]}, "neither letters nor digits"),
        ({"days": 398}, "days: must be less than or equal to 397"),
        ({"days": 3, "from_date": "2026-01-01"}, "give either days, or from_date and to_date"),
        ({"to_date": "2026-01-01"}, "to_date needs a from_date"),
        ({"from_date": "2026-01-02", "to_date": "2026-01-01"}, "from_date 2026-01-02 is after to_date 2026-01-01"),
        ({"from_date": "2026-01-01", "to_date": "2026-01-02", "include_today": True}, "makes no sense with a to_date"),
        ({"incremental": True, "dimensions": ["campaign"]}, "date must be one of the dimensions"),
        ({"filter": {"date": {}}}, "use days, or from_date and to_date"),
        ({"dimension": []}, 'did you mean "dimensions"?'),
    ],
)
def test_parameters_that_do_not_go_together(more: dict[str, Any], part: str) -> None:
    base = {"client_id": "x", "client_secret": "y", "report": "stats", "metrics": ["clicks"], "dimensions": ["date"]}
    found = " ".join(model_errors(Parameters, {**base, **more})).lower()
    assert part.lower() in found


def test_names_of_columns() -> None:
    names = ["campaignID", "Campaign ID", "rtbMediaCost", "eCPM", "date", "lineItemID", "CTR", "cost/click", "Über"]
    assert [snake_case(name) for name in names] == [
        "campaign_id", "campaign_id", "rtb_media_cost", "e_cpm", "date", "line_item_id", "ctr", "cost_click", "über",
    ]  # fmt: skip


def test_the_sample_is_believable() -> None:
    """The statistics of the stand-in agree with each other, whatever they are told apart by."""
    totals: dict[str, float] = defaultdict(float)
    for dimensions in (["date"], ["campaignID", "country"], ["client"], ["lineItemID"]):
        rows = report(TODAY, TODAY - 20 * DAY, TODAY, dimensions, ["impressions", "clicks", "conversions", "cost"])
        seen = list(rows)
        totals["/".join(dimensions)] = sum(row[len(dimensions)] for row in seen)
        assert all(row[-4] >= row[-3] >= row[-2] >= 0 and row[-1] > 0 for row in seen)
    assert min(totals.values()) > 0.9 * max(totals.values())
