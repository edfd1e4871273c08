"""Secrets that would be seen all the same: in the list of processes, or because their values are not masked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from orch_tui.model.components.component import Component
from orch_tui.model.components.configuration import Configuration
from orch_tui.model.orchestration.orchestration import Orchestration
from orch_tui.model.problem import Problem, Severity
from orch_tui.model.texts.text import safe_line
from orch_tui.model.variables.references import looks_secret, possible_secrets, scripts_of, secret_names, used_secrets
from orch_tui.model.variables.shell_arguments import exposed_variables
from orch_tui.project.masking.ordinary import MIN_VISIBLE, Ordinary, why_ordinary
from orch_tui.project.secrets import Secrets
from orch_tui.project.toml.decode import quote
from orch_tui.project.toml.lines import line_of

_WHY = {
    Ordinary.SHORT: f"it has fewer than {MIN_VISIBLE} letters, digits and signs",
    Ordinary.NUMBER: "it is a short number, a date or the like",
    Ordinary.WORD: "it is a word that logs are full of",
}
_CURL = (
    'give it on standard input: printf \'header = "Authorization: Bearer %s"\\n\' "$NAME" | curl -K - ADDRESS '
    "(docs/secrets.md has more)"
)
_OTHER = (
    "let the program read it from its environment, from standard input or from a file; docs/secrets.md has examples"
)


def secret_problems(
    component: Component, configuration: Configuration, secrets: Secrets, file: str, text: str
) -> Iterator[Problem]:
    """What is to be known of the secrets of a configuration, whose ``file`` has this ``text``."""
    parameters = configuration.parameters
    possible = {name for name in possible_secrets(component, parameters) if secrets.get(name) is not None}
    names = used_secrets(component, parameters) | possible
    yield from _exposed(component, parameters, names, file, text)
    for name in sorted(names):
        value = secrets.get(name)
        why = why_ordinary(value) if value else None
        if why is not None:
            message = f"the value of the secret {name} is not masked in logs: {_WHY[why]}"
            remedy = "if it is a secret, replace it by a longer one; if it is none, all is well"
            yield Problem(Severity.WARNING, "secret-not-masked", message, remedy, file, line_of(text, ("parameters",)))


def variable_problems(value: Orchestration) -> Iterator[Problem]:
    """Variables that are called like secrets: their values are written down and shown."""
    for variable in value.variables:
        if variable.value and looks_secret(variable.name):
            yield _told(variable.name)
    for phase in value.phases:
        for task in phase.tasks:
            for name in sorted(name for name, text in task.variables.items() if text and looks_secret(name)):
                yield _told(name, phase.id, task.id)


def _told(name: str, phase: str | None = None, task: str | None = None) -> Problem:
    message = (
        f"the variable {quote(name)} is called like a secret, but values of variables are kept with every run, shown "
        "on the screen, and in the arguments of nested runs"
    )
    remedy = f"put the value into .env, and write ${{{name.upper().replace('-', '_')}}} where {{{{ {name} }}}} stands"
    return Problem(Severity.WARNING, "secret-variable", message, remedy, phase=phase, task=task)


def _exposed(
    component: Component, parameters: Mapping[str, Any], names: frozenset[str], file: str, text: str
) -> Iterator[Problem]:
    command = parameters.get("command")
    if component.inline and isinstance(command, list | tuple):
        for name in sorted(secret_names(command) & names):
            message = f"the secret {name} in a list of arguments would be visible in the list of processes"
            remedy = "write the command as one text (the shell reads the variable), and see docs/secrets.md"
            where = line_of(text, ("parameters", "command"))
            yield Problem(Severity.ERROR, "secret-in-arguments", message, remedy, file, where)
    settings = parameters.get("environment")
    held = {name: name for name in names}
    for variable, value in settings.items() if isinstance(settings, Mapping) else ():
        held |= {str(variable): name for name in sorted(secret_names(value))}
    for key, script in scripts_of(component, parameters).items():
        for name, program in exposed_variables(script, held):
            shown = f"{held[name]} ({name})" if held[name] != name else name
            message = (
                f"the secret {shown} is in the arguments of {safe_line(program, 60)}, where all users of this machine "
                "see it in the list of processes (ps)"
            )
            remedy = _CURL.replace("NAME", name) if program.rpartition("/")[2] == "curl" else _OTHER
            where = line_of(text, ("parameters", key))
            yield Problem(Severity.WARNING, "secret-in-arguments", message, remedy, file, where)
