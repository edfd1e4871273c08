"""The processors of Keboola that are used most, done here: they need no program of their own.

Each does what the one with its name does (https://github.com/keboola/processor-move-files and the repositories of the
others), from ``in`` to ``out`` of a data folder. A processor moves or writes all that is to live on: the rest is gone.
"""

from __future__ import annotations

import csv
import gzip
import hashlib
import json
import os
import shutil
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path, PurePosixPath
from typing import Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from orch_tui.components.keboola.data_folder import DataFolder
from orch_tui.components.keboola.outputs import MANIFEST
from orch_tui.components.kit.archives import BROKEN, require_unencrypted
from orch_tui.components.kit.expansion import Expansion
from orch_tui.components.kit.parameters import model_errors
from orch_tui.model.errors import UserError
from orch_tui.model.texts.json_text import parse_json
from orch_tui.model.texts.text import safe_line

Say = Callable[[str], None]
M = TypeVar("M", bound=BaseModel)
_BLOCK = 1 << 20
_LONGEST_NAME = 255


class _Model(BaseModel):
    model_config = ConfigDict(extra="ignore", hide_input_in_errors=True)


class MoveFiles(_Model):
    """``direction`` is where they go to."""

    direction: Literal["tables", "files"]
    addCsvSuffix: bool = False
    folder: str = ""
    createEmptyFolder: bool = False


class CreateManifest(_Model):
    delimiter: str | None = None
    enclosure: str | None = None
    columns: list[str] | None = None
    columns_from: Literal["header", "auto"] | None = None
    primary_key: list[str] | None = None
    incremental: bool | None = None
    has_header: bool | None = None


class SkipLines(_Model):
    lines: int = Field(ge=0)
    direction_from: Literal["top", "bottom"] = "top"


class FlattenFolders(_Model):
    starting_depth: Literal[0, 1] = 0
    flatten_strategy: Literal["concat", "hash-sha256"] = "concat"


class Decompress(_Model):
    compression_type: Literal["auto", "zip", "gzip", "zlib", "snappy"] = "auto"
    graceful: bool = False
    zlib_window_size: int = 15


def move_files(given: MoveFiles, folder: DataFolder, say: Say) -> None:
    source = folder.inside / ("tables" if given.direction == "files" else "files")
    target = folder.outside / given.direction
    if given.folder:
        target = _within(target, given.folder)
        if given.createEmptyFolder:
            target.mkdir(parents=True, exist_ok=True)
    suffix = ".csv" if given.direction == "tables" and given.addCsvSuffix else ""
    for path in _entries(source):
        target.mkdir(parents=True, exist_ok=True)
        path.rename(target / f"{path.name}{suffix}")


def create_manifest(given: CreateManifest, folder: DataFolder, say: Say) -> None:
    for path in _entries(folder.inside / "tables"):
        manifest = _manifest(path)
        said = given.model_fields_set
        for key, default in (("delimiter", ","), ("enclosure", '"'), ("incremental", False)):
            if key in said or key not in manifest:
                manifest[key] = getattr(given, key) if key in said else default
        if "columns" in said:
            manifest.pop("schema", None)
            manifest["columns"] = given.columns or []
        if given.columns_from is not None:
            manifest.pop("schema", None)
            manifest["columns"] = _columns(path, manifest, given.columns_from)
        if "primary_key" in said:
            manifest["primary_key"] = given.primary_key or []
            for column in manifest.get("schema") or ():
                column["primary_key"] = column.get("name") in manifest["primary_key"]
        if "has_header" in said:
            manifest["has_header"] = given.has_header
        path.rename(folder.outside / "tables" / path.name)
        text = json.dumps(manifest, ensure_ascii=False)
        (folder.outside / "tables" / f"{path.name}{MANIFEST}").write_text(text, encoding="utf-8")


def skip_lines(given: SkipLines, folder: DataFolder, say: Say) -> None:
    for kind in ("tables", "files"):
        source, target = folder.inside / kind, folder.outside / kind
        for path, inner in _files(source, manifests=True):
            place = target / inner
            place.parent.mkdir(parents=True, exist_ok=True)
            if path.name.endswith(MANIFEST) and path.parent == source:
                path.rename(place)
            elif given.direction_from == "top":
                _skip_first(path, place, given.lines)
            else:
                _skip_last(path, place, given.lines)


def flatten_folders(given: FlattenFolders, folder: DataFolder, say: Say) -> None:
    for kind in ("tables", "files"):
        for path, inner in _files(folder.inside / kind):
            parts = PurePosixPath(inner).parts
            kept = parts[:1] if given.starting_depth == 1 and len(parts) > 1 else ()
            flat = _flat(parts[len(kept) :], given.flatten_strategy)
            name = "/".join((*kept, flat))
            if len(name.encode()) > _LONGEST_NAME:
                raise UserError(
                    f"the flattened name {safe_line(name, 100)} has {len(name.encode())} bytes, and "
                    f"{_LONGEST_NAME} are the most; "
                    'use flatten_strategy = "hash-sha256"'
                )
            target = folder.outside / kind / name
            target.parent.mkdir(parents=True, exist_ok=True)
            path.rename(target)


def decompress(given: Decompress, folder: DataFolder, say: Say) -> None:
    for path, inner in _files(folder.inside / "files"):
        kind = given.compression_type
        if kind == "auto":
            kind = {".gz": "gzip", ".zip": "zip", ".snappy": "snappy"}.get(path.suffix, "auto")  # type: ignore[assignment]
        target = folder.outside / "files" / inner
        target.mkdir(parents=True, exist_ok=True)
        try:
            _unpack(kind, path, target, given.zlib_window_size)
        except (*BROKEN, UserError, OSError) as error:
            sentence = f'file "{safe_line(inner, 200)}" cannot be decompressed: {safe_line(str(error), 200)}'
            # An error with a number is the system's (a full disk, say) and no fault of the file.
            if not given.graceful or (isinstance(error, OSError) and error.errno is not None):
                raise UserError(sentence) from error
            say(f"warning: {sentence}")
            # What came of it before it broke is none of what was in it.
            shutil.rmtree(target)


def _unpack(kind: str, path: Path, target: Path, window: int) -> None:
    """Raises: what the libraries do; UserError for what is no archive, or unpacks to more than it may."""
    guard = _Guard(path.name, path.stat().st_size)
    if kind == "gzip":
        with gzip.open(path) as packed:
            _write_guarded(iter(lambda: packed.read(_BLOCK), b""), target / path.name.removesuffix(".gz"), guard)
    elif kind == "zlib":
        unpacker = zlib.decompressobj(window)
        with path.open("rb") as packed:
            _write_guarded(_inflated(packed, unpacker), target / path.name, guard)
    elif kind == "zip":
        with zipfile.ZipFile(path) as archive:
            for member in archive.infolist():
                if not member.is_dir():
                    require_unencrypted(member, path.name)
                    place = _within(target, member.filename)
                    place.parent.mkdir(parents=True, exist_ok=True)
                    with archive.open(member) as packed:
                        _write_guarded(iter(lambda: packed.read(_BLOCK), b""), place, guard)
    elif kind == "snappy":
        raise UserError("snappy is not done here; name a program for the processor in its component file")
    else:
        raise UserError("it is no archive (.zip, .gz); compression_type says what it is where its name does not")


def _inflated(packed: Any, unpacker: Any) -> Iterator[bytes]:
    while data := packed.read(_BLOCK):
        while data:
            yield unpacker.decompress(data, _BLOCK)
            data = unpacker.unconsumed_tail
    yield unpacker.flush()
    if not unpacker.eof:
        raise EOFError("it ends in the middle")


class _Guard:
    """Counts what one archive unpacks to, and refuses more than it may."""

    def __init__(self, label: str, packed: int) -> None:
        self._label, self._packed, self._unpacked = label, packed, 0

    def add(self, size: int) -> None:
        self._unpacked += size
        Expansion(parameter="").check(self._label, self._packed, self._unpacked)


def _write_guarded(blocks: Iterator[bytes], target: Path, guard: _Guard) -> None:
    with target.open("wb") as file:
        for block in blocks:
            guard.add(len(block))
            file.write(block)


def _flat(parts: tuple[str, ...], strategy: str) -> str:
    if strategy == "hash-sha256":
        # PHP's JSON of the parts: without blanks, with escaped slashes and letters beyond ASCII.
        text = json.dumps(list(parts), separators=(",", ":")).replace("/", "\\/")
        return hashlib.sha256(text.encode()).hexdigest()
    return "-".join(part.replace("-", "--") for part in parts)


def _skip_first(path: Path, target: Path, lines: int) -> None:
    with path.open("rb") as source, target.open("wb") as file:
        for _ in islice(source, lines):
            pass
        shutil.copyfileobj(source, file, _BLOCK)


def _skip_last(path: Path, target: Path, lines: int) -> None:
    with path.open("rb") as source:
        total = sum(1 for _ in source)
        source.seek(0)
        with target.open("wb") as file:
            file.writelines(islice(source, max(0, total - lines)))


def _columns(path: Path, manifest: Mapping[str, Any], how: str) -> list[str]:
    """Names from the first line of a file, or of all slices. Raises: UserError."""
    parts = sorted(part for part in path.iterdir() if part.is_file()) if path.is_dir() else [path]
    if not parts:
        raise UserError(f"in/tables/{safe_line(path.name, 100)} has no slices to take a header from; name the columns")
    headers = [_first_record(part, manifest) for part in (parts if how == "header" else parts[:1])]
    if any(header != headers[0] for header in headers):
        odd = next(part for part, header in zip(parts, headers, strict=True) if header != headers[0])
        raise UserError(
            f"all slices of in/tables/{safe_line(path.name, 100)} must have the same header; "
            f"{safe_line(odd.name, 100)} has another one"
        )
    if not headers[0]:
        raise UserError(f"in/tables/{safe_line(path.name, 100)} has no header; name the columns")
    names = headers[0] if how == "header" else [""] * len(headers[0])
    return [name or f"col_{number}" for number, name in enumerate(names, 1)]


def _first_record(path: Path, manifest: Mapping[str, Any]) -> list[str]:
    delimiter, quote = str(manifest.get("delimiter") or ","), str(manifest.get("enclosure") or "")
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            if quote:
                return next(csv.reader(file, delimiter=delimiter, quotechar=quote), [])
            return next(csv.reader(file, delimiter=delimiter, quoting=csv.QUOTE_NONE), [])
    except (UnicodeDecodeError, csv.Error, TypeError) as error:
        raise UserError(f"in/tables/{safe_line(path.name, 100)} cannot be read as CSV: {error}") from error


def _manifest(path: Path) -> dict[str, Any]:
    try:
        body = parse_json(path.with_name(f"{path.name}{MANIFEST}").read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise UserError(f"in/tables/{safe_line(path.name, 100)}{MANIFEST} cannot be read: {error}") from error
    return body if isinstance(body, dict) else {}


def _entries(folder: Path) -> list[Path]:
    return [path for path in sorted(folder.iterdir()) if not path.name.endswith(MANIFEST)]


def _files(folder: Path, *, manifests: bool = False) -> Iterator[tuple[Path, str]]:
    """All files below, with their paths in the folder."""
    for directory, _, names in sorted(os.walk(folder)):
        for name in sorted(names):
            path = Path(directory, name)
            if manifests or not name.endswith(MANIFEST):
                yield path, str(path.relative_to(folder))


def _within(folder: Path, inner: str) -> Path:
    """A path in the folder. Raises: UserError when it leads out of it."""
    parts = PurePosixPath(inner.replace("\\", "/")).parts
    if not parts or ".." in parts or parts[0].startswith("/"):
        raise UserError(f'"{safe_line(inner, 100)}" leads out of the folder')
    return folder.joinpath(*parts)


@dataclass(frozen=True, slots=True)
class _Builtin:
    model: type[BaseModel]
    work: Callable[[Any, DataFolder, Say], None]


_BUILTIN = {
    "keboola.processor-move-files": _Builtin(MoveFiles, move_files),
    "keboola.processor-create-manifest": _Builtin(CreateManifest, create_manifest),
    "keboola.processor-skip-lines": _Builtin(SkipLines, skip_lines),
    "keboola.processor-flatten-folders": _Builtin(FlattenFolders, flatten_folders),
    "keboola.processor-decompress": _Builtin(Decompress, decompress),
}


def is_builtin(component: str) -> bool:
    """Whether the processor is done here."""
    return component in _BUILTIN


def run_builtin(component: str, parameters: Mapping[str, Any], folder: DataFolder, say: Say) -> None:
    """Do its work from ``in`` to ``out``.

    Raises:
        UserError: its parameters are wrong, or a file is not what it should be.
    """
    builtin = _BUILTIN[component]
    try:
        given = builtin.model.model_validate(parameters)
    except ValidationError as error:
        wrong = "; ".join(model_errors(builtin.model, parameters))
        raise UserError(f"{component}: parameters: {wrong}") from error
    try:
        builtin.work(given, folder, say)
    except UserError as error:
        raise UserError(f"{component}: {error}") from error
