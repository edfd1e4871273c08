"""From the texts of a form to parameters, and from sentences about parameters to the fields they belong to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from orch_tui.tui.configuration.form.codec import FormatError
from orch_tui.tui.configuration.form.fields import Field, FieldPath, decode
from orch_tui.tui.configuration.form.schemas import Spec, secret_literals

Errors = dict[FieldPath, list[str]]
SECRET_SENTENCE = "write a reference like ${NAME} and put the secret itself into .env; files are no place for it"


@dataclass(slots=True)
class Collected:
    """Parameters as they would be saved; ``errors`` has a sentence for each text that could not be read."""

    parameters: dict[str, Any]
    errors: Errors = field(default_factory=dict)


def collect(fields: Iterable[Field], texts: Mapping[FieldPath, str], parameters: Mapping[str, Any]) -> Collected:
    """``parameters`` with what was changed in the form; all else is kept as it is, in its order.

    ``texts`` may leave fields out: they have not been changed.
    """
    result = Collected(plain(parameters))
    for one in fields:
        text = texts.get(one.path, one.text)
        if text == one.text:
            continue
        try:
            value = decode(one, text)
        except FormatError as error:
            result.errors[one.path] = [str(error)]
            continue
        if not one.path:
            if value is None or isinstance(value, dict):
                result.parameters = value or {}
            else:
                result.errors[()] = ["write the parameters as lines of name = value"]
        elif value is None:
            _remove(result.parameters, one.path)
        else:
            _put(result.parameters, one.path, value)
    return result


def plain(value: Any) -> Any:
    """A deep copy of dictionaries and lists."""
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    return value


def _put(target: dict[str, Any], path: FieldPath, value: Any) -> None:
    for part in path[:-1]:
        inner = target.get(part)
        if not isinstance(inner, dict):
            inner = target[part] = {}
        target = inner
    target[path[-1]] = value


def _remove(target: dict[str, Any], path: FieldPath) -> None:
    """Removes a value, and the tables that are empty without it."""
    inner = target.get(path[0])
    if len(path) == 1:
        target.pop(path[0], None)
    elif isinstance(inner, dict):
        _remove(inner, path[1:])
        if not inner:
            del target[path[0]]


def secret_errors(schema: Spec, fields: Sequence[Field], parameters: Mapping[str, Any]) -> Errors:
    """A sentence for every field that holds a secret in plain text."""
    errors: Errors = {}
    for literal in secret_literals(schema, parameters):
        owner = max((one for one in fields if literal[: len(one.path)] == one.path), key=_depth, default=None)
        where = ".".join(literal[len(owner.path) if owner else 0 :])
        sentence = f"{where}: {SECRET_SENTENCE}" if where else SECRET_SENTENCE
        errors.setdefault(owner.path if owner else (), []).append(sentence)
    return errors


def _depth(one: Field) -> int:
    return len(one.path)


def place_errors(fields: Sequence[Field], sentences: Iterable[str]) -> tuple[Errors, list[str]]:
    """Sentences that begin with a path, at the fields they belong to; those of no field come second."""
    by_length = sorted((one for one in fields if one.path), key=lambda one: len(one.key), reverse=True)
    errors: Errors = {}
    general = []
    for sentence in sentences:
        owner, message = _owner(by_length, fields, sentence)
        if owner is None:
            general.append(message)
        else:
            errors.setdefault(owner.path, []).append(message)
    return errors, general


def _owner(by_length: Sequence[Field], fields: Sequence[Field], sentence: str) -> tuple[Field | None, str]:
    for one in by_length:
        rest = sentence.removeprefix(one.key)
        if rest != sentence and rest[:1] in (":", ".", "["):
            return one, rest.removeprefix(":").strip().removeprefix(".")
    place, colon, message = sentence.partition(": ")
    if colon:
        for one in fields:
            # A table that is missing as a whole: its first field says so.
            if one.key.startswith(f"{place}."):
                return one, sentence
    if len(fields) == 1 and not fields[0].path:
        return fields[0], sentence
    return None, message if place == "parameters" and colon else sentence
