"""``orch-tui alerts notify``: the program of the component ``notification``. It tells, and need not wait."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from orch_tui.cli.shared.errors import FAILED, SUCCESS, CliError
from orch_tui.cli.shared.opening import open_it
from orch_tui.cli.shared.output import Output
from orch_tui.model.errors import UserError
from orch_tui.model.texts.text import safe_line

if TYPE_CHECKING:
    from orch_tui.alerts.values import Entry
    from orch_tui.components.kit.contract import TaskConfig
    from orch_tui.components.notification.parameters import Parameters
    from orch_tui.model.orchestration.alerts import Channel
    from orch_tui.project.project import Project

_LOOK = 0.1
"""Seconds between two looks at what became of it."""


@click.command("notify", hidden=True)
def notify() -> int:
    """Tell what the task's config.json has: it is started by a run, for a task of the component notification."""
    from orch_tui.components.kit.contract import read_task_config

    try:
        config = read_task_config()
        project = open_it(str(config.project), tolerant=True)
        parameters = _parameters(config)
        channels = _channels(project, config, parameters)
        if config.action != "run":
            return _try(project, config, parameters, channels)
        return _tell(project, config, parameters, channels)
    except UserError as error:
        raise CliError(str(error)) from error


def _parameters(config: TaskConfig) -> Parameters:
    from orch_tui.components.kit.parameters import model_errors
    from orch_tui.components.notification.parameters import Parameters

    # References stay what they are: secrets are looked up where it is sent.
    if problems := model_errors(Parameters, config.parameters):
        raise UserError("\n".join(problems))
    return Parameters.model_validate(config.parameters)


def _orchestration(config: TaskConfig) -> str:
    """Whose run it is: an attempt's directory is runs/<orchestration>/<run>/tasks/<task>/<attempt>."""
    above = config.data_dir.parents
    return above[3].name if config.run and len(above) > 3 and above[2].name == config.run else ""


def _channels(project: Project, config: TaskConfig, parameters: Parameters) -> list[Channel]:
    from orch_tui.alerts.channels import channels_of
    from orch_tui.model.orchestration.alerts import Channel, ChannelKind

    channels = [Channel(ChannelKind.ADDRESS, address) for address in parameters.to]
    if parameters.command.strip():
        channels.append(Channel(ChannelKind.COMMAND, parameters.command))
    if not channels:
        name = _orchestration(config)
        channels = channels_of(project, name) if name else channels_of(project, None)
    if not channels:
        raise UserError('there is nobody to tell: give "to" or "command", or write [[alerts]]; see docs/alerts.md')
    return channels


def _try(project: Project, config: TaskConfig, parameters: Parameters, channels: Sequence[Channel]) -> int:
    """The action testConnection: a test message to each of its channels, now."""
    import json

    from orch_tui.alerts.channels import channel_words
    from orch_tui.alerts.delivery import Undelivered, deliver
    from orch_tui.alerts.message import Message, message_alert
    from orch_tui.alerts.values import Entry
    from orch_tui.project.secrets import Secrets

    now = time.time()
    test = Message(f"This is a test of the task's channels. Its text: {parameters.text}", "", "", "", config.task)
    alert, secrets = message_alert(project, test, channels, now), Secrets(project.root)
    for channel in channels:
        try:
            deliver(Entry(alert, channel, now), project.root, secrets.get)
        except Undelivered as error:
            raise UserError(f"{channel_words(channel)}: {error}") from error
    told = ", ".join(channel_words(channel) for channel in channels)
    Output(sys.stdout).line(json.dumps({"status": "success", "message": f"sent to {told}"}, ensure_ascii=False))
    return SUCCESS


def _tell(project: Project, config: TaskConfig, parameters: Parameters, channels: Sequence[Channel]) -> int:
    from orch_tui.alerts.channels import channel_words
    from orch_tui.alerts.message import Message, message_alert, post
    from orch_tui.engine.runs.alerting import start_sender
    from orch_tui.model.texts.durations import parse_duration

    out, now = Output(sys.stdout), time.time()
    message = Message(parameters.text, parameters.title, _orchestration(config), config.run, config.task)
    alert = message_alert(project, message, channels, now)
    if not config.publish:
        out.line(f"a try tells nobody; it would tell {', '.join(map(channel_words, channels))}:")
        out.line(safe_line(alert.title))
        return SUCCESS
    entries = post(project, alert, channels, now)
    for entry in entries:
        out.line(f"to be sent to {channel_words(entry.channel)}: alert {entry.id}")
    start_sender(project.root, [entry.id for entry in entries])
    if parameters.wait is None:
        return SUCCESS
    return _wait(project, entries, parse_duration(parameters.wait), out)


def _wait(project: Project, entries: Sequence[Entry], seconds: float, out: Output) -> int:
    from orch_tui.alerts.channels import channel_words
    from orch_tui.alerts.outbox import Outbox
    from orch_tui.alerts.values import State

    outbox, deadline = Outbox(project.paths), time.monotonic() + seconds
    while True:
        now = [outbox.read(entry.id) or entry for entry in entries]
        left = [entry for entry in now if entry.state is not State.SENT]
        if not left:
            out.line("it has arrived")
            return SUCCESS
        if time.monotonic() >= deadline:
            break
        time.sleep(_LOOK)
    for entry in left:
        why = f": {safe_line(entry.error, 300)}" if entry.error else ""
        later = "it was given up" if entry.state is State.FAILED else "it is tried again"
        Output(sys.stderr).line(f"not arrived at {channel_words(entry.channel)} in time{why}; {later}")
    return FAILED
