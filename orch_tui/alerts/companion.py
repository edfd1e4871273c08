"""What the scheduler does for alerts on its turns: it looks for what is late, and lets what waits be sent."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from orch_tui.alerts.looking import Lookout, has_alerts
from orch_tui.alerts.outbox import Outbox
from orch_tui.alerts.sending import due_at, is_sending
from orch_tui.alerts.told import earliest
from orch_tui.engine.runs.alerting import start_sender
from orch_tui.project.project import DefinitionError, Project
from orch_tui.scheduling.outage import Moment

_WHILE_SENDING = 10.0
"""Seconds after which it is looked again for what another process is about to send."""


class AlertCompanion:
    """Beside one scheduler. It sends nothing itself: a channel that does not answer must not hold up starts."""

    failing = "alerts cannot be looked after now"

    def __init__(self, project: Project) -> None:
        self._project = project
        self._outbox = Outbox(project.paths)
        self._lookout = Lookout(project)

    def turn(self, moment: Moment) -> float | None:
        """When the next turn is to be, in seconds since the epoch; None: not by itself. Raises: OSError."""
        return earliest([self._lookout.look(moment), self._send(moment.now)])

    def _send(self, now: float) -> float | None:
        waiting = self._outbox.waiting()
        if not waiting:
            return None
        if is_sending(self._project.paths):
            return now + _WHILE_SENDING
        due = min(due_at(entry, now) for entry in waiting)
        if due > now:
            return due
        start_sender(self._project.root)
        return now + _WHILE_SENDING

    descriptors: Sequence[int] = ()

    def leave(self) -> None:
        """What sends goes on by itself."""

    def directories(self) -> list[Path]:
        """Where a new directory is a run that began, also one that somebody else started."""
        if not has_alerts(self._project):
            return []
        found = []
        for name in self._project.orchestration_ids():
            try:
                wanted = bool(self._project.settings.alerts or self._project.orchestration(name).alerts)
            except DefinitionError:
                wanted = False
            found += [self._project.paths.runs(name)] if wanted else []
        return found
