"""Which files a file-extractor reads: globs, packages and archives, their formats and how they are packed."""

from __future__ import annotations

import dataclasses
import glob
import os
from collections.abc import Iterator
from pathlib import Path

from orch_tui.components.files.source import Source
from orch_tui.components.files.unpack import unpack_member, zip_members
from orch_tui.components.kit.component import Context
from orch_tui.components.kit.expansion import Expansion
from orch_tui.model.errors import UserError
from orch_tui.model.texts.text import safe_line
from orch_tui.project.files.patterns import find_paths

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


def find_files(path: str, ctx: Context) -> list[tuple[Path, str]]:
    """The files that a path or glob names, sorted, each with its name relative to the project.

    Raises:
        UserError: the path is a directory or no name that a file could have, or there are too many files.
    """
    root = ctx.resolve(path)
    shown = ctx.project if not path.startswith("package://") else root.parent
    try:
        if root.is_dir():
            raise UserError(f'"{path}" is a directory; name the files in it, as in "{path.rstrip("/")}/*.csv"')
        there = root.exists()
    except OSError as error:
        raise UserError(f'"{safe_line(path, 80)}" cannot be looked up: {_refusal(error)}') from error
    if there or path.startswith("package://") or not glob.has_magic(path):
        found = [root] if there else []
    else:
        # Only the parameter is a pattern; a bracket in the project's own path is not.
        pattern = str(Path(path).expanduser())
        try:
            names = find_paths(pattern, ctx.project)
            found = [ctx.project / name for name in names if (ctx.project / name).is_file()]
        except OSError as error:
            raise UserError(f'"{safe_line(path, 80)}" cannot be looked up: {_refusal(error)}') from error
    if len(found) > MAX_FILES:
        raise UserError(f'"{path}" names {len(found)} files, more than {MAX_FILES}; extract them in parts')
    return [(file, _printable(file.relative_to(shown) if file.is_relative_to(shown) else file)) for file in found]


def _refusal(error: OSError) -> str:
    where = f" ({safe_line(str(error.filename), 200)})" if error.filename else ""
    return f"{error.strerror or error}{where}"


def _printable(path: Path) -> str:
    """A name as text that every file and column can hold: bytes that are not UTF-8 become ``\\xNN``."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")


def open_sources(
    files: list[tuple[Path, str]], *, format: str, packing: str, expansion: Expansion, scratch: Path
) -> Iterator[Source]:
    """The readable sources of the files; members of .zip archives are unpacked into ``scratch``.

    Raises:
        UserError: the format cannot be told from the name, or an archive is broken, encrypted or too large.
    """
    for path, label in files:
        kind = packing if packing != "auto" else _PACKINGS.get(path.suffix.lower(), "none")
        if kind == "zip":
            yield from _members(path, label, format, expansion, scratch)
            continue
        inner = Path(path.stem) if path.suffix.lower() in _PACKINGS else path
        yield Source(path, label, _format(inner.name, label, format), kind, expansion)


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


def _members(path: Path, label: str, format: str, expansion: Expansion, scratch: Path) -> Iterator[Source]:
    for item in zip_members(path, label, expansion, scratch):
        name = f"{label}:{safe_line(item.filename)}"
        inner_kind = _PACKINGS.get(Path(item.filename).suffix.lower(), "none")
        if inner_kind == "zip":
            raise UserError(f"{name} is an archive inside an archive; unpack it first")
        plain_name = item.filename if inner_kind == "none" else Path(item.filename).stem
        inner_format = _format(plain_name, name, format)
        # A name of our own: the archive's may point anywhere.
        target = scratch / f"member-{len(list(scratch.iterdir())):05d}"
        unpack_member(path, name, item, target)
        yield Source(target, name, inner_format, inner_kind, expansion)


def named_in_utf8(source: Source, scratch: Path) -> Source:
    """The source under a name that is UTF-8: DuckDB takes no other.

    Raises:
        OSError: the link in ``scratch`` cannot be made.
    """
    try:
        os.fsencode(source.path).decode()
        return source
    except UnicodeDecodeError:
        link = scratch / f"link-{len(list(scratch.iterdir())):05d}"
        link.symlink_to(source.path.absolute())
        return dataclasses.replace(source, path=link)
