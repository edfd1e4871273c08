"""What one look has found: alerts with their channels, and when to look again."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from orch_tui.alerts.values import Alert, Memory
from orch_tui.model.orchestration.alerts import Channel

Item = tuple[Alert, tuple[Channel, ...]]


@dataclass(slots=True)
class Told:
    """``memory`` is that with all of it; ``wakes`` are times (seconds since the epoch) to look again."""

    memory: Memory
    alerts: list[Item] = field(default_factory=list)
    wakes: list[float] = field(default_factory=list)

    def add(self, alert: Alert, channels: tuple[Channel, ...]) -> None:
        self.alerts.append((alert, channels))


def earliest(times: Iterable[float | None]) -> float | None:
    """The first of some times; None where there is none."""
    return min((at for at in times if at is not None), default=None)
