"""A task that waits for a person: what it asks, who may answer, and what an answer has to hold. Pure."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from datetime import date
from enum import StrEnum
from typing import Any

from orch_tui.model.components.component import APPROVAL_COMPONENT
from orch_tui.model.dataclass import dataclass
from orch_tui.model.errors import OrchError
from orch_tui.model.texts.durations import parse_duration, show_duration
from orch_tui.model.variables.values import VARIABLE_NAME, Scalar, Value, ValueFault, decode, encode, text_of, type_of

_TRUE, _FALSE = ("true", "yes", "y", "1"), ("false", "no", "n", "0")


class AnswerFault(OrchError):
    """An answer, or a question, that is not as it has to be."""


class OnTimeout(StrEnum):
    """What an approval that nobody answered in time becomes."""

    REJECT = "reject"
    APPROVE = "approve"


class FieldType(StrEnum):
    """What a field of an answer holds; the names of the types of variables."""

    TEXT = "text"
    INTEGER = "integer"
    NUMBER = "number"
    BOOLEAN = "boolean"
    DATE = "date"
    DATETIME = "datetime"


@dataclass(frozen=True, slots=True)
class AnswerField:
    """A value that the answer gives, and that becomes the variable ``name``. Without a ``default`` it has to be given;
    ``choices`` are the only ones that it may have."""

    name: str
    type: FieldType = FieldType.TEXT
    description: str = ""
    default: Scalar | None = None
    choices: tuple[Scalar, ...] = ()


@dataclass(frozen=True, slots=True)
class Question:
    """``approvers`` are the names of the users who may answer, none for everybody; ``timeout`` is in seconds."""

    text: str
    fields: tuple[AnswerField, ...] = ()
    approvers: tuple[str, ...] = ()
    timeout: float | None = None
    on_timeout: OnTimeout = OnTimeout.REJECT

    def encoded(self) -> str:
        """JSON of a journal."""
        fields = [
            {
                "name": one.name,
                "type": one.type.value,
                "description": one.description,
                "default": None if one.default is None else encode(one.default),
                "choices": [encode(choice) for choice in one.choices],
            }
            for one in self.fields
        ]
        values = {
            "text": self.text,
            "fields": fields,
            "approvers": list(self.approvers),
            "timeout": self.timeout,
            "on_timeout": self.on_timeout.value,
        }
        return json.dumps(values, ensure_ascii=False)

    @property
    def defaults(self) -> dict[str, Value]:
        return {one.name: one.default for one in self.fields if one.default is not None}

    def field(self, name: str) -> AnswerField | None:
        return next((one for one in self.fields if one.name == name), None)


def is_approval(configuration: str) -> bool:
    """Whether a task with this configuration asks people, and starts no program."""
    return configuration.partition("/")[0] == APPROVAL_COMPONENT


def recall_question(text: str) -> Question:
    """What :meth:`Question.encoded` wrote. Raises: ValueError."""
    return question_of(json.loads(text))


def question_of(parameters: Any) -> Question:
    """What the parameters of an approval ask.

    Raises:
        AnswerFault: one sentence about what is wrong with them.
    """
    if not isinstance(parameters, Mapping):
        raise AnswerFault("an approval is an object with a text")
    text = parameters.get("text")
    if not isinstance(text, str) or not text.strip():
        raise AnswerFault("an approval needs a text that says what is to be approved")
    raw = parameters.get("fields") or []
    if not isinstance(raw, list | tuple):
        raise AnswerFault("fields is a list of tables, each with a name")
    fields = tuple(map(_field, raw))
    names = [one.name for one in fields]
    if twice := [name for name in names if names.count(name) > 1]:
        raise AnswerFault(f'two fields are called "{twice[0]}"')
    timeout = parameters.get("timeout")
    question = Question(
        text, fields, _approvers(parameters), None if timeout is None else _seconds(timeout), _on_timeout(parameters)
    )
    if question.on_timeout is OnTimeout.APPROVE and (needed := [one.name for one in fields if one.default is None]):
        raise AnswerFault(f'on_timeout = "approve" needs a default of the field {needed[0]}: nobody gives its value')
    return question


def _approvers(parameters: Mapping[str, Any]) -> tuple[str, ...]:
    names = parameters.get("approvers") or []
    if not isinstance(names, list | tuple) or not all(isinstance(name, str) and name.strip() for name in names):
        raise AnswerFault("approvers is a list of names of users")
    return tuple(names)


def _seconds(timeout: Any) -> float:
    if not isinstance(timeout, str | int | float):
        raise AnswerFault('timeout is a duration like "8h"')
    try:
        seconds = parse_duration(timeout)
    except ValueError as error:
        raise AnswerFault(f"timeout: {error}") from error
    if seconds <= 0:
        raise AnswerFault('timeout is above 0; write it like "8h"')
    return seconds


def _on_timeout(parameters: Mapping[str, Any]) -> OnTimeout:
    word = parameters.get("on_timeout") or OnTimeout.REJECT.value
    try:
        return OnTimeout(word)
    except ValueError as error:
        raise AnswerFault(f'on_timeout is "reject" or "approve", not {json.dumps(word)[:40]}') from error


def _field(raw: Any) -> AnswerField:
    if not isinstance(raw, Mapping) or not isinstance(raw.get("name"), str):
        raise AnswerFault("each field is a table with a name")
    name, word = raw["name"], raw.get("type") or FieldType.TEXT.value
    if not VARIABLE_NAME.fullmatch(name):
        raise AnswerFault(f'"{name[:60]}" cannot be the name of a variable')
    try:
        kind = FieldType(word)
    except ValueError as error:
        known = ", ".join(FieldType)
        raise AnswerFault(f"the field {name} has the type {json.dumps(word)[:40]}; there are {known}") from error
    choices = raw.get("choices") or []
    if not isinstance(choices, list | tuple):
        raise AnswerFault(f"choices of the field {name} are a list of values")
    default = raw.get("default")
    field = AnswerField(
        name, kind, str(raw.get("description") or ""), None, tuple(_typed(name, kind, c) for c in choices)
    )
    if default is None:
        return field
    value = _typed(name, kind, default)
    if field.choices and value not in field.choices:
        raise AnswerFault(f"the default of the field {name} is none of its choices")
    return AnswerField(name, kind, field.description, value, field.choices)


def _typed(name: str, kind: FieldType, raw: Any) -> Scalar:
    """A value of a definition or a journal: as TOML and JSON have it, dates and times also as texts."""
    if isinstance(raw, str) and kind is not FieldType.TEXT:
        return parse_value(AnswerField(name, kind), raw)
    try:
        value = decode(raw if not isinstance(raw, date) else encode(raw))
    except ValueFault as error:
        raise AnswerFault(f"the field {name}: it {error}") from error
    if kind is FieldType.NUMBER and type_of(value) == FieldType.INTEGER.value and isinstance(value, int):
        value = float(value)
    if isinstance(value, tuple) or type_of(value) != kind.value:
        raise AnswerFault(f"the field {name} is of the type {kind.value}, not {type_of(value)}")
    return value


def parse_value(field: AnswerField, text: str) -> Scalar:
    """The value that a person typed.

    Raises:
        AnswerFault: it is none of the field's type.
    """
    value: Any = text
    if field.type is FieldType.BOOLEAN:
        value = True if text.strip().lower() in _TRUE else False if text.strip().lower() in _FALSE else None
        if value is None:
            raise AnswerFault(f'{field.name} is yes or no, not "{text[:40]}"')
        return bool(value)
    try:
        if field.type is FieldType.INTEGER:
            value = int(text)
        elif field.type is FieldType.NUMBER:
            value = float(text)
            if not math.isfinite(value):
                raise ValueError
        elif field.type is not FieldType.TEXT:
            value = {"type": field.type.value, "value": text.strip()}
        found = decode(value)
    except ValueFault as error:
        raise AnswerFault(f"{field.name} {error}") from error
    except ValueError as error:
        raise AnswerFault(f'{field.name} is {_A[field.type]}, not "{text[:40]}"') from error
    if isinstance(found, tuple):
        raise AnswerFault(f"{field.name} is {_A[field.type]}")
    return found


_A = {
    FieldType.TEXT: "a text",
    FieldType.INTEGER: "a whole number",
    FieldType.NUMBER: "a number",
    FieldType.BOOLEAN: "yes or no",
    FieldType.DATE: "a date like 2026-11-29",
    FieldType.DATETIME: "a time with its zone, like 2026-11-29T10:00:00Z",
}


def parse_answer(question: Question, given: Mapping[str, str]) -> dict[str, Value]:
    """The values that people gave as texts, by name, and the defaults of the others.

    Raises:
        AnswerFault: one of them cannot be taken, or is missing.
    """
    values: dict[str, Value] = {}
    for name, text in given.items():
        field = question.field(name)
        if field is None:
            raise AnswerFault(unknown_field(question, name))
        values[name] = parse_value(field, text)
    values = {**question.defaults, **values}
    if wrong := complaint(question, values):
        raise AnswerFault(wrong)
    return values


def unknown_field(question: Question, name: str) -> str:
    known = ", ".join(one.name for one in question.fields)
    return f'it asks for no "{name[:60]}"; ' + (f"it asks for {known}" if known else "it asks for no value")


def complaint(question: Question, values: Mapping[str, Value]) -> str:
    """What is wrong with the values of an answer, a sentence without a full stop; empty when nothing is."""
    for name in values:
        if question.field(name) is None:
            return unknown_field(question, name)
    for field in question.fields:
        if field.name not in values:
            return f"{field.name} ({_A[field.type]}) is missing"
        value = values[field.name]
        if type_of(value) != field.type.value:
            return f"{field.name} is {_A[field.type]}, not of the type {type_of(value)}"
        if field.choices and value not in field.choices:
            return f"{field.name} is one of {', '.join(map(text_of, field.choices))}, not {text_of(value)[:40]}"
    return ""


def user_of(by: str) -> str:
    """``ann`` of ``ann@host (pts/1)``."""
    return by.partition("@")[0]


def may_answer(question: Question, by: str) -> bool:
    return not question.approvers or user_of(by) in question.approvers


def timeout_words(question: Question) -> str:
    """What came of it when nobody answered in time."""
    became = "approved" if question.on_timeout is OnTimeout.APPROVE else "rejected"
    return f"nobody answered within {show_duration(question.timeout)}: {became}"
