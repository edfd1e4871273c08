"""The files of a project: each in a directory of its own, ``<id>/content`` and what is told of it, ``<id>/file.json``.

A file appears by one rename and goes by one; its content never changes. Ids grow with time.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import stat
import time
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from orch_tui.model.texts.json_text import parse_json
from orch_tui.model.texts.text import safe_line
from orch_tui.project.concurrent.locks import project_lock
from orch_tui.project.files.atomic import sync_directory
from orch_tui.project.files.own_files import open_own, read_own, replace_json
from orch_tui.project.paths import ProjectPaths, make_private
from orch_tui.storage.files.values import FileStoreError, Origin, StoredFile

_META, _CONTENT = "file.json", "content"
_LIMIT = 1 << 20
_PATIENCE = 30.0
"""Seconds that a change of tags waits for another one."""
_OLD = 24 * 3600.0
"""Seconds after which what is half written belongs to nobody."""
MOST_NAME = 200
"""Bytes of a name."""


class FileStore:
    """Adds, lists, tags and removes. Other processes may do the same at any time."""

    def __init__(self, paths: ProjectPaths) -> None:
        self._paths = paths
        self._root = paths.files

    def files(self) -> list[StoredFile]:
        """All of them, the newest first. Raises: OSError."""
        found = (self.get(number) for number in sorted(self._ids(), reverse=True))
        return [file for file in found if file is not None]

    def get(self, id: int) -> StoredFile | None:
        """One of them; None where there is none with this id. Raises: OSError."""
        home = self._root / str(id)
        path = home / _CONTENT
        try:
            body = parse_json(read_own(home / _META, _LIMIT))
            return StoredFile.of_json(id, path, body)
        except (FileNotFoundError, NotADirectoryError):
            # Removed in this moment.
            return None
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            why = f"{error} is missing" if isinstance(error, KeyError) else safe_line(str(error), 200)
            return StoredFile(id, "", path, problem=f"{_META} cannot be read: {why} ({home / _META})")

    def add(
        self,
        source: Path,
        *,
        name: str = "",
        tags: Iterable[str] = (),
        permanent: bool = False,
        origin: Origin | None = None,
        now: float | None = None,
    ) -> StoredFile:
        """Keep a copy of ``source``, a file or a directory of parts. ``now`` is in seconds of the wall's clock.

        Raises:
            FileStoreError: it is no file that can be kept (a link, a device), its name or a tag cannot be one.
            OSError: it cannot be read or written; nothing is kept then.
        """
        name = name or source.name
        _require_name(name)
        kept_tags = tuple(dict.fromkeys(_checked_tag(tag) for tag in tags))
        self._paths.make_state()
        make_private(self._root)
        self._sweep()
        half = self._root / f".{secrets.token_hex(8)}.tmp"
        os.mkdir(half, 0o700)
        try:
            size = _copy(source, half / _CONTENT)
            moment = time.time() if now is None else now
            file = StoredFile(
                0,
                name,
                half / _CONTENT,
                kept_tags,
                datetime.fromtimestamp(moment, UTC),
                size,
                source.is_dir(),
                permanent,
                origin or Origin(),
            )
            replace_json(half / _META, file.as_json())
            number = self._appear(half, moment)
        except BaseException:
            shutil.rmtree(half, ignore_errors=True)
            raise
        return replace(file, id=number, path=self._root / str(number) / _CONTENT)

    def _appear(self, half: Path, moment: float) -> int:
        """Give it the next id: milliseconds since 1970, later than all that are there."""
        while True:
            number = max([round(moment * 1000), *(one + 1 for one in self._ids())])
            target = self._root / str(number)
            try:
                # A rename replaces an empty directory only: one that another process made meanwhile is not.
                os.rename(half, target)
            except OSError:
                if not os.path.lexists(target):
                    raise
                continue
            sync_directory(self._root)
            return number

    def tag(self, id: int, add: Iterable[str] = (), remove: Iterable[str] = ()) -> StoredFile:
        """Give and take tags. Raises: FileStoreError, OSError."""
        added, gone = [_checked_tag(tag) for tag in add], set(remove)
        with project_lock(self._paths, "files", _PATIENCE):
            file = self._required(id)
            tags = tuple(tag for tag in dict.fromkeys((*file.tags, *added)) if tag not in gone)
            changed = replace(file, tags=tags)
            if changed != file:
                replace_json(self._root / str(id) / _META, changed.as_json())
        return changed

    def remove(self, id: int) -> None:
        """Delete it. Raises: FileStoreError: it is not there; OSError."""
        gone = self._root / f".{secrets.token_hex(8)}.tmp"
        try:
            os.rename(self._root / str(id), gone)
        except FileNotFoundError as error:
            raise _unknown(id) from error
        shutil.rmtree(gone, ignore_errors=True)

    def give(self, file: StoredFile, target: Path) -> None:
        """Copy its content to ``target``, which is not there yet. Raises: FileStoreError, OSError."""
        if file.problem:
            raise FileStoreError(file.problem)
        try:
            _copy(file.path, target)
        except FileNotFoundError as error:
            raise _unknown(file.id) from error

    def _required(self, id: int) -> StoredFile:
        file = self.get(id)
        if file is None:
            raise _unknown(id)
        if file.problem:
            raise FileStoreError(f"{file.problem}; repair it, or remove the file")
        return file

    def _ids(self) -> list[int]:
        try:
            return [int(name) for name in os.listdir(self._root) if name.isascii() and name.isdecimal()]
        except FileNotFoundError:
            return []

    def _sweep(self) -> None:
        """What processes left that died in the middle."""
        for left in self._root.glob(".*.tmp"):
            with contextlib.suppress(OSError):
                if time.time() - left.stat().st_mtime > _OLD:
                    shutil.rmtree(left, ignore_errors=True)


def _unknown(id: int) -> FileStoreError:
    return FileStoreError(f"there is no file {id} in the storage; orch-tui files lists them")


def _require_name(name: str) -> None:
    if not name or name.startswith(".") or "/" in name or not name.isprintable() or len(name.encode()) > MOST_NAME:
        raise FileStoreError(
            f'"{safe_line(name, 100)}" cannot be the name of a stored file; it has no "/", does not begin with '
            f'".", and '
            f"has {MOST_NAME} bytes at most"
        )


def _checked_tag(tag: str) -> str:
    text = tag.strip()
    if not text or not text.isprintable() or len(text.encode()) > MOST_NAME:
        raise FileStoreError(
            f'"{safe_line(tag, 100)}" cannot be a tag; write printable text of {MOST_NAME} bytes at most'
        )
    return text


def _copy(source: Path, target: Path) -> int:
    """Copy a file, or a directory of files; the bytes. Links and devices are not followed."""
    if source.is_symlink() or not source.is_dir():
        return _copy_file(source, target)
    os.mkdir(target, 0o700)
    size = 0
    for part, inner in _walk(source):
        place = target / inner
        if stat.S_ISDIR(os.lstat(part).st_mode):
            os.mkdir(place, 0o700)
        else:
            size += _copy_file(part, place)
    sync_directory(target)
    return size


def _walk(folder: Path) -> Iterator[tuple[Path, str]]:
    for path in sorted(folder.rglob("*")):
        yield path, str(path.relative_to(folder))


def _copy_file(source: Path, target: Path) -> int:
    status = os.lstat(source)
    if not stat.S_ISREG(status.st_mode):
        raise FileStoreError(
            f"{safe_line(str(source), 300)} is no file (a link, or something else); write a file there"
        )
    with open(os.open(source, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC), "rb") as reading:
        descriptor = open_own(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL)
        with os.fdopen(descriptor, "wb") as writing:
            shutil.copyfileobj(reading, writing, 1 << 20)
            writing.flush()
            os.fsync(writing.fileno())
    return status.st_size
