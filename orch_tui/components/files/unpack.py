"""The bytes of a packed file, all of them: check sums and end marks are looked at, and expansion has a limit."""

from __future__ import annotations

import bz2
import gzip
import io
import os
import shutil
import sys
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from copy import copy
from pathlib import Path
from typing import IO, Any, cast

from orch_tui.components.files.source import Source
from orch_tui.components.kit.archives import BROKEN, require_unencrypted
from orch_tui.components.kit.expansion import Expansion, Limited
from orch_tui.model.errors import UserError
from orch_tui.model.texts.text import safe_line

_BUFFER = 2**20


class _Checked(io.RawIOBase):
    """Reads ``inner`` and turns what breaks there into a sentence."""

    def __init__(self, source: Source, inner: IO[bytes]) -> None:
        self._source = source
        self._inner = inner

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        source = self._source
        try:
            return int(cast(Any, self._inner).readinto(buffer))
        except (gzip.BadGzipFile, zlib.error, EOFError, _zstd_error()) as error:
            raise UserError(
                f"{source.label} is not a complete {source.packing} file: {safe_line(str(error))}"
            ) from error
        except OSError as error:
            raise UserError(f"{source.label} cannot be read: {error.strerror or error}") from error


@contextmanager
def open_bytes(source: Source) -> Iterator[io.BufferedReader]:
    """The unpacked bytes of a source; read to the end they are known to be complete.

    Raises (also while the bytes are read):
        UserError: the file cannot be opened, is cut, has a wrong check sum, or expands too far.
    """
    try:
        file = source.path.open("rb")
    except OSError as error:
        raise UserError(f"{source.label} cannot be read: {error.strerror or error}") from error
    with file, _unpacking(file, source.packing) as unpacked:
        inner: Any = unpacked
        if source.packing != "none":
            inner = Limited(unpacked, source.label, os.fstat(file.fileno()).st_size, source.expansion)
        yield io.BufferedReader(_Checked(source, inner), _BUFFER)


@contextmanager
def _unpacking(file: IO[bytes], packing: str) -> Iterator[IO[bytes]]:
    if packing == "gzip":
        with gzip.GzipFile(fileobj=file) as unpacked:
            yield cast(IO[bytes], unpacked)
    elif packing == "zstd":
        with zstd_module().ZstdFile(file, "rb") as unpacked:
            yield unpacked
    else:
        yield file


def zstd_module() -> Any:
    """The standard library's module, or its backport: https://docs.python.org/3/library/compression.zstd.html"""
    if sys.version_info >= (3, 14):
        from compression import zstd
    else:
        from backports import zstd
    return zstd


def _zstd_error() -> type[Exception]:
    return cast(type[Exception], zstd_module().ZstdError)


def unpack(source: Source, target: Path) -> None:
    """Write the unpacked bytes of a source to ``target``. Raises: UserError; OSError for the target."""
    with open_bytes(source) as packed, target.open("wb") as plain:
        shutil.copyfileobj(packed, plain, _BUFFER)


def zip_members(path: Path, label: str, expansion: Expansion, room: Path) -> list[zipfile.ZipInfo]:
    """The files of an archive by name, without the rubbish of a Mac; ``room`` is where they will be unpacked.

    Raises:
        UserError: it is no archive, has no file, or what it unpacks to is too large for the limit or the disk.
    """
    with _readable(label), zipfile.ZipFile(path) as archive:
        members = [i for i in archive.infolist() if not i.is_dir() and not i.filename.startswith("__MACOSX/")]
    if not members:
        raise UserError(f"{label} is an archive without a file")
    needed, free = sum(item.file_size for item in members), shutil.disk_usage(path=room).free
    expansion.check(label, path.stat().st_size, needed)
    if needed > free:
        raise UserError(f"{label} unpacks to {needed} bytes and the disk has {free} left; free some space")
    return sorted(members, key=lambda member: member.filename)


def unpack_member(path: Path, label: str, member: zipfile.ZipInfo, target: Path) -> None:
    """Write one member of an archive to ``target``; zipfile compares its size and check sum at the end.

    Raises:
        UserError: the member is damaged, encrypted or packed in a way that Python does not know.
        OSError: ``target`` cannot be written.
    """
    require_unencrypted(member, label)
    with ExitStack() as stack:
        with _readable(label):
            archive = stack.enter_context(zipfile.ZipFile(path))
            packed = stack.enter_context(_opened(archive, member))
        plain = stack.enter_context(target.open("wb"))
        while True:
            with _readable(label):
                block = packed.read(_BUFFER)
            if not block:
                return
            plain.write(block)


def _opened(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> IO[bytes]:
    if member.compress_type != zipfile.ZIP_BZIP2:
        return archive.open(member)
    # zipfile unpacks whatever the bytes that it reads at once stand for, and 4 KB of bzip2 may be 5 GB. The module for
    # files takes no more than it is asked for; the check sum is looked at by us then.
    stored = copy(member)
    stored.compress_type, stored.file_size = zipfile.ZIP_STORED, member.compress_size
    del stored.CRC
    return io.BufferedReader(_Summed(bz2.BZ2File(archive.open(stored)), member), _BUFFER)


class _Summed(io.RawIOBase):
    """The bytes of a member. Raises BadZipFile when they are more, fewer or others than the archive says."""

    def __init__(self, inner: IO[bytes], member: zipfile.ZipInfo) -> None:
        self._inner = inner
        self._member = member
        self._left = member.file_size
        self._sum = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        data = self._inner.read(len(buffer))
        self._left -= len(data)
        self._sum = zlib.crc32(data, self._sum)
        if self._left < 0 or (not data and (self._left, self._sum) != (0, self._member.CRC)):
            raise zipfile.BadZipFile(f"Bad CRC-32 or size for file {self._member.filename!r}")
        buffer[: len(data)] = data
        return len(data)


@contextmanager
def _readable(label: str) -> Iterator[None]:
    """Around what reads an archive and writes nothing: each way of packing has errors of its own.

    bzip2's is an OSError without a number; one that has a number is the system's and says nothing of the archive.
    """
    try:
        yield
    except (*BROKEN, OSError) as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise UserError(f"{label} cannot be read: {error.strerror or error}") from error
        raise UserError(f"{label} is not a readable .zip archive: {safe_line(str(error))}") from error
