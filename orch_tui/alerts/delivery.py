"""Handing one alert to one channel: an address of the library apprise, or a command of one's own.

apprise (https://github.com/caronc/apprise) speaks with mail servers, chats and some hundred services; it is an extra,
``orch-tui[alerts]``. Each try ends after seconds, whatever the other side does.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import logging
import os
import signal
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from orch_tui.alerts.channels import address_secrets
from orch_tui.alerts.values import Entry
from orch_tui.model.events.events import write_time
from orch_tui.model.orchestration.alerts import AlertKind, ChannelKind
from orch_tui.model.texts.text import safe_line
from orch_tui.model.variables.references import MissingSecrets, resolve_secrets, secret_names
from orch_tui.project.masking.redactor import Redactor

_SECONDS = 60.0
"""What a command may take."""
_WORDS = 300

_GOOD = (AlertKind.RECOVERED, AlertKind.SUCCESS)
_WARNING = (AlertKind.WARNING, AlertKind.SLOW)


class Undelivered(Exception):
    """It did not arrive; the text says why, and has no secret in it."""


def deliver(entry: Entry, root: Path, lookup: Callable[[str], str | None]) -> None:
    """Send an alert of a project at ``root``; ``lookup`` gives the values of secrets. Raises: Undelivered."""
    text = entry.channel.text
    try:
        values = {name: resolve_secrets(f"${{{name}}}", lookup) for name in secret_names(text)}
        whole = resolve_secrets(text, lookup)
    except MissingSecrets as error:
        raise Undelivered(error.sentence) from error
    hidden = address_secrets(whole) if entry.channel.kind is ChannelKind.ADDRESS else []
    redactor = Redactor([*values.values(), *hidden])
    try:
        if entry.channel.kind is ChannelKind.COMMAND:
            _by_command(text, values, entry, root)
        else:
            _by_address(whole, entry)
    except Undelivered as error:
        raise Undelivered(safe_line(redactor.text(str(error)), _WORDS)) from None


def _by_address(address: str, entry: Entry) -> None:
    try:
        apprise = _apprise()
    except ImportError as error:
        raise Undelivered("addresses need the library apprise: pip install 'orch-tui[alerts]'") from error
    with apprise.LogCapture(level=logging.WARNING, fmt="%(message)s") as said:
        sender = apprise.Apprise()
        if not sender.add(address):
            raise Undelivered("it is no address that apprise knows; see docs/alerts.md")
        try:
            arrived = sender.notify(
                title=entry.alert.title,
                body=f"{entry.alert.text}\n\nalert {entry.id}",
                notify_type=_sound(apprise, entry.alert.kind),
                body_format=apprise.NotifyFormat.TEXT,
            )
        # Whatever one of its hundred services raises, the others must be told.
        except Exception as error:
            raise Undelivered(f"apprise failed with {type(error).__name__}: {error}") from error
        if not arrived:
            why = "; ".join(line for line in said.getvalue().splitlines() if line.strip())
            raise Undelivered(why or "apprise does not say why")


def _apprise() -> Any:
    """The library, which only those have who asked for it. Raises: ImportError."""
    return importlib.import_module("apprise")


def _sound(apprise: Any, kind: AlertKind) -> Any:
    if kind in _GOOD:
        return apprise.NotifyType.SUCCESS
    if kind is AlertKind.MESSAGE:
        return apprise.NotifyType.INFO
    return apprise.NotifyType.WARNING if kind in _WARNING else apprise.NotifyType.FAILURE


def _by_command(command: str, secrets: Mapping[str, str], entry: Entry, root: Path) -> None:
    """The shell takes secrets from its environment: in its arguments all users of the machine would see them."""
    document = json.dumps(alert_document(entry, root), ensure_ascii=False).encode("utf-8", "replace")
    try:
        process = subprocess.Popen(
            ["/bin/sh", "-c", command],
            cwd=root,
            env={**os.environ, **secrets},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    except OSError as error:
        raise Undelivered(f"the command cannot be started: {error.strerror or error}") from error
    try:
        said, _ = process.communicate(document, timeout=_SECONDS)
    except subprocess.TimeoutExpired as error:
        raise Undelivered(f"the command took longer than {_SECONDS:.0f} s and was ended") from error
    finally:
        if process.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
    if process.returncode:
        last = said.decode("utf-8", "replace").strip().rpartition("\n")[2]
        raise Undelivered(f"the command ended with exit code {process.returncode}{f': {last}' if last else ''}")


def alert_document(entry: Entry, root: Path) -> dict[str, Any]:
    """What a command reads: the fields that docs/alerts.md lists."""
    alert = entry.alert
    return {
        "id": entry.id,
        "event": alert.kind.value,
        "at": write_time(alert.at),
        "title": alert.title,
        "text": alert.text,
        "project": str(root),
        "orchestration": alert.orchestration,
        "run": alert.run,
        "scope": alert.scope,
        **alert.details,
    }
