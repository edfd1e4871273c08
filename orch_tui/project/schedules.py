"""When orchestrations are to be started: what their ``[[schedules]]`` mean, and the lines for cron, which starts them.

Expressions are crontab's five fields (https://man7.org/linux/man-pages/man5/crontab.5.html), or one of its words such
as ``@daily``; times are this machine's.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

from orch_tui.model.orchestration import Schedule

WORDS = {
    "@hourly": "0 * * * *",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@weekly": "0 0 * * 0",
    "@monthly": "0 0 1 * *",
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
}
_FIELDS = 5


def cron_problem(text: str) -> str | None:
    """Why an expression cannot be used, in a few words; None when it can."""
    if text.startswith("@"):
        return None if text in WORDS else f"there are the words {', '.join(WORDS)}"
    if len(text.split()) != _FIELDS:
        return "it has five fields: minute, hour, day, month, weekday"
    from cronsim import CronSim, CronSimError

    try:
        next(CronSim(text, datetime(2000, 1, 1)))
    except CronSimError as error:
        return str(error)[:1].lower() + str(error)[1:]
    except StopIteration:
        return "there is no such day"
    return None


def next_start(schedules: Iterable[Schedule], now: float) -> float | None:
    """The first time after ``now`` (seconds since the epoch) at which one of the enabled schedules is due.

    Raises:
        cronsim.CronSimError: an expression that :func:`cron_problem` complains about.
    """
    wanted = [WORDS.get(one.cron, one.cron) for one in schedules if one.enabled]
    if not wanted:
        return None
    from cronsim import CronSim

    here = datetime.fromtimestamp(now).astimezone()
    return min(next(CronSim(cron, here)).timestamp() for cron in wanted)


def crontab_lines(project: Path, orchestration_id: str, schedules: Iterable[Schedule], program: list[str]) -> list[str]:
    """One line for crontab for each enabled schedule. ``program`` starts orch-tui.

    What goes wrong is printed, so cron mails it; with nothing wrong nothing is.
    """
    words = [*program, "run", orchestration_id, "--quiet", "--project", str(project)]
    # In crontab a per cent sign ends the command.
    command = shlex.join(words).replace("%", "\\%")
    return [f"{one.cron} {command}" for one in schedules if one.enabled]
