"""Reading JSON files: their members as columns of JSON texts, in a copy that DuckDB reads fast and without loss."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import IO

from orch_tui.components.files.json_records import Members, json_objects, twice
from orch_tui.components.files.source import Source
from orch_tui.model.dataclass import dataclass
from orch_tui.model.errors import UserError
from orch_tui.model.texts.text import safe_line
from orch_tui.storage.duckdb import folded
from orch_tui.storage.duckdb import scan as scan_files

MAX_COLUMNS = 5_000
PLACE = "place"
"""The column of a copy with the number of the line or record; the others are called ``m0``, ``m1`` and so on."""
_SEPARATOR = b"\x1f"
"""No JSON text holds it: control characters are escaped in strings, and no blanks between values."""
_BATCH = 2**20
_DEFAULT_LONGEST = 2_000_000
_SHAPES = 10_000
_UNNAMED = "unnamed"


@dataclass(frozen=True, slots=True)
class JsonFile:
    """One file, read to its end: ``path`` is the copy, ``names`` those of its columns, in the order of the copy."""

    source: Source
    path: Path
    names: tuple[str, ...]
    rows: int
    longest: int

    @property
    def alike(self) -> tuple[object, ...]:
        """Files with equal values here can be read by one call."""
        return self.names, self.longest

    @property
    def remarks(self) -> tuple[str, ...]:
        return ()


def look_at(source: Source, scratch: Path) -> JsonFile:
    """Copy a UTF-8 file's records; a file without any has no columns.

    Members of different records whose names differ in upper and lower case are one column, as they are one column of
    different files.

    Raises:
        UserError: the file is no JSON or ends too early, a record is no object, or has one member twice.
        OSError: the copy cannot be written.
    """
    target = scratch / f"json-{len(os.listdir(scratch)):05d}"
    with target.open("wb") as out:
        copy = _Copy(source, out)
        for number, text, members in json_objects(source):
            copy.add(number, text, members)
        copy.end()
    # The name of a column must not depend on which member came first.
    names = [safe_line(name).strip() or _UNNAMED for name in copy.names]
    keys = [folded(name) for name in names]
    if len(set(keys)) < len(keys):
        twin = next(name for name, key in zip(names, keys, strict=True) if keys.count(key) > 1)
        raise UserError(f'{source.label}: two members are called "{twin}" but for blanks and controls; rename one')
    longest = copy.longest if copy.longest > _DEFAULT_LONGEST else 0
    return JsonFile(source, target, tuple(names), copy.rows, longest)


def scan(files: Sequence[JsonFile]) -> str:
    """The read_csv call for copies that are alike: every member is its JSON text, null where a record lacks it."""
    columns = ", ".join(f"'{name}': 'VARCHAR'" for name in [PLACE, *(f"m{at}" for at in range(len(files[0].names)))])
    longest = [f"max_line_size = {files[0].longest + 1024}"] if files[0].longest else []
    return scan_files(
        "read_csv",
        [file.path for file in files],
        "auto_detect = false",
        f"columns = {{{columns}}}",
        "delim = '\x1f', quote = '', escape = '', comment = '', header = false",
        "new_line = '\\n', nullstr = ['', 'null'], null_padding = true",
        *longest,
    )


class _Copy:
    """Writes records as lines of JSON texts; the columns are those that were seen so far."""

    def __init__(self, source: Source, out: IO[bytes]) -> None:
        self._source = source
        self._out = out
        self._place = "line" if source.format == "ndjson" else "record"
        self._columns: dict[str, int] = {}
        self._spelling: dict[str, str] = {}
        self._shapes: dict[tuple[str, ...], tuple[tuple[int, ...] | None, int]] = {}
        self._pending: list[bytes] = []
        self._size = 0
        self.rows = 0
        self.longest = 0

    @property
    def names(self) -> list[str]:
        return list(self._spelling.values())

    def add(self, number: int, text: bytes, members: Members) -> None:
        shape = tuple(members)
        known = self._shapes.get(shape)
        if known is None:
            known = self._shape(shape, number)
        order, colons = known
        if order is None:
            texts = _SEPARATOR.join(members.values())
        else:
            values: list[bytes] = [b""] * len(self._columns)
            for at, value in zip(order, members.values(), strict=True):
                values[at] = bytes(value)
            texts = _SEPARATOR.join(values)
        # Every member has one colon beside those inside of names and values: one more is a member that comes twice.
        if text.count(b":") != texts.count(b":") + colons and (name := twice(text)) is not None:
            raise self._refused(number, f'has the member "{safe_line(name, 60)}" twice; rename one')
        if b"\n" in texts or b"\r" in texts:
            texts = texts.replace(b"\n", b" ").replace(b"\r", b" ")
        row = b"%d\x1f%s" % (number, texts)
        self._pending.append(row)
        self.rows += 1
        self.longest = max(self.longest, len(row))
        self._size += len(row)
        if self._size > _BATCH:
            self._flush()

    def end(self) -> None:
        self._flush()

    def _flush(self) -> None:
        if self._pending:
            self._out.write(b"\n".join(self._pending) + b"\n")
            self._pending, self._size = [], 0

    def _shape(self, shape: tuple[str, ...], number: int) -> tuple[tuple[int, ...] | None, int]:
        """Where members with these names go (None: as they come), and how many colons the names bring."""
        order = []
        for name in shape:
            key = folded(name)
            if key not in self._columns:
                self._columns[key] = len(self._columns)
                self._spelling[key] = name
            order.append(self._columns[key])
        if len(self._columns) > MAX_COLUMNS:
            raise UserError(
                f"{self._source.label}: its records have more than {MAX_COLUMNS} different members; a table can have "
                f"{MAX_COLUMNS} columns. If the names are data, make rows of them"
            )
        if len(set(order)) < len(order):
            spelled = [name for name, at in zip(shape, order, strict=True) if order.count(at) > 1]
            raise self._refused(
                number,
                f'has members "{safe_line(spelled[0], 60)}" and "{safe_line(spelled[1], 60)}", which differ only in '
                "upper and lower case; a table cannot keep them apart, rename one",
            )
        found = (
            (None if order == list(range(len(order))) else tuple(order)),
            len(shape) + sum(name.count(":") for name in shape),
        )
        if len(self._shapes) < _SHAPES:
            self._shapes[shape] = found
        return found

    def _refused(self, number: int, why: str) -> UserError:
        return UserError(f"{self._source.label} {self._place} {number}: it {why}")
