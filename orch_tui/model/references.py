"""References in texts: ``${NAME}`` for secrets and ``{{ name }}`` for variables.

A secret's name has capital letters, digits and ``_`` and begins with a letter; ``$${NAME}`` stands for the text
``${NAME}``. ``{{{{`` stands for the text ``{{``. What was put in is never looked at again. All functions here look at
the strings in a value of any depth, never at keys.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from orch_tui.model.component import Component
from orch_tui.model.errors import OrchError

_SECRET = re.compile(r"\$(\$?)\{([A-Z][A-Z0-9_]*)\}")
_VARIABLE = re.compile(r"\{\{\{\{|\{\{[ \t]*([A-Za-z_][A-Za-z0-9_.-]*)[ \t]*\}\}")

# A word of /bin/sh whose dollar signs mean nothing: an escape, 'quoted on one line', a comment, the shell's own $$.
# An apostrophe that no other follows on its line is one in a here-document.
_SHELL = re.compile(
    r"\\.|'[^'\n]*'|(?P<double>\"(?:\\.|[^\"\\])*\")|(?<![^\s;&|(])\#[^\n]*|\$\$"
    r"|\$\{(?P<name>[A-Z][A-Z0-9_]*)(?!:?[-=+]|[A-Za-z0-9_])",
    re.DOTALL,
)
_SHELL_IN_DOUBLE = re.compile(r"\\.|\$\$|\$\{(?P<name>[A-Z][A-Z0-9_]*)(?!:?[-=+]|[A-Za-z0-9_])", re.DOTALL)
_ASSIGNED = re.compile(r"(?:^|(?<=[\s;&|(){}`]))([A-Z][A-Z0-9_]*)=(\S*)", re.MULTILINE)
_LOOPED = re.compile(r"\bfor\s+([A-Z][A-Z0-9_]*)\b|\bgetopts\s+\S+\s+([A-Z][A-Z0-9_]*)\b")
_READ = re.compile(r"\bread((?:\s+-r)?(?:[ \t]+[A-Za-z_][A-Za-z0-9_]*)+)")
_NAME = re.compile(r"\b[A-Z][A-Z0-9_]*\b")
# Set by the shell or by the program that starts the task.
_ALWAYS_SET = frozenset(
    ("HOME", "IFS", "LINENO", "OLDPWD", "OPTARG", "OPTIND", "PATH", "PPID", "PS1", "PS2", "PS4", "PWD")
)
_OWN_PREFIXES = ("KBC_", "ORCH_")


class MissingSecrets(OrchError):
    """Secrets without a value; ``names`` is sorted."""

    def __init__(self, names: Iterable[str]) -> None:
        self.names = tuple(sorted(names))
        super().__init__(f"no value for {', '.join(self.names)}; set it in the environment or in the .env file")


class MissingVariables(OrchError):
    """Variables without a value; ``names`` is sorted."""

    def __init__(self, names: Iterable[str]) -> None:
        self.names = tuple(sorted(names))
        super().__init__(f"no value for the variable {', '.join(self.names)}; give it one with --var NAME=VALUE")


def secret_names(value: Any) -> frozenset[str]:
    """The names in ``${NAME}``."""
    return frozenset(
        found[2] for text in _texts(value) if "${" in text for found in _SECRET.finditer(text) if not found[1]
    )


def resolve_secrets(value: Any, lookup: Callable[[str], str | None]) -> Any:
    """A copy of ``value`` with ``${NAME}`` replaced by ``lookup("NAME")``.

    Raises:
        MissingSecrets: ``lookup`` gave None.
    """
    values = {name: lookup(name) for name in secret_names(value)}
    missing = {name for name, text in values.items() if text is None}
    if missing:
        raise MissingSecrets(missing)
    return _map_texts(value, lambda text: _SECRET.sub(lambda m: m[0][1:] if m[1] else values[m[2]] or "", text))


def shell_secret_names(script: str) -> frozenset[str]:
    """The names in ``${NAME}`` that a ``/bin/sh`` script takes from its environment.

    Names that the script gives a value itself do not count, nor do ones with a default (``${NAME:-x}``), ones in
    single quotes or comments, and those that every task has (``PATH``, ``KBC_DATADIR``).
    """
    names = set()
    for found in _SHELL.finditer(script):
        if found["name"]:
            names.add(found["name"])
        elif found["double"]:
            names.update(inner["name"] for inner in _SHELL_IN_DOUBLE.finditer(found["double"]) if inner["name"])
    names = {name for name in names if name not in _ALWAYS_SET and not name.startswith(_OWN_PREFIXES)}
    return frozenset(names - _assigned_names(script)) if names else frozenset()


def _assigned_names(script: str) -> set[str]:
    first: dict[str, str] = {}
    for found in _ASSIGNED.finditer(script):
        first.setdefault(found[1], found[2])
    # TOKEN="${TOKEN}" hands the outer value on.
    names = {name for name, word in first.items() if f"${{{name}" not in word}
    names.update(name for found in _LOOPED.finditer(script) for name in found.groups() if name)
    for found in _READ.finditer(script):
        names.update(_NAME.findall(found[1]))
    return names


def variable_names(value: Any) -> frozenset[str]:
    """The names in ``{{ name }}``."""
    return frozenset(
        found[1] for text in _texts(value) if "{{" in text for found in _VARIABLE.finditer(text) if found[1]
    )


def fill_variables(value: Any, values: Mapping[str, str]) -> Any:
    """A copy of ``value`` with ``{{ name }}`` replaced by ``values["name"]``.

    Raises:
        MissingVariables: names that ``values`` does not have.
    """
    missing = variable_names(value) - values.keys()
    if missing:
        raise MissingVariables(missing)
    return _map_texts(value, lambda text: _VARIABLE.sub(lambda m: values[m[1]] if m[1] else "{{", text))


def escape_variables(text: str) -> str:
    """The text that :func:`fill_variables` turns back into ``text``."""
    return text.replace("{{", "{{{{")


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from _texts(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _texts(item)


def _map_texts(value: Any, change: Callable[[str], str]) -> Any:
    if isinstance(value, str):
        return change(value)
    if isinstance(value, Mapping):
        return {key: _map_texts(item, change) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_map_texts(item, change) for item in value]
    return value


def used_secrets(component: Component, parameters: Mapping[str, Any]) -> frozenset[str]:
    """The secrets that a configuration of ``component`` with these ``parameters`` refers to.

    The ``command`` of an inline component is a script for the shell, where the same notation also names the script's
    own variables.
    """
    command = parameters.get("command")
    if component.inline and isinstance(command, str):
        rest = {key: value for key, value in parameters.items() if key != "command"}
        return shell_secret_names(command) | secret_names(rest)
    return secret_names(parameters)
