"""Which files a file-extractor reads: globs, packages, archives, encodings; and how they are packed."""

from __future__ import annotations

import codecs
import glob
import gzip
import re
import shutil
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, cast

from orch_tui.components.kit.component import Context, UserError
from orch_tui.components.kit.sql import listed
from orch_tui.model.text import safe_line
from orch_tui.storage.duckdb import literal, open_database, readable

MAX_FILES = 10_000
_FORMATS = {
    ".csv": "csv",
    ".txt": "csv",
    ".tsv": "tsv",
    ".tab": "tsv",
    ".json": "json",
    ".ndjson": "ndjson",
    ".jsonl": "ndjson",
    ".parquet": "parquet",
    ".pq": "parquet",
}
_PACKINGS = {".gz": "gzip", ".zst": "zstd", ".zip": "zip"}
_MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))


@dataclass(frozen=True, slots=True)
class Source:
    """A file that DuckDB can read: ``label`` is what people know it by, ``packing`` is none, gzip or zstd."""

    path: Path
    label: str
    format: str
    packing: str = "none"


def find_files(path: str, ctx: Context) -> list[tuple[Path, str]]:
    """The files that a path or glob names, sorted, each with its name relative to the project.

    Raises:
        UserError: the path is a directory, or there are too many files.
    """
    root = ctx.resolve(path)
    shown = ctx.project if not path.startswith("package://") else root.parent
    if root.is_dir():
        raise UserError(f'"{path}" is a directory; name the files in it, as in "{path.rstrip("/")}/*.csv"')
    if root.exists() or path.startswith("package://") or not glob.has_magic(path):
        found = [root] if root.exists() else []
    else:
        # Only the parameter is a pattern; a bracket in the project's own path is not.
        pattern = str(Path(path).expanduser())
        names = sorted(glob.glob(pattern, root_dir=ctx.project, recursive=True))
        found = [ctx.project / name for name in names if (ctx.project / name).is_file()]
    if len(found) > MAX_FILES:
        raise UserError(f'"{path}" names {len(found)} files, more than {MAX_FILES}; extract them in parts')
    return [(file, str(file.relative_to(shown)) if file.is_relative_to(shown) else str(file)) for file in found]


def open_sources(
    files: list[tuple[Path, str]], *, format: str, packing: str, scratch: Path, ctx: Context
) -> Iterator[Source]:
    """The readable sources of the files; members of .zip archives are unpacked into ``scratch``.

    Raises:
        UserError: the format cannot be told from the name, or an archive is broken, encrypted or too large.
    """
    for path, label in files:
        kind = packing if packing != "auto" else _PACKINGS.get(path.suffix.lower(), "none")
        if kind == "zip":
            yield from _members(path, label, format, scratch)
            continue
        inner = Path(path.stem) if path.suffix.lower() in _PACKINGS else path
        yield Source(path, label, _format(inner.name, label, format), kind)


def _format(name: str, label: str, format: str) -> str:
    if format != "auto":
        return format
    known = _FORMATS.get(Path(name).suffix.lower())
    if known is None:
        raise UserError(
            f'the name of "{label}" does not tell its format; '
            "set the parameter format to csv, tsv, json, ndjson or parquet"
        )
    return known


def _members(path: Path, label: str, format: str, scratch: Path) -> Iterator[Source]:
    try:
        with zipfile.ZipFile(path) as archive:
            members = [
                item for item in archive.infolist() if not item.is_dir() and not item.filename.startswith("__MACOSX/")
            ]
            if not members:
                raise UserError(f"{label} is an archive without a file")
            needed, free = sum(item.file_size for item in members), shutil.disk_usage(path=scratch).free
            if needed > free:
                raise UserError(f"{label} unpacks to {needed} bytes and the disk has {free} left; free some space")
            for item in sorted(members, key=lambda member: member.filename):
                name = f"{label}:{safe_line(item.filename)}"
                inner_kind = _PACKINGS.get(Path(item.filename).suffix.lower(), "none")
                if inner_kind == "zip":
                    raise UserError(f"{name} is an archive inside an archive; unpack it first")
                plain_name = item.filename if inner_kind == "none" else Path(item.filename).stem
                inner_format = _format(plain_name, name, format)
                # A name of our own: the archive's may point anywhere.
                target = scratch / f"member-{len(list(scratch.iterdir())):05d}"
                with archive.open(item) as packed, target.open("wb") as plain:
                    shutil.copyfileobj(packed, plain, 1 << 20)
                yield Source(target, name, inner_format, inner_kind)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError) as error:
        raise UserError(f"{label} is not a readable .zip archive: {error}") from error
    except RuntimeError as error:  # how zipfile says that a password is needed
        raise UserError(f"{label} cannot be unpacked: {safe_line(str(error))}") from error


@contextmanager
def open_bytes(source: Source) -> Iterator[IO[bytes]]:
    """The unpacked bytes of a plain or gzip source. Raises: UserError for a broken or unreadable file."""
    try:
        with source.path.open("rb") as file:
            yield cast(IO[bytes], gzip.GzipFile(fileobj=file)) if source.packing == "gzip" else file
    except (gzip.BadGzipFile, zlib.error, EOFError) as error:
        raise UserError(f"{source.label} is not a complete gzip file: {error}") from error
    except OSError as error:
        raise UserError(f"{source.label} cannot be read: {error.strerror or error}") from error


def as_utf8(source: Source, encoding: str, scratch: Path, ctx: Context) -> Source:
    """The source itself when it is UTF-8 (or zstd), else one whose text was converted into ``scratch``.

    Raises:
        UserError: the encoding is unknown, or the file is not written in it.
    """
    try:
        wanted = codecs.lookup(encoding).name
    except LookupError:
        examples = listed(["utf-8", "utf-16", "latin-1", "cp1252", "cp1250"])
        raise UserError(f'there is no encoding "{safe_line(encoding)}"; usual ones are {examples}') from None
    if source.packing == "zstd":
        if wanted != "utf-8":
            raise UserError(f"{source.label}: a .zst file must be UTF-8; unpack it to read another encoding")
        return source
    with open_bytes(source) as file:
        start = file.read(4)
        mark = next((name for bytes_, name in _MARKS if start.startswith(bytes_)), None)
        if wanted == "utf-8" and mark == "utf-16":
            ctx.log(f"{source.label} begins with the mark of UTF-16 and is read so")
            wanted = "utf-16"
        if wanted == "utf-8" and mark == "utf-8-sig" and source.format in ("json", "ndjson"):
            # DuckDB skips the mark in CSV files and stumbles over it in JSON.
            wanted = "utf-8-sig"
        elif wanted in ("utf-8", "utf-8-sig", "ascii"):
            return source
        target = scratch / f"text-{len(list(scratch.iterdir())):05d}"
        file.seek(0)
        try:
            with target.open("w", encoding="utf-8", newline="") as out:
                reader = codecs.getreader(wanted)(file)
                while text := reader.read(1 << 20):
                    out.write(text)
        except UnicodeError as error:
            raise UserError(f'{source.label} is not written in "{wanted}": {safe_line(str(error), 200)}') from error
    return Source(target, source.label, source.format)


def head(source: Source, size: int = 1 << 16) -> str:
    """The first characters of a UTF-8 source, without a byte order mark. Raises: UserError."""
    if source.packing == "zstd":
        return _zstd_head(source)
    with open_bytes(source) as file:
        data = file.read(size)
    try:
        return codecs.getincrementaldecoder("utf-8-sig")("strict").decode(data)
    except UnicodeDecodeError as error:
        line = 1 + data.count(b"\n", 0, error.start)
        raise UserError(
            f"{source.label} line {line} is not UTF-8 (byte 0x{data[error.start]:02x}); set the parameter encoding, "
            'as in encoding = "cp1252"'
        ) from error


def _zstd_head(source: Source) -> str:
    import duckdb

    query = (
        f"select line from read_csv({literal(str(source.path))}, columns = {{'line': 'VARCHAR'}}, auto_detect = false, "
        "delim = '\x01', quote = '', escape = '', header = false, compression = 'zstd') limit 50"
    )
    try:
        with open_database(Path(tempfile.gettempdir()), threads=1) as con:
            lines = [str(line or "") for (line,) in con.execute(query).fetchall()]
    except duckdb.Error as error:
        raise UserError(f"{source.label} cannot be read: {readable(error)}") from error
    return re.sub("^\ufeff", "", "\n".join(lines))
