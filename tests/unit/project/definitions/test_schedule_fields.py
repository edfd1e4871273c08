"""The fields of schedules: read, refused, written into drafts, and their ids."""

from __future__ import annotations

from typing import Any

import pytest
from orch_tui.model.orchestration.starts import CatchUp, IfRunning, Schedule
from orch_tui.model.texts.text import valid_id
from orch_tui.project.definitions.schedule_fields import read_schedules, schedule_ids, schedule_values
from orch_tui.project.toml.decode import Place, Table

FULL = Schedule(
    "30 5 * * 1-5",
    timezone="Europe/Prague",
    id="morning",
    variables={"region": "eu"},
    catch_up=CatchUp.LAST,
    catch_up_within=5400.0,
    if_running=IfRunning.WAIT,
    jitter=90.0,
)


def read(*tables: dict[str, Any]) -> tuple[tuple[Schedule, ...], list[str]]:
    place = Place("o.toml", "")
    schedules = read_schedules([Table(one, place, ("schedules", at)) for at, one in enumerate(tables)])
    return schedules, [problem.message for problem in place.problems]


@pytest.mark.parametrize("schedule", [FULL, Schedule("@daily"), Schedule("0 8 * * *", enabled=False)])
def test_what_is_written_reads_back(schedule: Schedule) -> None:
    assert read(schedule_values(schedule)) == ((schedule,), [])


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ({"catch_up": "some"}, '"none", "last" or "all"'),
        ({"if_running": "queue"}, '"skip", "wait" or "stop"'),
        ({"catch_up_within": "1h"}, "has no effect"),
        ({"jitter": "soon"}, "jitter"),
        ({"id": "a/b"}, "no possible id"),
        ({"variables": {"x y": "1"}}, "cannot be the name of a variable"),
        ({"catchup": "last"}, "no key we know"),
    ],
)
def test_what_is_wrong_is_said(table: dict[str, Any], said: str) -> None:
    _, problems = read({"cron": "@daily", **table})
    assert len(problems) == 1 and said in problems[0]


def test_two_of_the_same_time_need_ids() -> None:
    same = {"cron": "@daily", "timezone": "UTC"}
    _, problems = read(same, same)
    assert problems == ['schedules[2].cron: "@daily" is that of schedules[1].cron too']
    assert read({**same, "id": "a"}, {**same, "id": "b"})[1] == []
    assert read(same, {**same, "timezone": "Europe/Prague"})[1] == []
    assert "is the id of schedules[1] too" in read({**same, "id": "a"}, {**same, "id": "a"})[1][0]


@pytest.mark.parametrize(
    ("schedule", "made"),
    [
        (Schedule("30 5 * * 1-5"), "30_5_x_x_1-5"),
        (Schedule("*/15 8,9 * * mon"), "xby15_8.9_x_x_mon"),
        (Schedule("@daily", timezone="Europe/Prague"), "daily_Europe-Prague"),
        (FULL, "morning"),
    ],
)
def test_ids_are_made_of_the_time(schedule: Schedule, made: str) -> None:
    assert schedule_ids([schedule]) == [made]


def test_ids_change_with_the_time_and_not_with_their_neighbours() -> None:
    # GIVEN one that goes by the project's time, and one that is named as the other's id would be made
    plain, named = Schedule("@daily"), Schedule("@hourly", id="daily_UTC")
    assert schedule_ids([plain], "UTC") == ["daily_UTC"]
    assert schedule_ids([plain], "Europe/Prague") == ["daily_Europe-Prague"]
    assert schedule_ids([plain, named], "UTC") == ["daily_UTC-2", "daily_UTC"]
    long = ",".join(map(str, range(60))) + " * * * *"
    assert schedule_ids([Schedule(long)])[0].startswith("schedule-") and len(schedule_ids([Schedule(long)])[0]) < 30


@pytest.mark.parametrize(
    "cron", ["0 5 * * *", "0 5 * * MON#2", "0 5 L * *", ",".join(map(str, range(60))) + " 5 * * *", "0 5 ? * ?"]
)
def test_an_id_that_is_made_is_one_and_is_not_long(cron: str) -> None:
    first, second = schedule_ids([Schedule(cron), Schedule(cron)], "Europe/Prague")
    assert valid_id(first) and valid_id(second) and first != second
    assert max(len(first), len(second)) <= 90
