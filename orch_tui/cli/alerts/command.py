"""``orch-tui alerts``: what was told to whom, what waits, and trying the channels."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from orch_tui.cli.alerts.notify import notify
from orch_tui.cli.shared.completion import complete_orchestration
from orch_tui.cli.shared.errors import FAILED, SUCCESS, CliError
from orch_tui.cli.shared.opening import json_option, open_it, project_option
from orch_tui.cli.shared.output import Output, local_time, print_table
from orch_tui.model.texts.text import counted, safe_line

if TYPE_CHECKING:
    from orch_tui.alerts.sending import Sender
    from orch_tui.alerts.values import Entry
    from orch_tui.model.orchestration.alerts import Channel
    from orch_tui.project.project import Project

_SHOWN = 50
_STAYS = 1800.0
"""Seconds up to the next try for which a sender stays; beyond them the scheduler or the next run goes on."""
_LOOK = 1.0
"""Seconds between two looks at the outbox while it waits."""


@click.group("alerts", invoke_without_command=True)
@click.option("--all", "everything", is_flag=True, help=f"All that is kept, and not the last {_SHOWN}.")
@json_option
@project_option
@click.pass_context
def alerts_command(ctx: click.Context, everything: bool, as_json: bool, project: str | None) -> int:
    """List the alerts that were sent, wait or were given up, the latest last.

    Whom what is told stands in [[alerts]] of orch.toml and of orchestrations.
    """
    if ctx.invoked_subcommand is not None:
        return SUCCESS
    from orch_tui.alerts.outbox import Outbox

    entries = Outbox(open_it(project, tolerant=True).paths).entries()
    entries = entries if everything else entries[-_SHOWN:]
    out = Output(sys.stdout)
    if as_json:
        from orch_tui.cli.shared.report import print_json

        print_json(out, [_json(entry) for entry in entries])
    elif entries:
        _print(out, entries)
    else:
        Output(sys.stderr).line("no alert yet; what is told to whom stands in [[alerts]], see docs/alerts.md")
    return SUCCESS


def _json(entry: Entry) -> dict[str, Any]:
    from orch_tui.alerts.channels import channel_words
    from orch_tui.cli.shared.report import at

    alert = entry.alert
    return {
        "id": entry.id,
        "state": entry.state.value,
        "event": alert.kind.value,
        "at": at(alert.at),
        "orchestration": alert.orchestration or None,
        "run": alert.run or None,
        "title": alert.title,
        "text": alert.text,
        "channel": channel_words(entry.channel),
        "tried": entry.tried,
        "error": entry.error or None,
        "next_try": at(entry.after) if entry.ended is None else None,
        "ended": at(entry.ended),
    }


def _print(out: Output, entries: Sequence[Entry]) -> None:
    from orch_tui.alerts.channels import channel_words

    rows = [
        [
            entry.id[:8],
            local_time(entry.alert.at),
            entry.alert.title,
            channel_words(entry.channel),
            _state(entry),
        ]
        for entry in entries
    ]
    print_table(out, ["id", "of", "alert", "to", "state"], rows)


def _state(entry: Entry) -> str:
    from orch_tui.alerts.values import State

    if entry.state is State.SENT:
        return f"sent {local_time(entry.ended or entry.made)}"
    tries = f" after {counted(entry.tried, 'attempt')}" if entry.tried else ""
    why = f": {safe_line(entry.error, 120)}" if entry.error else ""
    if entry.state is State.FAILED:
        return f"given up{tries}{why}"
    return f"waits{tries}, next {local_time(entry.after)}{why}" if entry.tried else "waits"


@alerts_command.command("test")
@click.argument("orchestration", required=False, shell_complete=complete_orchestration)
@project_option
def test(orchestration: str | None, project: str | None) -> int:
    """Send a test message to every channel of the project, or to those of ORCHESTRATION, now.

    The exit code is 1 when one of them did not take it.
    """
    from orch_tui.alerts.channels import channel_words, channels_of
    from orch_tui.alerts.delivery import Undelivered, deliver
    from orch_tui.project.secrets import Secrets

    opened = open_it(project)
    channels = channels_of(opened, orchestration)
    if not channels:
        raise CliError("no [[alerts]] names a channel; see docs/alerts.md")
    secrets, out, code = Secrets(opened.root), Output(sys.stdout), SUCCESS
    for channel in channels:
        try:
            deliver(_trial(opened, channel), opened.root, secrets.get)
        except Undelivered as error:
            out.line(f"{channel_words(channel)}: {error}")
            code = FAILED
        else:
            out.line(f"{channel_words(channel)}: sent")
    return code


def _trial(project: Project, channel: Channel) -> Entry:
    from orch_tui.alerts.values import Alert, Entry
    from orch_tui.engine.requests.requests import who_am_i
    from orch_tui.model.orchestration.alerts import AlertKind

    now = time.time()
    name = project.settings.name
    text = f'This is a test of the alerts of the project "{name}" ({project.root}), sent by {who_am_i()}.'
    alert = Alert(f"test {now}", AlertKind.SUCCESS, now, safe_line(f"{name}: a test of alerts", 160), text)
    return Entry(alert, channel, now)


@alerts_command.command("send")
@click.option("--stay", is_flag=True, hidden=True)
@click.option("--background", is_flag=True, hidden=True)
@click.option("--only", multiple=True, hidden=True)
@project_option
def send(stay: bool, background: bool, only: tuple[str, ...], project: str | None) -> int:
    """Look for what is to be told, and send what waits: for a line in crontab where no scheduler is at work.

    The exit code is 1 when something could not be sent; it is tried again.
    """
    from orch_tui.alerts.sending import Sender

    opened = open_it(project, tolerant=True)
    sender = Sender(opened.paths, only=only)
    if stay:
        return _stay(opened, sender, only)
    wake, failed = _send_now(opened, sender, look=not only)
    if background:
        if wake is not None and wake - time.time() < _STAYS:
            _start_staying(opened, only)
        return SUCCESS
    for entry in failed:
        from orch_tui.alerts.channels import channel_words

        words = channel_words(entry.channel)
        Output(sys.stderr).line(f"not sent to {words}: {safe_line(entry.alert.title)}: {safe_line(entry.error, 300)}")
    return FAILED if failed else SUCCESS


def _send_now(project: Project, sender: Sender, *, look: bool = True) -> tuple[float | None, list[Entry]]:
    """When there is something to do next, and what could not be sent. Without ``look`` no events are looked for."""
    from orch_tui.alerts.looking import Lookout
    from orch_tui.alerts.outbox import Outbox
    from orch_tui.alerts.told import earliest
    from orch_tui.scheduling.outage import this_moment

    project.reload()
    wake = Lookout(project).look(this_moment()) if look else None
    outbox, after = Outbox(project.paths), None
    failed: list[Entry] = []
    while (done := sender.round()) is not None:
        after = done.after
        failed += done.failed
        # What came while the lock was held, whose sender went away since.
        new = (entry for entry in outbox.waiting() if sender.is_mine(entry) and not entry.error)
        if not any(entry.after <= time.time() for entry in new):
            break
    return earliest([wake, after]), failed


def _start_staying(project: Project, only: Sequence[str]) -> None:
    command = [sys.executable, "-P", "-m", "orch_tui", "alerts", "send", "--stay", "--project", str(project.root)]
    command += [word for one in only for word in ("--only", one)]
    process = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        cwd=project.root,
    )
    # Nobody waits for it here: it outlives this process.
    process.returncode = 0


def _stay(project: Project, sender: Sender, only: Sequence[str]) -> int:
    """Go on until nothing is to be done for a while; one process at a time, besides those for a task's message."""
    from orch_tui.alerts.files import staying_lock
    from orch_tui.alerts.sending import outbox_changed
    from orch_tui.project.concurrent.locks import Lock

    lock = Lock.acquire(staying_lock(project.paths, *only[:1]), "a sender of alerts")
    if lock is None:
        return SUCCESS
    try:
        while True:
            wake, _ = _send_now(project, sender, look=not only)
            before = outbox_changed(project.paths)
            if wake is None or wake - time.time() > _STAYS:
                return SUCCESS
            while time.time() < wake and outbox_changed(project.paths) == before:
                time.sleep(_LOOK)
    finally:
        lock.free()


@alerts_command.command("retry")
@click.argument("alert", required=False)
@project_option
def retry(alert: str | None, project: str | None) -> int:
    """Try again what was given up: all, or the one whose id begins with ALERT."""
    from orch_tui.alerts.outbox import Outbox
    from orch_tui.alerts.sending import Sender
    from orch_tui.alerts.values import State

    opened = open_it(project, tolerant=True)
    outbox, out = Outbox(opened.paths), Output(sys.stdout)
    chosen = [outbox.find(alert)] if alert is not None else outbox.entries()
    given_up = [entry for entry in chosen if entry.state is State.FAILED]
    for entry in given_up:
        outbox.keep(entry.again(time.time()))
    if not given_up:
        out.line("nothing was given up")
        return SUCCESS
    _, failed = _send_now(opened, Sender(opened.paths))
    left = [entry for entry in failed if entry.id in {one.id for one in given_up}]
    out.line(f"{counted(len(given_up) - len(left), 'alert')} sent, {len(left)} not; they are tried again")
    return FAILED if left else SUCCESS


alerts_command.add_command(notify)
