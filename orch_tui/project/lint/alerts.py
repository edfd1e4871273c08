"""Alerts that would reach nobody: a secret without a value, a library that is not there."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator, Sequence

from orch_tui.model.orchestration.alerts import AlertRule, ChannelKind
from orch_tui.model.problem import Problem, Severity
from orch_tui.model.variables.references import secret_names
from orch_tui.project.secrets import Secrets


def alert_problems(rules: Sequence[AlertRule], secrets: Secrets) -> Iterator[Problem]:
    """Warnings: a run does not fail because nobody can be told of it."""
    channels = list(dict.fromkeys(channel for rule in rules for channel in rule.channels))
    missing = secrets.missing(secret_names([channel.text for channel in channels]))
    if missing:
        message = f"alerts need {', '.join(missing)}, which {'has' if len(missing) == 1 else 'have'} no value"
        remedy = "set it in the environment or in .env"
        yield Problem(Severity.WARNING, "missing-secret", message, remedy, names=tuple(missing))
    addresses = any(channel.kind is ChannelKind.ADDRESS for channel in channels)
    if addresses and importlib.util.find_spec("apprise") is None:
        message = "alerts to addresses need the library apprise, which is not installed"
        yield Problem(Severity.WARNING, "alerts-library", message, "pip install 'orch-tui[alerts]'")
