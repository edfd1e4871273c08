"""Looks for a secret in any data, by undoing encodings: slow, simple, and sharing nothing with what is tested."""

from __future__ import annotations

import base64
import binascii
import codecs
import contextlib
import html
import quopri
import re
from collections.abc import Callable, Iterator
from urllib.parse import unquote_to_bytes

Undo = Callable[[bytes], bytes]

_LETTERS = 8
"""So many letters of a secret that stand together are a leak."""
_UNSEEN = re.compile("\x1b\\[[0-9;]*m|[\u00ad\u200b-\u200f\u2060\ufeff\u2500-\u257f]")
_ESCAPED = re.compile(rb"\\(?:u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|x[0-9a-fA-F]{2}|[0-7]{3}|N\{[A-Z0-9 -]+\}|[\\'\"/ntr])")


def _unescape(data: bytes) -> bytes:
    """Escapes with backslashes as Python knows them; what stands for bytes of UTF-8 becomes these."""
    done = _ESCAPED.sub(_unescaped, data)
    with contextlib.suppress(UnicodeError):
        # Halves of a pair that were escaped one after the other.
        return done.decode("utf-8", "surrogatepass").encode("utf-16", "surrogatepass").decode("utf-16").encode()
    return done


def _unescaped(found: re.Match[bytes]) -> bytes:
    token = found[0].replace(b"\\/", b"/")
    with contextlib.suppress(UnicodeDecodeError):
        text = codecs.decode(token, "unicode_escape")
        return text.encode("latin-1" if token[1:2] == b"x" or token[1:2].isdigit() else "utf-8", "surrogatepass")
    return token


def _runs(alphabet: bytes, decode: Callable[[bytes], bytes], unit: int) -> Undo:
    run = re.compile(rb"[" + alphabet + rb"]{%d,}" % unit)

    def undo(data: bytes) -> bytes:
        parts = []
        for found in run.finditer(re.sub(rb"\s+|\\n", b"", data)):
            for shift in range(unit):
                text = found[0][shift:]
                with contextlib.suppress(binascii.Error, ValueError):
                    parts.append(decode(text[: len(text) // unit * unit]))
        return b"\n".join(parts)

    return undo


def _bytes_list(data: bytes) -> bytes:
    return b"\n".join(
        bytes(int(number) % 256 for number in re.findall(rb"\d+", found[0]))
        for found in re.finditer(rb"\d{1,3}(?:, ?\d{1,3})+", data)
    )


def _words(data: bytes) -> bytes:
    """Words of a header of mail, decoded and joined."""

    def one(found: re.Match[bytes]) -> bytes:
        if found[1] in b"qQ":
            return quopri.decodestring(found[2], header=True)
        with contextlib.suppress(binascii.Error):
            return base64.b64decode(found[2])
        return found[0]

    joined = re.sub(rb"\?=(?:\s|\\r|\\n)*=\?", b"?==?", data)
    return re.sub(rb"=\?[^?\s]+\?([bBqQ])\?([^?\s]*)\?=", one, joined)


UNDO: dict[str, Undo] = {
    "percent": unquote_to_bytes,
    "plus": lambda data: data.replace(b"+", b" "),
    "markup": lambda data: html.unescape(data.decode("utf-8", "surrogateescape")).encode("utf-8", "surrogateescape"),
    "escapes": _unescape,
    "doubled": lambda data: data.replace(b"''", b"'").replace(b'""', b'"').replace(b"'\"'\"'", b"'"),
    "backslashes": lambda data: re.sub(rb"\\(.)", rb"\1", data),
    "unseen": lambda data: _UNSEEN.sub("", data.decode("utf-8", "surrogateescape")).encode("utf-8", "surrogateescape"),
    "lines": lambda data: re.sub(rb" *\r?\n *", b"", data),
    "zeros": lambda data: data.replace(b"\0", b""),
    "utf-16": lambda data: data.decode("utf-16-le", "replace").encode("utf-8", "replace"),
    "utf-16, odd": lambda data: data[1:].decode("utf-16-le", "replace").encode("utf-8", "replace"),
    "utf-32": lambda data: data.partition(b"\xff\xfe\0\0")[2].decode("utf-32-le", "replace").encode("utf-8", "replace"),
    "utf-16-be": lambda data: data.decode("utf-16-be", "replace").encode("utf-8", "replace"),
    "latin-1": lambda data: data.decode("latin-1").encode(),
    "quoted-printable": quopri.decodestring,
    "words of a header": _words,
    "separators": lambda data: re.sub(rb"(?<=[0-9a-fA-F]{2})[: ](?=[0-9a-fA-F]{2})", b"", data),
    "hexadecimal": _runs(rb"0-9a-fA-F", lambda text: bytes.fromhex(text.decode()), 2),
    "base64": _runs(rb"A-Za-z0-9+/_-", lambda text: base64.b64decode(text.translate(bytes.maketrans(b"-_", b"+/"))), 4),
    "base32": _runs(rb"A-Z2-7", base64.b32decode, 8),
    "bytes": _bytes_list,
}


def leaks(secret: str, data: bytes, depth: int = 3) -> str | None:
    """By which steps the secret, or eight letters of it, come out of ``data``; None when they do not."""
    size = min(_LETTERS, len(secret))
    needles = {secret[at : at + size].encode("utf-8", "surrogateescape") for at in range(len(secret) - size + 1)}
    for path, found in _undone(data, depth):
        if any(needle in found for needle in needles):
            return " < ".join(path) or "as it is"
    return None


def _undone(data: bytes, depth: int) -> Iterator[tuple[tuple[str, ...], bytes]]:
    seen = {data}
    level: list[tuple[tuple[str, ...], bytes]] = [((), data)]
    for _ in range(depth + 1):
        following = []
        for path, one in level:
            yield path, one
            for name, undo in UNDO.items():
                other = undo(one)
                if other and other not in seen:
                    seen.add(other)
                    following.append(((*path, name), other))
        level = following
