"""One spelling for the many that encoders give the same text.

Percent-encoding, entities of markup and escapes with backslashes are decoded, layer below layer; quotes, backslashes,
white space, control characters, escape sequences and characters without width are left out; ``-`` and ``_`` become
``+`` and ``/``, as in the two alphabets of base64. What is told from the result is *where* a secret may be: it is
never written anywhere.
"""

from __future__ import annotations

import html
import itertools
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from string import ascii_letters
from typing import NamedTuple

from orch_tui.project.masking import encoded_words
from orch_tui.project.masking.finder import Finder

_PASSES = 4
"""Encodings within each other that are undone."""
_DROPPED = bytes(range(0x21)) + b"\"'\\`\x7f"
_TABLE = bytes.maketrans(b"-_", b"+/")
_KEPT = bytes(number not in _DROPPED for number in range(256))

# Escape sequences of terminals (ECMA-48): CSI, OSC with its body, the two-character ones.
_TERMINAL = rb"\x1b(?:\[[0-?]{0,64}[ -/]{0,4}[@-~]|\][^\x07\x1b\n]{0,200}(?:\x07|\x1b\\)|[0-Z^-~])"
# In UTF-8: C1 controls, soft hyphen, joiners, marks of direction and of byte order, variation selectors, and the
# lines of boxes (U+2500-257F), into which programs wrap what they print.
_UNSEEN = (
    rb"\xc2[\x80-\x9f\xad]|\xcd\x8f|\xd8\x9c|\xe2(?:\x80[\x8b-\x8f\xa8-\xae]|\x81[\xa0-\xaf]|[\x94\x95][\x80-\xbf])"
    rb"|\xef(?:\xb8[\x80-\x8f]|\xbb\xbf)"
)
# All backslashes of a run: one that stayed would make another escape of the letter that is decoded.
_LETTER_ESCAPES = rb"|[0-3][0-7]{2}|[nrtfvbae]"
_BACKSLASHED = (
    rb"\\{1,16}+(?:x(?:[0-9a-fA-F]{2}|\{[0-9a-fA-F]{1,6}\})"
    rb"|u(?:[dD][89abAB][0-9a-fA-F]{2}\\{1,16}u[dD][c-fC-F][0-9a-fA-F]{2}|[0-9a-fA-F]{4}|\{[0-9a-fA-F]{1,6}\})"
    rb"|U[0-9a-fA-F]{8}|N\{[A-Z0-9 -]{1,90}\}%b)"
)
# Python's repr of a soft hyphen, which cannot be seen; not the end of a letter in a repr of bytes.
_SOFT_HYPHEN = rb"(?<!\\x[89a-fA-F][0-9a-fA-F])\\x[aA][dD]"
_ENTITY = rb"&(?:amp;)*(?:#[0-9]{1,7};?|#[xX][0-9a-fA-F]{1,6};?|%b[a-zA-Z][a-zA-Z0-9]{1,31};)"
_UNSEEN_LEADS = (b"\xc2", b"\xcd", b"\xd8", b"\xe2", b"\xef")
"""The first bytes of what cannot be seen."""
_TERMINAL_ONES = re.compile(_TERMINAL)
_UNSEEN_ONES = re.compile(_UNSEEN)
_SOFT_HYPHENS = re.compile(_SOFT_HYPHEN)
# The beginning of any of these at the end of what has arrived so far.
_OPEN = re.compile(
    rb"(?:%(?:25)*(?:2|[0-9a-fA-F]|u[0-9a-fA-F]{0,3})?"
    rb"|\\{1,16}(?:x(?:[0-9a-fA-F]|\{[0-9a-fA-F]{0,6})?|u(?:[0-9a-fA-F]{0,3}|\{[0-9a-fA-F]{0,6})"
    rb"|u[dD][89abAB][0-9a-fA-F]{2}(?:\\{1,16}(?:u[0-9a-fA-F]{0,3})?)?|U[0-9a-fA-F]{0,7}|N(?:\{[A-Z0-9 -]{0,90})?"
    rb"|[0-3][0-7]?)?"
    rb"|&(?:amp;)*(?:#(?:[0-9]{0,7}|[xX][0-9a-fA-F]{0,6})|[a-zA-Z][a-zA-Z0-9]{0,31})?"
    rb"|\x1b(?:\[[0-?]{0,64}[ -/]{0,4}|\][^\x07\x1b\n]{0,200}\x1b?)?"
    rb"|\xc2|\xcd|\xd8|\xe2[\x80\x81\x94\x95]?|\xef[\xb8\xbb]?)\Z"
)
_OPEN_SIZE = 260
# The end of a line of quoted-printable that goes on in the next (RFC 2045, 6.7 rule 5), and its beginning; also as a
# program writes it that shows such a text within a string of its own: "=\n" in JSON, "%3D%0A" in an address.
_EQUALS = (rb"=", rb"%(?:25)*3[dD]")
_LINE_END = rb"(?:\r|\\{1,16}r|%(?:25)*0[dD]|&#(?:13|x0?[dD]);)?(?:\n|\\{1,16}n|%(?:25)*0[aA]|&#(?:10|x0?[aA]);)"
_SOFT_BREAKS = re.compile(rb"(?:" + b"|".join(_EQUALS) + rb")" + _LINE_END)
_OPEN_LINE_END = (
    rb"(?:\r|\\{1,16}r?|%(?:25)*(?:2|0[dD]?)?|&(?:#(?:13?;?|x0?[dD]?;?)?)?)?"
    rb"(?:\\{1,16}|%(?:25)*[02]?|&(?:#(?:10?|x0?[aA]?)?)?)?\Z"
)
_OPEN_SOFT_BREAK = re.compile(rb"(?:=|%(?:25)*3[dD])" + _OPEN_LINE_END)
# How one begins: addresses are full of "=", and most lines have none of these.
_BREAK_BEGINS = Finder([*(b"=" + end for end in (b"\r", b"\n", b"\\", b"%", b"&#")), b"%3d", b"%3D", b"%25"])
_OPEN_BREAK_SIZE = 64
_ENCODED = re.compile(rb"[%&\\\x1b\xc2\xcd\xd8\xe2\xef]")
_BACKSLASH, _MOST_BACKSLASHES = 0x5C, 16
_MANY = 48
"""Bytes for each escape, fewer of which are gone through as a whole."""
_BREAKS = re.compile(rb"\\[nrtfvb]")
_INERT = frozenset((b"\n", b"\r", b"\t", b"\f", b"\v", b"\b"))
"""What is left out of the canonical text, and is part of no escape."""
_CONTROL_LETTERS = dict(zip(b"nrtfvbae", b"\n\r\t\f\v\b\a\x1b", strict=True))


class Mapped(NamedTuple):
    """Canonical ``text``; its byte ``n`` comes from ``starts[n]:ends[n]`` of what it was made from."""

    text: bytes
    starts: Sequence[int]
    ends: Sequence[int]


class Canon:
    """Makes canonical texts in which the bytes ``relevant`` are looked for.

    Percent-encoding of other bytes is left as it is: logs are full of ``%20``, and decoding takes time.
    """

    def __init__(
        self,
        relevant: Iterable[int],
        *,
        soft_breaks: bool = False,
        words: bool = False,
        letter_escapes: bool = True,
    ) -> None:
        """``soft_breaks``: those of quoted-printable are left out too. An ``=`` at the end of a line may as well belong
        to a text, so this is another reading of the same data and not a part of every one. ``words``: encoded words of
        headers are decoded, each as a whole, and joined. ``letter_escapes``: ``\\f`` and ``\\014`` are escapes; else
        only their backslashes are left out, as in a text that has them itself."""
        self._soft_breaks, self._words, self._letter_escapes = soft_breaks, words, letter_escapes
        # A byte that no text has breaks a text as it is written, too: decoded are those that one has, and those that
        # another escape may begin with.
        texts_bytes = frozenset(relevant)
        decoded_bytes = sorted(texts_bytes | {*b"%\\&"})
        octets = b"|".join(sorted({_hexadecimal(number) for number in decoded_bytes}))
        # One pattern for each first byte: looking for a single byte is ten times as fast as for one of many.
        backslashed = _BACKSLASHED % (_LETTER_ESCAPES if letter_escapes else b"",)
        # "&amp;" stands in most addresses of markup; what it may begin is matched with it.
        entity = _ENTITY % (b"" if ord("&") in texts_bytes else b"(?!amp;)",)
        self._encoded = tuple(
            re.compile(pattern) for pattern in (rb"%(?:25)*(?:" + octets + rb"|u[0-9a-fA-F]{4})", entity, backslashed)
        )
        spelled = {b"%%%c%c" % digits for byte in decoded_bytes for digits in _digits(byte)}
        self._escapes = (
            _Escapes(b"%", self._encoded[0], {b"%u", *spelled}),
            _Escapes(b"&", self._encoded[1], {b"&#", *(b"&%c" % letter for letter in ascii_letters.encode())}),
            _Escapes(b"\\", self._encoded[2], {b"\\%c" % letter for letter in b"xuUN0123nrtfvbae"}),
        )
        self._decoded = _Decoded()
        self._steps = (
            *((pattern, _nothing) for pattern in (_TERMINAL_ONES, _UNSEEN_ONES, _SOFT_HYPHENS)),
            *((pattern, self._decoded.__getitem__) for pattern in self._encoded),
        )

    def of(self, data: bytes) -> bytes:
        """The canonical text."""
        if self._soft_breaks:
            data = _SOFT_BREAKS.sub(b"", data)
        if self._words:
            joined = encoded_words.BETWEEN.sub(b"", data)
            data = encoded_words.WORD.sub(lambda found: encoded_words.decoded(found[0]), joined)
        for _ in range(_PASSES):
            data, goes_on = unseen(data), False
            if self._letter_escapes and b"\\" in data:
                # They are the most frequent by far, and what they stand for is left out: it need not be told apart.
                data = _BREAKS.sub(b"\n", data)
            for escapes in self._escapes:
                data, more = escapes.decoded(data, self._decoded)
                goes_on = goes_on or more
            if not goes_on:
                break
        return data.translate(_TABLE, _DROPPED)

    def end_of(self, data: bytes) -> tuple[bytes, int]:
        """The canonical text of what has arrived, up to an escape that goes on beyond its end, and where that begins
        in ``data`` (its length if there is none)."""
        if not self._soft_breaks and not self._words and not _ENCODED.search(data):
            cut = _open_escape(data)
            return self.of(data[:cut]), cut
        mapped, cut = self.mapped_end(data)
        return mapped.text, cut

    def mapped(self, data: bytes) -> Mapped:
        """The same as :meth:`of` with the places its bytes come from; slower."""
        return self._mapped(data, ended=True)[0]

    def mapped_end(self, data: bytes) -> tuple[Mapped, int]:
        """The same as :meth:`end_of` with the places its bytes come from."""
        return self._mapped(data, ended=False)

    def _mapped(self, data: bytes, *, ended: bool) -> tuple[Mapped, int]:
        now, cut = Mapped(data, range(len(data)), range(1, len(data) + 1)), len(data)
        if self._soft_breaks:
            if not ended and (open_break := _open_break(data)):
                cut = open_break.start()
                now = Mapped(data[:cut], range(cut), range(1, cut + 1))
            now = _mapped_step(now, _SOFT_BREAKS, _nothing)
        if self._words:
            if not ended:
                cut = encoded_words.open_word(data)
                data = encoded_words.without_gap(data[:cut])
                now = Mapped(data, range(len(data)), range(1, len(data) + 1))
            now = _mapped_step(now, encoded_words.BETWEEN, _nothing)
            now = _mapped_step(now, encoded_words.WORD, encoded_words.decoded)
        for _ in range(_PASSES):
            before = now
            for pattern, decode in self._steps:
                if not ended and (at := _open_escape(now.text)) < len(now.text):
                    # It may be open within another encoding: "%5Cu00" is the beginning of an escape.
                    cut = now.starts[at]
                    now = Mapped(now.text[:at], now.starts[:at], now.ends[:at])
                now = _mapped_step(now, pattern, decode)
            if now is before:
                break
        kept = now.text.translate(_KEPT)
        text = now.text.translate(_TABLE, _DROPPED)
        places = ([*itertools.compress(side, kept)] for side in (now.starts, now.ends))
        return Mapped(text, *places), cut


def _nothing(token: bytes) -> bytes:
    return b""


def _mapped_step(before: Mapped, pattern: re.Pattern[bytes], decode: Callable[[bytes], bytes]) -> Mapped:
    """What the pattern matches decoded; ``before`` itself when it matches nothing."""
    data, starts, ends = before
    out, at = bytearray(), 0
    new_starts: list[int] = []
    new_ends: list[int] = []
    for found in pattern.finditer(data):
        begin, end = found.span()
        decoded = decode(found[0])
        out += data[at:begin] + decoded
        new_starts += starts[at:begin]
        new_starts += [starts[begin]] * len(decoded)
        new_ends += ends[at:begin]
        new_ends += [ends[end - 1]] * len(decoded)
        at = end
    if not at:
        return before
    out += data[at:]
    new_starts += starts[at:]
    new_ends += ends[at:]
    return Mapped(bytes(out), new_starts, new_ends)


class _Escapes:
    """Escapes of one kind, decoded where there are some.

    Logs have few of them, and a pattern that looks at every byte takes more time than all the rest. So their beginnings
    are looked for first, many bytes at a time.
    """

    def __init__(self, first: bytes, pattern: re.Pattern[bytes], beginnings: Iterable[bytes]) -> None:
        """Every escape begins with ``first``, repeated if that is a backslash, and then as one of ``beginnings``."""
        self._first = first
        self._pattern = pattern
        # In a group, so that what is split by it has the escapes as well.
        self._splitting = re.compile(b"(" + pattern.pattern + b")")
        self._beginnings = Finder(sorted(beginnings))

    def decoded(self, data: bytes, meanings: Mapping[bytes, bytes]) -> tuple[bytes, bool]:
        """``data`` with what escapes stand for, ``data`` itself where it has none; and whether that may be part of
        other escapes."""
        if self._first not in data:
            return data, False
        # Backslashes and per cent signs are many where texts and addresses are quoted, and then they begin no escape.
        if self._first != b"&" or data.count(self._first) * _MANY < len(data):
            begins = self._beginnings.begins(data)
            if len(begins) * _MANY < len(data):
                return self._here_and_there(data, begins, meanings)
        parts = self._splitting.split(data)
        if len(parts) == 1:
            return data, False
        parts[1::2] = values = [*map(meanings.__getitem__, parts[1::2])]
        return b"".join(parts), not _INERT.issuperset(values)

    def _here_and_there(
        self, data: bytes, begins: Iterable[int], meanings: Mapping[bytes, bytes]
    ) -> tuple[bytes, bool]:
        out: list[bytes] = []
        at = 0
        for begin in begins:
            start = begin
            while start > max(at, begin - _MOST_BACKSLASHES + 1) and data[start - 1] == _BACKSLASH == data[begin]:
                start -= 1
            if start >= at and (found := self._pattern.match(data, start)) is not None:
                out += [data[at:start], meanings[found[0]]]
                at = found.end()
        if not out:
            return data, False
        inert = _INERT.issuperset(out[1::2])
        out.append(data[at:])
        return b"".join(out), not inert


def has_soft_break(data: bytes, *, ended: bool = True) -> bool:
    """Whether there may be a soft break of quoted-printable in ``data``, or, not ``ended``, the beginning of one."""
    if b"=" not in data and b"%" not in data:
        return False
    if _BREAK_BEGINS.any_in(data) and _SOFT_BREAKS.search(data):
        return True
    return not ended and _open_break(data) is not None


def _open_break(data: bytes) -> re.Match[bytes] | None:
    return _OPEN_SOFT_BREAK.search(data, max(0, len(data) - _OPEN_BREAK_SIZE))


def _open_escape(data: bytes) -> int:
    """Where an escape begins that goes on beyond the end of ``data``; its length if none does."""
    found = _OPEN.search(data, max(0, len(data) - _OPEN_SIZE))
    return found.start() if found else len(data)


def unseen(data: bytes) -> bytes:
    """``data`` without escape sequences of terminals and characters that cannot be seen."""
    if b"\x1b" in data:
        data = _TERMINAL_ONES.sub(b"", data)
    # One byte is found much faster than two.
    if b"\\" in data and b"\\x" in data:
        data = _SOFT_HYPHENS.sub(b"", data)
    if data.isascii() or not any(lead in data for lead in _UNSEEN_LEADS):
        return data
    return _UNSEEN_ONES.sub(b"", data)


def _hexadecimal(number: int) -> bytes:
    """A pattern of the two digits in any case."""
    return b"".join(
        digit.encode() if digit.isdecimal() else f"[{digit}{digit.upper()}]".encode() for digit in f"{number:02x}"
    )


def _digits(number: int) -> Iterator[tuple[int, int]]:
    """The two hexadecimal digits of a byte in any case."""
    high, low = [*f"{number:02x}"]
    yield from {(ord(one), ord(two)) for one in (high, high.upper()) for two in (low, low.upper())}


class _Decoded(dict[bytes, bytes]):
    """What escapes stand for, each found out once."""

    _LIMIT = 4096

    def __missing__(self, token: bytes) -> bytes:
        if len(self) >= self._LIMIT:
            self.clear()
        self[token] = value = _decode(token)
        return value


def _decode(token: bytes) -> bytes:
    match token[:1]:
        case b"%":
            digits = token[1:]
            while len(digits) > 2 and digits.startswith(b"25"):
                digits = digits[2:]
            return _character(digits[1:]) if digits[:1] == b"u" else bytes((int(digits, 16),))
        case b"&":
            while token.startswith(b"&amp;") and len(token) > 5:
                token = b"&" + token[5:]
            return html.unescape(token.decode("ascii")).encode("utf-8", "surrogatepass")
        case b"\\":
            return _backslashed(token.lstrip(b"\\"))
        case _:
            return b""


def _backslashed(token: bytes) -> bytes:
    """What stands behind a backslash: the byte of ``x6d`` and ``155``, the character of ``u006d``."""
    kind, rest = token[0], token[1:]
    if kind in b"0123":
        return bytes((int(token, 8),))
    if kind == ord("N"):
        try:
            return unicodedata.lookup(rest[1:-1].decode("ascii")).encode("utf-8", "surrogatepass")
        except KeyError:
            return b"\\" + token
    if kind == ord("x") and not rest.startswith(b"{"):
        return bytes((int(rest, 16),))
    if kind in b"uU" or rest.startswith(b"{"):
        high, _, low = rest.strip(b"{}").replace(b"u", b"\\").partition(b"\\")
        if low:
            pair = 0x10000 + ((int(high, 16) & 0x3FF) << 10) + (int(low.strip(b"\\"), 16) & 0x3FF)
            return chr(pair).encode()
        return _character(high)
    return bytes((_CONTROL_LETTERS[kind],))


def _character(digits: bytes) -> bytes:
    number = int(digits, 16)
    return chr(number).encode("utf-8", "surrogatepass") if number <= 0x10FFFF else b""
