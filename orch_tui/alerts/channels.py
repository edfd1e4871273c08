"""The channels of a project, and what they are called: never the secret that an address may have in it."""

from __future__ import annotations

from urllib.parse import parse_qsl, unquote, urlsplit

from orch_tui.model.orchestration.alerts import Channel, ChannelKind
from orch_tui.model.texts.text import safe_line
from orch_tui.project.project import Project

_WIDTH = 40
_MIN_PART = 6


def channel_words(channel: Channel) -> str:
    """``${SLACK_URL}``, ``mailtos://mail.example.com``, ``command: notify.sh``."""
    if channel.kind is ChannelKind.COMMAND:
        return f"command: {safe_line(channel.text, _WIDTH)}"
    if channel.text.startswith("${"):
        return safe_line(channel.text, _WIDTH)
    try:
        parts = urlsplit(channel.text)
        # The host of many services is a token; it has no dot then.
        host = parts.hostname or ""
    except ValueError:
        return "an address that cannot be read"
    shown = host if "." in host or host == "localhost" else "…"
    return safe_line(f"{parts.scheme}://{shown}", _WIDTH)


def address_secrets(address: str) -> list[str]:
    """What of an address must not be shown: all of it, and its parts: services have their tokens in any."""
    try:
        parts = urlsplit(address)
        found = [*parts.path.split("/"), parts.username or "", parts.password or ""]
        # The host of many services is a token; it has no dot then.
        found += [] if "." in (parts.hostname or ".") else [parts.netloc.rpartition("@")[2]]
        found += [value for _, value in parse_qsl(parts.query)]
    except ValueError:
        found = []
    long = [text for part in found for text in (part, unquote(part)) if len(text) >= _MIN_PART]
    return list(dict.fromkeys([address, *long]))


def channels_of(project: Project, orchestration: str | None) -> list[Channel]:
    """All of the project, or those of one orchestration, the project's among them. Raises: DefinitionError."""
    names = project.orchestration_ids() if orchestration is None else [orchestration]
    rules = [*project.settings.alerts]
    for name in names:
        rules += project.orchestration(name).alerts
    return list(dict.fromkeys(channel for rule in rules for channel in rule.channels))
