"""The bytes of a packed file, all of them: check sums and end marks are looked at, and expansion has a limit."""

from __future__ import annotations

import gzip
import io
import lzma
import shutil
import sys
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, cast

from orch_tui.model.errors import UserError
from orch_tui.model.text import safe_line

if TYPE_CHECKING:
    from orch_tui.components.files.sources import Source

_UNLIMITED = 64 * 2**20
"""Bytes that any packed file may unpack to, whatever its own size: a small one of blanks harms nobody."""
_BUFFER = 2**20
_ENCRYPTED = 1
"""The bit in the flags of a member that says so: APPNOTE 4.4.4, https://pkware.cachefly.net/webdocs/APPNOTE/APPNOTE-6.3.9.TXT"""


@dataclass(frozen=True, slots=True)
class Expansion:
    """How far a packed file may expand: ``times`` its own size, counted beyond 64 MB."""

    times: int = 100

    def check(self, label: str, packed: int, unpacked: int) -> None:
        """Raises: UserError when ``unpacked`` bytes are too many for a file of ``packed`` bytes."""
        if unpacked > max(_UNLIMITED, packed * self.times):
            raise UserError(
                f"{label} has {packed} bytes and unpacks to {unpacked} or more, over {self.times} times as many; if it "
                "is what you expect, set the parameter max_expansion to a larger number"
            )


class _Checked(io.RawIOBase):
    """Reads ``inner`` and turns what breaks there into a sentence; the unpacked bytes are held against the limit."""

    def __init__(self, source: Source, inner: IO[bytes]) -> None:
        self._source = source
        self._inner = inner
        self._unpacked = 0
        self._packed = source.path.stat().st_size if source.packing != "none" else 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        source = self._source
        try:
            count = cast(Any, self._inner).readinto(buffer)
        except (gzip.BadGzipFile, zlib.error, EOFError, _zstd_error()) as error:
            raise UserError(
                f"{source.label} is not a complete {source.packing} file: {safe_line(str(error))}"
            ) from error
        except OSError as error:
            raise UserError(f"{source.label} cannot be read: {error.strerror or error}") from error
        self._unpacked += count
        if source.packing != "none":
            source.expansion.check(source.label, self._packed, self._unpacked)
        return int(count)


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
    with file, _unpacking(file, source.packing) as inner:
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
    if member.flag_bits & _ENCRYPTED:
        raise UserError(f"{label} is encrypted with a password; unpack it before")
    with ExitStack() as stack:
        with _readable(label):
            archive = stack.enter_context(zipfile.ZipFile(path))
            packed = stack.enter_context(archive.open(member))
        plain = stack.enter_context(target.open("wb"))
        while True:
            with _readable(label):
                block = packed.read(_BUFFER)
            if not block:
                return
            plain.write(block)


@contextmanager
def _readable(label: str) -> Iterator[None]:
    """Around what reads an archive and writes nothing: each way of packing has errors of its own, bzip2 an OSError."""
    try:
        yield
    except (zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, NotImplementedError, OSError) as error:
        raise UserError(f"{label} is not a readable .zip archive: {safe_line(str(error))}") from error
