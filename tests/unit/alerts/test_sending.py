"""The outbox and the sender: each event once, retried with growing pauses, given up and said so, found after a kill."""

from __future__ import annotations

import stat
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from orch_tui.alerts.delivery import Undelivered, deliver
from orch_tui.alerts.files import outbox_directory, sending_lock
from orch_tui.alerts.outbox import NoSuchAlert, Outbox
from orch_tui.alerts.sending import GIVEN_UP_AFTER, PAUSES, TRIES, Round, Sender, due_at
from orch_tui.alerts.values import Alert, Entry, State
from orch_tui.model.orchestration.alerts import AlertKind, Channel, ChannelKind
from orch_tui.project.concurrent.locks import Lock
from orch_tui.project.paths import ProjectPaths

from tests.support.engine_kit import until

A = Channel(ChannelKind.COMMAND, "a")
B = Channel(ChannelKind.COMMAND, "b")
C = Channel(ChannelKind.ADDRESS, "json://c")


def alert(key: str = "run o/1 ended") -> Alert:
    return Alert(key, AlertKind.FAILED, 100.0, "title", "text", "o", "1", "", {"task": "t"})


@dataclass
class Desk:
    """A sender with a clock, and channels that may be down."""

    paths: ProjectPaths
    now: float = 1000.0
    down: set[str] = field(default_factory=set)
    arrived: list[tuple[str, str]] = field(default_factory=list)
    tried: list[float] = field(default_factory=list)

    def hand_over(self, entry: Entry, root: Path, lookup: Callable[[str], str | None]) -> None:
        self.tried.append(self.now)
        if entry.channel.text in self.down:
            raise Undelivered("down")
        self.arrived.append((entry.alert.key, entry.channel.text))

    @property
    def outbox(self) -> Outbox:
        return Outbox(self.paths)

    @property
    def sender(self) -> Sender:
        return Sender(self.paths, lambda: self.now, self.hand_over)


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    (tmp_path / "p").mkdir()
    return Desk(ProjectPaths(tmp_path / "p"))


def test_an_event_is_put_once_for_each_channel(desk: Desk) -> None:
    assert desk.outbox.put(alert(), (A, B, A), 1.0) == 2
    assert desk.outbox.put(alert(), (A, B), 2.0) == 0
    assert desk.outbox.put(alert("another"), (A,), 3.0) == 1
    first = desk.outbox.entries()[0]
    assert desk.outbox.find(first.id[:10]) == desk.outbox.read(first.id) == first
    with pytest.raises(NoSuchAlert):
        desk.outbox.find("")
    # AND nobody else reads it
    assert all(stat.S_IMODE(path.stat().st_mode) == 0o600 for path in outbox_directory(desk.paths).iterdir())


def test_what_was_sent_is_not_sent_again(desk: Desk) -> None:
    desk.outbox.put(alert(), (A, B), desk.now)
    for _ in range(3):
        done = desk.sender.round()
        assert done is not None and done.after is None
    assert sorted(desk.arrived) == [("run o/1 ended", "a"), ("run o/1 ended", "b")]
    assert all(entry.state is State.SENT for entry in desk.outbox.entries())


def test_a_channel_that_is_down_holds_up_no_other_and_is_tried_with_growing_pauses(desk: Desk) -> None:
    # GIVEN one that is down
    desk.down = {"a"}
    desk.outbox.put(alert(), (A, B), desk.now)
    desk.outbox.put(alert("second"), (A,), desk.now)
    # WHEN it is sent whenever it is due
    done = desk.sender.round()
    # THEN the other has it, and this one was asked once
    assert desk.arrived == [("run o/1 ended", "b")] and len(desk.tried) == 2
    assert done is not None and [one.error for one in done.failed] == ["down"]
    pauses = []
    for _ in range(4):
        assert done is not None and done.after is not None
        pauses.append(done.after - desk.now)
        desk.now = done.after
        done = desk.sender.round()
    assert pauses[0] == PAUSES[0] and all(pause <= PAUSES[3] for pause in pauses)
    # WHEN it is up again, THEN both arrive there, once
    desk.down, desk.now = set(), desk.now + PAUSES[-1]
    desk.sender.round()
    desk.sender.round()
    assert sorted(desk.arrived) == [("run o/1 ended", "a"), ("run o/1 ended", "b"), ("second", "a")]


def test_a_clock_that_is_set_back_delays_no_alert(desk: Desk) -> None:
    # GIVEN an alert that could not be sent by a clock that was a week ahead
    desk.now = 7 * 86400.0
    desk.outbox.put(alert(), (A,), desk.now)
    desk.down = {"a"}
    desk.sender.round()
    # WHEN the clock is set right, and the channel takes alerts again THEN it is sent, not in a week
    desk.down, desk.now = set(), 1000.0
    assert due_at(desk.outbox.waiting()[0], desk.now) == desk.now
    desk.sender.round()
    assert desk.arrived == [("run o/1 ended", "a")]


def test_a_channel_that_does_not_answer_holds_up_no_other(desk: Desk) -> None:
    # GIVEN one that takes its time
    waits, goes_on = threading.Event(), threading.Event()

    def hand_over(entry: Entry, root: Path, lookup: Callable[[str], str | None]) -> None:
        if entry.channel == A:
            waits.set()
            assert goes_on.wait(30)
        desk.hand_over(entry, root, lookup)

    desk.outbox.put(alert(), (A, B, C), desk.now)
    done: list[Round | None] = []
    sends = threading.Thread(target=lambda: done.append(Sender(desk.paths, lambda: desk.now, hand_over).round()))
    sends.start()
    try:
        assert waits.wait(30)
        # THEN the others are told meanwhile, also what comes only now
        until(lambda: len(desk.arrived) == 2)
        desk.outbox.put(alert("second"), (B,), desk.now)
        until(lambda: len(desk.arrived) == 3)
    finally:
        goes_on.set()
        sends.join(30)
    # AND it itself is, in the end
    assert {("run o/1 ended", "a"), ("run o/1 ended", "b"), ("run o/1 ended", C.text), ("second", "b")} == set(
        desk.arrived
    )
    assert len(desk.arrived) == 4 and done[0] is not None and (done[0].sent, done[0].after) == (4, None)


def test_after_a_day_it_is_given_up_and_can_be_tried_again(desk: Desk) -> None:
    desk.down = {"a"}
    desk.outbox.put(alert(), (A,), desk.now)
    begin, done = desk.now, desk.sender.round()
    while done is not None and done.after is not None:
        desk.now = done.after
        done = desk.sender.round()
    # THEN it had its tries, until a day had passed
    assert len(desk.tried) >= TRIES and GIVEN_UP_AFTER <= desk.now - begin < GIVEN_UP_AFTER + PAUSES[-1]
    (entry,) = desk.outbox.entries()
    assert (entry.state, entry.error) == (State.FAILED, "down")
    desk.now += 10 * GIVEN_UP_AFTER
    assert desk.sender.round() is not None and desk.outbox.entries() == [entry]
    # WHEN somebody wants it tried again
    desk.down = set()
    desk.outbox.keep(entry.again(desk.now))
    desk.sender.round()
    assert desk.arrived == [("run o/1 ended", "a")]


def test_only_one_process_sends(desk: Desk) -> None:
    desk.outbox.put(alert(), (A,), desk.now)
    desk.paths.locks.mkdir(mode=0o700)
    lock = Lock.acquire(sending_lock(desk.paths), "another")
    assert lock is not None and desk.sender.round() is None and desk.arrived == []
    lock.free()
    assert desk.sender.round() is not None and len(desk.arrived) == 1


def test_what_was_sent_long_ago_is_forgotten_and_what_was_given_up_is_not(desk: Desk) -> None:
    desk.outbox.put(alert(), (A,), desk.now)
    desk.outbox.put(alert("lost"), (B,), desk.now)
    desk.down = {"b"}
    done = desk.sender.round()
    while done is not None and done.after is not None:
        desk.now = done.after
        done = desk.sender.round()
    desk.now += 40 * 86400
    desk.sender.round()
    assert [entry.alert.key for entry in desk.outbox.entries()] == ["lost"]


def test_a_damaged_entry_costs_no_other(desk: Desk) -> None:
    desk.outbox.put(alert(), (A, B), desk.now)
    first, second = sorted(outbox_directory(desk.paths).iterdir())
    first.write_text("{")
    desk.sender.round()
    assert len(desk.arrived) == 1 and desk.outbox.read(second.stem) is not None


# Delivery by a command


def command(text: str, values: dict[str, str] | None = None) -> tuple[Entry, Callable[[str], str | None]]:
    return Entry(alert(), Channel(ChannelKind.COMMAND, text), 1.0), (values or {}).get


def test_a_command_reads_the_alert_as_json(tmp_path: Path) -> None:
    entry, lookup = command("cat > got; printf %s ${KEY} > key", {"KEY": "s3cr3t-value"})
    deliver(entry, tmp_path, lookup)
    assert '"event": "failed"' in (tmp_path / "got").read_text() and '"task": "t"' in (tmp_path / "got").read_text()
    assert f'"id": "{entry.id}"' in (tmp_path / "got").read_text()
    assert (tmp_path / "key").read_text() == "s3cr3t-value"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("echo it broke with ${KEY}; exit 3", "exit code 3: it broke with *****"),
        ("true ${LOST}", "no value for LOST"),
        ("exec /nowhere/at/all", "exit code 127"),
    ],
)
def test_a_command_that_fails_says_why_without_its_secrets(tmp_path: Path, text: str, said: str) -> None:
    entry, lookup = command(text, {"KEY": "s3cr3t-value"})
    with pytest.raises(Undelivered) as error:
        deliver(entry, tmp_path, lookup)
    assert said in str(error.value) and "s3cr3t" not in str(error.value)


def test_a_command_that_does_not_end_is_ended_with_all_it_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("orch_tui.alerts.delivery._SECONDS", 0.3)
    entry, lookup = command("sleep 100 & echo $! > pid; wait")
    with pytest.raises(Undelivered, match="took longer"):
        deliver(entry, tmp_path, lookup)
    # It was killed; when it has gone is the kernel's business.
    left = Path("/proc") / (tmp_path / "pid").read_text().strip() / "stat"
    until(lambda: not left.exists() or " Z " in left.read_text())
