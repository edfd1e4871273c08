"""What is said of schedules, of scheduled times that were not started, and of pauses."""

from __future__ import annotations

import contextlib

from orch_tui.project.schedules.starts import cron_text
from orch_tui.scheduling.values import Pause, Watched, Why

_WHY = {
    Why.NOTHING_CALLED: "nothing called it",
    Why.NO_SCHEDULER: "no scheduler was at work",
    Why.MACHINE_OFF: "the machine was off",
    Why.SUSPENDED: "the machine slept",
    Why.CLOCK_SET: "the clock was set past it",
    Why.TOO_LATE: "it was too late to catch up",
    Why.STILL_RUNNING: "an earlier run went on",
    Why.WAITS_ALREADY: "an earlier start waited already",
    Why.PAUSED: "its schedules were paused",
    Why.REFUSED: "it was refused",
    Why.FAILED: "it could not be started",
}


def why_words(why: Why, detail: str = "") -> str:
    """``the machine was off``; with the detail where there is one."""
    return f"{_WHY[why]}: {detail}" if detail else _WHY[why]


def pause_words(pause: Pause, until: str) -> str:
    """``paused until Mon 06:00 by me: migration``; ``until`` is empty for a pause without an end."""
    reason = f": {pause.reason}" if pause.reason else ""
    return f"paused{f' until {until}' if until else ''} by {pause.by}{reason}"


def schedule_words(watched: Watched) -> str:
    """``At 05:30, Monday through Friday, Europe/Prague``.

    By the library cron-descriptor; its time as in crontab where that is not installed, or has no words for it.
    """
    when = watched.schedule.cron
    try:
        from cron_descriptor import FormatError, Options, get_description
    except ImportError:
        return f"{when}, {watched.zone_name}"
    options = Options()
    options.use_24hour_time_format = True
    with contextlib.suppress(FormatError, ValueError):
        when = get_description(cron_text(watched.schedule), options)
    return f"{when}, {watched.zone_name}"
