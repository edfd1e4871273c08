"""The times at which a schedule is due, as seconds since the epoch.

Around a change of the clock it is as with Debian's cron: what falls into the hour that is left out comes at its end,
what falls into the hour that comes twice is due once, unless it is due in every hour.
"""

from __future__ import annotations

import hashlib
import itertools
import threading
from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Iterator
from datetime import datetime, tzinfo

from orch_tui.project.schedules.starts import cron_text
from orch_tui.scheduling.values import Watched

_EARLIER = 3 * 3600.0
"""The enumeration begins so much before, so that it is the same wherever in a change of the clock it is asked for."""
_KEPT_TIMES = 2000
_KEPT_ENUMERATIONS = 500
_SPANS = (2 * 3600.0, 3 * 86400.0, 40 * 86400.0, 400 * 86400.0, 9 * 366 * 86400.0)


class _Enumeration:
    """The times of one expression from a moment on, worked out as far as somebody asked: most ask for the next one.

    Safe to be asked from several threads.
    """

    def __init__(self, cron: str, zone: tzinfo, after: float) -> None:
        from cronsim import CronSim

        self.after = after
        self._source = CronSim(cron, datetime.fromtimestamp(after - _EARLIER, zone))
        self._times: list[float] = []
        self._ended = False
        self._lock = threading.Lock()

    def reaches(self, after: float) -> bool:
        """Whether what comes later than ``after`` can be asked of it without working out much in between."""
        known = self._times[-1] if self._times else self.after
        return self.after <= after and len(self._times) < _KEPT_TIMES and (after <= known + _EARLIER or self._ended)

    def later_than(self, after: float) -> Iterator[float]:
        with self._lock:
            number = bisect_right(self._times, after)
        while (start := self._time(number)) is not None:
            number += 1
            if start > after:
                yield start

    def _time(self, number: int) -> float | None:
        with self._lock:
            while len(self._times) <= number and not self._ended:
                start = next(self._source, None)
                if start is None:
                    self._ended = True
                elif start.timestamp() > (self._times[-1] if self._times else self.after):
                    self._times.append(start.timestamp())
            return self._times[number] if number < len(self._times) else None


_enumerations: OrderedDict[tuple[str, tzinfo], _Enumeration] = OrderedDict()
_choosing = threading.Lock()


def due_after(watched: Watched, after: float) -> Iterator[float]:
    """All times later than ``after``, without end for most schedules."""
    key = cron_text(watched.schedule), watched.zone
    with _choosing:
        known = _enumerations.pop(key, None)
        if known is None or not known.reaches(after):
            known = _Enumeration(*key, after)
        _enumerations[key] = known
        if len(_enumerations) > _KEPT_ENUMERATIONS:
            _enumerations.popitem(last=False)
    return known.later_than(after)


def due_between(watched: Watched, after: float, until: float) -> Iterator[float]:
    """The times later than ``after`` and not later than ``until``."""
    return itertools.takewhile(lambda start: start <= until, due_after(watched, after))


def last_due(watched: Watched, until: float) -> float | None:
    """The latest time not later than ``until``; None when there was none for years."""
    for span in _SPANS:
        latest = None
        for latest in due_between(watched, until - span, until):  # noqa: B007 - the last one is asked for
            pass
        if latest is not None:
            return latest
    return None


def interval(watched: Watched, at: float) -> tuple[float, float]:
    """What a scheduled start stands for: from the scheduled time before it (its own, where there is none) to ``at``."""
    before = last_due(watched, at - 1)
    return (before if before is not None else at), at


def delay_of(watched: Watched, at: float) -> float:
    """Seconds after ``at`` at which it is started: less than its jitter, and the same whoever asks."""
    jitter = watched.schedule.jitter
    if not jitter:
        return 0.0
    name = f"{watched.orchestration}/{watched.id}/{at:.0f}".encode()
    part = int.from_bytes(hashlib.sha256(name).digest()[:6]) / 2**48
    return float(int(part * jitter))


def iso_time(watched: Watched, at: float) -> str:
    """``2026-11-29T05:30:00+01:00``: a time as the clock of the schedule's zone shows it."""
    return datetime.fromtimestamp(at, watched.zone).isoformat(timespec="seconds")
