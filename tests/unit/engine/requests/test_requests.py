"""Requests to a run: left by any process, taken once, in their order."""

from __future__ import annotations

import errno
import getpass
import json
import os
import time
from pathlib import Path
from types import SimpleNamespace

import pytest
from orch_tui.engine.requests.requests import CancelRequest, Mailbox, Request, ask, new_id, pending, who_am_i
from orch_tui.model.events.interventions import Intervention, InterventionKind

MOMENT = 1_790_000_000_000_000_000


class Clock:
    """Nanoseconds since 1970, as the mailbox reads them."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = MOMENT
        monkeypatch.setattr(time, "clock_gettime_ns", lambda clock: self.now)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    return Clock(monkeypatch)


def taken(mailbox: Mailbox) -> list[Request]:
    found: list[Request] = []
    mailbox.deliver(found.append)
    return found


def date(run: Path, nanoseconds: int) -> None:
    """Give the directory of requests the time of its last change."""
    os.utime(run / "control", ns=(nanoseconds, nanoseconds))


def test_what_is_asked_for_is_taken_once_and_in_its_order(tmp_path: Path) -> None:
    # GIVEN nothing was asked for yet
    mailbox = Mailbox(tmp_path)
    assert taken(mailbox) == [] and pending(tmp_path) == []
    # WHEN three requests come
    asked: list[Request] = [CancelRequest("ann"), CancelRequest("bob", now=True), CancelRequest("cy", task="load")]
    files = [ask(tmp_path, request) for request in asked]
    # THEN they are there to see, and for their owner only
    assert pending(tmp_path) == asked
    assert all(file.stat().st_mode & 0o777 == 0o600 for file in files)
    # WHEN they are taken THEN they are gone
    assert taken(mailbox) == asked
    assert not any(file.exists() for file in files)
    assert taken(mailbox) == [] and pending(tmp_path) == []


def test_an_intervention_has_the_id_of_its_file_unless_it_has_one(tmp_path: Path) -> None:
    mine = Intervention("", InterventionKind.HOLD, "ann", task="load")
    first = ask(tmp_path, mine)
    ask(tmp_path, Intervention("own", InterventionKind.HOLD, "ann", task="load"))
    told = taken(Mailbox(tmp_path))
    assert [one.id for one in told if isinstance(one, Intervention)] == [first.stem, "own"]


def test_ids_are_in_the_order_in_which_they_were_made(monkeypatch: pytest.MonkeyPatch) -> None:
    moments = iter([9, 10, MOMENT])
    monkeypatch.setattr(time, "time_ns", lambda: next(moments))
    made = [new_id() for _ in range(3)]
    assert made == sorted(made) and len({len(one) for one in made}) == 1


@pytest.mark.parametrize(
    "text",
    [
        *("", "{", "[]", "{}", '{"action": "cancel"}', '{"action": "cancel", "by": "x", "task": null}'),
        *('{"action": "intervene"}', '{"action": "intervene", "kind": "sing", "by": "x"}', "[" * 100_000),
    ],
)
def test_what_is_no_request_is_removed_and_passed_over(tmp_path: Path, text: str) -> None:
    ask(tmp_path, CancelRequest("ann"))
    strange = tmp_path / "control" / "0.json"
    strange.write_text(text)
    assert pending(tmp_path) == [CancelRequest("ann")]
    assert taken(Mailbox(tmp_path)) == [CancelRequest("ann")]
    assert not strange.exists()


def test_a_file_that_is_half_written_is_left_alone(tmp_path: Path) -> None:
    ask(tmp_path, CancelRequest("ann"))
    half = tmp_path / "control" / ".half.json"
    half.write_text(json.dumps({"action": "cancel", "by": "bob", "now": True, "task": None}))
    assert taken(Mailbox(tmp_path)) == [CancelRequest("ann")]
    assert half.exists()


def test_a_request_that_could_not_be_removed_is_not_taken_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, clock: Clock
) -> None:
    # GIVEN a disk on which nothing can be removed
    ask(tmp_path, CancelRequest("ann"))

    def refused(path: Path, missing_ok: bool = False) -> None:
        raise PermissionError(13, "Permission denied", str(path))

    mailbox = Mailbox(tmp_path)
    found: list[Request] = []
    with monkeypatch.context() as patched:
        patched.setattr(Path, "unlink", refused)
        # WHEN the mailbox is looked into twice
        for _ in range(2):
            with pytest.raises(PermissionError):
                mailbox.deliver(found.append)
    # THEN it was handed over once, and goes when it can
    assert found == [CancelRequest("ann")]
    assert taken(mailbox) == [] and pending(tmp_path) == []


@pytest.mark.parametrize(("age", "looked"), [(100_000_000, True), (100_000_001, False)])
def test_a_directory_that_has_just_changed_is_looked_into_again(
    tmp_path: Path, clock: Clock, age: int, looked: bool
) -> None:
    # GIVEN a mailbox that was looked into so long after its last change
    mailbox = Mailbox(tmp_path)
    ask(tmp_path, CancelRequest("ann")).unlink()
    clock.now = MOMENT + age
    date(tmp_path, MOMENT)
    assert taken(mailbox) == []
    # WHEN another request comes that leaves the directory with the same time
    ask(tmp_path, CancelRequest("bob"))
    date(tmp_path, MOMENT)
    # THEN it is seen at once only where that could happen
    assert (taken(mailbox) == [CancelRequest("bob")]) is looked
    # WHEN the directory changes visibly THEN it is seen in any case
    date(tmp_path, MOMENT + 1)
    assert taken(mailbox) == ([] if looked else [CancelRequest("bob")])


def test_who_asks_is_a_user_on_a_host_with_the_first_terminal_there_is(monkeypatch: pytest.MonkeyPatch) -> None:
    def terminal(descriptor: int) -> str:
        if descriptor < 2:
            raise OSError(25, "Inappropriate ioctl for device")
        return "/dev/pts/3"

    monkeypatch.setattr(getpass, "getuser", lambda: "ann")
    monkeypatch.setattr(os, "uname", lambda: SimpleNamespace(nodename="box"))
    monkeypatch.setattr(os, "ttyname", terminal)
    assert who_am_i() == "ann@box (pts/3)"


def test_who_asks_without_a_name_or_a_terminal_is_a_number(monkeypatch: pytest.MonkeyPatch) -> None:
    def none(descriptor: int = 0) -> str:
        raise OSError(25, "Inappropriate ioctl for device")

    monkeypatch.setattr(getpass, "getuser", none)
    monkeypatch.setattr(os, "uname", lambda: SimpleNamespace(nodename="box"))
    monkeypatch.setattr(os, "ttyname", none)
    assert who_am_i() == f"uid {os.getuid()}@box"


def test_a_request_is_taken_also_where_its_directory_could_not_be_listed_for_a_moment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # GIVEN a request in a directory that can be opened and not be listed now
    ask(tmp_path, CancelRequest("ann"))
    mailbox, found = Mailbox(tmp_path), list[Request]()
    os.utime(tmp_path / "control", (1, 1))

    def refuse(path: object = ".") -> list[str]:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))

    with monkeypatch.context() as patched, pytest.raises(PermissionError):
        patched.setattr(os, "listdir", refuse)
        patched.setattr(os, "scandir", refuse)
        mailbox.deliver(found.append)
    # WHEN it can be listed again, and nothing has changed in it THEN the request is taken
    mailbox.deliver(found.append)
    assert found == [CancelRequest("ann")]


def test_a_request_comes_behind_all_that_were_left_before_it_although_the_clock_went_back(
    tmp_path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(time, "time_ns", lambda: clock.now)
    # GIVEN two requests that nobody has taken yet, an hour apart
    mailbox = Mailbox(tmp_path)
    ask(tmp_path, CancelRequest("ann", task="first"))
    clock.now += 3_600_000_000_000
    ask(tmp_path, CancelRequest("bob", task="second"))
    # WHEN the clock goes back between them, and another comes
    clock.now -= 1_800_000_000_000
    ask(tmp_path, CancelRequest("cy", task="third"))
    # THEN they are taken in the order in which they were left
    assert [one.task for one in taken(mailbox)] == ["first", "second", "third"]
