"""Packed answers: whole ones are unpacked, cut and damaged ones are never taken for whole."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Callable, Iterator

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from orch_tui.components.http.unpacking import unpacked

TEXT = b"".join(b'{"id": %d}\n' % number for number in range(5000))


def bare(data: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return packer.compress(data) + packer.flush()


def answer(body: bytes, encoding: str, size: int = 1000) -> httpx.Response:
    pieces: Iterator[bytes] = (body[at : at + size] for at in range(0, len(body), size))
    return httpx.Response(200, headers={"Content-Encoding": encoding}, content=pieces)


FORMS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "x-gzip": gzip.compress,
    "GZIP": gzip.compress,
    "deflate": zlib.compress,
    "deflate ": bare,
    "identity": bytes,
    "": bytes,
    "gzip, deflate": lambda data: zlib.compress(gzip.compress(data)),
    "identity, gzip": gzip.compress,
}


@pytest.mark.parametrize("encoding", FORMS)
@pytest.mark.parametrize("size", [1, 7, 100_000])
def test_every_encoding_is_undone(encoding: str, size: int) -> None:
    assert b"".join(unpacked(answer(FORMS[encoding](TEXT), encoding, size))) == TEXT
    assert b"".join(unpacked(answer(b"", encoding, size))) == b""


@given(st.lists(st.binary(max_size=50), min_size=1, max_size=4), st.integers(1, 60), st.integers(0, 3))
def test_several_gzip_files_are_one(parts: list[bytes], size: int, padding: int) -> None:
    body = b"".join(gzip.compress(part) + b"\0" * padding for part in parts)
    assert b"".join(unpacked(answer(body, "gzip", size))) == b"".join(parts)


@pytest.mark.parametrize("encoding", [name for name in FORMS if name.strip() not in ("", "identity")])
def test_every_cut_is_told(encoding: str) -> None:
    # GIVEN packed lines that end at any byte before their last one
    packed = FORMS[encoding](TEXT[:300])
    for end in range(1, len(packed)):
        # WHEN they are unpacked, THEN that is an error, also where whole lines came out
        with pytest.raises((httpx.RemoteProtocolError, httpx.DecodingError)):
            list(unpacked(answer(packed[:end], encoding)))


def test_damage_and_what_nobody_asked_for() -> None:
    packed = bytearray(gzip.compress(TEXT))
    packed[-6] ^= 1
    for body, encoding in (
        (bytes(packed), "gzip"),
        (TEXT, "gzip"),
        (gzip.compress(TEXT) + b"rest", "gzip"),
        (TEXT, "br"),
    ):
        with pytest.raises(httpx.DecodingError):
            list(unpacked(answer(body, encoding)))
