"""A message of a task: as an alert, in the outbox, once for each run, task and channel."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from orch_tui.alerts.files import looking
from orch_tui.alerts.masking import project_redactor
from orch_tui.alerts.outbox import Outbox
from orch_tui.alerts.texts import command, title_of
from orch_tui.alerts.values import Alert, Entry
from orch_tui.model.orchestration.alerts import AlertKind, AlertRule, Channel
from orch_tui.model.texts.text import safe_line
from orch_tui.project.project import DefinitionError, Project
from orch_tui.project.secrets import Secrets


@dataclass(frozen=True, slots=True)
class Message:
    """What a task of a run tells; ``run`` is empty for a try without one."""

    text: str
    title: str = ""
    orchestration: str = ""
    run: str = ""
    task: str = ""


def message_alert(project: Project, message: Message, channels: Sequence[Channel], now: float) -> Alert:
    """The message with all secrets of project and orchestration masked. ``now`` is seconds since the epoch."""
    try:
        orchestration = project.orchestration(message.orchestration) if message.orchestration else None
    except DefinitionError:
        orchestration = None
    rules = [AlertRule((AlertKind.MESSAGE,), tuple(channels))]
    redactor = project_redactor(project, Secrets(project.root), orchestration, rules)
    name = orchestration.name if orchestration is not None else project.settings.name
    title = message.title.strip() or title_of(name, f"message of {message.task}" if message.task else "a message")
    text = "\n".join(safe_line(line) for line in message.text.splitlines())
    lines = [text, *(["", f"The run: {command(project.root, 'show', message.run)}"] if message.run else [])]
    return Alert(
        f"message {message.orchestration} {message.run} {message.task}",
        AlertKind.MESSAGE,
        now,
        redactor.text(safe_line(title, 160)),
        redactor.text("\n".join(lines)),
        message.orchestration,
        message.run,
        details={"name": name, "task": message.task},
    )


def post(project: Project, alert: Alert, channels: Sequence[Channel], now: float) -> list[Entry]:
    """Put it into the outbox, durably; its entries, also when it was there already. Raises: OSError."""
    outbox = Outbox(project.paths)
    with looking(project.paths):
        outbox.put(alert, channels, now)
    return [Entry(alert, channel, now) for channel in dict.fromkeys(channels)]
