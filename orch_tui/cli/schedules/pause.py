"""``orch-tui pause`` and ``unpause``: schedules that start nothing for a while."""

from __future__ import annotations

import sys
import time

import click

from orch_tui.cli.shared.completion import complete_orchestration
from orch_tui.cli.shared.errors import FAILED, SUCCESS
from orch_tui.cli.shared.opening import open_it, project_option
from orch_tui.cli.shared.output import Output, local_time
from orch_tui.cli.shared.times import UNTIL_HELP, future_time
from orch_tui.model.texts.text import safe_line


@click.command("pause")
@click.argument("orchestration", required=False, shell_complete=complete_orchestration)
@click.option("--until", metavar="TIME", help=UNTIL_HELP)
@click.option("--reason", default="", metavar="TEXT", help="Why, for whoever wonders.")
@project_option
def pause_command(orchestration: str | None, until: str | None, reason: str, project: str | None) -> int:
    """Let the schedules of ORCHESTRATION, or all of the project, start nothing for a while.

    What goes on is not touched, and runs can be started by hand. Times that pass meanwhile are not caught up.
    """
    from orch_tui.engine.requests.requests import who_am_i
    from orch_tui.scheduling.pauses import pause
    from orch_tui.scheduling.values import Pause

    opened, now = open_it(project, tolerant=True), time.time()
    if orchestration is not None and orchestration not in opened.orchestration_ids():
        opened.orchestration(orchestration)
    end = future_time("--until", until, now)
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
