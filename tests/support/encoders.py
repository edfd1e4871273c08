"""The ways in which programs write a text: each a function from the text to the bytes of their output."""

from __future__ import annotations

import base64
import email.charset
import email.header
import html
import json
import quopri
import random
import shlex
import textwrap
from collections.abc import Callable
from urllib.parse import quote, quote_plus
from xml.sax.saxutils import escape, quoteattr

Encoder = Callable[[str, random.Random], bytes]


def _text(function: Callable[[str], str]) -> Encoder:
    return lambda secret, chance: function(secret).encode("utf-8", "surrogatepass")


def _some_percent(secret: str, chance: random.Random) -> bytes:
    """Any choice of letters percent-encoded, in any case of the digits."""
    return b"".join(
        (b"%%%02x" if chance.random() < 0.5 else b"%%%02X") % byte
        if chance.random() < 0.5 or byte in b"%&+= #" or byte > 126
        else bytes((byte,))
        for byte in secret.encode()
    )


def _some_entities(secret: str, chance: random.Random) -> bytes:
    def one(letter: str) -> str:
        named = html.escape(letter)
        return chance.choice([f"&#{ord(letter)};", f"&#x{ord(letter):x};", f"&#X{ord(letter):04X};", named, named])

    return "".join(map(one, secret)).encode()


def _some_escapes(secret: str, chance: random.Random) -> bytes:
    """As in JSON, where any letter may be written as ``\\uXXXX``."""

    def one(letter: str) -> str:
        if ord(letter) > 0xFFFF or chance.random() < 0.5:
            return json.dumps(letter)[1:-1]
        return f"\\u{ord(letter):04x}" if chance.random() < 0.5 else f"\\u{ord(letter):04X}"

    return "".join(map(one, secret)).encode()


def _quoted_printable(secret: str, chance: random.Random) -> bytes:
    """A part of a message, whose lines are broken where they are full: a text of any length stands before it."""
    before = "x" * chance.randrange(80)
    written = quopri.encodestring(f"{before}{secret}".encode())
    return written.replace(b"\n", chance.choice([b"\n", b"\r\n"])).removeprefix(before[:70].encode())


def _header_words(secret: str, chance: random.Random) -> bytes:
    """A header of mail, which is broken into words of an encoding where it is full: a text stands before it."""
    way = email.charset.Charset("utf-8")
    way.header_encoding = chance.choice([email.charset.QP, email.charset.BASE64])
    header = email.header.Header("x" * chance.randrange(60) + secret, way, maxlinelen=chance.randrange(40, 76))
    return header.encode(linesep=chance.choice(["\n", "\r\n"])).encode()


def _dollar_quoted(secret: str, chance: random.Random) -> bytes:
    """``$'…'`` of the shells: octal or hexadecimal where it is not plain ASCII."""
    octal = chance.random() < 0.5
    parts = []
    for byte in secret.encode():
        if byte in b"\\'":
            parts.append("\\" + chr(byte))
        elif 32 <= byte < 127:
            parts.append(chr(byte))
        else:
            parts.append(f"\\{byte:03o}" if octal else f"\\x{byte:02x}")
    return f"$'{''.join(parts)}'".encode()


def _printf_q(secret: str, chance: random.Random) -> bytes:
    return "".join(letter if letter.isalnum() else f"\\{letter}" for letter in secret).encode()


def _coloured(secret: str, chance: random.Random) -> bytes:
    def one(letter: str) -> str:
        colour = chance.choice(["31", "1;32", "0", "38;5;9", ""])
        return f"\x1b[{colour}m{letter}" if chance.random() < 0.4 else letter

    return "".join(map(one, secret)).encode()


def _without_width(secret: str, chance: random.Random) -> bytes:
    return "".join(
        letter + (chance.choice("\u200b\u200c\u200d\u2060\ufeff\u00ad") if chance.random() < 0.4 else "")
        for letter in secret
    ).encode()


def _wrapped(secret: str, chance: random.Random) -> bytes:
    width = chance.randint(4, 20)
    lines = [secret[at : at + width] for at in range(0, len(secret), width)]
    return chance.choice(["\n", "\r\n", "\n    "]).join(lines).encode()


def _boxed(secret: str, chance: random.Random) -> bytes:
    width = chance.randint(4, 20)
    lines = [secret[at : at + width] for at in range(0, len(secret), width)]
    return "\n".join(f"│ {line} │" for line in lines).encode()


def _base64_within(encode: Callable[[bytes], bytes]) -> Encoder:
    def encoded(secret: str, chance: random.Random) -> bytes:
        around = [bytes(chance.choices(b"user:pass=;", k=chance.randint(0, 5))) for _ in range(2)]
        return encode(around[0] + secret.encode() + around[1])

    return encoded


def _base64_lines(secret: str, chance: random.Random) -> bytes:
    text = base64.b64encode(b"key: " + secret.encode() + b"\n").decode()
    return "\n".join(textwrap.wrap(text, chance.choice([19, 64, 76]))).encode()


def _spaced_hexadecimal(secret: str, chance: random.Random) -> bytes:
    return secret.encode().hex(chance.choice(": ")).encode()


ENCODERS: dict[str, Encoder] = {
    "plain": _text(str),
    "python repr": _text(repr),
    "python ascii": _text(ascii),
    "python bytes": _text(lambda s: repr(s.encode())),
    "python list of bytes": _text(lambda s: repr(list(s.encode()))),
    "python repr of a repr": _text(lambda s: repr({"a": repr(s)})),
    "json": _text(json.dumps),
    "json in utf-8": _text(lambda s: json.dumps(s, ensure_ascii=False)),
    "json with escaped slashes": _text(lambda s: json.dumps(s).replace("/", "\\/")),
    "json with any escapes": _some_escapes,
    "json with any escapes in a repr": lambda s, chance: repr(_some_escapes(s, chance).decode()).encode(),
    "json with any escapes in json": lambda s, chance: json.dumps(_some_escapes(s, chance).decode()).encode(),
    "json in json": _text(lambda s: json.dumps(json.dumps({"a": s}))),
    "json in json in json": _text(lambda s: json.dumps(json.dumps(json.dumps({"a": s})))),
    "shell single quotes": _text(shlex.quote),
    "shell double quotes": _text(
        lambda s: '"' + "".join(f"\\{letter}" if letter in '"\\$`' else letter for letter in s) + '"'
    ),
    "shell dollar quotes": _dollar_quoted,
    "shell backslashes": _printf_q,
    "sql": _text(lambda s: "'" + s.replace("'", "''") + "'"),
    "mysql": _text(lambda s: "'" + s.replace("\\", "\\\\").replace("'", "\\'") + "'"),
    "csv": _text(lambda s: '"' + s.replace('"', '""') + '"'),
    "xml": _text(escape),
    "xml attribute": _text(quoteattr),
    "html": _text(html.escape),
    "html of html": _text(lambda s: html.escape(html.escape(s))),
    "ascii with entities": lambda s, chance: html.escape(s).encode("ascii", "xmlcharrefreplace"),
    "any entities": _some_entities,
    "names of letters": lambda s, chance: s.encode("ascii", "namereplace"),
    "percent": _text(lambda s: quote(s, safe="")),
    "percent, every letter": _text(lambda s: "".join(f"%{byte:02x}" for byte in s.encode())),
    "percent with plus": _text(quote_plus),
    "percent, some": _some_percent,
    "percent twice": _text(lambda s: quote(quote(s, safe=""), safe="")),
    "percent thrice": _text(lambda s: quote(quote(quote(s, safe=""), safe=""), safe="")),
    "percent of json": _text(lambda s: quote(json.dumps(s))),
    "json of percent": _text(lambda s: json.dumps(quote(s))),
    "hexadecimal": _text(lambda s: s.encode().hex()),
    "hexadecimal, capital": _text(lambda s: s.encode().hex().upper()),
    "hexadecimal, spaced": _spaced_hexadecimal,
    "hexadecimal of postgres": _text(lambda s: "\\x" + s.encode().hex()),
    "hexadecimal with hyphens": _text(lambda s: s.encode().hex("-").upper()),
    "hexadecimal of utf-16": _text(lambda s: "0x" + s.encode("utf-16-le").hex().upper()),
    "hexadecimal of utf-16, big end first": _text(lambda s: s.encode("utf-16-be").hex()),
    "numbers with blanks": _text(lambda s: " ".join(f"{byte:3}" for byte in s.encode())),
    "base64": _base64_within(base64.b64encode),
    "base64 for urls": _base64_within(base64.urlsafe_b64encode),
    "base64 twice": _base64_within(lambda data: base64.b64encode(base64.b64encode(data))),
    "base64 of hexadecimal": _text(lambda s: base64.b64encode(s.encode().hex().encode()).decode()),
    "base64 in lines": _base64_lines,
    "base64 of utf-16": lambda s, chance: base64.b64encode(s.encode(chance.choice(["utf-16-le", "utf-16-be"]))),
    "base64 of json": _text(lambda s: base64.b64encode(json.dumps({"password": s}).encode()).decode()),
    "base64 in json": _text(lambda s: json.dumps({"auth": base64.b64encode(s.encode()).decode()})),
    "base32": _base64_within(base64.b32encode),
    "utf-16": lambda s, chance: s.encode(chance.choice(["utf-16-le", "utf-16-be", "utf-16"])),
    "utf-32": lambda s, chance: s.encode("utf-32"),
    "latin-1": lambda s, chance: s.encode("latin-1", "backslashreplace"),
    "latin-1 read as utf-8": lambda s, chance: (
        s.encode("latin-1", "backslashreplace").decode("utf-8", "replace").encode()
    ),
    "ascii with question marks": lambda s, chance: s.encode("ascii", "replace"),
    "quoted-printable": lambda s, chance: _quoted_printable(s, chance),
    "quoted-printable in json": lambda s, chance: json.dumps(_quoted_printable(s, chance).decode()).encode(),
    "quoted-printable in python": lambda s, chance: repr(_quoted_printable(s, chance)).encode(),
    "quoted-printable in an address": lambda s, chance: quote(_quoted_printable(s, chance)).encode(),
    "words of a header": _header_words,
    "words of a header in json": lambda s, chance: json.dumps(_header_words(s, chance).decode()).encode(),
    "coloured": _coloured,
    "characters without width": _without_width,
    "wrapped": _wrapped,
    "boxed": _boxed,
    "python repr of wrapped": lambda s, chance: repr(_wrapped(s, chance).decode()).encode(),
    "json of wrapped": lambda s, chance: json.dumps(_wrapped(s, chance).decode()).encode(),
}
