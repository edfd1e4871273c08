"""What cannot be looked at for one schedule, or one orchestration, keeps no other from its turn."""

from __future__ import annotations

import errno
from collections.abc import Iterable
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from orch_tui.alerts.ended_runs import read_news
from orch_tui.model.orchestration.starts import Schedule
from orch_tui.scheduling.apart import each_apart
from orch_tui.scheduling.decide import Start
from orch_tui.scheduling.outage import Moment
from orch_tui.scheduling.scheduler import Key, Scheduler
from orch_tui.scheduling.values import Mark, Watched

from tests.unit.alerts.kit import here, rule
from tests.unit.scheduling.world import MemoryLedger

# 29 November 2026, 5:30 UTC.
AT = 1_795_930_200.0


class Unreadable(MemoryLedger):
    def mark(self) -> Mark | None:
        raise OSError(errno.EIO, "Input/output error")


class Starter:
    def __init__(self) -> None:
        self.started: list[str] = []

    def ended(self) -> Iterable[tuple[Key, int]]:
        return ()

    def start(self, watched: Watched, start: Start) -> None:
        self.started.append(watched.orchestration)


def moment(now: float) -> Moment:
    return Moment(now, now, now, "boot")


def test_all_have_their_turn_before_the_fault_of_one_is_said() -> None:
    looked: list[int] = []

    def look(number: int) -> float | None:
        looked.append(number)
        if number == 1:
            raise OSError(errno.EIO, "one")
        return float(number)

    with pytest.raises(OSError, match="one"):
        each_apart([1, 2, 3], look)
    assert looked == [1, 2, 3]
    assert each_apart([3, 2], look) == 2.0 and each_apart([], look) is None


def test_a_schedule_whose_records_cannot_be_read_holds_up_no_other() -> None:
    # GIVEN two schedules for the same time, the records of the first of which cannot be read
    watched = [Watched(name, "s", Schedule("30 5 * * *"), ZoneInfo("UTC")) for name in ("a", "b")]
    ledgers, starter = {"a": Unreadable(), "b": MemoryLedger()}, Starter()
    scheduler = Scheduler(lambda one: ledgers[one.orchestration], starter, None)
    # WHEN that time comes
    for now in (AT - 60, AT + 1):
        with pytest.raises(OSError, match="Input/output error"):
            scheduler.turn(watched, (), moment(now))
    # THEN the second is started, AND a look was a look
    assert starter.started == ["b"] and scheduler.sign is not None and scheduler.sign.moment.now == AT + 1


def test_an_orchestration_that_cannot_be_looked_at_holds_up_the_alerts_of_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    it = here(tmp_path, rule('["failed"]'))
    it.run()
    text = (tmp_path / "orchestrations" / "o.toml").read_text()
    (tmp_path / "orchestrations" / "a.toml").write_text(text)

    def refusing(paths: Any, name: str, *more: Any) -> Any:
        if name == "a":
            raise OSError(errno.EIO, "Input/output error")
        return read_news(paths, name, *more)

    monkeypatch.setattr("orch_tui.alerts.looking.read_news", refusing)
    with pytest.raises(OSError, match="Input/output error"):
        it.look()
    assert [entry.alert.orchestration for entry in it.entries()] == ["o"]
