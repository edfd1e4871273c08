"""Times that people type: of this machine's clock, or from now."""

from __future__ import annotations

from datetime import datetime

from orch_tui.model.texts.durations import parse_duration


def future_time(text: str, now: float) -> float:
    """Seconds since the epoch of ``2026-11-30 06:00`` or ``2h`` (from ``now``).

    Raises: ValueError: it is no time, or it has passed; the text says so.
    """
    at = _time(text, now)
    if at <= now:
        raise ValueError("that time has passed")
    return at


def _time(text: str, now: float) -> float:
    try:
        return now + parse_duration(text)
    except ValueError:
        pass
    try:
        return datetime.fromisoformat(text.strip()).timestamp()
    except (ValueError, OverflowError) as error:
        raise ValueError('write it like "2026-11-30 06:00", or as a duration like "2h"') from error
