"""Records out of a JSON file of any size, one at a time."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Generator, Iterator, Sequence
from pathlib import Path
from typing import Any, TextIO

from orch_tui.components.kit.sql import listed
from orch_tui.model.errors import UserError
from orch_tui.model.text import safe_line

_CHUNK = 2**18
_LARGEST = 2**24
"""Characters of one value; more is a broken file rather than a record."""
_BLANKS = re.compile(r"[ \t\r\n]*")
# Characters behind a number that might belong to it ("1e+" of 1e+5), or half a word ("nul").
_MARGIN = 8


class RecordStream:
    """The records at ``path`` (steps of a dotted path) in a file that holds one JSON value, or several (NDJSON).

    Iterate once. Afterwards ``envelope`` is the value without its records, ``count`` their number, ``last`` the last
    one and ``digest`` a fingerprint of them all.

    Raises:
        UserError: while it is read: no JSON, or nothing at ``path``. ``where`` begins the sentence.
    """

    def __init__(self, file: Path, path: Sequence[str], where: str, encoding: str = "utf-8-sig") -> None:
        self._path = file
        self._parts = tuple(path)
        self._where = where
        self._encoding = encoding
        self._decode = json.JSONDecoder(parse_constant=lambda _: None).raw_decode
        self._hash = hashlib.blake2b(digest_size=16)
        self._text = ""
        self._at = 0
        self._before = 0
        self._end = False
        self._found = False
        self._file: TextIO
        self.envelope: Any = None
        self.count = 0
        self.last: Any = None

    @property
    def digest(self) -> bytes:
        """Equal for two answers only when their records are the same."""
        return self._hash.digest()

    def __iter__(self) -> Iterator[Any]:
        try:
            with self._path.open(encoding=self._encoding, newline="") as self._file:
                if not self._peek():
                    return
                while self._peek():
                    self.envelope = yield from self._walk(self._parts)
        except UnicodeDecodeError as error:
            raise UserError(f"{self._where}: the answer is no text in {self._encoding.removesuffix('-sig')}") from error
        except RecursionError as error:
            raise UserError(f"{self._where}: the answer is nested too deeply to be read") from error
        if not self._found:
            raise UserError(self._nothing_there())

    def _walk(self, parts: Sequence[str]) -> Generator[Any, None, Any]:
        """Yield the records; return what is around them."""
        first = self._peek()
        if not parts:
            self._found = True
            if first == "[":
                yield from self._array()
                return None
            value = self._value(counts=True)
            if value is not None:
                yield self._record(value)
            return value
        if first != "{":
            return self._value()
        return (yield from self._object(parts))

    def _object(self, parts: Sequence[str]) -> Generator[Any, None, Any]:
        around: dict[str, Any] = {}
        self._at += 1
        if self._peek() == "}":
            self._at += 1
            return around
        while True:
            if self._peek() != '"':
                raise self._broken("a name in quotes is missing")
            name = self._value()
            self._take(":")
            around[name] = (yield from self._walk(parts[1:])) if name == parts[0] else self._value()
            if self._take(",}") == "}":
                return around

    def _array(self) -> Iterator[Any]:
        self._at += 1
        if self._peek() == "]":
            self._at += 1
            return
        while True:
            yield self._record(self._value(counts=True))
            if self._take(",]") == "]":
                return

    def _record(self, value: Any) -> Any:
        self.count += 1
        self.last = value
        return value

    def _value(self, *, counts: bool = False) -> Any:
        self._peek()
        while True:
            try:
                value, end = self._decode(self._text, self._at)
            except json.JSONDecodeError as error:
                if self._end or len(self._text) - self._at > _LARGEST:
                    raise self._broken(error.msg, error.pos) from error
            else:
                if self._end or end < len(self._text) - _MARGIN:
                    break
            self._fill()
        if counts:
            self._hash.update(self._text[self._at : end].encode("utf-8", "surrogatepass"))
        self._at = end
        return value

    def _peek(self) -> str:
        """The next character that is no blank; "" at the end."""
        while True:
            found = _BLANKS.match(self._text, self._at)
            self._at = found.end() if found else self._at
            if self._at < len(self._text):
                return self._text[self._at]
            if self._end:
                return ""
            self._fill()

    def _take(self, allowed: str) -> str:
        found = self._peek()
        if not found or found not in allowed:
            raise self._broken(f'"{allowed[0]}" is missing')
        self._at += 1
        return found

    def _fill(self) -> None:
        rest = self._text[self._at :]
        self._before += self._at
        # As much again as there is: a value of any size is looked at a few times only.
        more = self._file.read(max(_CHUNK, len(rest)))
        self._text, self._at, self._end = rest + more, 0, not more

    def _broken(self, reason: str, at: int | None = None) -> UserError:
        if self._before == 0 and self._text.lstrip()[:1] == "<":
            return UserError(f"{self._where}: the answer is a web page, not JSON; check base_url and path")
        place = self._before + (self._at if at is None else at)
        if place == 0:
            start = safe_line(self._text[:60])
            return UserError(f'{self._where}: the answer is not JSON, it begins with "{start}"; check path and headers')
        return UserError(f"{self._where}: the answer is no complete JSON at character {place}: {safe_line(reason)}")

    def _nothing_there(self) -> str:
        names = listed(map(str, self.envelope)) if isinstance(self.envelope, dict) else ""
        has = f"it has {names}" if names else f"it is {_kind(self.envelope)}"
        return f'{self._where}: the answer has nothing at "{".".join(self._parts)}"; {has}; correct records'


def _kind(value: Any) -> str:
    if isinstance(value, dict):
        return "an empty object"
    if isinstance(value, list):
        return "a list"
    return safe_line(json.dumps(value), 60)
