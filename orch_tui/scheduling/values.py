"""What is known of scheduled times: schedules that are watched, records of what became of a time, pauses."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import tzinfo
from enum import StrEnum
from zoneinfo import ZoneInfo

from orch_tui.model.orchestration.starts import Schedule
from orch_tui.project.schedules.time_zones import machine_zone_name

ON_TIME = 90.0
"""Seconds after which a start is late: then it is caught up, or told as missed."""


@dataclass(frozen=True, slots=True)
class Watched:
    """A schedule of an orchestration. ``id`` is unique among those of the orchestration."""

    orchestration: str
    id: str
    schedule: Schedule
    zone: tzinfo

    @property
    def key(self) -> tuple[str, str]:
        return self.orchestration, self.id

    @property
    def zone_name(self) -> str:
        """The IANA name; that of the machine's zone, where it has no other."""
        return self.zone.key if isinstance(self.zone, ZoneInfo) else machine_zone_name()


class Outcome(StrEnum):
    """What became of a scheduled time. ``CLAIMED``: somebody is about to start it, or waits for its turn."""

    CLAIMED = "claimed"
    STARTED = "started"
    NOT_STARTED = "not started"


class Why(StrEnum):
    """Why a scheduled time has no run."""

    NOTHING_CALLED = "nothing called"
    NO_SCHEDULER = "no scheduler"
    MACHINE_OFF = "machine off"
    SUSPENDED = "suspended"
    CLOCK_SET = "clock set"
    TOO_LATE = "too late"
    STILL_RUNNING = "still running"
    WAITS_ALREADY = "waits already"
    PAUSED = "paused"
    REFUSED = "refused"
    FAILED = "failed to start"

    @property
    def missed(self) -> bool:
        """Whether it would have been started had all been well: what nobody decided."""
        return self not in (Why.STILL_RUNNING, Why.WAITS_ALREADY, Why.PAUSED)


@dataclass(frozen=True, slots=True)
class Record:
    """What became of the scheduled times from ``at`` to ``through`` (seconds since the epoch), ``count`` of them.

    Only times that were not started are put together. ``run`` is the run that was started, or the one that went on.
    ``detail`` is a text that goes with ``why``.
    """

    at: float
    outcome: Outcome
    through: float = 0.0
    count: int = 1
    run: str = ""
    why: Why | None = None
    detail: str = ""

    @property
    def last(self) -> float:
        """The last of the times."""
        return max(self.at, self.through)

    def covers(self, at: float) -> bool:
        return self.at <= at <= self.last


@dataclass(frozen=True, slots=True)
class Mark:
    """How far a schedule is settled. All scheduled times up to ``until`` have a record or came before ``since``.

    ``since`` is when it was seen first as it is; ``seen`` tells when it is another one (it was disabled meanwhile).
    """

    since: float
    until: float
    seen: str = ""


@dataclass(frozen=True, slots=True)
class Pause:
    """No scheduled time from ``begin`` to before ``end`` (None: until it is lifted) is started.

    ``orchestration`` is empty for all of them.
    """

    orchestration: str
    begin: float
    end: float | None
    by: str
    reason: str = ""

    def holds(self, orchestration: str, at: float) -> bool:
        """Whether it keeps an orchestration from being started at a time."""
        mine = self.orchestration in ("", orchestration)
        return mine and self.begin <= at and (self.end is None or at < self.end)


def pause_at(pauses: tuple[Pause, ...], orchestration: str, at: float) -> Pause | None:
    """The pause that keeps an orchestration from being started at a time: of several the longest."""
    held = [pause for pause in pauses if pause.holds(orchestration, at)]
    return max(held, key=lambda pause: float("inf") if pause.end is None else pause.end, default=None)
