"""Moments as lists show them."""

from __future__ import annotations

import time

_DAY = 86400


def show_when(when: float | None, now: float) -> str:
    """``14:02`` today, ``Sat 14:02`` within six days, else ``21 Nov`` or ``2025-11-21``: no text that ages."""
    if when is None:
        return ""
    then, today = time.localtime(when), time.localtime(now)
    if then[:3] == today[:3]:
        return time.strftime("%H:%M", then)
    if abs(now - when) < 6 * _DAY:
        return time.strftime("%a %H:%M", then)
    return time.strftime("%d %b" if then.tm_year == today.tm_year else "%Y-%m-%d", then)
