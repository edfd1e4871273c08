"""Packed answers: whole ones are unpacked, cut and damaged ones are never taken for whole."""

from __future__ import annotations

import bz2
import gzip
import lzma
import zlib
from collections.abc import Callable, Iterator

import httpx
import pytest
from backports import zstd
from hypothesis import given
from hypothesis import strategies as st
from orch_tui.components.http.unpacking import read_whole, unpacked
from orch_tui.components.kit.expansion import Expansion
from orch_tui.model.errors import UserError

TEXT = b"".join(b'{"id": %d}\n' % number for number in range(5000))


def undone(response: httpx.Response, expansion: Expansion | None = None) -> Iterator[bytes]:
    return unpacked(response, expansion or Expansion(), "the answer to GET /x")


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
    assert b"".join(undone(answer(FORMS[encoding](TEXT), encoding, size))) == TEXT
    assert b"".join(undone(answer(b"", encoding, size))) == b""


@given(st.lists(st.binary(max_size=50), min_size=1, max_size=4), st.integers(1, 60), st.integers(0, 3))
def test_several_gzip_files_are_one(parts: list[bytes], size: int, padding: int) -> None:
    body = b"".join(gzip.compress(part) + b"\0" * padding for part in parts)
    assert b"".join(undone(answer(body, "gzip", size))) == b"".join(parts)


@pytest.mark.parametrize("encoding", [name for name in FORMS if name.strip() not in ("", "identity")])
def test_every_cut_is_told(encoding: str) -> None:
    # GIVEN packed lines that end at any byte before their last one
    packed = FORMS[encoding](TEXT[:300])
    for end in range(1, len(packed)):
        # WHEN they are unpacked, THEN that is an error, also where whole lines came out
        with pytest.raises((httpx.RemoteProtocolError, httpx.DecodingError)):
            list(undone(answer(packed[:end], encoding)))


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
            list(undone(answer(body, encoding)))


BOMBS: dict[str, Callable[[bytes], bytes]] = {name: FORMS[name] for name in ("gzip", "x-gzip", "deflate", "deflate ")}


@pytest.mark.parametrize("encoding", BOMBS)
@pytest.mark.parametrize("size", [100, 100_000])
def test_an_answer_that_expands_too_far_is_given_up_before_it_is_unpacked(encoding: str, size: int) -> None:
    # GIVEN some KB that stand for 40 MB
    body, seen = BOMBS[encoding](bytes(40 * 2**20)), 0
    # WHEN it is unpacked under a limit
    with pytest.raises(UserError, match=r"answer to GET /x has \d+ bytes and unpacks to .* the parameter limit"):
        for piece in undone(answer(body, encoding, size), Expansion(10, "limit", free=10_000)):
            seen += len(piece)
    # THEN it is given up with the first piece that is too much
    assert seen <= 2 * 10 * len(body)


def test_each_of_several_encodings_is_limited() -> None:
    # GIVEN a bomb that is packed twice, so that the limit of times holds for each of them
    body = gzip.compress(gzip.compress(bytes(100 * 2**20), 9), 9)
    assert len(body) < 1000
    with pytest.raises(UserError, match="ask those who made it"):
        list(undone(answer(body, "gzip, gzip"), Expansion(1000, "", free=10_000)))


def test_what_stays_within_the_limit_is_whole() -> None:
    data = bytes(3 * 2**20 + 5)
    assert b"".join(undone(answer(gzip.compress(data), "gzip"), Expansion(1, free=len(data)))) == data


@pytest.mark.parametrize(
    ("encoding", "packed"),
    [
        ("br", b"\x1b"),
        ("zstd", zstd.compress(bytes(2**20))),
        ("bzip2", bz2.compress(bytes(2**20))),
        ("xz", lzma.compress(bytes(2**20))),
    ],
)
def test_what_nobody_asked_for_is_not_unpacked_at_all(encoding: str, packed: bytes) -> None:
    with pytest.raises(httpx.DecodingError, match="not known"):
        list(undone(answer(packed, encoding), Expansion(1, free=0)))
    # In memory it stays as it came, so that a message in it can be told.
    kept = read_whole(answer(packed, encoding), Expansion(1, free=0), "x")
    assert kept.status_code == 200 and kept.num_bytes_downloaded == len(packed)


def with_request(response: httpx.Response) -> httpx.Response:
    response.request = httpx.Request("GET", "http://localhost/x")
    return response


@pytest.mark.parametrize("status", [200, 404])
def test_an_answer_in_memory_has_the_limit_too(status: int) -> None:
    body = gzip.compress(bytes(40 * 2**20))
    for good in (True, False):
        response = with_request(answer(gzip.compress(TEXT) if good else body, "gzip"))
        response.status_code = status
        if good:
            whole = read_whole(response, Expansion(10, free=len(TEXT)), "x")
            assert (whole.status_code, whole.content, whole.request.url) == (status, TEXT, response.request.url)
            assert "content-encoding" not in whole.headers
            continue
        with pytest.raises(UserError, match="unpacks to"):
            read_whole(response, Expansion(10, free=10_000), "x")


def test_of_a_damaged_failure_what_can_be_read_is_told_and_a_damaged_success_is_none() -> None:
    cut = gzip.compress(b'{"error": "the message"}' + bytes(1000))[:-8]
    failure = with_request(answer(cut, "gzip"))
    failure.status_code = 500
    assert b"the message" in read_whole(failure, Expansion(), "x").content
    with pytest.raises(httpx.RemoteProtocolError):
        read_whole(with_request(answer(cut, "gzip")), Expansion(), "x")
