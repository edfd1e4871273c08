"""The messages of a Singer tap: records kept per stream on the disk, schemas and the last state in memory.

Source: https://github.com/singer-io/getting-started/blob/master/docs/SPEC.md
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO, NoReturn

from orch_tui.components.kit.component import Context, UserError
from orch_tui.components.singer.types import Shape, shape_of
from orch_tui.model.text import safe_line

_BUFFER = 1 << 20
_PROGRESS_EVERY = 1000
_REMEMBERED = 50
_EXACT = 15
"""Digits that a double keeps whatever they are."""


def _no_constant(text: str) -> NoReturn:
    raise ValueError(f"{text} is no JSON")


_decode = json.JSONDecoder(parse_constant=_no_constant).decode
_decode_texts = json.JSONDecoder(parse_float=str, parse_int=str).decode


@dataclass(slots=True)
class Stream:
    """What came of one stream. ``unknown`` are properties of records that the schema does not have."""

    name: str
    path: Path
    exclude: Collection[str] = ()
    shape: Shape | None = None
    older: list[Shape] = field(default_factory=list)
    records: int = 0
    longest: int = 0
    unknown: set[str] = field(default_factory=set)
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
        self.lines = 0
        self.records = 0
        self.ignored: dict[str, int] = {}
        self._kinds: dict[str, Callable[[dict[str, Any], bytes, str], None]] = {
            "RECORD": self._record,
            "SCHEMA": self._schema,
            "STATE": self._state,
            # It tells targets to remove rows of earlier versions; a table in mode full has none.
            "ACTIVATE_VERSION": lambda message, line, text: None,
        }

    def __call__(self, line: bytes) -> None:
        """One line. Raises: UserError when it is no message of Singer."""
        self.lines += 1
        if not line.strip():
            return
        try:
            text = line.decode("utf-8")
            message = _decode(text)
        except (ValueError, RecursionError) as error:
            self._refuse(line, f"is no JSON ({safe_line(str(error), 100)})")
        kind = message.get("type") if isinstance(message, dict) else None
        take = self._kinds.get(kind) if isinstance(kind, str) else None
        if take is None:
            self._refuse(line, "is a message of another kind than SCHEMA, RECORD and STATE")
        take(message, line, text)

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

    def _record(self, message: dict[str, Any], line: bytes, text: str) -> None:
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
        if _needs_texts(record, shape):
            line = _exactly(record, shape, text)
        stream.file.write(line)
        stream.file.write(b"\n")
        stream.longest = max(stream.longest, len(line))
        stream.records += 1
        self.records += 1
        if self.records % _PROGRESS_EVERY == 0:
            self._ctx.progress(self.records, None, "records")

    def _schema(self, message: dict[str, Any], line: bytes, text: str) -> None:
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

    def _state(self, message: dict[str, Any], line: bytes, text: str) -> None:
        value = message.get("value")
        if not isinstance(value, dict):
            self._refuse(line, "is a STATE whose value is no object")
        self.state = value


def _needs_texts(record: dict[str, Any], shape: Shape) -> bool:
    """True when DuckDB, which reads numbers as 64 bits, would not keep all digits of one."""
    for name in shape.integers:
        value = record.get(name)
        if isinstance(value, int) and not -(2**63) <= value < 2**63:
            return True
    for name in shape.decimals:
        value = record.get(name)
        if isinstance(value, int | float) and len(repr(value)) > _EXACT:
            return True
    return False


def _exactly(record: dict[str, Any], shape: Shape, text: str) -> bytes:
    """The record with its long numbers as texts, which become numbers again with all their digits."""
    texts = _decode_texts(text)["record"]
    exact = {name: texts[name] for name in (*shape.integers, *shape.decimals) if texts.get(name) is not None}
    return json.dumps({"record": {**record, **exact}}, ensure_ascii=False).encode("utf-8", "surrogatepass")
