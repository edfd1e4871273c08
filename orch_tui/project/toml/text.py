"""Values as TOML text in the house style; what it writes, tomllib reads back equal."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date, datetime, time
from typing import Any

from orch_tui.model.texts.durations import parse_duration, write_duration
from orch_tui.model.texts.pattern import pattern

_BARE = pattern(r"[A-Za-z0-9_-]+")
_NOT_IN_LINES = pattern("[\x00-\x08\x0b-\x1f\x7f]")


def key_text(key: str) -> str:
    """A key, in quotes when it needs them."""
    return key if _BARE.fullmatch(key) else string_text(key)


def string_text(text: str) -> str:
    """A text on one line.

    JSON escapes are TOML escapes too; DEL is the one character that JSON leaves and TOML refuses.

    Raises:
        ValueError: half of a surrogate pair, which UTF-8 cannot hold.
    """
    return json.dumps(_checked(text), ensure_ascii=False).replace("\x7f", "\\u007f")


def long_text(text: str) -> str:
    """A text with line ends over several lines where that is possible, so that it can be read and compared."""
    if "\n" not in text or _NOT_IN_LINES.search(text):
        return string_text(text)
    _checked(text)
    if "\\" in text and "'''" not in text and not text.endswith("'"):
        return f"'''\n{text}'''"
    escaped = text.replace("\\", "\\\\").replace('"""', '""\\"')
    if escaped.endswith('"'):
        escaped = escaped[:-1] + '\\"'
    return f'"""\n{escaped}"""'


def _checked(text: str) -> str:
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise ValueError("a text has characters that no file can hold; type it again") from error
    return text


def value_text(value: Any) -> str:
    """Any value of a TOML document as it stands after ``=``; tables become inline ones.

    Raises:
        ValueError: it has no form in TOML (None, or a text with half of a surrogate pair).
    """
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return string_text(value)
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return _float_text(value)
    if isinstance(value, datetime):
        return value.isoformat(sep=" ")
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, Mapping):
        inner = ", ".join(f"{key_text(key)} = {value_text(item)}" for key, item in value.items())
        return f"{{ {inner} }}" if inner else "{}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(value_text(item) for item in value)}]"
    raise ValueError(f"a value of type {type(value).__name__} cannot be written to a TOML file")


def _float_text(value: float) -> str:
    text = repr(value)
    return text if any(mark in text for mark in ".einf") else f"{text}.0"


def duration_value(seconds: float) -> str | float:
    """A duration as people write it, or plain seconds where that would not read back as exactly this number."""
    text = write_duration(seconds)
    try:
        return text if parse_duration(text) == seconds else seconds
    except ValueError:
        return seconds


def table_lines(header: str, values: Mapping[str, Any]) -> str:
    """``[header]`` and a line for each value; texts over several lines are written so."""
    lines = [header] if header else []
    for key, value in values.items():
        text = long_text(value) if isinstance(value, str) and "\n" in value else value_text(value)
        lines.append(f"{key_text(key)} = {text}")
    return "\n".join(lines) + "\n" if lines else ""
