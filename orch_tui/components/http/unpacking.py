"""Bodies of answers unpacked, with an error where one is cut short: httpx takes half a gzip file for a whole one."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator
from typing import Protocol

import httpx

ACCEPTED = "gzip, deflate"
"""The ``Accept-Encoding`` of requests: what :func:`unpacked` understands."""

_GZIP = zlib.MAX_WBITS | 16


class _Decoder(Protocol):
    def feed(self, data: bytes) -> bytes: ...

    def finish(self) -> bytes: ...


class _Members:
    """gzip, of which several files behind each other are one (https://www.rfc-editor.org/rfc/rfc1952#section-2.2)."""

    def __init__(self) -> None:
        self._inner = zlib.decompressobj(_GZIP)
        self._inside = False

    def feed(self, data: bytes) -> bytes:
        out = b""
        while data:
            if not self._inside:
                # Zeros between members, and behind the last one, are padding.
                data = data.lstrip(b"\0")
                if not data:
                    break
                self._inner, self._inside = zlib.decompressobj(_GZIP), True
            out += self._inner.decompress(data)
            data = b""
            if self._inner.eof:
                data, self._inside = self._inner.unused_data, False
        return out

    def finish(self) -> bytes:
        if self._inside:
            raise httpx.RemoteProtocolError("the packed answer is cut short")
        return b""


class _Deflate:
    """zlib, as the standard says, or the bare stream that some servers send under that name."""

    def __init__(self) -> None:
        self._inner: zlib._Decompress | None = None
        self._start = b""

    def feed(self, data: bytes) -> bytes:
        if self._inner is None:
            self._start += data
            if len(self._start) < 2:
                return b""
            # https://www.rfc-editor.org/rfc/rfc1950#section-2.2: the first two bytes of zlib are a multiple of 31.
            zlib_header = self._start[0] & 15 == 8 and int.from_bytes(self._start[:2], "big") % 31 == 0
            self._inner = zlib.decompressobj(zlib.MAX_WBITS if zlib_header else -zlib.MAX_WBITS)
            data = self._start
        return self._inner.decompress(data)

    def finish(self) -> bytes:
        if self._inner is None and not self._start:
            return b""
        if self._inner is None or not self._inner.eof:
            raise httpx.RemoteProtocolError("the packed answer is cut short")
        return b""


def unpacked(response: httpx.Response) -> Iterator[bytes]:
    """The body of a streamed answer, piece by piece, without its ``Content-Encoding``.

    Raises:
        httpx.RemoteProtocolError: the body ends before the packed data do.
        httpx.DecodingError: it is damaged, or packed in a way that nobody asked for.
        httpx.HTTPError: the connection broke.
    """
    names = [name.strip().lower() for name in response.headers.get("content-encoding", "").split(",")]
    pieces: Iterable[bytes] = response.iter_raw()
    for name in reversed([name for name in names if name not in ("", "identity")]):
        if name not in ("gzip", "x-gzip", "deflate"):
            raise httpx.DecodingError(f"the encoding {name!r} is not known")
        pieces = _through(_Deflate() if name == "deflate" else _Members(), pieces)
    yield from pieces


def _through(decoder: _Decoder, pieces: Iterable[bytes]) -> Iterator[bytes]:
    try:
        for piece in pieces:
            yield decoder.feed(piece)
        yield decoder.finish()
    except zlib.error as error:
        raise httpx.DecodingError(str(error)) from error
