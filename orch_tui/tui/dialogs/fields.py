"""Fields of forms: what they are called, what stands in them, and what is wrong with it. Pure: no Textual."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from orch_tui.model.edits.base import check_variables
from orch_tui.model.edits.edits import EditError
from orch_tui.model.texts.json_text import parse_json

VARIABLES = "variables"


class Field(NamedTuple):
    """``hint`` stands beside the field."""

    name: str
    label: str
    hint: str


@dataclass(frozen=True, slots=True)
class FormValues:
    """``texts`` by field; ``mixed`` are the fields in which the tasks differ; ``defaults`` show what holds if empty."""

    texts: Mapping[str, str]
    variables: str
    mixed: frozenset[str]
    defaults: Mapping[str, str]


class FormErrors(Exception):
    """``errors`` are sentences by field name."""

    def __init__(self, errors: Mapping[str, str]) -> None:
        self.errors = dict(errors)
        super().__init__("; ".join(errors.values()))


def read_text(name: str, text: str, reader: Callable[[str], Any], errors: dict[str, str]) -> Any:
    """What ``reader`` makes of the text of a field, None of an empty one; what it refuses is put into ``errors``."""
    if not text.strip():
        return None
    try:
        return reader(text)
    except (ValueError, EditError) as error:
        wrong = str(error)
        if reader is int:
            wrong = "This must be a whole number, like 3."
        elif reader is float:
            wrong = "This must be a number, like 50."
        errors[name] = f"{wrong[:1].upper()}{wrong[1:]}"
        return None


def variables_text(variables: Mapping[str, str]) -> str:
    """``name = value`` lines; a value that a line cannot hold as it is stands in quotes, as JSON writes it."""
    lines = []
    for name, value in variables.items():
        plain = value == value.strip() and value.isprintable() and not value.startswith('"')
        lines.append(f"{name} = {value if plain else json.dumps(value)}")
    return "\n".join(lines)


def read_variables(text: str) -> dict[str, str]:
    """The variables of ``name = value`` lines.

    Raises:
        ValueError, EditError: a line is none, or has a bad name; the sentence says which.
    """
    found: dict[str, str] = {}
    for number, content in enumerate(text.splitlines(), 1):
        if not content.strip():
            continue
        name, equals, value = (part.strip() for part in content.partition("="))
        if not equals:
            raise ValueError(f"line {number} has no =; write each variable as: name = value")
        if name in found:
            raise ValueError(f'line {number} gives "{name}" a second value; remove one of them')
        if value.startswith('"'):
            try:
                value = parse_json(value)
            except ValueError as error:
                raise ValueError(f"line {number} has a text in quotes that does not end as it should") from error
        found[name] = str(value)
    return check_variables(found)
