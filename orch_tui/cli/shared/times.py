"""Times that people type: of this machine's clock, or from now."""

from __future__ import annotations

from datetime import datetime

from orch_tui.cli.shared.errors import CliError
from orch_tui.model.texts.durations import parse_duration
from orch_tui.model.texts.text import safe_line

UNTIL_HELP = 'Until then: "2026-11-30 06:00", or a duration from now like "2h".'


def future_time(option: str, text: str | None, now: float) -> float | None:
    """Seconds since the epoch of what was given to an option; None when nothing was.

    Raises: CliError: it is no time, or it has passed.
    """
    if text is None:
        return None
    at = _time(option, text, now)
    if at <= now:
        raise CliError(f"{option} {safe_line(text, 60)}: that time has passed")
    return at


def _time(option: str, text: str, now: float) -> float:
    try:
        return now + parse_duration(text)
    except ValueError:
        pass
    try:
        return datetime.fromisoformat(text).timestamp()
    except (ValueError, OverflowError) as error:
        message = f'{option} {safe_line(text, 60)}: write it like "2026-11-30 06:00", or as a duration like "2h"'
        raise CliError(message) from error
