"""Bodies of answers unpacked, with an error where one is cut short (httpx takes half a gzip file for a whole one) or
expands too far."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator
from typing import Protocol

import httpx

from orch_tui.components.kit.expansion import Expansion

ACCEPTED = "gzip, deflate"
"""The ``Accept-Encoding`` of requests: what :func:`unpacked` understands."""

_GZIP = zlib.MAX_WBITS | 16
_PIECE = 2**20
"""Bytes that are unpacked at once: a few packed ones may stand for a thousand times as many."""


class _Decoder(Protocol):
    def feed(self, data: bytes) -> Iterator[bytes]: ...

    def finish(self) -> None: ...


def _pieces(inner: zlib._Decompress, data: bytes) -> Iterator[bytes]:
    """What ``data`` unpacks to, bounded piece by piece."""
    while True:
        piece = inner.decompress(data, _PIECE)
        yield piece
        data = inner.unconsumed_tail
        # A full piece may have more of it behind, though no byte is left to read.
        if inner.eof or (not data and len(piece) < _PIECE):
            return


class _Members:
    """gzip, of which several files behind each other are one (https://www.rfc-editor.org/rfc/rfc1952#section-2.2)."""

    def __init__(self) -> None:
        self._inner = zlib.decompressobj(_GZIP)
        self._inside = False

    def feed(self, data: bytes) -> Iterator[bytes]:
        while data:
            if not self._inside:
                # Zeros between members, and behind the last one, are padding.
                data = data.lstrip(b"\0")
                if not data:
                    return
                self._inner, self._inside = zlib.decompressobj(_GZIP), True
            yield from _pieces(self._inner, data)
            data = b""
            if self._inner.eof:
                data, self._inside = self._inner.unused_data, False

    def finish(self) -> None:
        if self._inside:
            raise httpx.RemoteProtocolError("the packed answer is cut short")


class _Deflate:
    """zlib, as the standard says, or the bare stream that some servers send under that name."""

    def __init__(self) -> None:
        self._inner: zlib._Decompress | None = None
        self._start = b""

    def feed(self, data: bytes) -> Iterator[bytes]:
        if self._inner is None:
            self._start += data
            if len(self._start) < 2:
                return
            # https://www.rfc-editor.org/rfc/rfc1950#section-2.2: the first two bytes of zlib are a multiple of 31.
            zlib_header = self._start[0] & 15 == 8 and int.from_bytes(self._start[:2], "big") % 31 == 0
            self._inner = zlib.decompressobj(zlib.MAX_WBITS if zlib_header else -zlib.MAX_WBITS)
            data = self._start
        if not self._inner.eof:
            yield from _pieces(self._inner, data)

    def finish(self) -> None:
        if self._inner is None and not self._start:
            return
        if self._inner is None or not self._inner.eof:
            raise httpx.RemoteProtocolError("the packed answer is cut short")


def unpacked(response: httpx.Response, expansion: Expansion, label: str) -> Iterator[bytes]:
    """The body of a streamed answer, piece by piece, without its ``Content-Encoding``. ``label`` names it in messages.

    Raises:
        UserError: it unpacks to more than ``expansion`` allows for the bytes that came.
        httpx.RemoteProtocolError: the body ends before the packed data do.
        httpx.DecodingError: it is damaged, or packed in a way that nobody asked for.
        httpx.HTTPError: the connection broke.
    """
    pieces: Iterable[bytes] = response.iter_raw()
    for name in _encodings(response):
        if name not in _DECODERS:
            raise httpx.DecodingError(f"the encoding {name!r} is not known")
        pieces = _through(_DECODERS[name](), pieces, expansion, label)
    yield from pieces


def read_whole(response: httpx.Response, expansion: Expansion, label: str) -> httpx.Response:
    """The answer with its body in memory. Of one that is no success, what can be unpacked of it.

    Raises: as :func:`unpacked`.
    """
    encodings = _encodings(response)
    if not encodings or not _DECODERS.keys() >= set(encodings):
        # As it came: nothing expands, and a message may still be read in it.
        response.read()
        return response
    body = bytearray()
    try:
        for piece in unpacked(response, expansion, label):
            body += piece
    except (httpx.RemoteProtocolError, httpx.DecodingError):
        if response.is_success:
            raise
    gone = {b"content-encoding", b"content-length", b"transfer-encoding"}
    headers = [(name, value) for name, value in response.headers.raw if name.lower() not in gone]
    whole = httpx.Response(
        response.status_code,
        headers=headers,
        content=bytes(body),
        request=response.request,
        extensions=response.extensions,
    )
    whole.next_request = response.next_request
    return whole


_DECODERS: dict[str, type[_Members | _Deflate]] = {"gzip": _Members, "x-gzip": _Members, "deflate": _Deflate}


def _encodings(response: httpx.Response) -> list[str]:
    """In the order in which they are undone."""
    names = [name.strip().lower() for name in response.headers.get("content-encoding", "").split(",")]
    return [name for name in reversed(names) if name not in ("", "identity")]


def _through(decoder: _Decoder, pieces: Iterable[bytes], expansion: Expansion, label: str) -> Iterator[bytes]:
    came = made = 0
    try:
        for data in pieces:
            came += len(data)
            for piece in decoder.feed(data):
                made += len(piece)
                expansion.check(label, came, made)
                yield piece
        decoder.finish()
    except zlib.error as error:
        raise httpx.DecodingError(str(error)) from error
