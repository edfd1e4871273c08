"""What the home screen knows of schedules: the scheduler, pauses, and times that were missed."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from orch_tui.model.dataclass import dataclass

if TYPE_CHECKING:
    from orch_tui.project.paths import ProjectPaths
    from orch_tui.scheduling.missed import Missed
    from orch_tui.scheduling.values import Pause, Watched

_MISSED_EVERY = 60.0
"""Seconds between two looks for missed times, which read many files."""


@dataclass(frozen=True, slots=True)
class ScheduleLook:
    """``scheduler`` says who the project's scheduler is, None without one; ``gone``: there was one, and it was killed.

    ``missed`` has the last missed time of each schedule, and how many there are.
    """

    scheduler: str | None = None
    gone: bool = False
    pauses: tuple[Pause, ...] = ()
    missed: tuple[tuple[Missed, int], ...] = ()


class ScheduleBoard:
    """Looks again and again; its method is for one thread at a time. ``clock`` is in seconds, from anywhere."""

    def __init__(self, paths: ProjectPaths, clock: Callable[[], float] = time.monotonic) -> None:
        self._paths = paths
        self._clock = clock
        self._look = ScheduleLook()
        self._next_missed = float("-inf")
        self._schedules: Sequence[Watched] = ()

    def read(self, schedules: Sequence[Watched]) -> ScheduleLook:
        """What is so now; what cannot be read is as it was."""
        from orch_tui.scheduling.life import last_sign, scheduler_of
        from orch_tui.scheduling.pauses import held_pauses

        if not schedules:
            return self._look
        try:
            scheduler, sign = scheduler_of(self._paths), last_sign(self._paths)
            gone = scheduler is None and sign is not None and not sign.ended
            self._look = replace(self._look, scheduler=scheduler, gone=gone, pauses=held_pauses(self._paths))
            if self._clock() >= self._next_missed or schedules != self._schedules:
                self._next_missed, self._schedules = self._clock() + _MISSED_EVERY, schedules
                self._look = replace(self._look, missed=self._missed(schedules))
        except OSError:
            # Another user's: the definitions are for all, what became of them is not.
            return self._look
        return self._look

    def _missed(self, schedules: Sequence[Watched]) -> tuple[tuple[Missed, int], ...]:
        from orch_tui.scheduling.missed import latest_by_schedule, missed_times, see
        from orch_tui.scheduling.outage import this_moment
        from orch_tui.scheduling.pauses import DamagedPauses

        moment = this_moment()
        try:
            see(self._paths, schedules, moment.now)
            return tuple(latest_by_schedule(missed_times(self._paths, schedules, moment)))
        except DamagedPauses:
            return ()
