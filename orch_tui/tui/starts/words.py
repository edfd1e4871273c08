"""What starts an orchestration and who is told of it, in words; and when schedules start it next."""

from __future__ import annotations

from datetime import datetime, tzinfo

from orch_tui.alerts.channels import channel_words
from orch_tui.model.orchestration.alerts import AlertRule
from orch_tui.model.orchestration.orchestration import Orchestration
from orch_tui.model.orchestration.starts import Schedule
from orch_tui.model.orchestration.triggers import AfterOutcome, Trigger, TriggerKind
from orch_tui.model.texts.durations import write_duration
from orch_tui.model.texts.text import safe_line
from orch_tui.project.schedules.time_zones import machine_zone_name, zone_of
from orch_tui.scheduling.due_times import due_after
from orch_tui.scheduling.next_start import next_due
from orch_tui.scheduling.values import Pause, Watched, pause_at
from orch_tui.scheduling.watching import schedules_of
from orch_tui.scheduling.words import pause_words, schedule_words
from orch_tui.tui.starts.entries import Entry

STARTS = 10
_WIDTH = 200
_PAUSES = 100
"""Pauses that follow each other are looked through up to so many."""
_NEW = "\0new"
"""The id of a schedule that is not in its orchestration yet; no id of a person's can be it."""


def watched(orchestration: str, schedule: Schedule, timezone: str) -> Watched:
    """A schedule that is being typed. ``timezone`` is the project's, empty for the machine's."""
    return Watched(orchestration, schedule.id or _NEW, schedule, zone_of(schedule.timezone or timezone))


def entry_words(entry: Entry, value: Orchestration, timezone: str) -> str:
    """``At 05:30, Monday through Friday, Europe/Prague``; ``after load, on success``; ``failed → ${MAIL}``."""
    if isinstance(entry, Schedule):
        told = schedule_words(watched(value.id, entry, timezone))
    else:
        told = _trigger(entry) if isinstance(entry, Trigger) else _alert(entry)
    return safe_line(told, _WIDTH)


def _trigger(one: Trigger) -> str:
    after = f"; not sooner than {write_duration(one.cool_down)} after its last start" if one.cool_down else ""
    if one.kind is TriggerKind.FILES:
        return f"When files come: {one.what}{after}"
    if one.kind is TriggerKind.TABLES:
        return f"When there are new versions of {' and '.join(one.tables)}{after}"
    ended = {AfterOutcome.SUCCESS: "has succeeded", AfterOutcome.FAILURE: "has failed", AfterOutcome.ANY: "has ended"}
    return f"After {one.what} {ended[one.outcome]}{after}"


def _alert(rule: AlertRule) -> str:
    of = f" of {rule.scope}" if rule.scope else ""
    kinds = ", ".join(kind.value for kind in rule.kinds)
    return f"{kinds}{of} → {', '.join(channel_words(one) for one in rule.channels)}"


def show_start(at: float, zone: tzinfo, now: float) -> str:
    """``Mon 30 Nov 05:30``, with the year where it is another one; by the clock of the zone."""
    then, today = datetime.fromtimestamp(at, zone), datetime.fromtimestamp(now, zone)
    return f"{then:%a} {then.day} {then:%b %H:%M}" if then.year == today.year else f"{then:%d %b %Y %H:%M}"


def preview(
    schedule: Schedule, value: Orchestration, timezone: str, pauses: tuple[Pause, ...], now: float
) -> list[str]:
    """A schedule in words, and its next starts by the clock of its zone. ``now`` is seconds since the epoch."""
    one = watched(value.id, schedule, timezone)
    lines = [safe_line(schedule_words(one), _WIDTH)]
    if not schedule.enabled:
        return [*lines, "It is disabled and starts nothing."]
    starts = _due(one, pauses, now)
    if (pause := pause_at(pauses, value.id, now)) is not None:
        until = show_start(pause.end, one.zone, now) if pause.end is not None else ""
        lines.append(safe_line(f"Its schedules are {pause_words(pause, until)}", _WIDTH))
    if not starts:
        return [*lines, "No next start."]
    # No line ends within a time.
    shown = ", ".join(show_start(at, one.zone, now).replace(" ", "\u00a0") for at in starts)
    here = "" if one.zone_name == machine_zone_name() else f", first {show_start(starts[0], zone_of(''), now)} here"
    later = f", each up to {write_duration(schedule.jitter)} later" if schedule.jitter else ""
    return [*lines, f"Next: {shown}{later}{here}"]


def _due(one: Watched, pauses: tuple[Pause, ...], now: float) -> list[float]:
    """The next times at which it is due and not paused; each is asked for once, since this is done for every key."""
    found: list[float] = []
    after = now
    for _ in range(_PAUSES):
        for at in due_after(one, after):
            pause = pause_at(pauses, one.orchestration, at)
            if pause is not None:
                if pause.end is None:
                    return found
                after = max(at, pause.end - 1)
                break
            found.append(at)
            if len(found) == STARTS:
                return found
        else:
            return found
    return found


def next_of(value: Orchestration, index: int, timezone: str, pauses: tuple[Pause, ...], now: float) -> float | None:
    """When one of its schedules starts it next, in seconds since the epoch."""
    return next_due(schedules_of(value, timezone)[index], pauses, now)
