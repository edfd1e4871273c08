"""What starts an orchestration, in words and with its next starts."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from orch_tui.model.orchestration.alerts import AlertRule, Channel, ChannelKind
from orch_tui.model.orchestration.orchestration import Orchestration
from orch_tui.model.orchestration.starts import Schedule
from orch_tui.model.orchestration.triggers import AfterOutcome, Trigger, TriggerKind
from orch_tui.scheduling.values import Pause
from orch_tui.tui.starts.words import entry_words, preview

PRAGUE = ZoneInfo("Europe/Prague")
NOW = datetime(2026, 3, 27, 12, tzinfo=PRAGUE).timestamp()
VALUE = Orchestration("a", "A")


def test_ten_starts_through_a_change_of_the_clock() -> None:
    pytest.importorskip("cron_descriptor")
    # GIVEN a time that is left out in the night of the 29th, WHEN
    words, shown = preview(Schedule("30 2 * * *", timezone="Europe/Prague"), VALUE, "", (), NOW)
    # THEN
    assert words == "At 02:30, Europe/Prague"
    following = shown.replace("\u00a0", " ")
    starts = following.removeprefix("Next: ").split(", first ")[0].split(", ")
    assert starts[:3] == ["Sat 28 Mar 02:30", "Sun 29 Mar 03:00", "Mon 30 Mar 02:30"] and len(starts) == 10


def test_pauses_and_disabled_ones_are_told() -> None:
    # GIVEN
    schedule = Schedule("0 6 * * *", timezone="Europe/Prague")
    until = datetime(2026, 4, 1, tzinfo=PRAGUE).timestamp()

    # WHEN
    shown = preview(schedule, VALUE, "", (Pause("", 0.0, until, "me", "move"),), NOW)
    forever = preview(schedule, VALUE, "", (Pause("a", 0.0, None, "me"),), NOW)
    disabled = preview(Schedule("0 6 * * *", enabled=False), VALUE, "UTC", (), NOW)

    # THEN
    assert "paused until Wed 1 Apr 00:00 by me: move" in shown[1] and "Next: Wed\u00a01\u00a0Apr\u00a006:00" in shown[2]
    assert forever[-1] == "No next start." and "disabled" in disabled[1]


def test_the_times_are_the_scheduled_ones_with_the_jitter_beside_them() -> None:
    shown = preview(Schedule("* * * * *", timezone="UTC", jitter=600.0), VALUE, "", (), NOW)[-1].replace("\u00a0", " ")
    assert shown.startswith("Next: Fri 27 Mar 11:01, Fri 27 Mar 11:02, ") and "each up to 10m later" in shown
    # A pause that ends is jumped over, however many times fall into it.
    pause = Pause("", NOW, NOW + 30 * 86400, "me")
    after = preview(Schedule("* * * * *", timezone="UTC"), VALUE, "", (pause,), NOW)[-1].replace("\u00a0", " ")
    assert after.startswith("Next: Sun 26 Apr 11:00, ")


def test_triggers_and_alerts_in_words() -> None:
    after = Trigger(TriggerKind.AFTER, "x", "load", outcome=AfterOutcome.FAILURE, cool_down=600.0)
    assert entry_words(after, VALUE, "") == "After load has failed; not sooner than 10m after its last start"
    tables = Trigger(TriggerKind.TABLES, "x", tables=("raw/a", "raw/b"))
    assert entry_words(tables, VALUE, "") == "When there are new versions of raw/a and raw/b"
    rule = AlertRule(channels=(Channel(ChannelKind.ADDRESS, "mailtos://me:s3cret@mail.example.com"),), tasks=("t",))
    assert entry_words(rule, VALUE, "") == "failed-first, recovered of task t → mailtos://mail.example.com"
