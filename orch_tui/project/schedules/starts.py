"""When orchestrations are to be started: what their ``[[schedules]]`` mean, and the lines for cron, which starts them.

A schedule is kept in its own ``timezone``, else in that of ``orch.toml``, else in this machine's. cron knows the
machine's only.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable
from datetime import datetime, tzinfo
from pathlib import Path

from orch_tui.model.orchestration.starts import Schedule
from orch_tui.project.schedules.cron import WORDS, cron_fields
from orch_tui.project.schedules.time_zones import machine_zone_name, same_clock, same_minutes, zone_of

_NOT_IN_CRONTAB = re.compile("[\x00-\x1f\x7f\ud800-\udfff]")


class NotForCron(ValueError):
    """A schedule that cron on this machine cannot keep; the text says why and what to do."""


def next_start(schedules: Iterable[Schedule], now: float, timezone: str = "") -> float | None:
    """The first time after ``now`` (seconds since the epoch) at which one of the enabled schedules is due.

    ``timezone`` is that of schedules which have none of their own; empty for the machine's. Around a change of the
    clock it is as with Debian's cron: what falls into the hour that is left out comes at its end, what falls into the
    hour that comes twice is due once.

    Raises:
        ValueError, cronsim.CronSimError: a schedule that could not be read from a file.
    """
    starts = [_next(cron_text(one), now, zone_of(one.timezone or timezone)) for one in schedules if one.enabled]
    return min(starts, default=None)


def _next(cron: str, now: float, zone: tzinfo) -> float:
    from cronsim import CronSim

    # In the second pass of an hour that comes twice, the simulation gives times of the first.
    starts = (start.timestamp() for start in CronSim(cron, datetime.fromtimestamp(now, zone)))
    return next(start for start in starts if start > now)


def cron_text(schedule: Schedule) -> str:
    """Its five fields with one blank between them; those that a word like ``@daily`` stands for."""
    return " ".join(cron_fields(WORDS.get(schedule.cron, schedule.cron)))


def crontab_line(
    project: Path,
    orchestration_id: str,
    schedule: Schedule,
    schedule_id: str,
    program: list[str],
    now: float,
    timezone: str = "",
) -> str:
    """The line for crontab for a schedule. ``program`` starts orch-tui; ``now`` and ``timezone`` as above.

    What goes wrong in the run is printed, so cron mails it; with nothing wrong nothing is.

    Raises:
        NotForCron: there is none that cron on this machine would read so.
    """
    words = [*program, "run", orchestration_id, "--scheduled", schedule_id, "--quiet", "--project", str(project)]
    if strange := next((word for word in words if _NOT_IN_CRONTAB.search(word)), None):
        what = "it is no UTF-8" if re.search("[\ud800-\udfff]", strange) else "it has a line end or a control character"
        raise NotForCron(f"a line for crontab cannot hold the path {strange!r}: {what}; give the project another path")
    name = schedule.timezone or timezone
    if name and not _machine_keeps(schedule, zone_of(name), now):
        raise NotForCron(
            f'"{schedule.cron}" is in {name}, and cron reads the time of this machine, {machine_zone_name()}; write it '
            f"in that time, set the machine to {name}, or let orch-tui scheduler start it"
        )
    # In crontab a per cent sign ends the command.
    command = shlex.join(words).replace("%", "\\%")
    cron = schedule.cron if schedule.cron in WORDS else cron_text(schedule)
    return f"{cron} {command}"


def _machine_keeps(schedule: Schedule, zone: tzinfo, now: float) -> bool:
    """Whether the machine's clock shows the same, or something that is the same to this schedule."""
    here = zone_of("")
    if same_clock(zone, here, now):
        return True
    every_hour = cron_text(schedule).split()[1:] == ["*"] * 4
    return every_hour and same_minutes(zone, here, now)
