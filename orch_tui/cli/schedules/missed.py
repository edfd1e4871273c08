"""``orch-tui missed``: scheduled times that were not started, and starting them after all."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from orch_tui.cli.shared.completion import complete_orchestration
from orch_tui.cli.shared.errors import FAILED, SUCCESS, CliError
from orch_tui.cli.shared.opening import json_option, open_it, project_option
from orch_tui.cli.shared.output import Output, local_time, print_table
from orch_tui.model.texts.text import counted

if TYPE_CHECKING:
    from orch_tui.project.project import Project
    from orch_tui.scheduling.missed import Missed

_EACH = 5
"""So many times of a schedule have a line each."""


@click.command("missed")
@click.argument("orchestration", required=False, shell_complete=complete_orchestration)
@click.option("--catch-up", is_flag=True, help="Start them now, the earliest first, one after another.")
@click.option("--last", is_flag=True, help="Of each schedule only the last one.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@json_option
@project_option
def missed_command(
    orchestration: str | None, catch_up: bool, last: bool, yes: bool, as_json: bool, project: str | None
) -> int:
    """List the scheduled times of the last seven days that were not started, and why.

    No scheduler is needed for that: a schedule counts from when it was seen first, by any command or the screen.
    """
    from orch_tui.scheduling.missed import latest_by_schedule, missed_times, project_schedules, see
    from orch_tui.scheduling.outage import this_moment

    opened = open_it(project, tolerant=True)
    if orchestration is not None:
        opened.orchestration(orchestration)
    schedules, moment = project_schedules(opened, orchestration), this_moment()
    see(opened.paths, schedules, moment.now)
    missed = missed_times(opened.paths, schedules, moment)
    if last:
        missed = [one for one, _ in reversed(latest_by_schedule(missed))]
    out = Output(sys.stdout)
    if as_json and not catch_up:
        from orch_tui.cli.shared.report import print_json

        print_json(out, [_json(one) for one in missed])
    elif missed:
        _print(out, missed)
    else:
        out.line("no scheduled time was missed in the last seven days")
    return _catch_up(opened, missed, out, yes=yes) if catch_up and missed else SUCCESS


def _json(one: Missed) -> dict[str, Any]:
    from orch_tui.model.events.events import write_time

    return {
        "orchestration": one.watched.orchestration,
        "schedule": one.watched.id,
        "scheduled_at": write_time(one.at),
        "why": one.why.value,
        "detail": one.detail,
    }


def _print(out: Output, missed: Sequence[Missed]) -> None:
    """Many times of a schedule that were missed for the same reason are one line."""
    from orch_tui.scheduling.words import why_words

    groups: dict[tuple[str, str, str, str], list[Missed]] = {}
    for one in missed:
        groups.setdefault((*one.watched.key, one.why.value, one.detail), []).append(one)
    parts = [
        part for group in groups.values() for part in ([group] if len(group) > _EACH else [[one] for one in group])
    ]
    rows = [
        [_times(part), part[0].watched.orchestration, part[0].watched.id, why_words(part[0].why, part[0].detail)]
        for part in sorted(parts, key=lambda part: part[0].at)
    ]
    print_table(out, ["scheduled at", "orchestration", "schedule", "why it did not start"], rows)
    if len(rows) < len(missed):
        out.line(f"{counted(len(missed), 'time')}; --json has each")


def _times(part: Sequence[Missed]) -> str:
    first = local_time(part[0].at)
    return f"{first} … {local_time(part[-1].at)}, {len(part)} times" if len(part) > 1 else first


def _catch_up(project: Project, missed: Sequence[Missed], out: Output, *, yes: bool) -> int:
    """Start each in a process of its own, and wait for its end; 1 when one of them did not succeed."""
    from orch_tui.scheduling.processes import start_command

    if not yes:
        if not sys.stdin.isatty():
            raise CliError("--catch-up asks before it starts anything; give --yes where nobody can answer")
        click.confirm(f"Start {counted(len(missed), 'run')}, one after another?", abort=True)
    code = SUCCESS
    for one in missed:
        out.line(f"{local_time(one.at)}  {one.watched.orchestration}")
        done = subprocess.run(start_command(one.watched, one.at, project.root, "--again"), check=False)
        code = FAILED if done.returncode else code
    return code
