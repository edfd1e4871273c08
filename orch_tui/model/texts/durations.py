"""Durations as people write them ("30m", "1h30m", "90") and as the program shows them."""

from __future__ import annotations

import re

from orch_tui.model.texts.pattern import pattern

_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_PART = pattern(r"(\d+(?:\.\d+)?)\s*(ms|s|m|h|d)")


def parse_duration(value: str | int | float) -> float:
    """Seconds from ``"30m"``, ``"1h 30m"``, ``"250ms"``, ``"90"`` or a number of seconds.

    Raises:
        ValueError: the text is no duration, or it is negative or not finite.
    """
    if isinstance(value, bool):
        raise ValueError('a duration is a text like "30m" or a number of seconds, not true or false')
    if isinstance(value, int | float):
        # A whole number of TOML may be larger than any float.
        seconds = value
    else:
        text = value.strip().lower()
        if re.fullmatch(r"\d+(\.\d+)?", text):
            seconds = float(text)
        elif re.fullmatch(rf"(?:{_PART.pattern}\s*)+", text):
            seconds = sum(float(number) * _UNITS[unit] for number, unit in _PART.findall(text))
        else:
            raise ValueError(f'"{value}" is no duration; write it like "45s", "30m" or "1h30m"')
    if not 0 <= seconds < 10**9:
        raise ValueError(f'"{value}" is no possible duration')
    return float(seconds)


def write_duration(seconds: float) -> str:
    """The shortest text that :func:`parse_duration` reads back as exactly this many seconds."""
    if seconds != int(seconds):
        return f"{seconds:.10g}s"
    rest, parts = int(seconds), []
    for unit, size in (("d", 86400), ("h", 3600), ("m", 60), ("s", 1)):
        count, rest = divmod(rest, size)
        if count:
            parts.append(f"{count}{unit}")
    return "".join(parts) or "0s"


def show_duration(seconds: float | None) -> str:
    """For people: ``"0.4 s"``, ``"12 s"``, ``"3:07"``, ``"1:02:03"``; empty for None."""
    if seconds is None:
        return ""
    if seconds < 10:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    minutes, second = divmod(whole, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{second:02}" if hours else f"{minutes}:{second:02}"


def clock(seconds: float) -> str:
    """``00:14``, ``1:02:03``: as wide one second later."""
    minutes, second = divmod(max(0, int(seconds)), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{second:02}" if hours else f"{minutes:02}:{second:02}"
