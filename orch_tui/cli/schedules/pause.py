"""``orch-tui pause`` and ``unpause``: schedules that start nothing for a while."""

from __future__ import annotations

import sys
import time
from datetime import datetime

import click

from orch_tui.cli.shared.completion import complete_orchestration
from orch_tui.cli.shared.errors import FAILED, SUCCESS, CliError
from orch_tui.cli.shared.opening import open_it, project_option
from orch_tui.cli.shared.output import Output, local_time
from orch_tui.model.durations import parse_duration
from orch_tui.model.text import safe_line


@click.command("pause")
@click.argument("orchestration", required=False, shell_complete=complete_orchestration)
@click.option("--until", metavar="TIME", help='Until then: "2026-11-30 06:00", or a duration from now like "2h".')
@click.option("--reason", default="", metavar="TEXT", help="Why, for whoever wonders.")
@project_option
def pause_command(orchestration: str | None, until: str | None, reason: str, project: str | None) -> int:
    """Let the schedules of ORCHESTRATION, or all of the project, start nothing for a while.

    What goes on is not touched, and runs can be started by hand. Times that pass meanwhile are not caught up.
    """
    from orch_tui.engine.requests import who_am_i
    from orch_tui.scheduling.pauses import pause
    from orch_tui.scheduling.values import Pause

    opened, now = open_it(project, tolerant=True), time.time()
    if orchestration is not None and orchestration not in opened.orchestration_ids():
        opened.orchestration(orchestration)
    end = None if until is None else _time(until, now)
    if end is not None and end <= now:
        raise CliError(f"--until {safe_line(until or '', 60)}: that time has passed")
    pause(opened.paths, Pause(orchestration or "", now, end, who_am_i(), safe_line(reason, 200)))
    what = f"the schedules of {orchestration}" if orchestration else "all schedules"
    how_long = f"until {local_time(end)}" if end is not None else "until orch-tui unpause"
    Output(sys.stdout).line(f"{safe_line(what)} start nothing {how_long}")
    return SUCCESS


@click.command("unpause")
@click.argument("orchestration", required=False, shell_complete=complete_orchestration)
@project_option
def unpause_command(orchestration: str | None, project: str | None) -> int:
    """End the pause of ORCHESTRATION's schedules, or of all. What passed meanwhile is not started."""
    from orch_tui.scheduling.pauses import lift

    opened = open_it(project, tolerant=True)
    lifted = lift(opened.paths, orchestration or "", time.time())
    out, what = Output(sys.stdout), safe_line(f"the schedules of {orchestration}" if orchestration else "all schedules")
    out.line(f"{what} go on" if lifted else f"there is no pause of {what}")
    return SUCCESS if lifted else FAILED


def _time(text: str, now: float) -> float:
    """Seconds since the epoch: of a time of this machine's clock, or of a duration from now. Raises: CliError."""
    try:
        return now + parse_duration(text)
    except ValueError:
        pass
    try:
        return datetime.fromisoformat(text).timestamp()
    except (ValueError, OverflowError) as error:
        message = f'--until {safe_line(text, 60)}: write it like "2026-11-30 06:00", or as a duration like "2h"'
        raise CliError(message) from error
