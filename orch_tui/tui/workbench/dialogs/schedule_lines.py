"""What the form of an orchestration says of its schedules: each in words, and when they start it next."""

from __future__ import annotations

import time

from orch_tui.model.orchestration.orchestration import Orchestration
from orch_tui.model.texts.text import safe_line
from orch_tui.project.paths import ProjectPaths
from orch_tui.scheduling.next_start import next_starts
from orch_tui.scheduling.pauses import held_pauses
from orch_tui.scheduling.values import pause_at
from orch_tui.scheduling.watching import schedules_of
from orch_tui.scheduling.words import pause_words, schedule_words

_STARTS = 5


def schedule_lines(value: Orchestration, timezone: str, paths: ProjectPaths, now: float) -> list[str]:
    """A line for each schedule, and one for the next starts, which pauses move; ``now`` is seconds since the epoch.

    ``timezone`` is the project's, for schedules without one; times are those of this machine's clock.
    """
    schedules = schedules_of(value, timezone)
    lines = [safe_line(schedule_words(one), 200) + ("" if one.schedule.enabled else " (disabled)") for one in schedules]
    pauses = held_pauses(paths)
    starts = next_starts(schedules, pauses, now, _STARTS)
    shown = ", ".join(time.strftime("%a %d %b %H:%M", time.localtime(at)) for at in starts)
    if (pause := pause_at(pauses, value.id, now)) is not None:
        until = time.strftime("%a %d %b %H:%M", time.localtime(pause.end)) if pause.end is not None else ""
        lines.append(safe_line(f"The schedules are {pause_words(pause, until)}", 200))
    return [*lines, f"Next starts: {shown}" if shown else "No next start"]
