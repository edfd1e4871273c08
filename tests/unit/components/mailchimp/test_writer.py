from __future__ import annotations

import csv
import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from orch_tui.components.kit.checkpoint import sent_file
from orch_tui.components.kit.component import Context, UserError
from orch_tui.components.mailchimp import writer as mailchimp_writer
from orch_tui.components.mailchimp.api import api_url
from orch_tui.components.mailchimp.contacts import tag_names
from pydantic import ValidationError
from sample_configs.stand_ins import mailchimp as stand_in
from sample_configs.stand_ins.mailchimp import API_KEY, AUDIENCE, Fault, StandIn, serve, subscriber_hash

from tests.servers.tools import ROOT
from tests.support.bench import Bench


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


@pytest.fixture
def mailchimp() -> Iterator[StandIn]:
    with serve() as server:
        yield server


def rows(count: int, first: int = 0) -> str:
    return f"select 'p' || range || '@example.com' as email, 'N' || range as name from range({first}, {first + count})"


def settings(server: StandIn, **more: Any) -> mailchimp_writer.Parameters:
    given = {"api_key": API_KEY, "audience": AUDIENCE, "base_url": server.url, "poll_interval": 0.01, "retries": 2}
    return mailchimp_writer.Parameters(**{**given, **more})


def write(bench: Bench, server: StandIn, query: str, outputs: tuple[str, ...] = (), **more: Any) -> Context:
    ctx = bench.context({"contacts": query}, outputs)
    ctx.component, ctx.configuration, ctx.run = "mailchimp-writer", "contacts", "r"
    mailchimp_writer.run(settings(server, **more), ctx)
    return ctx


def put_there(server: StandIn, address: str, status: str, **fields: str) -> None:
    """A contact that exists before."""
    body = {"email_address": address, "status_if_new": status, "merge_fields": fields}
    code, _ = server.answer("PUT", f"/lists/{AUDIENCE}/members/{subscriber_hash(address)}", {}, body)
    assert code == 200
    server.audience.writes.clear()
    server.audience.created.clear()


def member(server: StandIn, address: str) -> dict[str, Any]:
    return server.audience.members[subscriber_hash(address)]


def rejected(bench: Bench) -> list[list[str]]:
    with (bench.data / "out/files/rejected.csv").open(newline="") as file:
        return list(csv.reader(file))[1:]


def test_contacts_are_added_and_then_updated(bench: Bench, mailchimp: StandIn) -> None:
    # GIVEN 1,200 rows
    first = write(bench, mailchimp, rows(1200), merge_fields={"NAME": "fname"})
    # THEN they are contacts, sent in batches of 500 at most
    assert len(mailchimp.audience.members) == 1200 and mailchimp.largest == 500
    assert mailchimp.seen["POST /batches"] == 3
    assert first.metrics == {"rows": 1200, "batches": 3, "accepted": 1200, "rejected": 0, "duplicates": 0}
    assert first.warning is None and not sent_file(first).exists()
    assert member(mailchimp, "p7@example.com")["merge_fields"] == {"FNAME": "N7"}
    # WHEN they are sent again with another value
    write(bench, mailchimp, rows(1200).replace("'N'", "'M'"), merge_fields={"name": "FNAME"})
    # THEN they are updated, and none is there twice
    assert len(mailchimp.audience.members) == 1200 and mailchimp.audience.created.total() == 1200
    assert member(mailchimp, "p7@example.com")["merge_fields"] == {"FNAME": "M7"}
    # AND no request asked for a status but for new contacts
    assert {operation["method"] for operation in mailchimp.operations} == {"PUT"}
    for operation in mailchimp.operations:
        body = json.loads(operation["body"])
        assert body["status_if_new"] == "subscribed" and "status" not in body


@pytest.mark.parametrize("status", ["unsubscribed", "cleaned", "pending", "transactional"])
def test_the_status_of_a_contact_that_exists_stays(bench: Bench, mailchimp: StandIn, status: str) -> None:
    # GIVEN a contact that unsubscribed, say
    put_there(mailchimp, "P1@example.com", status, FNAME="old")
    # WHEN it comes again
    write(bench, mailchimp, rows(3), merge_fields={"name": "FNAME"})
    # THEN its fields are new, its status is the old one, and others are subscribed
    assert member(mailchimp, "p1@example.com")["status"] == status
    assert member(mailchimp, "p1@example.com")["merge_fields"] == {"FNAME": "N1"}
    assert member(mailchimp, "p2@example.com")["status"] == "subscribed"


def test_contacts_that_exist_can_be_left_alone(bench: Bench, mailchimp: StandIn) -> None:
    # GIVEN two contacts
    put_there(mailchimp, "p0@example.com", "unsubscribed", FNAME="old")
    put_there(mailchimp, "p1@example.com", "subscribed", FNAME="old")
    # WHEN the table is sent without updates
    ctx = write(bench, mailchimp, rows(5), merge_fields={"name": "FNAME"}, update_existing=False,
                status_if_new="pending", tags=["new"])  # fmt: skip
    # THEN both are as they were, the others are new, and nothing counts as rejected
    assert member(mailchimp, "p0@example.com")["status"] == "unsubscribed"
    assert member(mailchimp, "p1@example.com")["merge_fields"] == {"FNAME": "old"}
    assert member(mailchimp, "p1@example.com")["tags"] == []
    assert member(mailchimp, "p4@example.com")["status"] == "pending"
    assert member(mailchimp, "p4@example.com")["tags"] == [{"id": 1, "name": "new"}]
    assert ctx.metrics["skipped"] == 2 and ctx.metrics["rejected"] == 0 and ctx.warning is None


def test_values_take_the_form_of_their_merge_field(bench: Bench, mailchimp: StandIn) -> None:
    # GIVEN a row of types, one with nothing, and one with an empty text
    query = """
        select 'a@b.cz' as email, 'Ž' as name, date '2001-02-03' as born, timestamp '2020-05-06 07:08:09' as since,
               12.50::decimal(9,2) as spent, 3.0::double as dropdown,
               {'addr1': 'Street 1', 'city': 'Praha', 'state': '', 'zip': '11000'} as addr, true as campaign
        union all by name select 'n@b.cz' as email
        union all by name select 'e@b.cz' as email, '' as name, 'nan'::double as dropdown"""
    fields = {"name": "FNAME", "born": "BIRTHDAY", "since": "SINCE", "spent": "SPENT", "dropdown": "PHONE",
              "addr": "ADDRESS", "campaign": "CAMPAIGN"}  # fmt: skip
    # WHEN they are sent
    write(bench, mailchimp, query, merge_fields=fields)
    # THEN each value is what Mailchimp takes, and nulls are left out
    assert member(mailchimp, "a@b.cz")["merge_fields"] == {
        "FNAME": "Ž", "BIRTHDAY": "02/03", "SINCE": "2020-05-06", "SPENT": "12.50", "PHONE": "3", "CAMPAIGN": "true",
        "ADDRESS": {"addr1": "Street 1", "city": "Praha", "state": "", "zip": "11000"},
    }  # fmt: skip
    assert member(mailchimp, "n@b.cz")["merge_fields"] == {}
    assert member(mailchimp, "e@b.cz")["merge_fields"] == {"FNAME": ""}


def test_tags_are_added_where_they_lack(bench: Bench, mailchimp: StandIn) -> None:
    # GIVEN a contact with a tag of its own
    query = "select 'a@b.cz' as email, 'red, blue' as t union all select 'c@b.cz', null"
    put_there(mailchimp, "a@b.cz", "unsubscribed")
    mailchimp.audience.answer("POST", f"/lists/{AUDIENCE}/members/{subscriber_hash('a@b.cz')}/tags", {},
                              {"tags": [{"name": "mine", "status": "active"}]})  # fmt: skip
    # WHEN tags are written, twice
    first = write(bench, mailchimp, query, tags=["crm"], tags_column="T")
    before = len(mailchimp.operations)
    second = write(bench, mailchimp, query, tags=["crm"], tags_column="t")
    # THEN they are added to those that are there
    names = [tag["name"] for tag in member(mailchimp, "a@b.cz")["tags"]]
    assert names == ["mine", "crm", "red", "blue"] and member(mailchimp, "a@b.cz")["status"] == "unsubscribed"
    assert [tag["name"] for tag in member(mailchimp, "c@b.cz")["tags"]] == ["crm"]
    assert first.metrics["tagged"] == 2
    # AND the second time no operation is spent on them
    assert second.metrics["tagged"] == 0 and len(mailchimp.operations) - before == 2


def test_tags_of_a_column() -> None:
    # GIVEN / WHEN / THEN lists and texts are understood
    assert tag_names('["a", "b, c", null, "a"]') == ("a", "b, c")
    assert tag_names(" x ,, y\n z ") == ("x", "y z") and tag_names(None) == () and tag_names("[x, y") == ("[x", "y")


def test_a_tag_that_is_too_long_is_told_and_not_cut(bench: Bench, mailchimp: StandIn) -> None:
    # GIVEN tags of a hundred characters, and of more that begin with the same
    long, fitting = "x" * 101, "x" * 100
    query = f"select 'a@b.cz' as email, '{long},{fitting},y' as t, 'nan'::double as n, 'inf'::float as i"
    # WHEN they are written
    ctx = write(bench, mailchimp, query, tags_column="t", merge_fields={"n": "SPENT", "i": "PHONE"})
    # THEN no other tag is set instead, and no value without a word left out
    assert [tag["name"] for tag in member(mailchimp, "a@b.cz")["tags"]] == [fitting, "y"]
    assert ctx.warning is not None and ctx.warning.startswith("1 tag not set, since Mailchimp takes 100 characters")
    assert "2 values NaN or infinite, which no field can hold: not sent" in bench.lines


def test_operations_that_a_batch_lost_are_handed_over_again(
    bench: Bench, mailchimp: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    # GIVEN a batch that ends without errors and with fewer operations than were handed over
    submit = stand_in.StandIn._submit
    lost: list[Any] = []

    def losing(self: StandIn, body: Any) -> Any:
        if not lost:
            lost.append(body["operations"].pop())
        return submit(self, body)

    monkeypatch.setattr(stand_in.StandIn, "_submit", losing)
    # WHEN contacts are sent THEN all of them arrive
    ctx = write(bench, mailchimp, rows(10))
    assert len(mailchimp.audience.members) == 10 and ctx.metrics["accepted"] == 10
    assert "Mailchimp failed to carry out 1 of 10 operations; once more" in bench.lines


def test_merge_fields_that_do_not_all_come_are_an_error(
    bench: Bench, mailchimp: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = stand_in.StandIn.answer

    def short(self: StandIn, method: str, path: str, query: Any, body: Any) -> Any:
        status, found = answer(self, method, path, query, body)
        if path.endswith("/merge-fields"):
            found = {"merge_fields": [], "total_items": 7}
        return status, found

    monkeypatch.setattr(stand_in.StandIn, "answer", short)
    with pytest.raises(UserError, match="counts 7 merge fields of the audience and gave 0"):
        write(bench, mailchimp, rows(1), merge_fields={"name": "FNAME"})


BAD = """select * from (values ('a@b.cz', 'A', null), ('  A@B.cz ', 'later', null), ('nobody', 'B', null), (null, 'C', null),
    ('x@example.invalid', 'D', null), ('gone@b.cz', 'E', null), ('s@b.cz', 'F', 'Z'), ('two @b.cz', 'G', null)) t(email, name, seg)"""  # noqa: E501


def test_rejected_contacts_are_listed(bench: Bench, mailchimp: StandIn) -> None:
    # GIVEN rows that cannot be contacts, or that Mailchimp does not take
    mailchimp.audience.forgotten.add("gone@b.cz")
    # WHEN they are sent
    ctx = write(bench, mailchimp, BAD, ("rejected",), merge_fields={"name": "FNAME", "seg": "SEGMENT"})
    # THEN all others are written, the last of two rows with one address counts
    assert member(mailchimp, "a@b.cz")["merge_fields"] == {"FNAME": "later"}
    assert ctx.metrics == {"rows": 8, "batches": 1, "accepted": 1, "rejected": 6, "duplicates": 1}
    # AND the rejected ones are in the log, the file and the table, with a reason
    reasons = {row[0]: row[2] for row in rejected(bench)}
    assert set(reasons) == {"3", "4", "5", "6", "7", "8"}
    assert reasons["3"] == "this is no e-mail address" and reasons["4"] == "there is no address"
    assert "looks fake or invalid" in reasons["5"] and "Forgotten Email" in reasons["6"]
    assert "SEGMENT: Value must be one of: A, B, C" in reasons["7"]
    assert [row[:2] for row in bench.rows("rejected")][:2] == [(3, "nobody"), (4, None)]
    assert bench.columns("rejected") == {"row": "BIGINT", "email_address": "VARCHAR", "reason": "VARCHAR"}
    # AND the warning, which screens and result.json show, has the count and the reason, and no address
    assert ctx.warning is not None and "6 of 8 rows rejected (2 of them: this is no e-mail address)" in ctx.warning
    assert "@" not in ctx.warning and "nobody" not in ctx.warning
    assert sum(line.startswith("rejected: ") for line in bench.lines) == 6
    assert any("1 row left out" in line and "a@b.cz" in line for line in bench.lines)


@pytest.mark.parametrize("on_rejected", ["warn", "fail"])
def test_the_reason_that_is_shown_has_no_address(bench: Bench, mailchimp: StandIn, on_rejected: str) -> None:
    # GIVEN / WHEN a contact that Mailchimp refuses in words that begin with its address
    query, shown = "select 'X.y@example.invalid' as email, 'N' as name", ""
    try:
        shown = write(bench, mailchimp, query, on_rejected=on_rejected).warning or ""
    except UserError as error:
        shown = str(error)
    # THEN the sentence has the reason without it, and the list in the log has it
    assert "1 of 1 row rejected (" in shown and "looks fake or invalid" in shown
    assert "example.invalid" not in shown.lower()
    assert any(line.startswith("rejected: X.y@example.invalid (row 1): ") for line in bench.lines)


def test_rejected_contacts_can_fail_the_task(bench: Bench, mailchimp: StandIn) -> None:
    # GIVEN / WHEN more rejected rows than the log shows
    query = f"{rows(30)} union all select 'x' || range, 'X' from range(25)"
    with pytest.raises(UserError) as caught:
        write(bench, mailchimp, query, on_rejected="fail")
    # THEN the good ones are written all the same, and the sentence says where the others are
    assert len(mailchimp.audience.members) == 30
    assert "25 of 55 rows rejected" in str(caught.value) and "rejected.csv" in str(caught.value)
    assert sum(line.startswith("rejected: ") for line in bench.lines) == 21 and len(rejected(bench)) == 25


@pytest.mark.parametrize(
    ("more", "parts"),
    [
        ({"email_column": "mail"}, ["nothing was sent", "no column mail", "email, name"]),
        ({"merge_fields": {"nope": "FNAME"}, "tags_column": "t"}, ["no column nope, t"]),
        ({"merge_fields": {"name": "FIRST"}}, ["no merge field FIRST", "FNAME (text)", "Audience fields"]),
        ({"audience": "zzz"}, ['no audience "zzz"', f"{AUDIENCE} (Newsletter)"]),
        ({"api_key": "wrong-us21"}, ["refuses the API key", "401", "Your API key may be invalid"]),
        ({"api_key": "nosuffix", "base_url": None}, ["data centre", "server"]),
        ({"api_key": " "}, ["api_key is empty"]),
        ({"base_url": "http://127.0.0.1:1", "retries": 0}, ["127.0.0.1:1", "refused"]),
    ],
)
def test_what_is_wrong_is_told_before_anything_is_sent(
    bench: Bench, mailchimp: StandIn, more: dict[str, Any], parts: list[str]
) -> None:
    # GIVEN a configuration that cannot work, WHEN it runs, THEN one sentence says why, and nothing is sent
    with pytest.raises(UserError) as caught:
        write(bench, mailchimp, rows(3), **more)
    for part in parts:
        assert part in str(caught.value)
    assert "\n" not in str(caught.value) and "wrong-us21" not in str(caught.value)
    assert mailchimp.counted == 0


def test_an_empty_table_sends_nothing(bench: Bench, mailchimp: StandIn) -> None:
    # GIVEN / WHEN a table without rows
    ctx = write(bench, mailchimp, f"{rows(1)} where false", ("rejected",))
    # THEN Mailchimp is not asked at all, a warning says so, and the table of rejected contacts is empty
    assert ctx.warning == "in/contacts has no rows, so nothing was sent" and not mailchimp.seen
    assert bench.rows("rejected") == []


def test_rate_limits_and_failures_are_waited_for(bench: Bench, mailchimp: StandIn) -> None:
    # GIVEN a server that wants a pause, fails once, and loses an answer
    mailchimp.faults += [
        Fault("POST", "/batches$", 429, headers={"Retry-After": "0"}),
        Fault("POST", "/batches$", 503, after=1, headers={"Retry-After": "0"}),
        Fault("GET", "/merge-fields", 500, headers={"Retry-After": "0"}),
        Fault("POST", "/batches$", after=2, drop=True),
        Fault("GET", "/archive/", times=1),
    ]
    # WHEN contacts are sent, one of which is rejected
    ctx = write(bench, mailchimp, f"{rows(1200)} union all select 'x@example.invalid', 'X'", parallel_batches=1)
    # THEN they are all there, and the log tells of the pauses
    assert len(mailchimp.audience.members) == 1200 and ctx.metrics["rejected"] == 1
    assert sum("the server asked for it (429" in line for line in bench.lines) == 1
    # AND the batch whose answer was lost was sent again, with the same result
    assert mailchimp.seen["POST /batches"] == 6 and mailchimp.audience.created.total() == 1200


def test_after_a_failure_only_the_rest_is_sent(bench: Bench, mailchimp: StandIn) -> None:
    # GIVEN a server that fails for good in the middle, after a contact was rejected
    query = f"select 'x@example.invalid' as email, 'X' as name union all {rows(25)}"
    mailchimp.faults.append(Fault("POST", "/batches$", 500, after=2, times=3, headers={"Retry-After": "0"}))
    with pytest.raises(UserError, match=r"gave up after 3 attempts.*500"):
        write(bench, mailchimp, query, batch_size=10, parallel_batches=1)
    assert mailchimp.audience.writes.total() == 19
    # WHEN it works again
    ctx = write(bench, mailchimp, query, batch_size=10, parallel_batches=1)
    # THEN each contact was written exactly once, and counts and list are those of all batches
    assert set(mailchimp.audience.writes.values()) == {1} and len(mailchimp.audience.writes) == 25
    assert ctx.metrics == {"rows": 26, "batches": 3, "accepted": 25, "rejected": 1, "duplicates": 0}
    assert [row[1] for row in rejected(bench)] == ["x@example.invalid"]
    assert "going on after 2 batches that the attempt before sent" in bench.lines
    # AND a third time, everything is sent, since the second attempt ended well
    write(bench, mailchimp, query, batch_size=10)
    assert set(mailchimp.audience.writes.values()) == {2}


def test_another_input_starts_from_the_beginning(bench: Bench, mailchimp: StandIn) -> None:
    # GIVEN an attempt that failed in the middle
    mailchimp.faults.append(Fault("POST", "/batches$", 500, after=1, times=3, headers={"Retry-After": "0"}))
    with pytest.raises(UserError):
        write(bench, mailchimp, rows(20), batch_size=10, parallel_batches=1)
    # WHEN the input is another one
    write(bench, mailchimp, rows(20, 5), batch_size=10)
    # THEN all of it is sent
    assert set(rows_of(mailchimp)) >= {f"p{n}@example.com" for n in range(5, 25)}
    assert any("everything is sent from the beginning" in line for line in bench.lines)


def rows_of(server: StandIn) -> list[str]:
    return [item["email_address"] for item in server.audience.members.values()]


def test_a_batch_that_was_handed_over_is_not_sent_again(bench: Bench, mailchimp: StandIn) -> None:
    # GIVEN an attempt that ended while Mailchimp worked on three batches
    mailchimp.hold.clear()
    with pytest.raises(UserError, match=r"stands at 0 of 10 operations for 1 s; run the task again"):
        write(bench, mailchimp, rows(30), batch_size=10, batch_timeout=1)
    assert mailchimp.seen["POST /batches"] == 3
    # WHEN the next one runs
    mailchimp.hold.set()
    ctx = write(bench, mailchimp, rows(30), batch_size=10)
    # THEN it asks for the results of these batches
    assert mailchimp.seen["POST /batches"] == 3 and ctx.metrics["accepted"] == 30
    assert set(mailchimp.audience.writes.values()) == {1}
    assert not sent_file(ctx).with_suffix(".underway.json").exists()
    # WHEN Mailchimp forgot them meanwhile (it does after seven days), THEN they are sent again
    mailchimp.hold.clear()
    with pytest.raises(UserError, match="stands at"):
        write(bench, mailchimp, rows(30), batch_size=10, batch_timeout=1)
    mailchimp.hold.set()
    mailchimp.batches.clear()
    assert write(bench, mailchimp, rows(30), batch_size=10).metrics["accepted"] == 30


def let_go_when_waited_for(bench: Bench, server: StandIn) -> None:
    """End the batches that are held back as soon as the log says that one is waited for."""
    tries = threading.Event()
    for _ in range(3000):
        if any(line.startswith("waiting for batch") for line in list(bench.lines)):
            break
        tries.wait(0.01)
    server.hold.set()


def test_old_values_do_not_arrive_after_new_ones(bench: Bench, mailchimp: StandIn) -> None:
    # GIVEN an attempt that ended while Mailchimp worked on its batch
    mailchimp.hold.clear()
    with pytest.raises(UserError, match="stands at"):
        write(bench, mailchimp, rows(3), merge_fields={"name": "FNAME"}, batch_timeout=1)
    # WHEN the next one has other values, and Mailchimp is still at it
    threading.Thread(target=let_go_when_waited_for, args=(bench, mailchimp), daemon=True).start()
    write(bench, mailchimp, rows(3).replace("'N'", "'M'"), merge_fields={"name": "FNAME"})
    # THEN it waited for the old batch, and the new values are the last
    assert any(line.startswith("waiting for batch") for line in bench.lines)
    assert member(mailchimp, "p1@example.com")["merge_fields"] == {"FNAME": "M1"}


def test_an_audience_that_refuses_is_no_rejected_contact(bench: Bench, mailchimp: StandIn) -> None:
    # GIVEN a key whose user may read and not write
    mailchimp.faults.append(Fault("PUT", "/members/", 403, times=99))
    # WHEN contacts are sent, THEN the task fails, whatever on_rejected says
    with pytest.raises(UserError, match=f'refuses to write to the audience "{AUDIENCE}" .403 Internal'):
        write(bench, mailchimp, rows(3))


def test_tags_that_are_refused_are_listed(bench: Bench, mailchimp: StandIn) -> None:
    # GIVEN a server that does not take the tags of one contact
    mailchimp.faults.append(Fault("POST", f"{subscriber_hash('p1@example.com')}/tags", 400))
    # WHEN contacts are sent with tags
    ctx = write(bench, mailchimp, rows(3), tags=["crm"])
    # THEN that contact is there and listed
    assert len(mailchimp.audience.members) == 3
    assert rejected(bench)[0][1:] == ["p1@example.com", "written, but without its tags: Internal Server Error: "
                                      "an unexpected error occurred"]  # fmt: skip
    assert (ctx.metrics["accepted"], ctx.metrics["rejected"], ctx.metrics["tagged"]) == (2, 1, 2)


def test_a_table_without_any_address(bench: Bench, mailchimp: StandIn) -> None:
    # GIVEN / WHEN rows that all lack one
    ctx = write(bench, mailchimp, "select null::varchar as email from range(3)")
    # THEN nothing is sent, and all are rejected
    assert mailchimp.counted == 0 and ctx.metrics["rejected"] == 3 and ctx.metrics["batches"] == 0


@pytest.mark.parametrize("kind", ["timestamp", "timestamptz", "timestamp_ns", "timestamp_s", "date", "varchar"])
def test_kinds_of_times(bench: Bench, mailchimp: StandIn, kind: str) -> None:
    # GIVEN / WHEN a date of some kind goes to a date and a birthday
    query = f"select 'a@b.cz' as email, '2020-05-06'::{kind} as d, '2020-05-06'::{kind} as b"
    fields = {"d": "SINCE"} if kind == "varchar" else {"d": "SINCE", "b": "BIRTHDAY"}
    write(bench, mailchimp, query, merge_fields=fields)
    # THEN each has its form
    expected = {"SINCE": "2020-05-06"} if kind == "varchar" else {"SINCE": "2020-05-06", "BIRTHDAY": "05/06"}
    assert member(mailchimp, "a@b.cz")["merge_fields"] == expected


def test_operations_that_fail_are_handed_over_again(bench: Bench, mailchimp: StandIn) -> None:
    # GIVEN a server that cannot carry out some operations of a batch
    mailchimp.faults.append(Fault("PUT", "/members/", 500, after=2, times=3))
    # WHEN contacts are sent
    ctx = write(bench, mailchimp, rows(10))
    # THEN only these are sent once more
    assert ctx.metrics["accepted"] == 10 and len(mailchimp.operations) == 13
    # WHEN it never works, THEN it is a failure of the task, and no contact counts as rejected
    mailchimp.faults.append(Fault("PUT", "/members/", 503, times=99))
    with pytest.raises(UserError, match=r"failed 3 times to carry out 10 operations.*Internal Server Error"):
        write(bench, mailchimp, rows(10))


def test_results_that_cannot_be_read_are_a_sentence(
    bench: Bench, mailchimp: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    # GIVEN an archive that is none
    monkeypatch.setattr(stand_in, "archive", lambda batch: b"<html>")
    # WHEN a contact is rejected, THEN the sentence says what to do
    with pytest.raises(UserError, match=r"the results of a batch cannot be read.*run the task again"):
        write(bench, mailchimp, "select 'x@example.invalid' as email")


def test_a_test_of_the_connection(bench: Bench, mailchimp: StandIn) -> None:
    # GIVEN an audience with a contact
    put_there(mailchimp, "a@b.cz", "subscribed")
    # WHEN the connection is tried, THEN a sentence says what answered
    ctx = bench.context({}, ())
    found = mailchimp_writer.test_connection(settings(mailchimp, merge_fields={"name": "FNAME"}), ctx)
    assert found == 'connected to account Northwind Outdoor, audience "Newsletter" with about 1 contact'
    # AND what is wrong is said
    with pytest.raises(UserError, match="no merge field XX"):
        mailchimp_writer.test_connection(settings(mailchimp, merge_fields={"name": "XX"}), ctx)
    with pytest.raises(UserError, match="refuses the API key"):
        mailchimp_writer.test_connection(settings(mailchimp, api_key="bad-us1"), ctx)


def test_the_address_follows_from_the_key() -> None:
    # GIVEN / WHEN / THEN
    assert api_url("abc-us21") == "https://us21.api.mailchimp.com/3.0"
    assert api_url("abc", server="US6") == "https://us6.api.mailchimp.com/3.0"
    assert api_url("abc", base_url="http://127.0.0.1:1/") == "http://127.0.0.1:1"


@pytest.mark.parametrize(
    "bad",
    [
        {"merge_fields": {"a": "FNAME", "b": "fname"}},
        {"merge_fields": {"a": "EMAIL"}},
        {"tags": [" "]},
        {"audience": "../x"},
        {"batch_size": 501},
        {"status_if_new": "cleaned"},
    ],
)
def test_parameters_are_checked(bad: dict[str, Any]) -> None:
    # GIVEN parameters that cannot work, WHEN validated, THEN they are refused
    with pytest.raises(ValidationError):
        mailchimp_writer.Parameters.model_validate({"api_key": "k", "audience": "a1", **bad})


def test_a_reference_is_an_audience_too() -> None:
    # GIVEN an id from a variable, WHEN validated before it is filled in, THEN it passes
    mailchimp_writer.Parameters.model_validate({"api_key": "${KEY}", "audience": "{{ audience }}"})


def test_the_stand_in_keeps_its_contacts(bench: Bench, tmp_path: Path) -> None:
    # GIVEN the stand-in as a program, with contacts of a first run
    argv = [sys.executable, "-m", "sample_configs.stand_ins.mailchimp", "--state", str(tmp_path / "audience.json")]
    for name in ("N", "M"):
        process = subprocess.Popen(argv, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
        try:
            assert process.stdout is not None
            url = process.stdout.readline().split()[2]
            # WHEN it is started again for a second one
            ctx = bench.context({"contacts": rows(3).replace("'N'", f"'{name}'")}, ())
            given = {"api_key": API_KEY, "audience": AUDIENCE, "base_url": url, "poll_interval": 0.01}
            mailchimp_writer.run(mailchimp_writer.Parameters(**given, merge_fields={"name": "FNAME"}), ctx)
        finally:
            process.terminate()
            process.communicate(timeout=30)
    # THEN the contacts are there once, with the values of the second
    members = json.loads((tmp_path / "audience.json").read_text())["members"]
    assert sorted(item["merge_fields"]["FNAME"] for item in members.values()) == ["M0", "M1", "M2"]
