"""JSON files of a Keboola project: read with a sentence for what is wrong, written as they were written."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from orch_tui.keboola.values import Body, KeboolaError
from orch_tui.model.texts.text import safe_line
from orch_tui.project.files.source import DefinitionError, read_source

BODY_FILE = "config.json"
"""The body of a stored configuration in its directory."""
_INDENT = re.compile(r"[\[{]\r?\n(?P<indent>[ \t]+)")


def read_text(path: Path, shown: str) -> str:
    """Raises: KeboolaError."""
    try:
        return read_source(path, path.parent, shown).text
    except DefinitionError as error:
        raise KeboolaError(f"{safe_line(shown, 300)}: {error.problems[0].message}") from error


def read_json(path: Path, shown: str) -> Any:
    """Raises: KeboolaError with the line of what is wrong."""
    return parse_json_text(read_text(path, shown), shown)


def parse_json_text(text: str, shown: str) -> Any:
    """Raises: KeboolaError."""
    try:
        value = json.loads(text.removeprefix("\ufeff"))
        # Escapes of JSON can stand for half of a pair, which no file of ours can hold.
        json.dumps(value, ensure_ascii=False).encode()
        return value
    except json.JSONDecodeError as error:
        raise KeboolaError(f"{safe_line(shown, 300)}:{error.lineno}: it is no JSON: {error.msg}") from error
    except UnicodeEncodeError as error:
        raise KeboolaError(f"{safe_line(shown, 300)} has half of a character (\\ud800 or the like)") from error
    except (RecursionError, ValueError) as error:
        raise KeboolaError(
            f"{safe_line(shown, 300)}: it is no JSON that can be read: {type(error).__name__}"
        ) from error


def read_object(path: Path, shown: str) -> Body:
    """A JSON file whose value is an object. Raises: KeboolaError."""
    value = read_json(path, shown)
    if not isinstance(value, dict):
        raise KeboolaError(f"{safe_line(shown, 300)} must be an object in JSON")
    return value


def json_like(before: str, value: Any) -> str:
    """``value`` as JSON with the indent and the end of the file that ``before`` has; as kbc writes it without any."""
    found = _INDENT.search(before)
    text = json.dumps(value, ensure_ascii=False, indent=found["indent"] if found else 2)
    # kbc writes an empty object on one line, and each file with a line end.
    ending = "\n" if before.endswith("\n") or not before else ""
    line_end = "\r\n" if "\r\n" in before else "\n"
    return (text + ending).replace("\n", line_end)
