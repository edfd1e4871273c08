"""Schedules, triggers and alerts as fields: what is typed reads as the file does, and is refused as it is."""

from __future__ import annotations

from dataclasses import replace

import pytest
from orch_tui.model.orchestration.alerts import AlertKind, AlertRule, Channel, ChannelKind
from orch_tui.model.orchestration.orchestration import Orchestration, Phase, Task
from orch_tui.model.orchestration.starts import CatchUp, IfRunning, Schedule
from orch_tui.model.orchestration.triggers import AfterOutcome, Trigger, TriggerKind
from orch_tui.tui.dialogs.fields import FormErrors
from orch_tui.tui.starts.entries import (
    EntryPlace,
    StartKind,
    Starts,
    entries,
    read_entry,
    texts_of,
    toggled,
    with_entry,
    without_entry,
)
from orch_tui.tui.widgets.choice_input import fitting

SCHEDULE = Schedule(
    "30 5 * * 1-5", False, "Europe/Prague", "am", {"region": "eu west"}, CatchUp.LAST, 21600.0, IfRunning.WAIT, 300.0
)
TRIGGERS = (
    Trigger(TriggerKind.FILES, "files-in", "in/*.csv", stable=3.0, variables={"a": "1"}),
    Trigger(TriggerKind.TABLES, "t", tables=("raw/a", "raw/b"), cool_down=60.0, if_running=IfRunning.SKIP),
    Trigger(TriggerKind.AFTER, "l", "load", enabled=False, outcome=AfterOutcome.ANY),
)
ALERT = AlertRule(
    (AlertKind.FAILED, AlertKind.DEADLINE, AlertKind.QUIET),
    (Channel(ChannelKind.ADDRESS, "${MAIL}"), Channel(ChannelKind.COMMAND, "./tell, me")),
    tasks=("t",),
    slow=20.0,
    deadline=390,
    quiet=93600.0,
)
VALUE = Starts(
    Orchestration(
        "a",
        "A",
        phases=(Phase("p", "P", (Task("t", "command/t"),)),),
        schedules=(Schedule("@daily"), SCHEDULE),
        triggers=TRIGGERS,
        alerts=(ALERT,),
    ),
    (AlertRule((AlertKind.SCHEDULER_GONE, AlertKind.SLOW), ALERT.channels, slow=80.0),),
)


def errors(place: EntryPlace, **typed: str) -> dict[str, str]:
    with pytest.raises(FormErrors) as raised:
        read_entry(VALUE, place, texts_of(VALUE, place) | typed)
    return raised.value.errors


@pytest.mark.parametrize(
    "place", [EntryPlace(kind, index) for kind in StartKind for index in range(len(entries(VALUE, kind)))]
)
def test_what_stands_in_the_fields_reads_back(place: EntryPlace) -> None:
    assert place.index is not None
    assert read_entry(VALUE, place, texts_of(VALUE, place)) == entries(VALUE, place.kind)[place.index]


@pytest.mark.parametrize(
    ("typed", "field", "told"),
    [
        ({"cron": "61 * * * *"}, "cron", "is no time for cron; minute 61"),
        ({"cron": ""}, "cron", "Cron is missing"),
        ({"timezone": "Europe/Prag"}, "timezone", 'did you mean "Europe/Prague"?'),
        ({"catch_up": "both"}, "catch_up", 'it can be "none", "last" or "all"'),
        ({"catch_up_within": "soon"}, "catch_up_within", 'write it like "30m"'),
        ({"catch_up_within": "1h"}, "catch_up_within", "nothing is caught up"),
        ({"jitter": "-1s"}, "jitter", "30m"),
        ({"enabled": "perhaps"}, "enabled", "yes or no"),
        ({"id": "a b"}, "id", "is no possible id"),
        ({"id": "am"}, "id", "is the id of schedules[1] too"),
        ({"variables": "x"}, "variables", "line 1 has no ="),
    ],
)
def test_what_is_wrong_stands_at_its_field(typed: dict[str, str], field: str, told: str) -> None:
    assert told.casefold() in errors(EntryPlace(StartKind.SCHEDULE, 0), **typed)[field].casefold()


def test_two_of_the_same_time_need_an_id() -> None:
    # GIVEN a new schedule of the time of another one, WHEN it is read, THEN
    assert "is that of schedules[1].cron too" in errors(EntryPlace(StartKind.SCHEDULE), cron="@daily")["cron"]
    place = EntryPlace(StartKind.SCHEDULE)
    with_id = read_entry(VALUE, place, texts_of(VALUE, place) | {"cron": "@daily", "id": "other"})
    assert with_entry(VALUE, place, with_id).own.schedules[-1] == Schedule("@daily", id="other")


def test_a_trigger_waits_for_one_thing() -> None:
    place = EntryPlace(StartKind.TRIGGER)
    assert "Fill in one of" in errors(place)["files"]
    assert "not several" in errors(place, files="a", after="load")["after"]
    assert "is no bucket/table" in errors(place, tables="orders")["tables"]


def test_an_alert_needs_a_channel_and_shows_no_secret() -> None:
    place = EntryPlace(StartKind.ALERT)
    assert "nobody is told" in errors(place)["to"]
    assert "s3cret" not in errors(place, to="s3cret")["to"]
    assert "there is no deadline" in errors(place, to="${A}", on="deadline")["on"]
    assert "is not there" in errors(place, to="${A}", tasks="gone")["tasks"]


def test_alerts_of_all_orchestrations_know_no_tasks_and_the_scheduler() -> None:
    # GIVEN a new one, WHEN it is typed, THEN it is told of what no orchestration's can be
    shared, own = EntryPlace(StartKind.SHARED), EntryPlace(StartKind.ALERT)
    typed = {"on": "scheduler-gone, recovered", "to": "${A}"}
    rule = read_entry(VALUE, shared, texts_of(VALUE, shared) | typed)
    assert with_entry(VALUE, shared, rule) == Starts(VALUE.own, (*VALUE.shared, rule))  # type: ignore[arg-type]
    assert "tasks" not in texts_of(VALUE, shared)
    assert "orch.toml" in errors(own, **typed)["on"]
    assert toggled(VALUE, EntryPlace(StartKind.SHARED, 0)) is None
    assert without_entry(VALUE, EntryPlace(StartKind.SHARED, 0)) == Starts(VALUE.own)


def test_adding_removing_and_disabling() -> None:
    # GIVEN
    place = EntryPlace(StartKind.SCHEDULE, 1)

    # WHEN, THEN
    assert without_entry(VALUE, place).own.schedules == (Schedule("@daily"),)
    enabled = toggled(VALUE, place)
    assert enabled is not None and enabled.own.schedules[1] == replace(SCHEDULE, enabled=True)
    assert toggled(VALUE, EntryPlace(StartKind.ALERT, 0)) is None
    new = with_entry(VALUE, EntryPlace(StartKind.TRIGGER), replace(TRIGGERS[0], id="other"))
    assert [one.id for one in new.own.triggers] == ["files-in", "t", "l", "other"]


def test_names_are_completed_by_their_beginning_and_by_the_city() -> None:
    zones = ["America/New_York", "Europe/Paris", "Europe/Prague", "UTC"]
    assert fitting(zones, "euro") == ["Europe/Paris", "Europe/Prague"]
    assert fitting(zones, "prag") == ["Europe/Prague"]
    assert fitting(zones, "new york") == ["America/New_York"]
    assert fitting(zones, "") == [] and fitting(zones, "utc") == []
