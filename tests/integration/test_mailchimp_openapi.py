"""The Mailchimp writer as a process, through a proxy that holds every request and answer to the public description.

Operations of a batch go through the proxy as well, one by one, so their bodies are checked too. Only the archive of
results does not: it lies on another host, which no description covers.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from orch_tui.components.kit.contract import Output
from orch_tui.model.components.configuration import WriteMode
from orch_tui.storage.tables import Publication
from sample_configs.stand_ins.mailchimp import API_KEY, AUDIENCE, Fault, StandIn, serve, subscriber_hash

from tests.integration.attempts import Attempt, attempt
from tests.servers.prism import Prism
from tests.support.tables import database

MODULE = "orch_tui.components.mailchimp.writer"
SECRET = "MAILCHIMP_API_KEY"


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[StandIn, Prism]]:
    with serve() as server, Prism(tmp_path_factory.mktemp("prism"), server.url) as proxy:
        yield server, proxy


@pytest.fixture
def mailchimp(servers: tuple[StandIn, Prism], tmp_path: Path) -> Iterator[tuple[StandIn, Prism]]:
    server, proxy = servers
    server.through = proxy.url
    server.forget()
    yield server, proxy
    server.hold.set()


def table(project: Path, query: str, name: str = "crm/contacts") -> None:
    """A table in the project's storage."""
    from orch_tui.storage.storage import Storage

    staged = project / "staged.parquet"
    with database() as con:
        con.execute(f"copy ({query}) to '{staged}' (format parquet)")
    output = Output("contacts", name, WriteMode.FULL, (), staged)
    item = Publication(output.table, output.path, output.mode, output.primary_key)
    with Storage(project / ".orch" / "storage").prepare([item], run="r", task="t") as transaction:
        transaction.commit()


def task(project: Path, url: str, name: str, key: str = API_KEY, **more: Any) -> Attempt:
    parameters = {"api_key": f"${{{SECRET}}}", "audience": AUDIENCE, "base_url": url, "poll_interval": 0.05,
                  "merge_fields": {"first": "FNAME", "since": "SINCE", "spent": "SPENT"}, "retries": 1}  # fmt: skip
    item = attempt(
        project,
        {**parameters, **more},
        [{"source": "crm/contacts", "destination": "contacts"}],
        [{"source": "rejected", "destination": "crm/rejected"}],
        {SECRET: key},
        name=name,
    )
    about = json.loads((item.data / "config.json").read_text())
    about["orch_tui"] |= {"component": "mailchimp-writer", "configuration": "contacts"}
    (item.data / "config.json").write_text(json.dumps(about))
    return item


def contacts(count: int, first: str = "N") -> str:
    return (
        f"select 'p' || range || '@example.com' as email, '{first}' || range as first, date '2020-01-01' as since, "
        f"range / 4 as spent, case when range % 30 = 3 then 'vip,crm' end as t from range({count})"
    )


def wait_for(condition: Callable[[], bool]) -> None:
    for _ in range(1500):
        if condition():
            return
        time.sleep(0.02)
    pytest.fail("it did not happen within 30 s")


def test_created_then_updated_without_a_violation(mailchimp: tuple[StandIn, Prism], tmp_path: Path) -> None:
    # GIVEN 1,200 contacts, one of which unsubscribed before, and a row that Mailchimp does not take
    server, proxy = mailchimp
    gone = subscriber_hash("p5@example.com")
    server.answer("PUT", f"/lists/{AUDIENCE}/members/{gone}", {},
                  {"email_address": "p5@example.com", "status_if_new": "unsubscribed"})  # fmt: skip
    table(tmp_path, f"{contacts(1200)} union all by name select 'x@example.invalid' as email")
    known = len(proxy.violations)
    # WHEN they are sent, and sent again with another name
    code, out, err = (first := task(tmp_path, proxy.url, "1", tags_column="t")).run(MODULE)
    assert code == 0, err
    table(tmp_path, f"{contacts(1200, 'M')} union all by name select 'x@example.invalid' as email")
    # The operations are like those of the first run, so a part of them tells as much in less time.
    server.every = 4
    code, again, err = (second := task(tmp_path, proxy.url, "2", tags_column="t")).run(MODULE)
    assert code == 0, err
    # THEN each is there once, updated, and the one that unsubscribed still is
    members = server.audience.members
    assert len(members) == 1200 and server.audience.created.total() == 1200
    assert {member["merge_fields"]["FNAME"][0] for member in members.values()} == {"M"}
    assert members[gone]["status"] == "unsubscribed"
    assert {tag["name"] for tag in members[subscriber_hash("p3@example.com")]["tags"]} == {"vip", "crm"}
    # AND nothing broke the description: not the requests, not what the batches hold, not the answers
    assert len(proxy.violations) == known, proxy.violations
    assert server.largest == 500 and server.seen["PUT /lists/{id}/members/{hash}"] == 0
    assert server.seen["batch PUT /lists/{id}/members/{hash}"] == 1201 + 301
    assert server.seen["batch POST /lists/{id}/members/{hash}/tags"] == 40
    # AND the result says what was rejected, in a table as well
    assert first.result["metrics"] == second.result["metrics"] | {"tagged": 40}
    assert second.result["metrics"] == {
        "rows": 1201, "batches": 3, "accepted": 1200, "rejected": 1, "duplicates": 0, "tagged": 0
    }  # fmt: skip
    assert "1 of 1201 rows rejected" in second.result["warning"]
    info = second.storage.get("crm/rejected")
    assert info is not None and info.rows == 1
    # AND the key is nowhere
    assert API_KEY not in out + again + err
    for path in tmp_path.rglob("*"):
        assert not path.is_file() or API_KEY.encode() not in path.read_bytes(), path


def test_a_request_and_an_answer_that_break_the_description_are_seen(mailchimp: tuple[StandIn, Prism]) -> None:
    # GIVEN the proxy of the other tests
    server, proxy = mailchimp
    with httpx.Client(auth=("x", API_KEY), base_url=proxy.url) as client:
        before = len(proxy.violations)
        assert client.get("/ping").status_code == 200 and len(proxy.violations) == before
        # WHEN a request lacks a field, THEN it does not reach the server
        seen = server.seen.total()
        assert client.put(f"/lists/{AUDIENCE}/members/x", json={"email_address": "a@b.cz"}).status_code == 422
        assert server.seen.total() == seen
        # WHEN an answer has a wrong type, THEN it does not reach the client
        server.audience.name = 5  # type: ignore[assignment]
        assert client.get(f"/lists/{AUDIENCE}").status_code == 500
        server.audience.name = "Newsletter"
        # AND both are counted, so that "no violations" means something
        assert len(proxy.violations) == before + 2


def test_killed_in_the_middle_the_next_attempt_sends_the_rest(mailchimp: tuple[StandIn, Prism], tmp_path: Path) -> None:
    # GIVEN an attempt that is killed while Mailchimp works on its third batch
    server, _ = mailchimp
    server.through = None
    table(tmp_path, contacts(1200))
    server.faults.append(Fault("PUT", f"/members/{subscriber_hash('p1000@example.com')}", hold=True))
    process = task(tmp_path, server.url, "1", parallel_batches=1).start(MODULE)
    assert server.reached.wait(30)
    underway = tmp_path / ".orch" / "sent" / "mailchimp-writer" / "contacts.underway.json"
    wait_for(lambda: '"2":' in underway.read_text())
    process.kill()
    process.communicate(timeout=30)
    server.release.set()
    # WHEN the next one runs
    code, out, err = (second := task(tmp_path, server.url, "2", parallel_batches=1)).run(MODULE)
    # THEN each contact was written exactly once
    assert code == 0, err
    assert "going on after 2 batches" in out and "batch 3 was handed over by the attempt before" in out
    assert set(server.audience.writes.values()) == {1} and len(server.audience.writes) == 1200
    assert second.result["metrics"]["accepted"] == 1200
    assert list((tmp_path / ".orch" / "sent" / "mailchimp-writer").iterdir()) == []


@pytest.mark.parametrize(
    ("more", "fault", "sentence"),
    [
        ({"key": "wrong-us21"}, None, r"Mailchimp refuses the API key at http://127\.0\.0\.1:\d+ \(401: .*"),
        ({"email_column": "mail"}, None, r'nothing was sent: the table "crm/contacts" has no column mail; .*'),
        ({}, Fault("POST", "/batches", 500, times=9), r"POST http://127\.0\.0\.1:\d+/batches: gave up after 2 .*500.*"),
        ({}, Fault("POST", "/batches", drop=True, times=9), r"POST http://.*/batches: gave up after 2 attempts: .*"),
        (
            {},
            Fault("POST", "/batches", 429, headers={"Retry-After": "7200"}),
            r"POST .*answered 429 and wants a pause of 7200 s.*",
        ),
        ({"on_rejected": "fail"}, None, r"1 of 4 rows rejected \(Invalid Resource: .*"),
    ],
)
def test_failures_are_one_sentence(
    mailchimp: tuple[StandIn, Prism], tmp_path: Path, more: dict[str, Any], fault: Fault | None, sentence: str
) -> None:
    # GIVEN a configuration or a server with a fault
    server, _ = mailchimp
    server.through = None
    server.faults += [fault] if fault else []
    table(tmp_path, f"{contacts(3)} union all by name select 'x@example.invalid' as email")
    # WHEN the task runs
    item = task(tmp_path, server.url, "1", **more)
    code, out, err = item.run(MODULE)
    # THEN it fails with one line, publishes nothing, and shows no key
    assert code == 1 and re.fullmatch(sentence, err.rstrip("\n")), err
    assert item.storage.get("crm/rejected") is None
    assert API_KEY not in out + err and "wrong-us21" not in out + err


def test_the_action_of_the_process(mailchimp: tuple[StandIn, Prism], tmp_path: Path) -> None:
    # GIVEN a configuration whose connection is to be tried, before its table exists
    server, proxy = mailchimp
    known = len(proxy.violations)
    for key, code, text in ((API_KEY, 0, 'with about 0 contacts"}'), ("no-us1", 1, "refuses the")):
        item = task(tmp_path, proxy.url if code == 0 else server.url, f"test-{code}", key=key)
        body = json.loads((item.data / "config.json").read_text())
        (item.data / "config.json").write_text(json.dumps({**body, "action": "testConnection"}))
        # WHEN it is tried, THEN the answer is one sentence, and nothing was written
        found, out, err = item.run(MODULE)
        assert found == code and text in out + err
    assert server.counted == 0 and len(proxy.violations) == known
