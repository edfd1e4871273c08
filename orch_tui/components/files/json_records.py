"""JSON texts to records, without making Python values of them: every number keeps its digits, every text its form.

A file is one list of objects, objects one after another, or (``ndjson``) one object per line.
"""

from __future__ import annotations

import codecs
import io
import json
import re
from collections.abc import Iterator
from typing import Any, NoReturn

import msgspec

from orch_tui.components.files.source import Source
from orch_tui.components.files.unpack import open_bytes
from orch_tui.model.errors import UserError
from orch_tui.model.texts.text import safe_line

Members = dict[str, msgspec.Raw]

_members = msgspec.json.Decoder(Members).decode
_values = msgspec.json.Decoder(list[msgspec.Raw]).decode
_lines = msgspec.json.Decoder(msgspec.Raw).decode_lines
_CHUNK = 4 * 2**20
_TRIES = 20
_BLANKS = re.compile(rb"[ \t\r\n]*")
_COMMA = re.compile(r"[ \t\r\n]*,[ \t\r\n]*")
_NO_COMMA = re.compile(r"[ \t\r\n]*")


def _no_constant(name: str) -> NoReturn:
    raise ValueError(name)


# The values are thrown away: only where they end is of interest.
_measure = json.JSONDecoder(parse_int=len, parse_float=len, parse_constant=_no_constant).raw_decode


def json_objects(source: Source) -> Iterator[tuple[int, bytes, Members]]:
    """Each record of a UTF-8 file: its line (``ndjson``) or its number, its text and its members' texts.

    A record that is null has no members.

    Raises:
        UserError: the text is no JSON, ends too early, is not UTF-8, or a record is no object; with the place.
    """
    place = "line" if source.format == "ndjson" else "record"
    with open_bytes(source) as file:
        texts = _of_lines(file, source.label) if source.format == "ndjson" else _Document(file, source.label).texts()
        for number, text in texts:
            try:
                yield number, text, _members(text)
            except msgspec.DecodeError as error:
                if text.strip() == b"null":
                    yield number, text, {}
                    continue
                raise _no_object(text, f"{source.label} {place} {number}", error) from error
            except UnicodeDecodeError as error:
                raise UserError(
                    f"{source.label} {place} {number} is not UTF-8: {safe_line(str(error), 120)}"
                ) from error
            except RecursionError as error:
                raise UserError(f"{source.label} {place} {number} is nested too deeply to be read") from error


def twice(text: bytes) -> str | None:
    """The name of a member that an object has twice; None when there is none."""
    pairs: list[tuple[str, Any]] = json.JSONDecoder(
        parse_int=len, parse_float=len, object_pairs_hook=lambda found: found
    ).decode(text.decode())
    names = [name for name, _ in pairs]
    return next((name for name in names if names.count(name) > 1), None)


def _no_object(text: bytes, where: str, error: msgspec.DecodeError) -> UserError:
    # msgspec counts bytes; the standard library says line and column.
    try:
        value = json.loads(text, parse_constant=_no_constant)
    except json.JSONDecodeError as wrong:
        return UserError(f"{where}: no valid JSON at column {wrong.colno}: {wrong.msg}")
    except UnicodeDecodeError:
        return UserError(f"{where} is not UTF-8; set the parameter encoding")
    except ValueError as wrong:
        return UserError(f"{where}: no valid JSON: it has no value {safe_line(str(wrong), 20)}; write null or a text")
    except RecursionError:
        return UserError(f"{where} is nested too deeply to be read")
    if isinstance(value, dict):
        return UserError(f"{where}: a text holds half of a character (a lone surrogate): {safe_line(str(error), 100)}")
    shown = safe_line(text.decode("utf-8", "replace"), 60)
    return UserError(
        f"{where}: the records are no objects but values like {shown}; "
        'a table needs objects with named members, as in {"id": 1}'
    )


def _of_lines(file: io.BufferedReader, label: str) -> Iterator[tuple[int, bytes]]:
    for number, line in enumerate(file, start=1):
        text = line.removeprefix(codecs.BOM_UTF8) if number == 1 else line
        if not text.isascii():
            _check_utf8(text, f"{label} line {number}")
        if text.strip():
            yield number, text


def _check_utf8(data: bytes, where: str) -> None:
    try:
        data.decode()
    except UnicodeDecodeError as error:
        raise UserError(
            f"{where} is not UTF-8 (byte 0x{data[error.start]:02x}); set the parameter encoding, "
            'as in encoding = "cp1252"'
        ) from error


class _Document:
    """Splits a list of values, or values one after another, piece by piece as it is read."""

    def __init__(self, file: io.BufferedReader, label: str) -> None:
        self._file = file
        self._label = label
        self._data = b""
        self._ended = False
        # Where the data begins in the file, for messages.
        self._line = 1
        self._column = 1
        # So many bytes are taken value by value, since they cannot be taken at once.
        self._careful = 0

    def texts(self) -> Iterator[tuple[int, bytes]]:
        """The number and the text of each value. Raises: UserError with line and column."""
        self._fill()
        if self._data.startswith(codecs.BOM_UTF8):
            self._data = self._data.removeprefix(codecs.BOM_UTF8)
        yield from enumerate(self._list() if self._next() == b"[" else self._sequence(), start=1)

    def _list(self) -> Iterator[bytes]:
        self._take(1)
        first = True
        while (mark := self._next()) != b"]":
            if not first:
                if mark != b",":
                    self._fail("Expecting ',' delimiter" if mark else "the list is not closed: the file ends here")
                self._take(1)
                self._next()
            yield from self._several(lambda data: _values(b"[" + data + b"]"), b"}", _COMMA)
            first = False
        self._take(1)
        if self._next():
            self._fail("Extra data behind the list")

    def _sequence(self) -> Iterator[bytes]:
        while self._next():
            yield from self._several(_lines, b"\n", _NO_COMMA)

    def _several(self, split: Any, end: bytes, between: re.Pattern[str]) -> list[bytes]:
        """As many values as can be taken at once, one at least; ``end`` may be their last byte."""
        self._fill(_CHUNK)
        size = len(self._data)
        for _ in range(_TRIES if self._careful <= 0 else 0):
            size = self._data.rfind(end, 0, size)
            if size < 0:
                break
            piece = self._data[: size + 1]
            try:
                texts = [bytes(text) for text in split(piece)]
            except (msgspec.DecodeError, RecursionError):
                continue
            if not piece.isascii():
                self._check(piece)
            self._take(size + 1)
            return texts
        if self._careful <= 0:
            self._careful = len(self._data)
        return self._one_by_one(between)

    def _one_by_one(self, between: re.Pattern[str]) -> list[bytes]:
        text = self._text()
        found: list[str] = []
        at = end = 0
        while at < len(text):
            try:
                _, end = _measure(text, at)
            except json.JSONDecodeError as error:
                if found:
                    break
                # What is wrong may only be that the rest is not read yet.
                late = error.pos >= len(text) - 16 or error.msg.startswith("Unterminated string")
                if not late or not self._fill(2 * len(self._data)):
                    self._fail(error.msg, text[: error.pos])
                text = self._text()
                continue
            except ValueError as error:
                self._fail(f"there is no value {safe_line(str(error), 20)} in JSON; write null or a text", text[:at])
            except RecursionError:
                self._fail("a value is nested too deeply to be read", text[:at])
            found.append(text[at:end])
            gap = between.match(text, end)
            if gap is None:
                break
            at = gap.end()
        taken = len(text[:end].encode())
        self._careful -= taken
        self._take(taken)
        return [part.encode() for part in found]

    def _text(self) -> str:
        """The data as text, but for a character that it cuts."""
        decoder = codecs.getincrementaldecoder("utf-8")("strict")
        try:
            return decoder.decode(self._data, final=self._ended)
        except UnicodeDecodeError:
            self._check(self._data)
            raise

    def _check(self, piece: bytes) -> None:
        try:
            piece.decode()
        except UnicodeDecodeError as error:
            line = self._line + piece.count(b"\n", 0, error.start)
            _check_utf8(piece, f"{self._label} line {line}")

    def _fill(self, size: int = _CHUNK) -> bool:
        """Read on until there are ``size`` bytes; False when nothing came."""
        before = len(self._data)
        while not self._ended and len(self._data) < max(size, 1):
            more = self._file.read(max(size - len(self._data), _CHUNK))
            self._ended = not more
            self._data += more
        return len(self._data) > before

    def _next(self) -> bytes:
        """The next byte that is no blank, which the data begins with then; nothing at the end of the file."""
        while True:
            blanks = _BLANKS.match(self._data)
            self._take(blanks.end() if blanks else 0)
            if self._data or not self._fill():
                return self._data[:1]

    def _take(self, size: int) -> None:
        taken, self._data = self._data[:size], self._data[size:]
        if lines := taken.count(b"\n"):
            self._line += lines
            self._column = size - taken.rfind(b"\n")
        else:
            self._column += size

    def _fail(self, why: str, before: str = "") -> NoReturn:
        """``before`` is the text between the beginning of the data and the place."""
        line = self._line + before.count("\n")
        column = len(before) - before.rfind("\n") if "\n" in before else self._column + len(before)
        raise UserError(f"{self._label} line {line}: no valid JSON at column {column}: {why}")
