"""What starts an orchestration: schedules, and what happens while an earlier run goes on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from enum import StrEnum

from orch_tui.model.dataclass import dataclass

TRIGGER_PREFIX = "trigger."
"""Before the id of a trigger, where ids of schedules stand as well: in records, and in the headers of runs."""
BACKFILL_PREFIX = "backfill."
"""Before the kind of interval of a backfill, in the same places."""


class CatchUp(StrEnum):
    """Which scheduled times that passed without a start are started after all: none, the last, all one by one."""

    NONE = "none"
    LAST = "last"
    ALL = "all"


class IfRunning(StrEnum):
    """What a scheduled start does while an earlier run goes on: not start, wait for its end, stop it."""

    SKIP = "skip"
    WAIT = "wait"
    STOP = "stop"


@dataclass(frozen=True, slots=True)
class Schedule:
    """When it is to be started: ``cron`` is five fields as in crontab, or a word like ``@daily``.

    ``timezone`` is an IANA name; empty for that of the project, or else of the machine. ``id`` tells it from the other
    schedules of the orchestration; empty for one that is made of ``cron`` and ``timezone``. ``catch_up_within`` is how
    many seconds late a start may be caught up; None for any. Starts are spread over ``jitter`` seconds.
    """

    cron: str
    enabled: bool = True
    timezone: str = ""
    id: str = ""
    variables: Mapping[str, str] = field(default_factory=dict, hash=False)
    catch_up: CatchUp = CatchUp.NONE
    catch_up_within: float | None = None
    if_running: IfRunning = IfRunning.SKIP
    jitter: float = 0.0
