"""``orch-tui crontab``: what cron needs to start orchestrations by their schedules."""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
import time
from typing import TYPE_CHECKING

import click

from orch_tui.cli.shared.errors import FAILED, SUCCESS
from orch_tui.cli.shared.opening import open_it, project_option
from orch_tui.cli.shared.output import Output
from orch_tui.model.texts.text import safe_line

if TYPE_CHECKING:
    from orch_tui.project.project import Project


@click.command("crontab")
@project_option
def crontab_command(project: str | None) -> int:
    """Print a line for crontab for every enabled schedule of the project's orchestrations.

    Nothing is installed: put the lines into `crontab -e`. What goes wrong in a run is printed, so cron mails it.
    """
    from orch_tui.project.definitions.schedule_fields import schedule_ids
    from orch_tui.project.project import DefinitionError
    from orch_tui.project.schedules.starts import NotForCron, crontab_line

    # orch.toml says in which time zone schedules are: without it, no line is certain.
    opened = open_it(project)
    _see(opened)
    out, err = Output(sys.stdout), Output(sys.stderr)
    lines, broken = 0, False
    for name in opened.orchestration_ids():
        try:
            value = opened.orchestration(name)
        except DefinitionError as error:
            broken = True
            err.line(f"{name} is left out: {error.problems[0].place}: {error.problems[0].message}")
            continue
        timezone = opened.settings.timezone
        for schedule, schedule_id in zip(value.schedules, schedule_ids(value.schedules, timezone), strict=True):
            if not schedule.enabled:
                continue
            try:
                line = crontab_line(opened.root, name, schedule, schedule_id, program(), time.time(), timezone)
            except NotForCron as error:
                broken = True
                err.line(f"{name} is left out: {safe_line(str(error))}")
            else:
                out.line(f"# {safe_line(value.name)}")
                out.line(line)
                lines += 1
    if not lines and not broken:
        err.line('no orchestration has a schedule; add one to its file: [[schedules]] and cron = "30 5 * * 1-5"')
    return FAILED if broken else SUCCESS


def _see(project: Project) -> None:
    """From now on a scheduled time that cron does not start is told as missed."""
    from orch_tui.scheduling.missed import project_schedules, see

    with contextlib.suppress(OSError):
        see(project.paths, project_schedules(project), time.time())


def program() -> list[str]:
    """What starts this program from anywhere: cron has hardly a PATH."""
    script = os.path.join(os.path.dirname(sys.executable), "orch-tui")
    found = script if os.access(script, os.X_OK) else shutil.which("orch-tui")
    return [found] if found else [sys.executable, "-P", "-m", "orch_tui"]
