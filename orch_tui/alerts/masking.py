"""The secrets of a project, masked in what is told: nobody knows who reads it."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator

from orch_tui.alerts.channels import address_secrets
from orch_tui.model.orchestration.alerts import AlertRule, ChannelKind
from orch_tui.model.orchestration.orchestration import Orchestration
from orch_tui.model.variables.references import (
    MissingSecrets,
    possible_secrets,
    resolve_secrets,
    secret_names,
    secrets_of,
)
from orch_tui.project.masking.redactor import Redactor
from orch_tui.project.project import DefinitionError, Project
from orch_tui.project.secrets import Secrets


def project_redactor(
    project: Project, secrets: Secrets, orchestration: Orchestration | None, rules: Iterable[AlertRule]
) -> Redactor:
    """Masks all of ``.env``, what the rules refer to, and what the orchestration's configurations use.

    Logs and reasons were masked when they were written; names of tables and words of people were not.
    """
    rules = list(rules)
    names = set(secrets.names_in_file())
    names |= secret_names([channel.text for rule in rules for channel in rule.channels])
    for task in orchestration.tasks() if orchestration is not None else ():
        names |= _names_of(project, task.configuration)
    values = [value for name in sorted(names) if (value := secrets.get(name))]
    return Redactor([*values, *(part for address in _addresses(rules, secrets) for part in address_secrets(address))])


def _addresses(rules: Iterable[AlertRule], secrets: Secrets) -> Iterator[str]:
    for channel in (channel for rule in rules for channel in rule.channels):
        if channel.kind is ChannelKind.ADDRESS:
            # One without a value is told where it is sent to.
            with contextlib.suppress(MissingSecrets):
                yield resolve_secrets(channel.text, secrets.get)


def _names_of(project: Project, ref: str) -> frozenset[str]:
    try:
        configuration = project.configuration(ref)
    except DefinitionError:
        return frozenset()
    component = project.component(configuration.component)
    if component is None:
        return frozenset().union(*(secret_names(part.parameters) for part in configuration.parts()))
    possible = (possible_secrets(component, part.parameters) for part in configuration.parts())
    return secrets_of(component, configuration).union(*possible)
