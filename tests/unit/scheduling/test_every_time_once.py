"""Every scheduled time is started exactly once, or has exactly one reason, whatever happens to the scheduler."""

from __future__ import annotations

import random
from collections import Counter
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from orch_tui.model.orchestration.starts import CatchUp, IfRunning, Schedule
from orch_tui.scheduling.due_times import due_between
from orch_tui.scheduling.values import Outcome, Pause, Watched, Why

from tests.unit.scheduling.world import HOUR, World

DAY = 24 * HOUR


def watched(name: str, cron: str, zone: str, **fields: object) -> Watched:
    return Watched(name, "s", Schedule(cron, **fields), ZoneInfo(zone))  # type: ignore[arg-type]


TEN = [
    watched("a", "30 5 * * 1-5", "Europe/Prague"),
    watched("b", "30 2 * * *", "Europe/Prague", catch_up=CatchUp.LAST),
    watched("c", "*/30 1-3 * * *", "America/New_York", catch_up=CatchUp.ALL),
    watched("d", "@daily", "Australia/Lord_Howe", catch_up=CatchUp.LAST, catch_up_within=6 * HOUR),
    watched("e", "15 * * * *", "Asia/Kathmandu", if_running=IfRunning.WAIT),
    watched("f", "0 */4 * * *", "UTC", catch_up=CatchUp.ALL, catch_up_within=DAY),
    watched("g", "5 0 1 * *", "Europe/Prague", catch_up=CatchUp.LAST),
    watched("h", "0 9,17 * * *", "America/New_York", jitter=900.0),
    watched("i", "45 23 * * 0", "Australia/Lord_Howe", catch_up=CatchUp.ALL, jitter=30.0),
    watched("j", "10 2 * * *", "America/New_York", if_running=IfRunning.WAIT, catch_up=CatchUp.LAST),
]


def live(begin: float, days: int, seed: int) -> World:
    """A scheduler and its disasters for so many days."""
    pause = Pause("", begin + 10 * DAY, begin + 11 * DAY, "me", "move")
    lasting = Pause("e", begin + 13 * DAY, begin + 13.5 * DAY, "me")
    world = World(TEN, begin, random.Random(seed), (pause, lasting))
    world.launch()
    world.after(3 * HOUR, world.disaster)
    world.run_until(begin + days * DAY)
    # What was begun comes to its end, and a last scheduler looks at everything.
    world._events = [item for item in world._events if item[2] != world.disaster]
    world.launch()
    world.turn()
    world.run_until(world.true + 3 * DAY)
    world.close_span()
    return world


def judge(world: World) -> Counter[str]:
    """How many times were started, and for which reasons others were not."""
    told: Counter[str] = Counter()
    assert not [key for key, number in Counter(world.runs).items() if number != 1], "started twice"
    for one in world.schedules:
        ledger = world.ledger(one)
        mark = ledger.mark()
        assert mark is not None
        started = {key[2] for key in world.runs if key[:2] == one.key}
        for at in due_between(one, mark.since, mark.until):
            records = ledger.covering(at, at)
            assert len(records) == 1, (one.id, one.orchestration, at, records)
            record = records[0]
            assert (record.outcome is Outcome.STARTED) == (at in started)
            told[record.why.value if record.why else "started"] += 1
            _judge_reason(world, one, at, record.why)
        assert started <= set(due_between(one, world.begin - 9 * HOUR, mark.until + 9 * HOUR)), "at no scheduled time"
        assert mark.until > world.now - 32 * DAY
    return told


def _judge_reason(world: World, one: Watched, at: float, why: Why | None) -> None:
    if why is None or not why.missed:
        return
    assert (*one.key, at) in world.failed or not world.was_there(one, at), f"missed although it was there: {why}"
    if one.schedule.catch_up is CatchUp.ALL and one.schedule.catch_up_within is None:
        raise AssertionError(f"{one.orchestration} is to be caught up whatever happens: {why}")
    assert (why is Why.TOO_LATE) <= (one.schedule.catch_up_within is not None)


CHANGES = [datetime(2026, 3, 1, tzinfo=ZoneInfo("UTC")), datetime(2026, 10, 12, tzinfo=ZoneInfo("UTC"))]


@pytest.mark.parametrize(("begin", "seed"), list(zip(CHANGES, (1, 2), strict=True)))
def test_around_the_changes_of_the_clocks(begin: datetime, seed: int) -> None:
    # GIVEN ten schedules in five time zones, WHEN a scheduler lives through kills, reboots, sleep and jumping clocks
    world = live(begin.timestamp(), 32, seed)
    # THEN every time was started once or has one reason, and none was missed while a scheduler was at work
    told = judge(world)
    assert told["started"] > 400 and told[Why.PAUSED.value] > 10
    assert sum(number for word, number in told.items() if word != "started" and Why(word).missed) > 5


@pytest.mark.long
@pytest.mark.parametrize("seed", range(10))
def test_two_years(seed: int) -> None:
    told = judge(live(datetime(2026, 1, 1, tzinfo=ZoneInfo("UTC")).timestamp(), 731, 100 + seed))
    print(dict(told))
    assert told["started"] > 10_000
