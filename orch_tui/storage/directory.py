"""Tables in plain directories: one for each, ``<bucket>/<table>/``, with ``table.toml`` and the files of its versions.

Whoever publishes holds ``flock`` on the tables, which goes with the process however it ends. An intent is a small file
that says which temporary files become which versions. Its owner holds a lock on it, so that who finds it free knows
that the owner died and completes it.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import secrets
import shutil
import time
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import tomli_w

from orch_tui.model.texts.text import valid_id
from orch_tui.project.files.atomic import sync_directory
from orch_tui.project.files.own_files import is_listed, open_own, read_own_text, replace_own, require_own, write_all
from orch_tui.project.paths import lock_inside, make_private
from orch_tui.storage.place import Read, Say

MANIFEST = "table.toml"
INTENTS = ".intents"
_OLD = 3600.0
"""Seconds after which a temporary file belongs to nobody."""
_POLL = 0.02
"""Seconds between two tries for a lock that is waited for with a limit."""


class Directory:
    """A :class:`~orch_tui.storage.place.Place` below ``root``."""

    far = False

    def __init__(self, root: Path) -> None:
        self._root = root

    def home(self, table: str) -> Path:
        return self._root / table

    def where(self, table: str) -> str:
        return str(self.home(table) / MANIFEST)

    def told(self, table: str, name: str) -> str:
        return str(self.home(table) / name)

    def manifests(self) -> Iterator[tuple[str, Read]]:
        for bucket in _directories(self._root):
            for home in _directories(bucket):
                table = f"{bucket.name}/{home.name}"
                try:
                    yield table, self.read_manifest(table)
                except (OSError, UnicodeDecodeError) as error:
                    yield table, error

    def read_manifest(self, table: str) -> str | None:
        try:
            return read_own_text(self.home(table) / MANIFEST)
        except (FileNotFoundError, NotADirectoryError):
            return None

    def names(self, table: str) -> list[str]:
        # Not by a pattern, which finds nothing where the directory cannot be listed now: a version would get the name
        # of one that is there.
        try:
            return [name for name in os.listdir(self.home(table)) if name.endswith(".parquet")]
        except FileNotFoundError:
            return []

    def has(self, table: str, name: str) -> bool:
        return (self.home(table) / name).exists()

    def at_hand(self, table: str, name: str) -> Path:
        file = self.home(table) / name
        # DuckDB opens it by its name, and would wait for a named pipe.
        require_own(file)
        return file

    def give(self, table: str, name: str, target: Path) -> None:
        """Hard-link it, or copy it where that cannot be."""
        file = self.home(table) / name
        target.unlink(missing_ok=True)
        try:
            os.link(file, target)
        except FileNotFoundError:
            raise
        except OSError:
            # Another file system, or one without hard links.
            shutil.copyfile(file, target)

    def retain(self, table: str, names: set[str], newest: int) -> None:
        """The files are the versions themselves: who publishes removes what is too much."""

    def remove(self, table: str, name: str) -> None:
        (self.home(table) / name).unlink(missing_ok=True)

    @contextlib.contextmanager
    def held(self, tables: Iterable[str], say: Say, wait: float | None = None) -> Iterator[bool]:
        with contextlib.ExitStack() as stack:
            limit = None if wait is None else time.monotonic() + wait
            held = True
            # In one order for all, so that no two wait for each other.
            for table in sorted(set(tables)):
                home = self.home(table)
                make_private(home)
                descriptor = open_own(lock_inside(home), os.O_RDWR | os.O_CREAT)
                # Closing gives the lock back, and so does the end of the process, however it ends.
                stack.callback(os.close, descriptor)
                if not _lock(table, descriptor, limit, say):
                    held = False
                    break
            yield held

    def sweep(self) -> None:
        for path in (self._root / INTENTS).glob(".*.tmp"):
            with contextlib.suppress(OSError):
                if time.time() - path.stat().st_mtime > _OLD:
                    path.unlink()

    def name_of(self, number: int) -> str:
        return f"{number:06d}.parquet"

    def bring(self, table: str, temporary: Path, name: str) -> None:
        """It gets its name when the intent is carried out: before that nobody may see it."""

    def commit(self, body: Mapping[str, Any], owned: contextlib.ExitStack) -> str | None:
        folder = self._root / INTENTS
        make_private(folder)
        for table in {item["table"] for item in body["tables"]}:
            sync_directory(self.home(table))
        return create_intent(folder, tomli_w.dumps(body).encode(), owned).name

    def intents(self) -> list[str]:
        try:
            return sorted(name for name in os.listdir(self._root / INTENTS) if _is_intent(name))
        except FileNotFoundError:
            return []

    def interrupted(self) -> bool:
        return any(_entries(self._root / INTENTS))

    def barred(self, tables: set[str]) -> bool:
        texts = (self.read_intent(intent) for intent in self.intents())
        return any(tables & {item["table"] for item in tomllib.loads(text or "").get("tables", [])} for text in texts)

    def read_intent(self, intent: str) -> str | None:
        try:
            return read_own_text(self._root / INTENTS / intent)
        except FileNotFoundError:
            return None

    @contextlib.contextmanager
    def orphaned(self, intent: str, *, block: bool) -> Iterator[bool]:
        """Whether it is there and its owner is not; nobody else completes it inside the block."""
        path = self._root / INTENTS / intent
        try:
            # On a network file system only who may write can lock alone: NFS answers EBADF (flock(2)).
            descriptor = open_own(path, os.O_RDWR)
        except FileNotFoundError:
            yield False
            return
        try:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | (0 if block else fcntl.LOCK_NB))
            except BlockingIOError:
                yield False
            else:
                # Not by its name alone: it may have been completed from another machine since it was opened.
                yield is_listed(path)
        finally:
            os.close(descriptor)

    def needs_hold(self) -> bool:
        return True

    def settle_file(self, table: str, temporary: str, name: str) -> None:
        home = self.home(table)
        made, file = home / Path(temporary).name, home / Path(name).name
        if made.exists():
            made.replace(file)
        elif not file.exists():
            raise ValueError(f"{file} of an interrupted publication is gone")

    def replace_manifest(self, table: str, text: str, intent: str) -> None:
        replace_own(self.home(table) / MANIFEST, text)

    def forget(self, intent: str) -> None:
        (self._root / INTENTS / intent).unlink()

    def set_aside(self, intent: str) -> str:
        path = self._root / INTENTS / intent
        path.rename(path.with_suffix(".broken"))
        return str(path)


def _lock(table: str, descriptor: int, limit: float | None, say: Say) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return True
    except BlockingIOError:
        pass
    if limit is None:
        say(f'waiting for table "{table}", which another task is writing')
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        return True
    while time.monotonic() < limit:
        time.sleep(_POLL)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
        except BlockingIOError:
            continue
    return False


def create_intent(folder: Path, data: bytes, owned: contextlib.ExitStack) -> Path:
    """Write an intent that is locked from before it can be seen: who finds it free knows that its owner died."""
    intent = folder / f"{time.time_ns():020d}-{secrets.token_hex(4)}.toml"
    temporary = intent.with_name(f".{intent.name}.tmp")
    descriptor = open_own(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL)
    owned.callback(os.close, descriptor)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        write_all(descriptor, data, temporary)
        os.fsync(descriptor)
        temporary.rename(intent)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    sync_directory(folder)
    return intent


def _is_intent(name: str) -> bool:
    return name.endswith(".toml") and not name.startswith(".")


def _entries(path: Path) -> list[str]:
    try:
        return sorted(name for name in os.listdir(path) if not name.startswith("."))
    except (FileNotFoundError, NotADirectoryError):
        return []


def _directories(path: Path) -> list[Path]:
    return [path / name for name in _entries(path) if valid_id(name) and (path / name).is_dir()]
