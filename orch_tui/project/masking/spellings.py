"""Every fixed text that gives a secret away, whatever encoder wrote it.

Encoders that work letter by letter (percent-encoding, entities, escapes, quoting) are undone by
:mod:`orch_tui.project.masking.canonical`; here is what changes the letters themselves.
"""

from __future__ import annotations

import base64
import contextlib
import json
import math
import re
import unicodedata
from collections.abc import Iterable, Iterator
from typing import NamedTuple
from urllib.parse import quote

_CODECS = (
    *("latin-1", "cp1252", "cp1250", "iso8859-2", "cp437", "cp850", "cp852", "cp1251", "koi8-r", "iso8859-5"),
    *("cp1253", "cp1254", "cp1255", "cp1256", "cp932", "euc_jp", "gb18030", "big5", "euc_kr", "cp037"),
)
_MIN_CODE = 6
"""Characters of a piece of base64, hexadecimal and the like that are told from chance."""
_MIN_TWICE = 8
_MIN_LISTED = 4
"""Bytes whose numbers without commas are told from a number like any other."""


# What a reader takes for an escape although the text itself has it, as often encoded as it may be.
_OWN_ESCAPE = re.compile(rb"%(?:25)*[0-9a-fA-F]{2}|&(?:amp;)*#?[0-9a-zA-Z]{1,32};")
_MOST_BROKEN = 256
"""Ways in which the escapes of one text are taken for broken or not."""


class Spelling(NamedTuple):
    """``blanks``: white space between the characters belongs to it (``68 75 6e``)."""

    text: bytes
    blanks: bool = False


def plain_spellings(piece: str) -> set[bytes]:
    """The characters in every encoding that has them, and what is left of them in one that has not."""
    found = {piece.encode("utf-8", "surrogateescape")}
    with contextlib.suppress(UnicodeError):
        # A value of the environment that is no UTF-8 has only its bytes.
        for form in ("NFC", "NFD"):
            found.add(unicodedata.normalize(form, piece).encode())
        found |= {piece.encode(codec) for codec in ("utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be")}
    if " " in piece:
        found |= {text.replace(b" ", b"+") for text in [*found]}
    if "=" in piece or not piece.isascii():
        found.add(_quoted_printable(piece))
    found |= _header_words(piece)
    for codec in _CODECS:
        with contextlib.suppress(UnicodeError):
            # A letter that this encoding does not have.
            found.add(piece.encode(codec))
    return found if piece.isascii() else found | _mixed(piece)


def broken_within_escapes(spelling: bytes) -> set[bytes]:
    """The text, and the same with ends of lines in the places that look like escapes (``%30``): a text that is wrapped
    there cannot be read as one escape any more."""
    ways: set[bytes] = {b""}
    at = 0
    for found in _OWN_ESCAPE.finditer(spelling):
        escape, before = found[0], spelling[at : found.start()]
        broken = {escape, *(escape[:place] + b"\n" + escape[place:] for place in range(1, len(escape)))}
        if len(ways) * len(broken) > _MOST_BROKEN:
            broken = {escape, escape[:1] + b"\n" + escape[1:]} if 2 * len(ways) <= _MOST_BROKEN else {escape}
        ways = {way + before + one for way in ways for one in broken}
        at = found.end()
    return {way + spelling[at:] for way in ways}


def _mixed(piece: str) -> set[bytes]:
    """Letters beyond ASCII as Python's ``ascii()`` and repr of bytes mix them (one byte where that is enough, UTF-8
    elsewhere), and what readers and writers of another encoding put in place of them."""
    short = b"".join(_short(letter) for letter in piece)
    lossy = {short.decode("utf-8", "replace").encode()}
    lossy |= {piece.encode("ascii", how) for how in ("replace", "ignore")}
    return {
        short,
        *(text for text in lossy if sum(byte > 0x20 and byte not in b"?\xef\xbf\xbd" for byte in text) >= _MIN_CODE),
    }


def _short(letter: str) -> bytes:
    return bytes((ord(letter),)) if ord(letter) < 256 else letter.encode("utf-8", "surrogateescape")


def _quoted_printable(piece: str) -> bytes:
    """As in mail, without its line ends (RFC 2045)."""
    return b"".join(
        b"=%02X" % byte if byte > 126 or byte == 61 else bytes((byte,))
        for byte in piece.encode("utf-8", "surrogateescape")
    )


def _header_words(piece: str) -> set[bytes]:
    """As in headers of mail, within one word of the encoding Q (RFC 2047, 4.2): with what must be encoded, and with all
    that the standard library of Python encodes."""
    texts = [piece.encode("utf-8", "surrogateescape")]
    with contextlib.suppress(UnicodeError):
        texts += [piece.encode("latin-1")]
    return {
        b"".join(b"_" if byte == 0x20 else bytes((byte,)) if kept(byte) else b"=%02X" % byte for byte in text)
        for text in texts
        for kept in (_is_kept_in_words, _is_kept_by_python)
    }


def _is_kept_in_words(byte: int) -> bool:
    return 0x20 < byte < 0x7F and byte not in b"=?_"


def _is_kept_by_python(byte: int) -> bool:
    return byte in b"-!*+/" or bytes((byte,)).isalnum()


def _wide_numbers(piece: str) -> Iterator[bytes]:
    """The bytes of UTF-16 in hexadecimal, as SQL Server shows those of an nvarchar."""
    if len(piece) < 3:
        return
    with contextlib.suppress(UnicodeError):
        # Without the last zero they are those of the other order as well, as long as each letter has one.
        texts = [piece.encode("utf-16-le").removesuffix(b"\0")]
        texts += [] if piece.isascii() else [piece.encode("utf-16-be")]
        for text in texts:
            yield text.hex().encode()
            yield text.hex().upper().encode()


def coded_spellings(piece: str) -> set[Spelling]:
    """Codes of the whole text: hexadecimal, base32, base64 (also of other encodings, and twice), lists of bytes."""
    data = piece.encode("utf-8", "surrogateescape")
    found = {Spelling(text, blanks=True) for text in (*_numbers(data), *_wide_numbers(piece))}
    found |= {Spelling(core) for core in _cores32(data)}
    found |= {Spelling(core) for core in _base64_cores([data, *_other_bytes(piece)])}
    found |= {Spelling(core) for core in _base64_cores(cores64(data)) if len(core) >= _MIN_TWICE}
    return {spelling for spelling in found if len(spelling.text) >= _MIN_CODE}


def _numbers(data: bytes) -> Iterator[bytes]:
    """The bytes as numbers, in the ways of ``xxd``, of certificates, of .NET, of C, of Python's lists and of ``od``."""
    yield b",".join(b"%d" % byte for byte in data)
    if len(data) >= _MIN_LISTED:
        # With blanks between them, or nothing.
        yield b"".join(b"%d" % byte for byte in data)
    # Without its first byte as well: PostgreSQL writes "\\x6875…", where that byte looks like an escape of its own.
    for part in (data, data[1:]):
        if len(part) >= 3:
            for text in (part.hex(), part.hex(":"), part.hex("-"), ",".join(f"0x{byte:02x}" for byte in part)):
                yield text.encode()
                yield text.upper().replace("0X", "0x").encode()


def _other_bytes(piece: str) -> Iterator[bytes]:
    """The bytes of the text in which base64 is made of something else than UTF-8."""
    with contextlib.suppress(UnicodeError):
        # The last zero is left out: so it is found in both byte orders.
        yield piece.encode("utf-16-le")[: -1 if ord(piece[-1]) < 256 else None]
        if not piece.isascii():
            yield piece.encode("utf-16-be")
            yield piece.encode("latin-1")
    digits = piece.encode("utf-8", "surrogateescape").hex()
    yield from (digits.encode(), digits.upper().encode())
    with contextlib.suppress(UnicodeError):
        # The text within JSON, and in an address.
        yield json.dumps(piece)[1:-1].encode()
        yield json.dumps(piece, ensure_ascii=False)[1:-1].encode()
        yield quote(piece, safe="").encode()


def _base64_cores(texts: Iterable[bytes]) -> Iterator[bytes]:
    for text in texts:
        yield from cores64(text)


def cores64(data: bytes) -> set[bytes]:
    """The characters of base64 that depend on ``data`` alone, at each of the three places that it may begin at."""
    found = set()
    for shift in range(3):
        text = base64.b64encode(b"\0" * shift + data)
        core = text[math.ceil(shift * 8 / 6) : (shift + len(data)) * 8 // 6]
        if len(core) >= _MIN_CODE:
            found.add(core)
    return found


def _cores32(data: bytes) -> Iterator[bytes]:
    for shift in range(5):
        text = base64.b32encode(b"\0" * shift + data)
        core = text[math.ceil(shift * 8 / 5) : (shift + len(data)) * 8 // 5]
        if len(core) >= _MIN_TWICE:
            yield core
            yield core.lower()
