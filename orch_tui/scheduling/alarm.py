"""Sleeping until a time of the machine's clock, or until something happens, without waking up in between.

A timer on CLOCK_REALTIME is right after the machine slept and says when the clock was set (timerfd_create(2));
inotify(7) says when files in a directory changed. Both are called by ctypes: Python has the first from 3.13 on only.
"""

from __future__ import annotations

import ctypes
import errno
import os
import select
import signal
from collections.abc import Iterable, Sequence
from pathlib import Path

_CLOCK_REALTIME = 0
_TFD_TIMER_ABSTIME = 1
_TFD_TIMER_CANCEL_ON_SET = 2
_IN_CHANGES = 0x8 | 0x40 | 0x80 | 0x100 | 0x200
"""Closed after writing, moved from, moved to, created, deleted."""
_BUFFER = 1 << 16


class _Timespec(ctypes.Structure):
    _fields_ = (("seconds", ctypes.c_long), ("nanoseconds", ctypes.c_long))


class _TimerSpec(ctypes.Structure):
    _fields_ = (("interval", _Timespec), ("value", _Timespec))


class Alarm:
    """Wakes up at a time, when the clock is set, when a file in one of some directories changes, and at a signal."""

    def __init__(self) -> None:
        """Raises: OSError."""
        self._libc = ctypes.CDLL(None, use_errno=True)
        flags = os.O_NONBLOCK | os.O_CLOEXEC
        self._timer = self._checked(self._libc.timerfd_create(_CLOCK_REALTIME, flags))
        self._changes = self._checked(self._libc.inotify_init1(flags))
        self._watched: set[int] = set()
        self._signals, self._signalled = os.pipe2(flags)
        self._earlier = signal.set_wakeup_fd(self._signalled, warn_on_full_buffer=False)

    def watch(self, directories: Iterable[Path]) -> None:
        """Wake up when a file in one of them changes, and no more for others that were watched before. One that cannot
        be watched (it is not there) is left out."""
        paths = map(os.fsencode, directories)
        watched = {self._libc.inotify_add_watch(self._changes, path, _IN_CHANGES) for path in paths}
        # The kernel gives a user so many for all programs.
        for left in self._watched - watched:
            self._libc.inotify_rm_watch(self._changes, left)
        self._watched = watched - {-1}

    def wait(self, until: float, descriptors: Sequence[int]) -> None:
        """Return at ``until`` (seconds since the epoch) or when one of the descriptors can be read, or as above.

        Raises: OSError.
        """
        if self._set(until):
            poll = select.poll()
            for descriptor in (self._timer, self._changes, self._signals, *descriptors):
                poll.register(descriptor, select.POLLIN)
            poll.poll()
        self._drain()

    def _set(self, until: float) -> bool:
        """False when the clock was set since the timer was last waited for. Raises: OSError."""
        # A time of zero would be none; and one before now is reached at once.
        whole = max(1, int(until))
        value = _Timespec(whole, int((until - int(until)) * 1e9) if until > 1 else 0)
        spec = _TimerSpec(_Timespec(0, 0), value)
        flags = _TFD_TIMER_ABSTIME | _TFD_TIMER_CANCEL_ON_SET
        try:
            self._checked(self._libc.timerfd_settime(self._timer, flags, ctypes.byref(spec), None))
        except OSError as error:
            # The timer is set all the same (timerfd_create(2), NOTES).
            if error.errno != errno.ECANCELED:
                raise
            return False
        return True

    def _drain(self) -> None:
        for descriptor in (self._timer, self._changes, self._signals):
            try:
                while os.read(descriptor, _BUFFER):
                    pass
            except BlockingIOError:
                continue
            except OSError as error:
                # The timer's word for a clock that was set.
                if error.errno != errno.ECANCELED:
                    raise

    def close(self) -> None:
        signal.set_wakeup_fd(self._earlier)
        for descriptor in (self._timer, self._changes, self._signals, self._signalled):
            os.close(descriptor)

    @staticmethod
    def _checked(result: int) -> int:
        if result < 0:
            number = ctypes.get_errno()
            raise OSError(number, os.strerror(number))
        return result
