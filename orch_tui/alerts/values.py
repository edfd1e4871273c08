"""What the parts of alerting hand to each other: events, entries of the outbox, what is remembered."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

from orch_tui.model.orchestration.alerts import AlertKind, Channel


@dataclass(frozen=True, slots=True)
class Alert:
    """An event that is told. ``key`` names the event: whoever finds it makes the same key, and it is told once.

    ``orchestration`` is empty for what concerns the whole project; ``at`` is seconds since the epoch.
    """

    key: str
    kind: AlertKind
    at: float
    title: str
    text: str
    orchestration: str = ""
    run: str = ""
    scope: str = ""
    details: Mapping[str, str] = field(default_factory=dict, hash=False)


class State(StrEnum):
    """Of an entry: it waits for being sent (again), was sent, or was given up."""

    WAITING = "waiting"
    SENT = "sent"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Entry:
    """An alert for one channel. ``tried`` is how often it was tried, ``after`` when it may be next (seconds since the
    epoch), ``error`` what the last try ended with, ``ended`` when it was sent or given up."""

    alert: Alert
    channel: Channel
    made: float
    state: State = State.WAITING
    tried: int = 0
    after: float = 0.0
    error: str = ""
    ended: float | None = None

    @property
    def id(self) -> str:
        """The same for the same event and channel."""
        name = "\n".join((self.alert.key, self.channel.kind, self.channel.text))
        return hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:16]

    def again(self, now: float) -> Entry:
        """The entry as a new one, to be tried from now on."""
        return replace(self, state=State.WAITING, made=now, tried=0, after=now, error="", ended=None)


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """Somebody has taken care of what fails; ``until`` when (seconds since the epoch), None until it is repaired."""

    by: str
    at: float
    note: str = ""
    until: float | None = None

    def holds(self, failing_since: float, now: float) -> bool:
        """Whether it is of what has been failing since a time: once that is repaired, the next failure is a new one."""
        return failing_since <= self.at and (self.until is None or now < self.until)


@dataclass(frozen=True, slots=True)
class Memory:
    """How far the runs of an orchestration were looked at.

    All runs up to ``seen`` (an id) were, but those in ``open``, which had not ended; ``broken`` are those of them that
    were told as interrupted. ``failing`` has the run that failed first for each scope that is not repaired. ``missed``
    is the last scheduled time of each schedule that was looked at.
    """

    since: float
    seen: str = ""
    open: tuple[str, ...] = ()
    broken: frozenset[str] = frozenset()
    failing: Mapping[str, str] = field(default_factory=dict, hash=False)
    missed: Mapping[str, float] = field(default_factory=dict, hash=False)
