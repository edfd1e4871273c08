"""Packed files: read to their end or refused, and with a limit to what they unpack to; names of any kind."""

from __future__ import annotations

import errno
import gzip
import io
import os
import tracemalloc
import zipfile
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from backports import zstd
from orch_tui.components.files import extractor
from orch_tui.components.files.extractor import Parameters, run
from orch_tui.components.files.sources import open_sources
from orch_tui.components.files.unpack import open_bytes, unpack_member
from orch_tui.components.kit.component import UserError
from orch_tui.components.kit.expansion import Expansion

from tests.support.bench import Bench
from tests.support.tables import database

LINES = b"id,t\n" + b"".join(b"%d,%d\n" % (n, n * 7919 % 10_007) for n in range(20_000))


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def zipped(data: bytes, packing: int = zipfile.ZIP_DEFLATED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", packing) as archive:
        archive.writestr("a.csv", data)
    return buffer.getvalue()


def wrong_sum(data: bytes) -> bytes:
    """A gzip file whose check sum is another one."""
    return data[:-8] + bytes([data[-8] ^ 1]) + data[-7:]


@pytest.mark.parametrize(
    ("name", "whole", "broken"),
    [
        ("a.csv.gz", gzip.compress(LINES), wrong_sum(gzip.compress(LINES))),
        ("a.csv.gz", gzip.compress(LINES[:50_000]) + gzip.compress(LINES[50_000:]), gzip.compress(LINES) + b"rubbish"),
        ("a.csv.gz", gzip.compress(LINES), gzip.compress(LINES)[:-4]),
        ("a.csv.gz", gzip.compress(LINES), gzip.compress(LINES)[:5_000]),
        ("a.csv.zst", zstd.compress(LINES), zstd.compress(LINES)[:5_000]),
        ("a.csv.zst", zstd.compress(LINES), zstd.compress(LINES)[:-1]),
        ("a.zip", zipped(LINES), zipped(LINES)[:5_000]),
        ("a.zip", zipped(LINES), zipped(LINES).replace(zipped(LINES)[1000:1004], b"\x00\x01\x02\x03", 1)),
    ],
    # Packed bytes have the time in them: as names of tests they would differ from worker to worker.
    ids=["gz-sum", "gz-rubbish", "gz-end", "gz-cut", "zst-cut", "zst-end", "zip-cut", "zip-damaged"],
)
def test_a_damaged_file_is_no_success(bench: Bench, name: str, whole: bytes, broken: bytes) -> None:
    # GIVEN a packed file, which is read whole
    bench.file(name, whole)
    run(Parameters(path=name), bench.context())
    assert len(bench.rows()) == 20_000 and bench.rows()[-1] == (19_999, 19_999 * 7919 % 10_007)
    # WHEN a part of it is missing or wrong, THEN that is an error with its name
    bench.file(name, broken)
    with pytest.raises(UserError, match=name):
        run(Parameters(path=name), bench.context())


@pytest.mark.parametrize("packing", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
@pytest.mark.parametrize("at", [60, 500, 1_000])
def test_an_archive_may_be_damaged_however_it_is_packed(bench: Bench, packing: int, at: int) -> None:
    # GIVEN an archive with other bytes in the middle of its member
    whole = zipped(LINES, packing)
    bench.file("a.zip", whole[:at] + bytes(byte ^ 0xFF for byte in whole[at : at + 8]) + whole[at + 8 :])
    # WHEN it is read, THEN a sentence has its name
    with pytest.raises(UserError, match=r"a\.zip.* is not a readable \.zip archive: "):
        run(Parameters(path="a.zip"), bench.context())


class _FailingDisk(io.FileIO):
    """A file of which the end can be read and the rest cannot, from the second look at it on."""

    def read(self, size: int | None = -1, /) -> bytes:
        if self.tell() < 64:
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        return super().read(size)

    def readinto(self, buffer: Any, /) -> int:
        if self.tell() < 64:
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        return int(super().readinto(buffer) or 0)


@pytest.mark.parametrize("packing", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_disk_that_fails_is_no_broken_archive(tmp_path: Path, packing: int, monkeypatch: pytest.MonkeyPatch) -> None:
    # GIVEN a whole archive, on a disk that can give its directory but not its member
    path = tmp_path / "a.zip"
    path.write_bytes(zipped(LINES, packing))
    with zipfile.ZipFile(path) as archive:
        (member,) = archive.infolist()
    monkeypatch.setattr(zipfile.io, "open", lambda *_: _FailingDisk(path))  # type: ignore[attr-defined]
    # WHEN the member is unpacked, THEN the disk is blamed and not the archive
    with pytest.raises(UserError, match=r"^a\.zip cannot be read: Input/output error$"):
        unpack_member(path, "a.zip", member, Path(os.devnull))


def test_an_encrypted_archive_says_so(bench: Bench) -> None:
    # GIVEN an archive whose member has the flag, in its own header and in the directory
    whole = bytearray(zipped(LINES))
    whole[6] |= 1
    whole[whole.rindex(b"PK\x01\x02") + 8] |= 1
    bench.file("a.zip", bytes(whole))
    # WHEN it is read, THEN a sentence says what to do
    with pytest.raises(UserError, match="is encrypted with a password; unpack it before"):
        run(Parameters(path="a.zip"), bench.context())


def test_an_archive_that_cannot_be_written_anywhere_is_no_broken_archive(bench: Bench) -> None:
    # GIVEN a whole archive and no room for what is in it
    bench.file("a.zip", zipped(LINES))
    with zipfile.ZipFile(bench.project / "a.zip") as archive:
        (member,) = archive.infolist()
    # WHEN it is unpacked to a place that cannot be written, THEN that is said
    with pytest.raises(OSError, match="No space left"):
        unpack_member(bench.project / "a.zip", "a.zip", member, Path("/dev/full"))


def test_a_cut_parquet_file_is_no_success(bench: Bench) -> None:
    # GIVEN a Parquet file without its end, WHEN it is extracted, THEN that is an error with its name
    with database() as con:
        con.execute(f"copy (select range as id from range(10000)) to '{bench.project}/a.parquet'")
    path = bench.project / "a.parquet"
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(UserError, match=r"a\.parquet"):
        run(Parameters(path="a.parquet"), bench.context())


@pytest.mark.parametrize("name", ["a.csv.gz", "a.zip"])
def test_what_unpacks_to_much_more_than_its_size_is_refused(
    bench: Bench, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # GIVEN a small file of blanks, more than are free
    monkeypatch.setattr(extractor, "Expansion", partial(Expansion, free=2**20))
    data = b"id\n" + b" " * 2 * 2**20 + b"\n"
    bench.file(name, gzip.compress(data, 9) if name.endswith("gz") else zipped(data))
    # WHEN it is extracted, THEN it is refused, unless that is expected
    with pytest.raises(UserError, match=f"{name}.*max_expansion"):
        run(Parameters(path=name), bench.context())
    run(Parameters(path=name, max_expansion=2000), bench.context())
    assert len(bench.rows()) == 1


def packed_bomb(kind: str) -> bytes:
    """2 MB of blanks in a file of some hundred bytes."""
    data = b"id\n" + b" " * 2 * 2**20 + b"\n"
    if kind == "gz":
        return gzip.compress(data, 9)
    if kind == "zst":
        return bytes(zstd.compress(data))
    ways = {"zip": zipfile.ZIP_DEFLATED, "bzip2.zip": zipfile.ZIP_BZIP2, "lzma.zip": zipfile.ZIP_LZMA}
    return zipped(data, ways[kind])


@pytest.mark.parametrize("kind", ["gz", "zst", "zip", "bzip2.zip", "lzma.zip"])
def test_each_way_of_packing_has_the_limit(tmp_path: Path, kind: str) -> None:
    # GIVEN a bomb of each way of packing, and a small limit
    path, scratch = tmp_path / f"a.csv.{kind}", tmp_path / "scratch"
    path.write_bytes(packed_bomb(kind))
    scratch.mkdir()
    files = [(path, path.name)]

    def unpacked(expansion: Expansion) -> int:
        found = open_sources(files, format="csv", packing="auto", expansion=expansion, scratch=scratch)
        total = 0
        for source in found:
            with open_bytes(source) as file:
                while block := file.read(10_000):
                    total += len(block)
        return total

    # WHEN it is read, THEN it is refused before it is unpacked, and read whole where that is expected
    with pytest.raises(UserError, match=f"{path.name} has {path.stat().st_size} bytes and unpacks to .*max_expansion"):
        unpacked(Expansion(10, free=1000))
    assert sum(part.stat().st_size for part in scratch.iterdir()) == 0
    assert unpacked(Expansion(10, free=3 * 2**20)) == 2 * 2**20 + 4


@pytest.mark.parametrize("more", [1, 2**20])
@pytest.mark.parametrize("way", [zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_member_that_is_longer_than_the_archive_says_is_damage(tmp_path: Path, way: int, more: int) -> None:
    # GIVEN an archive whose directory gives a smaller size than that of what is packed
    path, target = tmp_path / "a.zip", tmp_path / "out"
    with zipfile.ZipFile(path, "w", way) as archive:
        archive.writestr("a.csv", bytes(2 * 2**20))
    with zipfile.ZipFile(path) as archive:
        (member,) = archive.infolist()
    member.file_size -= more
    # WHEN it is unpacked, THEN that is an error, and nothing beyond what the archive says was written
    with pytest.raises(UserError, match="not a readable"):
        unpack_member(path, "a.zip", member, target)
    assert target.stat().st_size <= max(member.file_size, 2 * 2**20)


def test_bzip2_in_an_archive_is_unpacked_in_bounded_memory(tmp_path: Path) -> None:
    # GIVEN 200 MB of zeros in 200 bytes, in an archive that calls them few
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_BZIP2) as archive, archive.open("a.csv", "w") as member:
        for _ in range(200):
            member.write(bytes(2**20))
    with zipfile.ZipFile(path) as archive:
        (info,) = archive.infolist()
    info.file_size = 10
    tracemalloc.start()
    try:
        with pytest.raises(UserError, match="not a readable"):
            unpack_member(path, "a.zip", info, tmp_path / "out")
        assert tracemalloc.get_traced_memory()[1] < 30 * 2**20
    finally:
        tracemalloc.stop()


def test_a_packed_parquet_file(bench: Bench) -> None:
    # GIVEN a Parquet file in gzip, WHEN it is extracted, THEN its rows are there
    with database() as con:
        con.execute(f"copy (select range as id from range(3)) to '{bench.project}/x.parquet'")
    bench.file("a.parquet.gz", gzip.compress((bench.project / "x.parquet").read_bytes()))
    run(Parameters(path="a.parquet.gz"), bench.context())
    assert bench.rows() == [(0,), (1,), (2,)]


@pytest.mark.parametrize("content", [b"id,t\n1,a\n", b"t\nid,t\r\n1,a\n"])
def test_a_name_that_is_not_utf8(bench: Bench, content: bytes) -> None:
    # GIVEN a file with a name in Latin-1, WHEN a glob finds it, THEN it is read, and its name is written as \xNN
    place = os.fsencode(bench.project) + b"/caf\xe9.csv"
    with open(place, "wb") as file:
        file.write(content)
    skip = content.count(b"\n") - 2
    run(Parameters(path="*.csv", filename_column="file", skip_lines=skip), bench.context())
    assert bench.rows() == [(1, "a", "caf\\xe9.csv")]


def test_a_path_that_is_too_long(bench: Bench) -> None:
    # GIVEN a path that no file system has, WHEN it is extracted, THEN the message is one line about it
    with pytest.raises(UserError, match=r"too long|no file"):
        run(Parameters(path="x" * 900 + ".csv"), bench.context())
