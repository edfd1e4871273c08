"""The fields of an orchestration itself: values to texts and back. Pure: no Textual."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from orch_tui.model.edits import edits
from orch_tui.model.edits.edits import EditError, Keep
from orch_tui.model.orchestration.orchestration import Orchestration, TaskOptions, Variable
from orch_tui.tui.dialogs.fields import VARIABLES, FormErrors, FormValues, read_text
from orch_tui.tui.workbench.dialogs.task_options_form import FIELDS, TOGETHER, option_texts, read_options

NAME, DESCRIPTION = "name", "description"
LIMIT = TOGETHER
DEFAULTS = tuple(field for field in FIELDS if field.name != LIMIT.name)
"""What it sets for all its tasks."""
PLACES = (NAME, DESCRIPTION, LIMIT.name, VARIABLES, *(field.name for field in DEFAULTS))
"""All fields from the top down."""


@dataclass(frozen=True, slots=True)
class Typed:
    """What stands in the form: the name, the description, the options by field, the declared variables as lines."""

    name: str
    description: str
    options: Mapping[str, str]
    variables: str


def orchestration_values(value: Orchestration, defaults: TaskOptions, limit: int) -> FormValues:
    """What the form shows; ``defaults`` and ``limit`` are those of the project, which hold where nothing is set."""
    return FormValues(
        option_texts(value.defaults, value.max_parallel),
        declared_text(value.variables),
        frozenset(),
        option_texts(defaults, limit),
    )


def read_orchestration(value: Orchestration, before: FormValues, typed: Typed) -> Orchestration:
    """The orchestration with what was typed; fields that say what they said before stay as they are.

    Raises:
        FormErrors: a sentence for each field that cannot be taken.
    """
    errors: dict[str, str] = {}
    options, limit = read_options(before, typed.options, errors)
    declared: Any = value.variables
    if typed.variables.strip() != before.variables.strip():
        declared = read_text(VARIABLES, typed.variables, read_declared, errors) or ()
    steps: tuple[tuple[str, Callable[[Orchestration], Orchestration]], ...] = (
        (NAME, lambda one: edits.rename(one, typed.name)),
        (DESCRIPTION, lambda one: edits.describe(one, _description(value, typed.description))),
        (LIMIT.name, lambda one: one if isinstance(limit, Keep) else edits.set_max_parallel(one, limit)),
        (DEFAULTS[0].name, lambda one: edits.set_defaults(one, replace(one.defaults, **options))),
        (VARIABLES, lambda one: edits.set_variables(one, declared)),
    )
    new = value
    for name, step in steps:
        try:
            new = step(new)
        except EditError as error:
            errors.setdefault(name, str(error))
    if errors:
        raise FormErrors(errors)
    return new


def _description(value: Orchestration, typed: str) -> str:
    """What is typed, without blanks around it; a text that was only looked at stays as it is."""
    return value.description if typed.strip() == value.description.strip() else typed.strip()


def declared_text(variables: Iterable[Variable]) -> str:
    """``name = value  # description`` lines; without ``=`` there is no value. Texts that a line cannot hold as they are
    stand in quotes, as JSON writes them."""
    lines = []
    for variable in variables:
        value = "" if variable.value is None else f" = {_in_line(variable.value)}"
        description = f"  # {_in_line(variable.description)}" if variable.description else ""
        lines.append(f"{variable.name}{value}{description}")
    return "\n".join(lines)


def _in_line(text: str) -> str:
    plain = text and text == text.strip() and text.isprintable() and not text.startswith('"') and "#" not in text
    # What is escaped cannot end the line: there are more ends of lines than JSON knows.
    return text if plain else json.dumps(text, ensure_ascii=not text.isprintable())


def read_declared(text: str) -> tuple[Variable, ...]:
    """What :func:`declared_text` gives. Raises: ValueError; the sentence says which line is none."""
    found: list[Variable] = []
    for number, content in enumerate(text.splitlines(), 1):
        if not content.strip():
            continue
        head, equals, rest = content.partition("=")
        if "#" in head:
            head, equals, rest = content.partition("#")[0], "", content[content.index("#") :]
        value: str | None = None
        if equals:
            value, rest = _text_and_rest(rest.strip(), number)
        description = ""
        if rest:
            description, behind = _text_and_rest(rest.removeprefix("#").strip(), number, to_the_end=True)
            if not rest.startswith("#") or behind:
                raise ValueError(f"line {number} has something behind the quotes; a description begins with #")
        found.append(Variable(head.strip(), value, description))
    return tuple(found)


def _text_and_rest(text: str, number: int, *, to_the_end: bool = False) -> tuple[str, str]:
    """The text at the beginning, in quotes or up to a ``#`` (``to_the_end``: or all of it), and what is behind it."""
    if text.startswith('"'):
        try:
            value, end = json.JSONDecoder().raw_decode(text)
        except ValueError as error:
            raise ValueError(f"line {number} has a text in quotes that does not end as it should") from error
        return str(value), text[end:].strip()
    if to_the_end:
        return text, ""
    value, mark, behind = text.partition("#")
    return value.strip(), f"{mark}{behind}"
