"""Times that are given to options."""

from __future__ import annotations

from orch_tui.cli.shared.errors import CliError
from orch_tui.model.texts import times
from orch_tui.model.texts.text import safe_line

UNTIL_HELP = 'Until then: "2026-11-30 06:00", or a duration from now like "2h".'


def future_time(option: str, text: str | None, now: float) -> float | None:
    """Seconds since the epoch of what was given to an option; None when nothing was.

    Raises: CliError: it is no time, or it has passed.
    """
    if text is None:
        return None
    try:
        return times.future_time(text, now)
    except ValueError as error:
        raise CliError(f"{option} {safe_line(text, 60)}: {error}") from error
