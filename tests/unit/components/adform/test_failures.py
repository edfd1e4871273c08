"""What goes wrong with Adform: each time one sentence with what, where and what to do, and nothing half-published."""

from __future__ import annotations

import re
import socket
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from orch_tui.components.adform import extractor as adform_extractor
from orch_tui.components.adform.api import utc_now
from orch_tui.components.adform.extractor import Parameters
from orch_tui.components.kit.component import UserError
from sample_configs.stand_ins import adform as stand_in
from sample_configs.stand_ins.adform import Adform, Fault, Settings, serve

from tests.integration.attempts import Attempt, attempt
from tests.support.bench import Bench
from tests.unit.components.adform.test_extractor import STATS, Waits, extract, given, here

ORDER = "POST /v1/buyer/stats/data"
POLL = "GET /v1/buyer/stats/operations"
FETCH = "GET /v1/buyer/stats/data"
PAGES = "GET /v1/buyer/campaigns"
TOKENS = "POST /sts"


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


@pytest.fixture
def adform() -> Iterator[Adform]:
    with serve(settings=Settings(per_minute=1000, per_second=1000, polls=2)) as server:
        yield server


def _name(value: Any) -> str:
    one = value[0] if isinstance(value, list) and value else value
    return f"{one.kind} {one.match.rpartition('/')[2]}" if isinstance(one, Fault) else ""


def task(tmp_path: Path, server: Adform, more: dict[str, Any], name: str = "1") -> Attempt:
    output = [{"source": "t", "destination": "ads/t", "mode": "full"}]
    return attempt(tmp_path, given(server, **more), outputs=output, name=name)


@pytest.mark.parametrize(
    ("more", "parts"),
    [
        ({"client_secret": "wr0ng-s3cret"}, ["no token from", "answered 400: invalid_client", "check client id"]),
        ({"scope": "https://api.adform.com/scope/none"}, ["no token from", "invalid_scope", "scope"]),
        (
            {"scope": "https://api.adform.com/scope/buyer.campaigns.api"},
            ["refused the credentials (403 Forbidden", "none of the scopes https://api.adform.com/scope/buyer.stats"],
        ),
        ({"base_url": "http://127.0.0.1:1"}, ["127.0.0.1:1", "connection was refused"]),
        ({"token_url": "http://127.0.0.1:1/token"}, ["127.0.0.1:1/token", "connection was refused"]),
        ({"metrics": ["clickz"]}, ["refused the request (400", "Unknown metrics: clickz", "correct the parameters"]),
        ({"days": None, "from_date": "2020-01-01"}, ["from_date 2020-01-01 is too long ago", "397 days"]),
    ],
)
def test_what_adform_refuses(tmp_path: Path, adform: Adform, more: dict[str, Any], parts: list[str]) -> None:
    # GIVEN / WHEN something is asked for that Adform does not give
    run = task(tmp_path, adform, {**STATS, "retries": 0, **more})
    # (as a process of its own where a secret is wrong)
    code, out, err = run.run("orch_tui.components.adform.extractor") if "client_secret" in more else here(run)
    # THEN one sentence says why, without the secret, and there is no table
    assert code == 1 and err.count("\n") == 1 and all(part in err for part in parts), err
    assert "wr0ng-s3cret" not in out + err and adform.settings.client_secret not in out + err
    assert run.storage.get("ads/t") is None


@pytest.mark.parametrize(
    ("fault", "waited"),
    [
        (Fault("429", ORDER, retry_after="7"), 7),
        (Fault("429", FETCH, retry_after="11"), 11),
        (Fault("429", TOKENS, retry_after="3"), 3),
        (Fault("503", PAGES, after=1), 0),
        (Fault("500", ORDER), 0),
        (Fault("502", POLL, times=2), 0),
        (Fault("drop", ORDER), 0),
        (Fault("drop", POLL, times=3), 0),
        (Fault("drop", PAGES, after=1), 0),
        (Fault("cut", FETCH), 0),
        (Fault("cut", PAGES), 0),
        (Fault("failed", POLL, after=1), 0),
        (Fault("slow", FETCH, seconds=0.1), 0),
    ],
    ids=_name,
)
def test_what_passes_by_itself(bench: Bench, adform: Adform, fault: Fault, waited: float) -> None:
    # GIVEN what there is without trouble
    more = {} if fault.match == PAGES else STATS
    extract(bench, adform, **more)
    whole = bench.rows()
    # WHEN something goes wrong for a moment
    mine = replace(fault)
    adform.faults.append(mine)
    waits = Waits()
    extract(bench, adform, waits, **more)
    # THEN every row is there once all the same, and the server got the pause that it asked for
    assert mine.times == 0 and bench.rows() == whole and len(whole) > 10
    assert waited in {0, *waits}


@pytest.mark.parametrize(
    ("faults", "parts"),
    [
        ([Fault("429", ORDER, retry_after="80000")], ["answered 429", "a pause of 80000 s", "run the task again"]),
        ([Fault("503", ORDER, times=9)], ["gave up after 3 attempts", "503 Service Unavailable", "try again later"]),
        ([Fault("drop", FETCH, times=9)], ["gave up after 3 attempts", "the connection broke"]),
        ([Fault("500", PAGES, after=1, times=9)], ["/v1/buyer/campaigns: gave up", "500", "is not available"]),
        ([Fault("html", PAGES)], ["campaigns: the answer (text/html) is no JSON", "check base_url"]),
        ([Fault("html", POLL)], ["report 1 of 2: the answer (text/html) is no JSON"]),
        ([Fault("html", FETCH)], ["report 1 of 2: what Adform gave is no JSON", "ask Adform's support"]),
        ([Fault("html", TOKENS)], ["no token from", "holds no access_token", "check token_url"]),
        (
            [Fault("failed", POLL, after=2, times=9)],
            ["report 2 of 2: Adform could not make it (The report is too large to be made)", "fewer days"],
        ),
        ([Fault("missing:campaignID", FETCH)], ["no column for the dimension campaignID", "it has date, impressions"]),
    ],
    ids=_name,
)
def test_what_does_not_pass_is_one_sentence(
    bench: Bench, adform: Adform, faults: list[Fault], parts: list[str]
) -> None:
    # GIVEN trouble that stays
    adform.faults += map(replace, faults)
    more = {} if faults[0].match == PAGES else {**STATS, "days_per_report": 5}
    # WHEN it is read
    with pytest.raises(UserError) as caught:
        extract(bench, adform, retries=2, **more)
    # THEN the sentence says what to do, and no file is left, not even the half of one
    assert all(part in str(caught.value) for part in parts), caught.value
    assert "\n" not in str(caught.value)
    assert [path.name for path in (bench.data / "out/tables").iterdir()] == []
    assert [path.name for path in (bench.data / "tmp").glob("*.*json")] == []


def test_the_table_stays_as_it_was_when_the_second_report_fails(tmp_path: Path, adform: Adform) -> None:
    # GIVEN a table
    more = {**STATS, "days_per_report": 5, "retries": 0}
    first = task(tmp_path, adform, more)
    assert first.run("orch_tui.components.adform.extractor")[0] == 0
    before = first.storage.get("ads/t")
    # WHEN the second of two reports breaks off
    adform.faults.append(Fault("cut", FETCH, after=1, times=9))
    code, _, err = task(tmp_path, adform, more, "2").run("orch_tui.components.adform.extractor")
    # THEN the table is the one before
    assert code == 1 and "the connection broke before the answer was complete" in err and err.count("\n") == 1
    assert first.storage.get("ads/t") == before


def test_a_report_that_is_never_ready_has_an_end(bench: Bench, adform: Adform) -> None:
    # GIVEN a report that takes for ever
    adform.settings.polls = 10_000
    # WHEN it is waited for
    with pytest.raises(UserError) as caught:
        extract(bench, adform, **STATS, poll_interval=30, report_timeout=5)
    # THEN the wait ends after the minutes that were given
    assert "report 1 of 1: not ready after 5 min (it is not started yet)" in str(caught.value)
    assert "report_timeout" in str(caught.value) and adform.count(POLL) < 30


def test_a_token_that_is_withdrawn_is_renewed_once(bench: Bench, adform: Adform) -> None:
    # GIVEN a token that ends while a report is made
    class Withdrawing(Waits):
        def append(self, seconds: float) -> None:
            super().append(seconds)
            if len(self) == 1:
                adform.tokens.clear()

    extract(bench, adform, Withdrawing(), **STATS)
    # THEN another one was fetched, and the report was not ordered again
    assert adform.count(TOKENS) == 2 and len(adform.orders) == 1 and len(bench.rows()) > 10
    # WHEN no token is any good, THEN that is said
    adform.settings.token_seconds = 0
    with pytest.raises(UserError, match="401 Unauthorized"):
        extract(bench, adform, **STATS)


def test_an_empty_report_is_an_empty_table_with_a_warning(tmp_path: Path, adform: Adform) -> None:
    # GIVEN a table with rows
    assert here(task(tmp_path, adform, STATS))[0] == 0
    # WHEN Adform has no rows
    adform.faults.append(Fault("empty", FETCH))
    run = task(tmp_path, adform, STATS, "2")
    code, _, err = here(run)
    # THEN the table is empty, with its columns, and the task says so
    info = run.storage.get("ads/t")
    assert (code, err) == (0, "") and info is not None and info.rows == 0
    assert list(info.columns) == [
        ("date", "DATE"), ("campaign_id", "BIGINT"), ("impressions", "BIGINT"), ("cost", "DOUBLE")
    ]  # fmt: skip
    assert "the source gave no rows, so ads/t is empty now; it had" in run.result["warning"]


def test_a_metric_that_disappears_is_a_warning_or_with_strict_an_error(tmp_path: Path, adform: Adform) -> None:
    # GIVEN a table
    assert here(task(tmp_path, adform, STATS))[0] == 0
    # WHEN reports come without one of its metrics
    adform.faults.append(Fault("missing:impressions", FETCH, times=2))
    run = task(tmp_path, adform, {**STATS, "strict": True}, "2")
    code, _, err = here(run)
    # THEN strict refuses
    assert code == 1 and "no column for impressions" in err and "set strict = false" in err and err.count("\n") == 1
    info = run.storage.get("ads/t")
    assert info is not None and info.version == 1
    # AND otherwise the column is gone, with a warning, and the other numbers are in their own columns
    run = task(tmp_path, adform, STATS, "3")
    assert here(run)[0] == 0
    info = run.storage.get("ads/t")
    assert info is not None and [name for name, _ in info.columns] == ["date", "campaign_id", "cost"]
    assert (
        "no column for impressions" in run.result["warning"]
        and 'ads/t: column "impressions" is gone' in (run.result["warning"])
    )


def test_a_member_of_campaigns_that_disappears_is_told(tmp_path: Path, adform: Adform) -> None:
    # GIVEN a table of campaigns
    assert here(task(tmp_path, adform, {}))[0] == 0
    # WHEN they come without a budget
    adform.faults.append(Fault("missing:budget", PAGES, times=9))
    run = task(tmp_path, adform, {}, "2")
    assert here(run)[0] == 0
    # THEN a warning says so; with strict it is an error
    assert run.result["warning"] == 'ads/t: column "budget" is gone'
    assert here(task(tmp_path, adform, {}, "3"))[0] == 0
    adform.faults[:] = [Fault("missing:currency", PAGES, times=9)]
    code, _, err = here(task(tmp_path, adform, {"strict": True}, "4"))
    assert code == 1 and 'column "currency" is gone; the parameter strict refuses that' in err


def test_values_that_are_no_numbers_are_kept_as_text(
    bench: Bench, adform: Adform, monkeypatch: pytest.MonkeyPatch
) -> None:
    # GIVEN a report with what nobody expects
    rows = [["2026-01-01T00:00:00", "007", 1, "n/a"], ["2026-01-02T12:30:00", None, 2.5, None], [None, "8", None, True]]
    answer = {"reportData": {"columnHeaders": ["date", "campaignID", "impressions", "cost"], "rows": rows}}
    monkeypatch.setattr("sample_configs.stand_ins.adform.answer", lambda *_: answer)
    # WHEN it is read
    extract(bench, adform, **STATS)
    # THEN no value is lost
    assert bench.rows() == [
        ("2026-01-01T00:00:00", "007", 1.0, "n/a"), ("2026-01-02T12:30:00", None, 2.5, None), (None, "8", None, "true")
    ]  # fmt: skip
    log = "\n".join(bench.lines)
    assert '"date" holds values such as "2026-01-02T12:30:00"; they are stored as text' in log and '"cost"' in log
    # AND rows that do not fit their columns are an error
    rows[1] = [1, 2, 3]
    with pytest.raises(UserError, match="report 1 of 1: row 2 has 3 values for 4 columns"):
        extract(bench, adform, **STATS)


def test_types_do_not_change_with_the_values_of_a_day(
    tmp_path: Path, adform: Adform, monkeypatch: pytest.MonkeyPatch
) -> None:
    # GIVEN a table in which an id was a text once, and a count had decimals
    row: list[Any] = ["2026-01-01", "A7", 1.5, 1]
    answer = {"reportData": {"columnHeaders": ["date", "campaignID", "impressions", "cost"], "rows": [row]}}
    monkeypatch.setattr("sample_configs.stand_ins.adform.answer", lambda *_: answer)
    assert here(task(tmp_path, adform, STATS))[0] == 0
    # WHEN the next day has numbers and whole ones
    row[1:] = [7, 2, 1]
    run = task(tmp_path, adform, {**STATS, "strict": True}, "2")
    # THEN the types stay, and nobody is warned
    code, _, err = here(run)
    info = run.storage.get("ads/t")
    assert (code, err) == (0, "") and info is not None and "warning" not in run.result
    assert [kind for _, kind in info.columns] == ["DATE", "VARCHAR", "DOUBLE", "DOUBLE"]


@pytest.mark.parametrize(
    ("more", "fault", "part"),
    [
        ({"client_secret": "wr0ng-s3cret"}, None, "invalid_client"),
        ({}, Fault("503", PAGES, times=9), "gave up after 2 attempts"),
        ({}, Fault("429", PAGES, retry_after="600"), "a pause of 600 s"),
        ({}, Fault("html", PAGES), "is no JSON"),
        ({**STATS, "scope": "https://api.adform.com/scope/buyer.campaigns.api"}, None, "403 Forbidden"),
    ],
    ids=_name,
)
def test_a_connection_that_does_not_work(
    bench: Bench, adform: Adform, more: dict[str, Any], fault: Fault | None, part: str
) -> None:
    # GIVEN trouble
    adform.faults += [replace(fault)] if fault else []
    waits = Waits()
    # WHEN the connection is tried
    with pytest.raises(UserError) as caught:
        adform_extractor.test_connection(Parameters(**given(adform, **more)), bench.context(), waits.timing())
    # THEN it says why, within seconds
    assert part in str(caught.value) and "wr0ng-s3cret" not in str(caught.value) and sum(waits) < 3


def test_a_server_that_says_nothing_is_given_up(bench: Bench, adform: Adform) -> None:
    # GIVEN a port that takes connections and never answers
    with socket.create_server(("127.0.0.1", 0)) as silent:
        known = given(adform, base_url=f"http://127.0.0.1:{silent.getsockname()[1]}", timeout=0.2, retries=1)
        # WHEN the connection is tried
        with pytest.raises(UserError, match=r"no answer within 0\.2 s"):
            adform_extractor.test_connection(Parameters(**known), bench.context(), Waits().timing())


def test_pages_that_repeat_for_ever_end(bench: Bench, adform: Adform, monkeypatch: pytest.MonkeyPatch) -> None:
    # GIVEN a server that does not know the parameter offset
    from sample_configs.stand_ins.adform_data import campaigns

    first = [one.answer() for one in campaigns(utc_now().date())[:100]]
    monkeypatch.setattr("sample_configs.stand_ins.adform._Handler._campaigns", lambda self, query: first)
    # WHEN campaigns are read
    ctx = extract(bench, adform)
    # THEN every one is there once, and it is told that there may be more
    assert len(bench.rows()) == 100 and adform.count(PAGES) == 2
    assert "there may be more campaigns" in str(ctx.warning) and ctx.metrics == {"campaigns": 100, "left_out": 100}


def serving(monkeypatch: pytest.MonkeyPatch, campaigns: dict[str, list[dict[str, Any]]]) -> None:
    """Let the stand-in give these campaigns, by status."""

    def page(self: Any, query: Any) -> list[dict[str, Any]]:
        offset = int(query["offset"][0])
        return campaigns[query.get("status", [""])[0]][offset : offset + int(query["limit"][0])]

    monkeypatch.setattr("sample_configs.stand_ins.adform._Handler._campaigns", page)


def test_pages_of_known_campaigns_are_no_end(bench: Bench, adform: Adform, monkeypatch: pytest.MonkeyPatch) -> None:
    # GIVEN a status whose first page has nothing but what another one gave
    shared = [{"id": number} for number in range(100)]
    serving(monkeypatch, {"Active": shared, "Ended": [*shared, {"id": 500}, {"id": 501}]})
    # WHEN both are read
    ctx = extract(bench, adform, status=["Active", "Ended"])
    # THEN the pages behind it are read as well, and what came again is counted
    assert len(bench.rows()) == 102 and (500,) in bench.rows() and ctx.warning is None
    assert ctx.metrics == {"campaigns": 102, "left_out": 100}


def test_fewer_campaigns_than_adform_counts_are_told(
    bench: Bench, adform: Adform, monkeypatch: pytest.MonkeyPatch
) -> None:
    serving(monkeypatch, {"": [{"id": number} for number in range(7)]})
    send = stand_in._Handler._send

    def counted(self: Any, line: str, status: int, body: bytes, headers: dict[str, str]) -> None:
        send(self, line, status, body, {**headers, "Return-Total-Count": "10"})

    monkeypatch.setattr(stand_in._Handler, "_send", counted)
    assert extract(bench, adform).warning == "Adform counts 10 campaigns and gave 7; run the task again"


@pytest.mark.parametrize("members", [("campaignID", "campaignId"), ("campaignId", "campaignID")])
def test_members_with_one_name_have_columns_of_their_own(
    bench: Bench, adform: Adform, monkeypatch: pytest.MonkeyPatch, members: tuple[str, str]
) -> None:
    # GIVEN two members that would be called the same, in any order
    serving(monkeypatch, {"": [{"id": 1, **{name: 7 if name == "campaignID" else 8 for name in members}}]})
    # WHEN they are read THEN each has its column, whichever came first
    ctx = extract(bench, adform)
    row = dict(zip(bench.columns(), bench.rows()[0], strict=True))
    assert row["campaign_id"] == 7 and sorted(row.values()) == [1, 7, 8]
    assert ctx.next_state is not None and ctx.next_state["columns"]["names"]["campaign_id"] == ["campaignID"]


def test_numbers_keep_their_digits(bench: Bench, adform: Adform, monkeypatch: pytest.MonkeyPatch) -> None:
    # GIVEN metrics with zeros at their end, and with more digits than a DOUBLE or a BIGINT has
    send = stand_in._Handler._send

    def as_written(self: Any, line: str, status: int, body: bytes, headers: dict[str, str]) -> None:
        send(self, line, status, re.sub(rb'"#([^"]*)"', rb"\1", body), headers)

    monkeypatch.setattr(stand_in._Handler, "_send", as_written)

    def read(last: str) -> list[tuple[Any, ...]]:
        rows = [[None, "#12345678901234567890123", "#9007199254740993", "#12.50"], [None, 1, 2, f"#{last}"]]
        answer = {"reportData": {"columnHeaders": ["date", "campaignID", "impressions", "cost"], "rows": rows}}
        monkeypatch.setattr("sample_configs.stand_ins.adform.answer", lambda *_: answer)
        extract(bench, adform, **STATS)
        return [row[1:] for row in bench.rows()]

    # WHEN they are read THEN a column is a number only where that holds all of them
    assert read("3e1") == [("12345678901234567890123", 9007199254740993, 12.5), ("1", 2, 30.0)]
    for text in ("0.1234567890123456789", "1e400", "649686000000001631.440"):
        assert [row[2] for row in read(text)] == ["12.5", text]
