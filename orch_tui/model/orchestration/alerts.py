"""Alerts: which events people want to be told, and where."""

from __future__ import annotations

from enum import StrEnum

from orch_tui.model.dataclass import dataclass


class AlertKind(StrEnum):
    """What can be told. ``FAILED`` is each run that failed, ``FIRST_FAILURE`` only the first until one succeeds.

    ``SLOW``: a run takes longer than usual; ``DEADLINE``: it will not be done in time, or was not; ``QUIET``: nothing
    succeeded for long; ``MISSED``: a scheduled time was not started; ``APPROVAL``: a run asks
    people something; ``MESSAGE``: what a task tells, which no rule asks for.
    """

    FAILED = "failed"
    FIRST_FAILURE = "failed-first"
    RECOVERED = "recovered"
    WARNING = "warning"
    SUCCESS = "success"
    SLOW = "slow"
    DEADLINE = "deadline"
    QUIET = "quiet"
    MISSED = "missed"
    APPROVAL = "approval"
    SCHEDULER_GONE = "scheduler-gone"
    MESSAGE = "message"


class ChannelKind(StrEnum):
    """``ADDRESS`` is one that the library apprise knows; ``COMMAND`` a shell command that reads JSON."""

    ADDRESS = "address"
    COMMAND = "command"


@dataclass(frozen=True, slots=True)
class Channel:
    """Where an alert goes. ``text`` has references (``${NAME}``) where there are secrets."""

    kind: ChannelKind
    text: str


USUAL_KINDS = (AlertKind.FIRST_FAILURE, AlertKind.RECOVERED)


@dataclass(frozen=True, slots=True)
class AlertRule:
    """``kinds`` of events are told to ``channels``.

    ``phases`` and ``tasks`` are ids: with them, a run failed or succeeded as those did. ``slow`` is how many per cent
    over the usual time is too long; ``deadline`` minutes after midnight; ``quiet`` seconds.
    """

    kinds: tuple[AlertKind, ...] = USUAL_KINDS
    channels: tuple[Channel, ...] = ()
    phases: tuple[str, ...] = ()
    tasks: tuple[str, ...] = ()
    slow: float = 50.0
    deadline: int | None = None
    quiet: float | None = None

    @property
    def scope(self) -> str:
        """What of a run it looks at, as a text that is the same for the same parts; empty for all of it."""
        parts = [f"phase {name}" for name in sorted(self.phases)] + [f"task {name}" for name in sorted(self.tasks)]
        return ", ".join(parts)
