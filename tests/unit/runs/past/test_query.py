"""Searching runs: what a search means, and what is said of one that means nothing."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from orch_tui.model.run.runstate import ScheduledTime
from orch_tui.model.status import Status
from orch_tui.project.history import RunSummary
from orch_tui.runs.past.notes import Note
from orch_tui.runs.past.query import parse_query
from orch_tui.runs.past.syntax import WrongSearch

# Sunday, 29 November 2026, 16:00 UTC.
NOW = 1_795_968_000.0
DAY = 86400.0


@pytest.fixture(autouse=True)
def utc(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def past(
    name: str,
    status: Status = Status.ERROR,
    reason: str = "",
    *,
    ago: float = 0.0,
    orchestration: str = "campaigns",
    by: str = "ann@host (pts/1)",
    seconds: float | None = 5.0,
    schedule: str = "",
    parent: str | None = None,
    partial: bool = False,
    live: bool = False,
    broken: str | None = None,
    tasks: int = 3,
) -> RunSummary:
    at = NOW - ago
    return RunSummary(
        name,
        orchestration,
        Path("/p") / name,
        status,
        reason,
        at,
        seconds,
        by,
        tasks,
        partial,
        live,
        broken=broken,
        parent=parent,
        scheduled=ScheduledTime(schedule, at) if schedule else None,
    )


RUNS = (
    past("a", reason="Load: exit code 1: connection timeout", ago=1 * DAY),
    past("b", Status.SUCCESS, ago=2 * DAY, seconds=90.0, by="schedule morning, bob@host", schedule="morning"),
    past("c", reason="Load: No Such Table", ago=9 * DAY, orchestration="load-raw", by="Bob@other", partial=True),
    past("d", Status.PROCESSING, ago=600.0, seconds=None, live=True, schedule="trigger.new", by="trigger new, x@h"),
    past("e", Status.PROCESSING, ago=3 * DAY, seconds=None, schedule="backfill.day"),
    past("f", Status.CANCELLED, "cancelled by ann", parent="campaigns/x/y", tasks=12),
    past("g", ago=30 * DAY, broken="run.toml:3: this is no TOML"),
)
NOTES = {"a": (Note(1, NOW, "ann", "disk was full"),)}


def found(text: str) -> str:
    test = parse_query(text, NOW, lambda run: NOTES.get(run.name, ()))
    return "".join(run.id for run in RUNS if test(run))


@pytest.mark.parametrize(
    ("text", "runs"),
    [
        ("", "abcdefg"),
        ("status=error", "ac"),
        ("state:failed", "ac"),
        ("status=error,running", "acd"),
        ("status!=error", "bdefg"),
        ("is:interrupted", "e"),
        ("status=broken", "g"),
        ("who=ann", "aefg"),
        ("who=BOB", "bc"),
        ("who=bob@host", "b"),
        ("who~other", "c"),
        ("by!=ann", "bcd"),
        ("trigger=hand", "acg"),
        ("trigger=schedule,trigger", "bd"),
        ("trigger=backfill", "e"),
        ("trigger=run", "f"),
        ("schedule=morn*", "b"),
        ("schedule=new", "d"),
        ("orchestration=load-*", "c"),
        ("of=campaigns,load-raw status=error", "ac"),
        ("seconds>60", "bd"),
        ("took>=5m", "d"),
        ("took<10s status=success,error", "ac"),
        ("tasks>10", "f"),
        ("since=7d", "abdef"),
        ("since=3 days ago", "abdef"),
        ("since=3 days ago status=error", "a"),
        ("status=error since=3 days ago or status=broken", "ag"),
        ('since="10 days ago" until=yesterday', "abce"),
        ("until=2026-11-20", "cg"),
        ("started=2026-11-28", "a"),
        ("started>2026-11-27", "adf"),
        ("started>=2026-11-27", "abdf"),
        ("started<2026-11-27", "ceg"),
        ("started<=2026-11-27", "bceg"),
        ("error~timeout", "a"),
        ('error~"no such table"', "c"),
        ("error~/time.?out|such/", "ac"),
        ("status=error error!~timeout", "c"),
        ("note~disk", "a"),
        ("disk", "a"),
        ("timeout", "a"),
        ('"such table"', "c"),
        ("-timeout status=error", "c"),
        ("part=yes", "c"),
        ("status=error and not timeout", "c"),
        ("status = error AND seconds < 60", "ac"),
        ("(status=error or status=success) who=bob", "bc"),
        ("!(status=error or status=success)", "defg"),
        ("status=success or status=error timeout", "ab"),
        ("run=a or id=b", "ab"),
    ],
)
def test_what_a_search_finds(text: str, runs: str) -> None:
    # WHEN runs are searched THEN these are found
    assert found(text) == runs


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("statsu=error", 'no field "statsu"; did you mean "status"'),
        ("status=eror", 'no status "eror"; did you mean "error"'),
        ("status>error", '"status>" has no meaning; write it like status=error'),
        ("trigger=cron", 'no trigger "cron"; write one of backfill, hand'),
        ("seconds>fast", '"fast" is no duration'),
        ("tasks=many", '"many" is no number'),
        ("since=soon", '"soon" is no time; write it like "7d"'),
        ("since=3", '"3" is no time'),
        ("since>7d", "write it like since=7d"),
        ("part=maybe", "write part=yes or part=no"),
        ('error~"timed', "a quote is not closed"),
        ("error~/(/", "is no regular expression"),
        ("status=", 'a value is missing after "status="'),
        ("=error", 'a field is missing before "="'),
        ("(status=error", 'a "(" is not closed'),
        ("status=error)", 'a ")" without a "("'),
        ("status=error or", 'something is missing after "or"'),
        ("not", 'something is missing after "not"'),
        ("(" * 40, "nested too deeply"),
        ("x " * 600, "longer than 1000 characters"),
    ],
)
def test_what_is_wrong_is_said(text: str, says: str) -> None:
    # WHEN a search means nothing THEN a sentence says what is wrong with it
    with pytest.raises(WrongSearch) as error:
        found(text)
    assert says in str(error.value)


def test_an_expression_that_never_ends_is_given_up() -> None:
    # GIVEN a reason of many letters
    run = past("a", reason="a" * 200 + "!")
    # WHEN an expression with nested repetitions is asked of it THEN it is said, and soon
    test = parse_query("error~/^(a|aa)+$/", NOW)
    with pytest.raises(WrongSearch, match="takes too long"):
        test(run)


@given(st.text(alphabet=st.sampled_from("ab=!~<>()\"'/:-, \\ornotsince3dyg\x00é"), max_size=40))
def test_no_text_breaks_the_reader(text: str) -> None:
    # WHEN anything is typed THEN it is a search, or a sentence says why it is none
    try:
        found(text)
    except WrongSearch as error:
        assert str(error)
