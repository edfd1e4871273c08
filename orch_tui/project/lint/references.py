"""What is wrong with the ``${…}`` in a configuration's parameters, with the line of each."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

from orch_tui.model.components.component import Component
from orch_tui.model.components.configuration import Configuration
from orch_tui.model.problem import Problem, Severity
from orch_tui.model.variables.references import (
    scripts_of,
    secret_places,
    strange_references,
    unset_shell_names,
    without_programs,
)
from orch_tui.project.secrets import Secrets
from orch_tui.project.toml.decode import quote, show_path
from orch_tui.project.toml.lines import line_of

_NAMES = 8


def reference_problems(
    component: Component, configuration: Configuration, secrets: Secrets, file: str, text: str
) -> Iterator[Problem]:
    """Warnings: such a text is used as it stands, which may be what is meant. ``text`` is that of ``file``."""
    parameters = configuration.parameters
    for path, strange in strange_references(without_programs(component, parameters)):
        place = ("parameters", *path)
        message = f"{show_path(path)}: {quote(strange)} is no reference to a secret and stays the text that it is"
        names = ", ".join(secrets.names_in_file()[:_NAMES])
        known = f" (.env has {names})" if names else ""
        remedy = f"a secret's name has letters, digits and _{known}; write $${{ where the text is meant"
        yield Problem(Severity.WARNING, "strange-reference", message, remedy, file, line_of(text, place))
    for key, script in scripts_of(component, parameters).items():
        for name in sorted(secrets.missing(unset_shell_names(script))):
            message = f"{key}: the script uses ${{{name}}}, which it does not set, and there is no secret of that name"
            remedy = "set it in the environment or in .env, or give it a default: ${" + name + ":-}"
            where = line_of(text, ("parameters", key))
            yield Problem(Severity.WARNING, "unset-name", message, remedy, file, where, names=(name,))


def line_of_secret(parameters: Mapping[str, Any], names: Collection[str], text: str) -> int:
    """The line of the first text that refers to one of these secrets (else that of the parameters)."""
    places: Iterable[tuple[str | int, ...]] = (path for path, name in secret_places(parameters) if name in names)
    return line_of(text, ("parameters", *next(iter(places), ())))
