"""References in texts: ``${NAME}`` for secrets and ``{{ name }}`` for variables.

A secret's name has letters, digits and ``_`` and does not begin with a digit; ``$${`` stands for the text ``${``.
``{{{{`` stands for the text ``{{``. What was put in is never looked at again. All functions here look at the strings in
a value of any depth, never at keys.

In the text of a program ``${name}`` also is the program's own. There, names in capital letters are secrets unless a
script gives them a value itself, as everywhere a rule of long standing; others are when there is one of that name.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from orch_tui.model.components.component import Component
from orch_tui.model.components.configuration import Configuration
from orch_tui.model.errors import OrchError
from orch_tui.model.texts.pattern import pattern

_NAME = r"[A-Za-z_][A-Za-z0-9_]*"
_SECRET = pattern(rf"\$\$\{{|\$\{{({_NAME})\}}")
_STRANGE = pattern(rf"\$\$\{{|(\$\{{(?!{_NAME}\}})[^{{}}\n]{{0,200}}\}})")
_SECRET_SOUND = pattern(
    r"(?:^|[_.-])(?:pass(?:word|wd|phrase)?|pwd|pw|secret|token|credentials?|(?:api|access|private|secret)[_-]?key)$",
    re.IGNORECASE,
)
_VARIABLE = pattern(r"\{\{\{\{|\{\{[ \t]*([A-Za-z_][A-Za-z0-9_.-]*)[ \t]*\}\}")

# A word of /bin/sh whose dollar signs mean nothing: an escape, 'quoted on one line', a comment, the shell's own $$.
# An apostrophe that no other follows on its line is one in a here-document.
_SHELL = pattern(
    r"\\.|'[^'\n]*'|(?P<double>\"(?:\\.|[^\"\\])*\")|(?<![^\s;&|(])\#[^\n]*|\$\$"
    rf"|\$\{{(?P<name>{_NAME})(?!:?[-=+]|[A-Za-z0-9_])",
    re.DOTALL,
)
_SHELL_IN_DOUBLE = pattern(rf"\\.|\$\$|\$\{{(?P<name>{_NAME})(?!:?[-=+]|[A-Za-z0-9_])", re.DOTALL)
_ASSIGNED = pattern(rf"(?:^|(?<=[\s;&|(){{}}`]))({_NAME})=(\S*)", re.MULTILINE)
_LOOPED = pattern(rf"\bfor\s+({_NAME})\b|\bgetopts\s+\S+\s+({_NAME})\b|\$\{{({_NAME}):?=|\bprintf\s+-v\s+({_NAME})\b")
_READ = pattern(rf"\b(?:read|local|declare|typeset|mapfile|readarray)((?:[ \t]+-\w+)*(?:[ \t]+{_NAME}(?:=\S*)?)+)")
_WORD = pattern(rf"(?<![-\w=]){_NAME}\b")
# Whatever these bring with them, they may set.
_BRINGS_NAMES = pattern(r"(?:^|[\s;&|(])(?:\.|source|eval)\s", re.MULTILINE)
# Set by the shell or by the program that starts the task.
_ALWAYS_SET = frozenset(
    ("HOME", "IFS", "LINENO", "OLDPWD", "OPTARG", "OPTIND", "PATH", "PPID", "PS1", "PS2", "PS4", "PWD")
)
_OWN_PREFIXES = ("KBC_", "ORCH_")
Path = tuple[str | int, ...]
"""Keys and indexes from a value down to a text in it."""


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
    return frozenset(name for _, name in secret_places(value))


def secret_places(value: Any) -> Iterator[tuple[Path, str]]:
    """The names in ``${NAME}``, each with the keys and indexes that lead to its text."""
    return _found(_SECRET, value)


def strange_references(value: Any) -> Iterator[tuple[Path, str]]:
    """``${…}`` with something that is no name, each with its place: it stays the text that it is."""
    return _found(_STRANGE, value)


def _found(pattern: re.Pattern[str], value: Any) -> Iterator[tuple[Path, str]]:
    for path, text in _placed_texts(value, ()):
        if "${" in text:
            yield from ((path, found[1]) for found in pattern.finditer(text) if found[1])


def resolve_secrets(value: Any, lookup: Callable[[str], str | None]) -> Any:
    """A copy of ``value`` with ``${NAME}`` replaced by ``lookup("NAME")``.

    Raises:
        MissingSecrets: ``lookup`` gave None.
    """
    values = {name: lookup(name) for name in secret_names(value)}
    missing = {name for name, text in values.items() if text is None}
    if missing:
        raise MissingSecrets(missing)
    return _map_texts(value, lambda text: _SECRET.sub(lambda m: values[m[1]] or "" if m[1] else "${", text))


def shell_secret_names(script: str) -> frozenset[str]:
    """The names in capital letters in ``${NAME}`` that a ``/bin/sh`` script takes from its environment.

    Names that the script gives a value itself do not count, nor do ones with a default (``${NAME:-x}``), ones in
    single quotes or comments, and those that every task has (``PATH``, ``KBC_DATADIR``).
    """
    return frozenset(name for name in _shell_names(script) if not is_small(name))


def shell_small_names(script: str) -> frozenset[str]:
    """Like :func:`shell_secret_names`, the names that have small letters: most such are a script's own."""
    return frozenset(name for name in _shell_names(script) if is_small(name))


def unset_shell_names(script: str) -> frozenset[str]:
    """Those of :func:`shell_small_names` that surely nothing in the script sets."""
    return frozenset() if _BRINGS_NAMES.search(script) else shell_small_names(script)


def is_secret_name(name: str) -> bool:
    """Whether ``${name}`` can refer to it."""
    return re.fullmatch(_NAME, name) is not None


def looks_secret(name: str) -> bool:
    """Whether people call a password or the like so: ``db_password``, ``API-KEY``; not ``token_url``."""
    return _SECRET_SOUND.search(name) is not None


def is_small(name: str) -> bool:
    """Whether a name has small letters; see the top of this page."""
    return name.upper() != name


def _shell_names(script: str) -> frozenset[str]:
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
        names.update(_WORD.findall(found[1]))
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


def replace_variables(text: str, value: Callable[[str, str, str], str]) -> str:
    """``text`` with every ``{{ name }}`` replaced by ``value(name, before, after)``; the last two are the letters
    beside it, empty at the ends of the text."""

    def replaced(found: re.Match[str]) -> str:
        if found[1] is None:
            return "{{"
        return value(found[1], text[: found.start()][-1:], text[found.end() :][:1])

    return _VARIABLE.sub(replaced, text)


def task_values(run: Mapping[str, str], task: Mapping[str, str]) -> dict[str, str]:
    """What ``{{ name }}`` means in a task: the task's own variables over those of its run.

    A value of the task's may be made of the run's: ``out = "{{ out }}/eu"``.

    Raises:
        MissingVariables: one names a variable that the run does not have.
    """
    return {**run, **fill_variables(dict(task), run)}


def escape_variables(text: str) -> str:
    """The text that :func:`fill_variables` turns back into ``text``."""
    return text.replace("{{", "{{{{")


def _texts(value: Any) -> Iterator[str]:
    return (text for _, text in _placed_texts(value, ()))


def _placed_texts(value: Any, path: Path) -> Iterator[tuple[Path, str]]:
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield from _placed_texts(item, (*path, key))
    elif isinstance(value, list | tuple):
        for index, item in enumerate(value):
            yield from _placed_texts(item, (*path, index))


def _map_texts(value: Any, change: Callable[[str], str]) -> Any:
    if isinstance(value, str):
        return change(value)
    if isinstance(value, Mapping):
        return {key: _map_texts(item, change) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_map_texts(item, change) for item in value]
    return value


class _Program(NamedTuple):
    """A text that is a program; ``script`` says that ``/bin/sh`` runs it."""

    key: str
    text: str
    script: bool


def used_secrets(component: Component, parameters: Mapping[str, Any]) -> frozenset[str]:
    """The secrets that a configuration of ``component`` with these ``parameters`` needs."""
    programs, rest = _split_programs(component, parameters)
    names = secret_names(rest)
    for program in programs:
        found = shell_secret_names(program.text) if program.script else secret_names(program.text)
        names |= {name for name in found if not is_small(name)}
    return names


def secrets_of(component: Component, configuration: Configuration) -> frozenset[str]:
    """Those that a task of it needs, of all of its enabled rows."""
    return frozenset().union(*(used_secrets(component, part.parameters) for part in configuration.parts()))


def variables_of(configuration: Configuration) -> frozenset[str]:
    """The names of variables in it and in its enabled rows."""
    return frozenset().union(*(variable_names(part.parameters) for part in configuration.parts()))


def possible_secrets(component: Component, parameters: Mapping[str, Any]) -> frozenset[str]:
    """The names that are secrets where there is one of that name, and else belong to a program in the parameters."""
    names = frozenset[str]()
    for program in _split_programs(component, parameters)[0]:
        found = shell_small_names(program.text) if program.script else secret_names(program.text)
        names |= {name for name in found if is_small(name)}
    return names


def scripts_of(component: Component, parameters: Mapping[str, Any]) -> dict[str, str]:
    """The parameters of a configuration that ``/bin/sh`` runs."""
    return {program.key: program.text for program in _split_programs(component, parameters)[0] if program.script}


def without_programs(component: Component, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters of a configuration in which ``${NAME}`` is a reference and nothing else."""
    return _split_programs(component, parameters)[1]


def _split_programs(component: Component, parameters: Mapping[str, Any]) -> tuple[list[_Program], dict[str, Any]]:
    """The texts that are programs, and the other parameters.

    The ``command`` of an inline component is a script for the shell when it is one text; a list of arguments may have
    one among them, for whatever program.
    """
    programs = [
        _Program(key, text, False) for key in component.programs if isinstance(text := parameters.get(key), str)
    ]
    command = parameters.get("command") if component.inline else None
    if isinstance(command, str):
        programs.append(_Program("command", command, True))
    elif command is not None:
        programs += [_Program("command", text, False) for text in _texts(command)]
    keys = {program.key for program in programs}
    return programs, {key: value for key, value in parameters.items() if key not in keys}
