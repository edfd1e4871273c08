"""Records out of a JSON file of any size, one at a time."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Generator, Iterator, Sequence
from pathlib import Path
from typing import Any, TextIO

from orch_tui.components.http.json.exact_json import CAREFUL, decoder_for, dumps
from orch_tui.components.kit.sql import listed
from orch_tui.model.errors import UserError
from orch_tui.model.texts.text import safe_line

_CHUNK = 2**18
_LARGEST = 2**24
"""Characters of one value; more is a broken file rather than a record."""
_BLANKS = re.compile(r"[ \t\r\n]*")
# Characters behind a number that might belong to it ("1e+" of 1e+5), or half a word ("nul").
_MARGIN = 8


ANY = "*"
"""A step of a path that stands for every member of an object, or every entry of a list."""


class RecordStream:
    """The records at ``path`` (steps of a dotted path) in a file that holds one JSON value, or several (NDJSON).

    A list on the way stands for all of its entries, and a number as a step for one of them; ``*`` stands for all
    members of an object, whose names are in ``key`` while their records are read. Numbers are exact: see
    :mod:`orch_tui.components.http.json.exact_json`.

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
        self._decode = decoder_for("").raw_decode
        self._hash = hashlib.blake2b(digest_size=16)
        self._text = ""
        self._at = 0
        self._before = 0
        self._end = False
        self._found = False
        self._first = ""
        self._file: TextIO
        self.envelope: Any = None
        self.count = 0
        self.last: Any = None
        self.key: str | None = None

    @property
    def digest(self) -> bytes:
        """Equal for two answers only when their records are the same."""
        return self._hash.digest()

    def __iter__(self) -> Iterator[Any]:
        try:
            with self._path.open(encoding=self._encoding, newline="") as self._file:
                self._first = self._peek()
                if not self._first:
                    return
                while self._peek():
                    self.envelope = yield from self._walk(self._parts)
        except UnicodeDecodeError as error:
            raise UserError(f"{self._where}: the answer is no text in {self._encoding.removesuffix('-sig')}") from error
        except RecursionError as error:
            raise UserError(f"{self._where}: the answer is nested too deeply to be read") from error
        if not self._found:
            raise UserError(self._nothing_there())

    def _walk(self, parts: Sequence[str], key: str | None = None, *, member: bool = False) -> Generator[Any, None, Any]:
        """Yield the records; return what is around them. ``key`` are the names that ``*`` stood for, and ``member``
        says that the value is one of those, which is a record even when it is null."""
        first = self._peek()
        if not parts:
            self._found = True
            if first == "[":
                yield from self._array(key)
                return None
            value = self._value(counts=True)
            if value is not None or member:
                yield self._record(value, key)
            return value
        if first == "[":
            yield from self._entries(parts, key)
            return None
        if first != "{":
            return self._value()
        return (yield from self._object(parts, key))

    def _object(self, parts: Sequence[str], key: str | None) -> Generator[Any, None, Any]:
        around: dict[str, Any] = {}
        # A name may have dots in it, as "@odata.count" has.
        heads = {".".join(parts[:end]): parts[end:] for end in range(len(parts), 0, -1)}
        self._at += 1
        if self._peek() == "}":
            self._at += 1
            self._found = self._found or parts[0] == ANY
            return around
        while True:
            if self._peek() != '"':
                raise self._broken("a name in quotes is missing")
            name = self._value()
            self._take(":")
            if name in heads:
                around[name] = yield from self._walk(heads[name], key)
            elif parts[0] == ANY:
                inner = name if key is None else f"{key}.{name}"
                yield from self._walk(parts[1:], inner, member=True)
            else:
                around[name] = self._value()
            if self._take(",}") == "}":
                return around

    def _entries(self, parts: Sequence[str], key: str | None) -> Iterator[Any]:
        """The records below the entries of a list on the way."""
        only = int(parts[0]) if parts[0].isascii() and parts[0].isdecimal() else None
        below = parts[1:] if only is not None or parts[0] == ANY else parts
        self._at += 1
        if self._peek() == "]":
            self._at += 1
            self._found = True
            return
        number = 0
        while True:
            if only in (None, number):
                yield from self._walk(below, key)
            else:
                self._value()
            number += 1
            if self._take(",]") == "]":
                return

    def _array(self, key: str | None) -> Iterator[Any]:
        self._at += 1
        if self._peek() == "]":
            self._at += 1
            return
        while True:
            yield self._record(self._value(counts=True), key)
            if self._take(",]") == "]":
                return

    def _record(self, value: Any, key: str | None) -> Any:
        if key is not None:
            self._hash.update(key.encode("utf-8", "surrogatepass") + b"\0")
        self.count += 1
        self.last, self.key = value, key
        return value

    def _value(self, *, counts: bool = False) -> Any:
        self._peek()
        while True:
            try:
                value, end = self._decode(self._text, self._at)
            except json.JSONDecodeError as error:
                if self._end or len(self._text) - self._at > _LARGEST:
                    raise self._broken(error.msg, error.pos) from error
            except ValueError:
                # An integer of thousands of digits.
                self._decode = CAREFUL.raw_decode
                continue
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
        self._decode = decoder_for(self._text).raw_decode

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
        has = f"it has {names}" if names else f"it is {self._kind()}"
        return f'{self._where}: the answer has nothing at "{".".join(self._parts)}"; {has}; correct records'

    def _kind(self) -> str:
        if self._first == "[":
            return "a list"
        return "an empty object" if isinstance(self.envelope, dict) else safe_line(dumps(self.envelope), 60)
