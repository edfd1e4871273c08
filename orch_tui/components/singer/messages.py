"""The messages of a Singer tap: records kept per stream on the disk, schemas and the last state in memory.

Source: https://github.com/singer-io/getting-started/blob/master/docs/SPEC.md
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO, NoReturn

from orch_tui.components.http.json.exact_json import Number
from orch_tui.components.kit.component import Context, UserError
from orch_tui.components.singer.numbers import Decoder, exactly, is_double
from orch_tui.components.singer.types import Shape, shape_of
from orch_tui.model.texts.text import safe_line

_BUFFER = 1 << 20
_PROGRESS_EVERY = 1000
_REMEMBERED = 50
_EXACT = 2**53
"""The largest integer up to which a double holds all."""


@dataclass(slots=True)
class Stream:
    """What came of one stream. ``unknown`` are properties of records that the schema does not have; ``beyond`` numbers
    that no double is, one of each column; ``exact``: lines have more than the record."""

    name: str
    path: Path
    exclude: Collection[str] = ()
    shape: Shape | None = None
    older: list[Shape] = field(default_factory=list)
    records: int = 0
    longest: int = 0
    unknown: set[str] = field(default_factory=set)
    beyond: dict[str, str] = field(default_factory=dict)
    exact: bool = False
    file: BinaryIO | None = None


class Messages:
    """Takes the tap's standard output line by line. Close it before the files are read.

    The lines of wanted streams go to a file each, as they are: the numbers in them keep all their digits.
    """

    def __init__(self, ctx: Context, tap: str, wanted: Mapping[str, Collection[str]], folder: Path) -> None:
        """``wanted`` are the streams to keep, with the properties to leave out of each."""
        self._ctx = ctx
        self._tap = tap
        self.streams = {
            name: Stream(name, folder / f"{number:04d}.ndjson", exclude)
            for number, (name, exclude) in enumerate(wanted.items())
        }
        self.state: dict[str, Any] | None = None
        self.after_state = 0
        """Records that came after the last state, or without one."""
        self.lines = 0
        self.records = 0
        self.ignored: dict[str, int] = {}
        self._decode = Decoder()
        self._odd = False
        self._kinds: dict[str, Callable[[dict[str, Any], bytes], None]] = {
            "RECORD": self._record,
            "SCHEMA": self._schema,
            "STATE": self._state,
            # It tells targets to remove rows of earlier versions; a table in mode full has none.
            "ACTIVATE_VERSION": lambda message, line: None,
        }

    def __call__(self, line: bytes) -> None:
        """One line. Raises: UserError when it is no message of Singer."""
        self.lines += 1
        if not line.strip():
            return
        try:
            message, self._odd = self._decode(line.decode("utf-8"))
        except (ValueError, RecursionError) as error:
            self._refuse(line, f"is no JSON ({safe_line(str(error), 100)})")
        kind = message.get("type") if isinstance(message, dict) else None
        take = self._kinds.get(kind) if isinstance(kind, str) else None
        if take is None:
            self._refuse(line, "is a message of another kind than SCHEMA, RECORD and STATE")
        take(message, line)

    def close(self) -> None:
        """Write what is buffered. Raises: OSError when the disk is full."""
        for stream in self.streams.values():
            if stream.file is not None:
                stream.file.close()
                stream.file = None

    def _refuse(self, line: bytes, why: str) -> NoReturn:
        if isinstance(line, bytes) and b'"BATCH"' in line[:200]:
            why = "is a BATCH message, which is not read here; take batch_config out of the tap's config"
        shown = safe_line(line[:400].decode("utf-8", "replace"), 120)
        raise UserError(f"line {self.lines} of {self._tap}'s standard output {why}: {shown}")

    def _record(self, message: dict[str, Any], line: bytes) -> None:
        record, name = message.get("record"), message.get("stream")
        if not isinstance(record, dict) or not isinstance(name, str):
            self._refuse(line, "is a RECORD without stream or record")
        stream = self.streams.get(name)
        if stream is None:
            self.ignored[name] = self.ignored.get(name, 0) + 1
            return
        shape = stream.shape
        if shape is None:
            self._refuse(line, f'is a RECORD of "{safe_line(name, 60)}" before its SCHEMA')
        if not record.keys() <= shape.names and len(stream.unknown) < _REMEMBERED:
            stream.unknown.update(record.keys() - shape.names)
        if stream.file is None:
            stream.file = stream.path.open("wb", buffering=_BUFFER)
            stream.path.chmod(0o600)
        self._note_numbers(stream, shape, record)
        if self._odd:
            stream.exact, line = True, exactly(record, shape.json)
        stream.file.write(line)
        stream.file.write(b"\n")
        stream.longest = max(stream.longest, len(line))
        stream.records += 1
        self.records += 1
        self.after_state += 1
        if self.records % _PROGRESS_EVERY == 0:
            self._ctx.progress(self.records, None, "records")

    def _schema(self, message: dict[str, Any], line: bytes) -> None:
        name = message.get("stream")
        if not isinstance(name, str):
            self._refuse(line, "is a SCHEMA without stream")
        stream = self.streams.get(name)
        if stream is None:
            self.ignored.setdefault(name, 0)
            return
        shape = shape_of(name, message.get("schema"), message.get("key_properties"), stream.exclude)
        if stream.shape is not None and stream.shape.columns != shape.columns:
            stream.older.append(stream.shape)
        stream.shape = shape

    def _state(self, message: dict[str, Any], line: bytes) -> None:
        value = message.get("value")
        if not isinstance(value, dict):
            self._refuse(line, "is a STATE whose value is no object")
        self.state, self.after_state = value, 0

    @staticmethod
    def _note_numbers(stream: Stream, shape: Shape, record: dict[str, Any]) -> None:
        for name in shape.numbers:
            value = record.get(name)
            # A float here is one that is written as it came.
            large = type(value) is int and not -_EXACT <= value <= _EXACT
            if name in stream.beyond or not (large or isinstance(value, Number)):
                continue
            assert isinstance(value, int | Number)
            if not is_double(value):
                stream.beyond[name] = str(value)
