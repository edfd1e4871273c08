"""``orch-tui scheduler``: the process that starts a project's orchestrations by their schedules."""

from __future__ import annotations

import shlex
import signal
import sys
import time
from types import FrameType
from typing import TYPE_CHECKING

import click

from orch_tui.cli.schedules.crontab import program
from orch_tui.cli.shared.errors import ALREADY_RUNS, SUCCESS, CliError
from orch_tui.cli.shared.opening import open_it, project_option
from orch_tui.cli.shared.output import Output, local_time
from orch_tui.model.texts.text import safe_line

if TYPE_CHECKING:
    from pathlib import Path

    from orch_tui.project.project import Project
    from orch_tui.scheduling.service import Service

_STOPPING = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)

_UNIT = """# Put this into ~/.config/systemd/user/{name}.service, then:
#   systemctl --user daemon-reload && systemctl --user enable --now {name}.service
#   loginctl enable-linger        # so that it goes on after you log out, and comes back after a reboot
[Unit]
Description=orch-tui scheduler of {project}

[Service]
ExecStart={command}
Restart=always
RestartSec=5
# Runs do not depend on the scheduler: stopping it leaves them alone.
KillMode=process

[Install]
WantedBy=default.target
"""


@click.command("scheduler")
@click.option("--once", is_flag=True, help="Start what is due now, and end: for a line in crontab.")
@click.option("--unit", is_flag=True, help="Print a user unit for systemd, and end.")
@project_option
def scheduler_command(once: bool, unit: bool, project: str | None) -> int:
    """Start the project's orchestrations by their schedules, each scheduled time once.

    It stays in the foreground, for systemd, tmux or a container; a project has one at a time. The runs that it starts
    do not depend on it: whatever ends it, they go on.
    """
    opened = open_it(project, tolerant=True)
    out = Output(sys.stdout)
    if unit:
        out.data(_unit(opened.root))
        return SUCCESS
    from orch_tui.alerts.companion import AlertCompanion
    from orch_tui.scheduling.life import become_scheduler
    from orch_tui.scheduling.outage import this_moment
    from orch_tui.scheduling.service import Companion, Service
    from orch_tui.scheduling.takeover import TakeOver
    from orch_tui.triggers.turns import TriggerCompanion

    lock = become_scheduler(opened.paths, time.time())
    if isinstance(lock, str):
        if once:
            # It does what is due; a line of cron beside it is no mistake.
            return SUCCESS
        raise CliError(f"this project has a scheduler already: {lock}", ALREADY_RUNS)
    try:
        err = Output(sys.stderr)

        def say(text: str) -> None:
            err.line(safe_line(text, 500))

        companions: list[Companion] = [TakeOver(opened, say), TriggerCompanion(opened), AlertCompanion(opened)]
        service = Service(opened, this_moment, say, companions)
        return _once(service) if once else _serve(opened, service, out)
    finally:
        lock.free()


def _once(service: Service) -> int:
    service.turn()
    service.leave()
    return SUCCESS


def _serve(project: Project, service: Service, out: Output) -> int:
    from orch_tui.scheduling.alarm import Alarm

    received: list[int] = []

    def stop(number: int, frame: FrameType | None) -> None:
        received.append(number)

    alarm = Alarm()
    before = {number: signal.signal(number, stop) for number in _STOPPING}
    try:
        _tell_begin(project, out)
        service.serve(alarm, lambda: bool(received))
        service.leave()
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        alarm.close()
    return SUCCESS if received[0] != signal.SIGINT else 128 + received[0]


def _tell_begin(project: Project, out: Output) -> None:
    from orch_tui.project.project import DefinitionError
    from orch_tui.scheduling.next_start import next_start_of
    from orch_tui.scheduling.pauses import read_pauses
    from orch_tui.scheduling.watching import Schedules

    try:
        schedules = [one for one in Schedules(project).read() if one.schedule.enabled]
    except (OSError, DefinitionError):
        # Its turns say so, until it can be read.
        out.line("the scheduler is at work; when anything is due cannot be read now")
        return
    following = next_start_of(schedules, read_pauses(project.paths), time.time())
    if following is None:
        out.line("the scheduler is at work; no schedule is due")
    else:
        out.line(
            f"the scheduler is at work; {len(schedules)} schedules, next: {safe_line(following.orchestration)} at "
            f"{local_time(following.at)}"
        )


def _unit(project: Path) -> str:
    words = [*program(), "scheduler", "--project", str(project)]
    # In a unit a per cent sign begins a specifier, and a dollar a variable (systemd.service(5)).
    command = " ".join(_quoted(word) for word in words)
    name = f"orch-tui-{''.join(char if char.isalnum() else '-' for char in project.name.lower()) or 'project'}"
    return _UNIT.format(name=name, project=safe_line(str(project)).replace("%", "%%"), command=command)


def _quoted(word: str) -> str:
    if shlex.quote(word) == word and "%" not in word:
        return word
    escaped = word.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%").replace("$", "$$")
    return f'"{escaped}"'
