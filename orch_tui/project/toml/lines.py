"""Where the keys of a TOML text are: its statements with their offsets, and the line of a key path.

Only for texts that tomllib accepts. tomllib keeps no positions and tomlkit takes a hundred times as long to read,
so this small scanner runs when there is a problem to point at or a file to save, never while reading.
Source: https://toml.io/en/v1.0.0 (keys, strings, arrays, inline tables, arrays of tables).
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import field
from enum import StrEnum

from orch_tui.model.dataclass import dataclass
from orch_tui.model.texts.pattern import pattern

KeyPath = tuple[str | int, ...]

_SPACE = pattern(r"[ \t]*")
_SPACE_AND_COMMENTS = pattern(r"(?:[ \t\r\n]|#[^\n]*)*")
_BARE_KEY = pattern(r"[A-Za-z0-9_-]+")
STRING = pattern(
    r'"""(?:\\.|[^\\])*?"""(?:"{0,2})'
    r"|'''.*?'''(?:'{0,2})"
    r'|"(?:\\.|[^"\\\n])*"'
    r"|'[^'\n]*'",
    re.DOTALL,
)
"""A string of TOML in any of its four forms, quotes included."""
_STRING_OR_COMMENT = pattern(rf"{STRING.pattern}|(?P<comment>#[^\r\n]*)", re.DOTALL)
_SCALAR = pattern(r"[^,\]}#\r\n]+")
_LINE_END = pattern(r"[^\n]*(?:\n|\Z)")


class Kind(StrEnum):
    TABLE = "table"
    ARRAY = "array"
    KEY = "key"


@dataclass(frozen=True, slots=True)
class Statement:
    """A header (``[a]`` is TABLE, ``[[a]]`` is ARRAY) or ``key = value``, with its offsets in the text.

    ``path`` names the place in the document, with the indexes of arrays of tables: ``("phases", 0, "name")``.
    ``start`` is the first character of its first line, ``end`` the one after its last line's end.
    """

    kind: Kind
    path: KeyPath
    start: int
    end: int


@dataclass(slots=True)
class Scan:
    """``marks`` has the offset of every key, header and array element by its path, ``values`` where the values of keys
    and the array elements begin and end."""

    statements: list[Statement] = field(default_factory=list)
    marks: dict[KeyPath, int] = field(default_factory=dict)
    values: dict[KeyPath, tuple[int, int]] = field(default_factory=dict)


def scan(text: str) -> Scan:
    """All statements and marks of a valid TOML text.

    Raises:
        ValueError: the text is not valid TOML.
    """
    return _Scanner(text).run()


def comments_above(text: str, start: int, floor: int) -> int:
    """The start of the comment lines that end directly above ``start``."""
    while start > floor:
        line_start = text.rfind("\n", 0, start - 1) + 1
        if line_start < floor or not text[line_start:start].lstrip().startswith("#"):
            break
        start = line_start
    return start


def comments_in(text: str) -> list[str]:
    """The comments of a part of a document that begins and ends outside of strings, without what stands before them."""
    return [found["comment"].rstrip() for found in _STRING_OR_COMMENT.finditer(text) if found["comment"]]


def line_of(text: str, path: KeyPath) -> int:
    """The line (from 1) of the key at ``path``, or of the nearest thing around it that the text has."""
    try:
        marks = scan(text).marks
    except (ValueError, RecursionError):
        return 1
    for length in range(len(path), 0, -1):
        offset = marks.get(path[:length])
        if offset is not None:
            return text.count("\n", 0, offset) + 1
    return 1


class _Scanner:
    def __init__(self, text: str) -> None:
        self.text = text
        self.found = Scan()
        self.table: KeyPath = ()
        self.arrays: dict[KeyPath, int] = {}

    def run(self) -> Scan:
        position = 1 if self.text.startswith("\ufeff") else 0
        while True:
            position = self.match(_SPACE_AND_COMMENTS, position)
            if position >= len(self.text):
                return self.found
            line_start = self.text.rfind("\n", 0, position) + 1
            if self.text[position] == "[":
                kind, path, after = self.header(position)
            else:
                kind = Kind.KEY
                path, after = self.assignment(position, self.table)
            end = self.match(_LINE_END, after)
            self.found.statements.append(Statement(kind, path, line_start, end))
            position = end

    def match(self, pattern: re.Pattern[str], position: int) -> int:
        found = pattern.match(self.text, position)
        if found is None:
            raise ValueError(f"unexpected text at offset {position}")
        return found.end()

    def at(self, position: int) -> str:
        return self.text[position : position + 1]

    def header(self, position: int) -> tuple[Kind, KeyPath, int]:
        is_array = self.text.startswith("[[", position)
        keys, after = self.key(position + (2 if is_array else 1))
        path: KeyPath = ()
        for index, key in enumerate(keys):
            path = (*path, key)
            last = index == len(keys) - 1
            if last and is_array:
                self.arrays[path] = self.arrays.get(path, -1) + 1
            if path in self.arrays and (not last or is_array):
                self.found.marks.setdefault(path, position)
                path = (*path, self.arrays[path])
            self.found.marks.setdefault(path, position)
        self.table = path
        return (Kind.ARRAY if is_array else Kind.TABLE), path, after + (2 if is_array else 1)

    def assignment(self, position: int, table: KeyPath) -> tuple[KeyPath, int]:
        keys, after = self.key(position)
        for length in range(1, len(keys) + 1):
            self.found.marks.setdefault((*table, *keys[:length]), position)
        if self.at(after) != "=":
            raise ValueError(f'expected "=" at offset {after}')
        path = (*table, *keys)
        return path, self.value(self.match(_SPACE, after + 1), path)

    def value(self, position: int, path: KeyPath) -> int:
        end = self.end_of_value(position, path)
        self.found.values[path] = position, end
        return end

    def key(self, position: int) -> tuple[tuple[str, ...], int]:
        """The parts of a dotted key and the offset of what follows it."""
        parts: list[str] = []
        while True:
            position = self.match(_SPACE, position)
            if self.at(position) in ('"', "'"):
                end = self.match(STRING, position)
                parts.append(str(tomllib.loads("k = " + self.text[position:end])["k"]))
            else:
                end = self.match(_BARE_KEY, position)
                parts.append(self.text[position:end])
            position = self.match(_SPACE, end)
            if self.at(position) != ".":
                return tuple(parts), position
            position += 1

    def end_of_value(self, position: int, path: KeyPath) -> int:
        character = self.at(position)
        if character in ('"', "'"):
            return self.match(STRING, position)
        if character == "[":
            return self.array(position, path)
        if character == "{":
            return self.inline_table(position, path)
        end = self.match(_SCALAR, position)
        return position + len(self.text[position:end].rstrip())

    def array(self, position: int, path: KeyPath) -> int:
        position += 1
        index = 0
        while True:
            position = self.match(_SPACE_AND_COMMENTS, position)
            if self.at(position) == "]":
                return position + 1
            self.found.marks.setdefault((*path, index), position)
            position = self.match(_SPACE_AND_COMMENTS, self.value(position, (*path, index)))
            index += 1
            if self.at(position) == ",":
                position += 1
            elif self.at(position) != "]":
                raise ValueError(f"unfinished array at offset {position}")

    def inline_table(self, position: int, path: KeyPath) -> int:
        position = self.match(_SPACE_AND_COMMENTS, position + 1)
        while self.at(position) != "}":
            _, position = self.assignment(position, path)
            position = self.match(_SPACE_AND_COMMENTS, position)
            if self.at(position) == ",":
                position = self.match(_SPACE_AND_COMMENTS, position + 1)
            elif self.at(position) != "}":
                raise ValueError(f"unfinished inline table at offset {position}")
        return position + 1
