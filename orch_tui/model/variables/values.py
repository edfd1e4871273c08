"""Values of variables that tasks set: their types, their form in JSON, and their text."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from orch_tui.model.dataclass import dataclass
from orch_tui.model.texts.pattern import pattern

Scalar = str | int | float | bool | date | datetime
Value = Scalar | tuple[Scalar, ...]
"""``datetime`` has a time zone; an ``int`` has 64 bits; a ``float`` is finite."""

VARIABLE_NAME = pattern(r"[A-Za-z_][A-Za-z0-9_.-]{0,99}")
MASKED = "*****"
"""What stands where a secret was."""
MOST_BYTES = 64 << 10
"""Of one value, as JSON."""
MOST_BYTES_OF_ALL = 256 << 10
"""Of all values that one task sets, as JSON: they are written into the journal, and into that of each run after it."""
MOST_VALUES = 100
"""That one task sets."""
_TYPES = ("text", "integer", "number", "boolean", "date", "datetime", "list")


class ValueFault(ValueError):
    """A value that no variable can have; the text goes on after "variable X"."""


@dataclass(frozen=True, slots=True)
class SetValue:
    """A value of a variable, and which task set it. ``at`` is seconds since the epoch, None where it was in an earlier
    run that this one continues."""

    value: Value
    task: str
    at: float | None


def type_of(value: Value) -> str:
    """``text``, ``integer``, ``number``, ``boolean``, ``date``, ``datetime`` or ``list``."""
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, datetime):
        return "datetime"
    for kind, name in ((str, "text"), (int, "integer"), (float, "number"), (date, "date")):
        if isinstance(value, kind):
            return name
    return "list"


def text_of(value: Value) -> str:
    """What stands in the place of ``{{ name }}``."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, date):
        return value.isoformat()
    return json.dumps([encode(item) for item in value], ensure_ascii=False) if isinstance(value, tuple) else repr(value)


def encode(value: Value) -> Any:
    """JSON data that :func:`decode` reads back as the same value of the same type."""
    if isinstance(value, tuple):
        return [encode(item) for item in value]
    if isinstance(value, date):
        return {"type": type_of(value), "value": value.isoformat()}
    return value


def decode(raw: Any) -> Value:
    """A value out of JSON data: ``"text"``, ``1``, ``1.5``, ``true``, a list of such, or ``{"type": …, "value": …}``.

    Raises:
        ValueFault: it is no value, or too big.
    """
    if isinstance(raw, list):
        value: Value = tuple(_scalar(item) for item in raw)
    elif isinstance(raw, Mapping) and raw.get("type") == "list" and isinstance(raw.get("value"), list):
        value = tuple(_scalar(item) for item in raw["value"])
    else:
        value = _scalar(raw)
    size = _size(value)
    if size > MOST_BYTES:
        raise ValueFault(f"has {size} bytes; a variable holds {MOST_BYTES} at most, what is more belongs into a table")
    return value


def _scalar(raw: Any) -> Scalar:
    if isinstance(raw, Mapping):
        return _typed(raw)
    if isinstance(raw, bool):
        return raw
    if isinstance(raw, str):
        return _text(raw)
    if isinstance(raw, int):
        if not -(2**63) <= raw < 2**63:
            raise ValueFault("is a whole number beyond 64 bits; write it as a text")
        return raw
    if isinstance(raw, float):
        if not math.isfinite(raw):
            raise ValueFault("is no finite number")
        return raw
    if raw is None:
        raise ValueFault("is null, which is no value; leave it out")
    raise ValueFault("is a list in a list; lists hold texts, numbers, flags and dates")


def _text(raw: str) -> str:
    if MASKED in raw:
        raise ValueFault("holds a secret, which would be written down and shown; name the secret where it is used")
    if any("\ud800" <= character <= "\udfff" for character in raw):
        raise ValueFault("has half a character in it (a lone surrogate)")
    return raw


def _typed(raw: Mapping[str, Any]) -> Scalar:
    kind, inner = raw.get("type"), raw.get("value")
    if not isinstance(kind, str) or kind not in _TYPES:
        raise ValueFault(f'is an object, which is no value; write {{"type": …, "value": …}} of {", ".join(_TYPES)}')
    try:
        if kind == "date" and isinstance(inner, str):
            return date.fromisoformat(inner)
        if kind == "datetime" and isinstance(inner, str):
            return _moment(inner)
    except ValueError as error:
        raise ValueFault(f"is no {kind}: {json.dumps(inner, ensure_ascii=False)[:60]}") from error
    if kind == "number" and isinstance(inner, int) and not isinstance(inner, bool) and abs(inner) < 2**53:
        return float(inner)
    if isinstance(inner, Mapping | list):
        raise ValueFault(f"says that it is of the type {kind}, and is none")
    value = _scalar(inner)
    if type_of(value) != kind:
        raise ValueFault(f"says that it is of the type {kind}, and is of the type {type_of(value)}")
    return value


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueFault(f"has a time without its zone: {text[:40]}; write {text[:40]}Z for UTC")
    # A time zone may carry it out of the years that there are.
    moment.timestamp()
    return moment


def decode_all(raw: Any) -> tuple[dict[str, Value], list[str]]:
    """The values of an object by name, and a sentence for each that could not be taken."""
    if not isinstance(raw, Mapping):
        return {}, [f"variables are an object of names and values, not {type(raw).__name__}"]
    values: dict[str, Value] = {}
    faults, room = [], MOST_BYTES_OF_ALL
    for name, one in raw.items():
        if not isinstance(name, str) or not VARIABLE_NAME.fullmatch(name):
            faults.append(f"{json.dumps(name)[:60]} cannot be the name of a variable")
        elif len(values) >= MOST_VALUES:
            faults.append(f"a task sets {MOST_VALUES} variables at most; those after {[*values][-1]} were not set")
            break
        else:
            try:
                value = decode(one)
                room = _room_after(value, room)
                values[name] = value
            except ValueFault as error:
                faults.append(f"variable {name} was not set: it {error}")
    return values, faults


def _room_after(value: Value, room: int) -> int:
    """The bytes that are left for further values. Raises: ValueFault when there are too few."""
    left = room - _size(value)
    if left < 0:
        raise ValueFault(f"is too much: all that a task sets have {MOST_BYTES_OF_ALL >> 10} KiB at most")
    return left


def _size(value: Value) -> int:
    return len(json.dumps(encode(value), ensure_ascii=False).encode(errors="replace"))


def encode_all(values: Mapping[str, Value]) -> str | None:
    """JSON of a journal; None for no values."""
    if not values:
        return None
    return json.dumps({name: encode(value) for name, value in values.items()}, ensure_ascii=False)


def recall_all(text: str) -> dict[str, Value]:
    """What :func:`encode_all` wrote. Raises: ValueError."""
    raw = json.loads(text)
    if not isinstance(raw, dict):
        raise ValueError("it is no object")
    return {name: decode(one) for name, one in raw.items()}
