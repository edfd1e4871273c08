"""Values of parameters as texts for a form, and back: ``decode(encode(value))`` is the value.

An empty text stands for "left out of the file". What would be read as something else is written in double quotes with
JSON's escapes, so ``""`` is the empty text and ``"5"`` a text in a field for numbers; ``[]`` and ``{}`` are an empty
list and an empty table.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Mapping
from typing import Any

from orch_tui.model.texts.json_text import parse_json
from orch_tui.project.toml.text import key_text, table_lines, value_text

STRING, INTEGER, NUMBER, BOOLEAN = "string", "integer", "number", "boolean"
Types = frozenset[str]
TEXT_ONLY: Types = frozenset((STRING,))

_INTEGER = re.compile(r"[+-]?[0-9]{1,4000}")
_FLOAT = re.compile(r"[+-]?(?:[0-9]+\.[0-9]*|\.[0-9]+|[0-9]+)(?:[eE][+-]?[0-9]+)?|[+-]?inf|nan")
_CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")
EMPTY_LIST, EMPTY_MAP = "[]", "{}"


class FormatError(ValueError):
    """A text that cannot be understood; ``str()`` is a sentence."""


def quoted(text: str) -> str:
    """``text`` in double quotes, on one line, without control characters."""
    return _CONTROLS.sub(lambda found: f"\\u{ord(found[0]):04x}", json.dumps(text, ensure_ascii=False))


def _unquoted(text: str) -> str | None:
    if len(text) < 2 or text[0] != '"' or text[-1] != '"':
        return None
    try:
        value = parse_json(text)
    except ValueError:
        return None
    return value if isinstance(value, str) else None


def decode_scalar(text: str, types: Types = TEXT_ONLY) -> Any:
    """A text, or a number, true or false where ``types`` (JSON Schema's names) allow them.

    What does not look like an allowed type stays a text: it may be a ``{{ variable }}``, and the schema judges it.
    """
    text = text.strip()
    plain = _unquoted(text)
    if plain is not None:
        return plain
    if BOOLEAN in types and text in ("true", "false"):
        return text == "true"
    if types & {INTEGER, NUMBER}:
        if _INTEGER.fullmatch(text):
            return int(text)
        if _FLOAT.fullmatch(text):
            return float(text)
    return text


def encode_scalar(value: Any, types: Types = TEXT_ONLY) -> str:
    """The shortest text that :func:`decode_scalar` reads as ``value``."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if not isinstance(value, str):
        return str(value)
    if not value or value in (EMPTY_LIST, EMPTY_MAP) or _CONTROLS.search(value):
        return quoted(value)
    read = decode_scalar(value, types)
    return value if isinstance(read, str) and read == value else quoted(value)


def fits_scalar(value: Any, types: Types) -> bool:
    """True when a value can stand in a field for ``types``; texts always can, they may be references."""
    if isinstance(value, bool):
        return BOOLEAN in types
    if isinstance(value, int | float):
        return bool(types & {INTEGER, NUMBER})
    return isinstance(value, str)


def decode_list(text: str, types: Types = TEXT_ONLY) -> list[Any]:
    """One entry a line."""
    if text.strip() == EMPTY_LIST:
        return []
    return [decode_scalar(one, types) for one in text.split("\n") if one.strip()]


def encode_list(values: list[Any], types: Types = TEXT_ONLY) -> str:
    return "\n".join(encode_scalar(value, types) for value in values) if values else EMPTY_LIST


def decode_map(text: str, types: Types = TEXT_ONLY) -> dict[str, Any]:
    """One ``name = value`` a line. Raises: FormatError."""
    if text.strip() == EMPTY_MAP:
        return {}
    result: dict[str, Any] = {}
    for number, one in enumerate(text.split("\n"), 1):
        if not one.strip():
            continue
        name, value = _pair(one.strip(), number)
        if name in result:
            raise FormatError(f'line {number}: there are two values for "{name}"; take one of them out')
        result[name] = decode_scalar(value, types)
    return result


def _pair(text: str, number: int) -> tuple[str, str]:
    if text.startswith('"'):
        try:
            name, end = json.JSONDecoder().raw_decode(text)
        except ValueError:
            name, end = text, len(text)
        rest = text[end:].lstrip()
        if isinstance(name, str) and rest.startswith("="):
            return name, rest[1:]
    else:
        name, equals, value = text.partition("=")
        if equals and name.strip():
            return name.strip(), value
    raise FormatError(f"line {number}: write it as name = value")


def encode_map(values: Mapping[str, Any], types: Types = TEXT_ONLY) -> str:
    if not values:
        return EMPTY_MAP
    return "\n".join(f"{_name(name)} = {encode_scalar(value, types)}" for name, value in values.items())


def _name(name: str) -> str:
    plain = name and name == name.strip() and "=" not in name and name[0] != '"' and not _CONTROLS.search(name)
    return name if plain else quoted(name)


def encode_toml(value: Any, name: str) -> str:
    """A value of any shape as TOML: ``[[name]]`` tables for a list of tables, lines for a table, else what stands
    after ``=``."""
    if isinstance(value, Mapping) and value:
        text = table_lines("", value)
    elif isinstance(value, list) and value and all(isinstance(item, Mapping) for item in value):
        text = "\n".join(table_lines(f"[[{key_text(name)}]]", item) for item in value)
    else:
        return value_text(value)
    try:
        return text.rstrip("\n") if decode_toml(text, name) == value else value_text(value)
    except FormatError:
        return value_text(value)


def decode_toml(text: str, name: str) -> Any:
    """Reads what :func:`encode_toml` writes. Raises: FormatError with the line."""
    try:
        data = tomllib.loads(f"value = {text.strip()}\n")
        if data.keys() == {"value"}:
            return data["value"]
    except (ValueError, RecursionError):
        # No single value: a document of lines or of tables, then.
        data = {}
    try:
        data = tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        raise FormatError(f"this is no TOML: {error}") from error
    if data.keys() == {name} and isinstance(data[name], list):
        return data[name]
    return data
