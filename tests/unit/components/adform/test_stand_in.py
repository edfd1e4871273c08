"""The stand-in for Adform is as strict as Adform's documentation, or tests against it would mean nothing."""

from __future__ import annotations

import datetime
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from sample_configs.stand_ins.adform import CAMPAIGNS, DATA, SCOPE, TOKEN, Adform, Settings, serve

from tests.support.projects import ROOT

TODAY = datetime.datetime.now(datetime.UTC).date()
STATS = f"{SCOPE}buyer.stats"
READ = f"{SCOPE}buyer.campaigns.api.readonly"
ORDER: dict[str, Any] = {
    "dimensions": ["date", "campaignID"],
    "metrics": [{"metric": "clicks"}],
    "filter": {"date": {"from": str(TODAY - datetime.timedelta(days=3)), "to": str(TODAY)}},
}


@pytest.fixture
def adform() -> Iterator[Adform]:
    with serve() as server:
        yield server


def token(server: Adform, scope: str = f"{STATS} {READ}", **more: Any) -> httpx.Response:
    form = {"grant_type": "client_credentials", "scope": scope}
    form |= {"client_id": server.settings.client_id, "client_secret": server.settings.client_secret}
    return httpx.post(server.url + TOKEN, data=form | more)


def client(server: Adform, scope: str = f"{STATS} {READ}") -> httpx.Client:
    headers = {"Authorization": f"Bearer {token(server, scope).json()['access_token']}"}
    return httpx.Client(base_url=server.url, headers=headers)


def test_tokens_need_credentials_and_a_scope(adform: Adform) -> None:
    assert token(adform).json().items() >= {"expires_in": 3600, "token_type": "Bearer"}.items()
    basic = httpx.BasicAuth(adform.settings.client_id, adform.settings.client_secret)
    form = {"grant_type": "client_credentials", "scope": STATS}
    assert httpx.post(adform.url + TOKEN, data=form, auth=basic).status_code == 200
    for wrong, reason in (
        ({"client_secret": "x"}, "invalid_client"),
        ({"scope": "x"}, "invalid_scope"),
        ({"scope": ""}, "invalid_scope"),
        ({"grant_type": "password"}, "unsupported_grant_type"),
    ):
        answer = token(adform, **wrong)
        assert (answer.status_code, answer.json()) == (400, {"error": reason})


def test_an_answer_needs_a_token_that_lives_and_has_the_scope(adform: Adform) -> None:
    assert httpx.get(adform.url + CAMPAIGNS).status_code == 401
    with client(adform, READ) as http:
        assert http.get(CAMPAIGNS).status_code == 200
        assert http.post(DATA, json=ORDER).status_code == 403
    adform.settings.token_seconds = 0
    with client(adform) as http:
        assert http.get(CAMPAIGNS).status_code == 401


def test_pages_of_campaigns(adform: Adform) -> None:
    with client(adform) as http:
        first = http.get(CAMPAIGNS).json()
        assert len(first) == 25 and {one["status"] for one in first} == {"Active"}
        assert len(http.get(CAMPAIGNS, params={"limit": 100, "offset": 25}).json()) == 100
        assert http.get(CAMPAIGNS, params={"limit": 101}).status_code == 400
        assert http.get(CAMPAIGNS, params={"offset": 1000}).json() == []
        inactive = http.get(CAMPAIGNS, params={"status": "Inactive", "advertisers": 502, "limit": 100}).json()
        assert inactive and {(one["status"], one["advertiserId"]) for one in inactive} == {("Inactive", 502)}


def test_a_report_is_ordered_waited_for_and_fetched(adform: Adform) -> None:
    with client(adform) as http:
        ordered = http.post(DATA, json={**ORDER, "paging": {"limit": 2}, "includeRowCount": True})
        place, operation = ordered.headers["Location"], ordered.headers["Operation-Location"]
        assert ordered.status_code == 202 and place.startswith(DATA) and http.get(place).status_code == 404
        seen = [http.get(operation).json()["status"] for _ in range(3)]
        assert seen == ["notStarted", "running", "succeeded"]
        data = http.get(place).json()["reportData"]
        assert data["columnHeaders"] == ["date", "campaignID", "clicks"] and len(data["rows"]) == 2
        assert data["totalRowCount"] > 2
        assert http.get(f"{DATA}/unknown").status_code == 404


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ({"dimensions": ["date"] * 9}, "At most 8 dimensions"),
        ({"metrics": ["clicks"] * 11}, "At most 10 metrics"),
        ({"metrics": []}, "At least one metric"),
        ({"metrics": ["clickz"]}, "Unknown metrics: clickz"),
        ({"filter": {}}, "date filter is required"),
        ({"filter": {"date": {"from": str(TODAY - datetime.timedelta(days=398)), "to": str(TODAY)}}}, "397 days back"),
        ({"filter": {"date": {"from": "soon", "to": str(TODAY)}}}, "date filter is wrong"),
        ({"limit": 0}, "must be an object with"),
    ],
)
def test_orders_beyond_the_limits_are_refused(adform: Adform, more: dict[str, Any], reason: str) -> None:
    with client(adform) as http:
        answer = http.post(DATA, json={**ORDER, **more})
        assert answer.status_code == 400 and reason in answer.json()["message"]


def test_ten_reports_a_minute_and_no_more() -> None:
    # GIVEN minutes of a second, and three reports in them; four in a day
    with serve(settings=Settings(per_minute=3, minute=1.0, per_day=4)) as server, client(server) as http:
        answers = [http.post(DATA, json=ORDER) for _ in range(4)]
        # THEN the fourth has to wait as long as it is told
        assert [one.status_code for one in answers] == [202, 202, 202, 429]
        time.sleep(int(answers[-1].headers["Retry-After"]))
        assert http.post(DATA, json=ORDER).status_code == 202
        # AND the day's limit asks for a wait until the next day
        last = http.post(DATA, json=ORDER)
        assert last.status_code == 429 and int(last.headers["Retry-After"]) > 80_000


def test_it_serves_as_a_program_until_it_is_told_to_stop() -> None:
    # GIVEN the program with credentials of its own
    process = subprocess.Popen(
        [sys.executable, "-m", "sample_configs.stand_ins.adform"],
        cwd=ROOT,
        env={**os.environ, "ADFORM_CLIENT_ID": "me", "ADFORM_CLIENT_SECRET": "mine"},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    try:
        # WHEN it says where it is
        line = process.stdout.readline()
        form = {"grant_type": "client_credentials", "scope": STATS, "client_id": "me", "client_secret": "mine"}
        answer = httpx.post(line.split()[2] + TOKEN, data=form)
        # THEN it answers there, and ends when it is told to
        assert line.startswith("Adform stand-in: http://127.0.0.1:") and answer.status_code == 200
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0
    finally:
        if process.poll() is None:
            process.kill()
        process.stdout.close()
