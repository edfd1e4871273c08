"""Locks of tables, and the intents that make a set of tables change as one.

An intent is a small file that says which temporary files become which versions. Its owner holds a lock on it, so that
who finds it free knows that the owner died and completes it.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import secrets
import time
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from orch_tui.model.dataclass import dataclass
from orch_tui.model.errors import UserError
from orch_tui.project.files.atomic import sync_directory
from orch_tui.project.files.own_files import open_own, read_own_text, replace_own, write_all
from orch_tui.project.paths import lock_inside, make_private
from orch_tui.storage.candidates import settle
from orch_tui.storage.tables import MANIFEST, StorageError, TableFiles, parse_manifest

INTENTS = ".intents"


@dataclass(frozen=True, slots=True)
class Settled:
    """What is decided of a candidate together with a publication; ``told`` is for the attempt that made it."""

    candidate: str
    told: Mapping[str, str]

    def as_toml(self) -> dict[str, Any]:
        return {"id": self.candidate, "told": dict(self.told)}


_OLD = 3600.0
"""Seconds after which a temporary file belongs to nobody."""
_POLL = 0.02
"""Seconds between two tries for a lock that is waited for with a limit."""


@contextlib.contextmanager
def locked(storage: TableFiles, tables: Iterable[str], wait: float | None = None) -> Iterator[bool]:
    """Hold the locks of the tables, taken in sorted order. ``wait`` seconds at most; then the value is False.

    Raises: OSError.
    """
    with contextlib.ExitStack() as stack:
        limit = None if wait is None else time.monotonic() + wait
        held = True
        for table in sorted(set(tables)):
            home = storage.home(table)
            make_private(home)
            descriptor = open_own(lock_inside(home), os.O_RDWR | os.O_CREAT)
            # Closing gives the lock back, and so does the end of the process, however it ends.
            stack.callback(os.close, descriptor)
            if not _lock(storage, table, descriptor, limit):
                held = False
                break
        yield held


def _lock(storage: TableFiles, table: str, descriptor: int, limit: float | None) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return True
    except BlockingIOError:
        pass
    if limit is None:
        storage.log(f'waiting for table "{table}", which another task is writing')
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


def lock_without_intents(storage: TableFiles, tables: Sequence[str], stack: contextlib.ExitStack) -> None:
    """Lock the tables at a moment when no interrupted publication of them is left.

    An intent may name tables that sort before these, so it is completed before these are locked, never while.
    """
    while True:
        roll_forward(storage)
        with contextlib.ExitStack() as attempt:
            try:
                attempt.enter_context(locked(storage, tables))
            except OSError as error:
                raise StorageError(
                    f"the storage {storage.root} cannot be written: {error}; check its owner, its mode and the disk"
                ) from error
            if not _intents_of(storage, set(tables)):
                stack.push(attempt.pop_all())
                return


def _intents_of(storage: TableFiles, tables: set[str]) -> bool:
    return any(tables & {item["table"] for item in _read_intent(path) or []} for path in _intents(storage))


def _intents(storage: TableFiles) -> list[Path]:
    try:
        return sorted(path for path in (storage.root / INTENTS).iterdir() if path.suffix == ".toml")
    except FileNotFoundError:
        return []


def _read_intent(path: Path) -> list[dict[str, Any]] | None:
    """The tables of an intent; None when it is gone. Raises: OSError, ValueError."""
    body = _read_body(path)
    if body is None:
        return None
    tables = body.get("tables", [])
    if not all(isinstance(item.get(key), str) for item in tables for key in ("table", "temporary", "file", "manifest")):
        raise ValueError(f"{path} is no intent")
    return list(tables)


def _read_body(path: Path) -> dict[str, Any] | None:
    try:
        return tomllib.loads(read_own_text(path))
    except FileNotFoundError:
        return None


def _settled(path: Path) -> Settled | None:
    """What an intent says of a candidate. Raises: OSError, ValueError."""
    said = (_read_body(path) or {}).get("candidate")
    return Settled(str(said["id"]), {str(k): str(v) for k, v in said["told"].items()}) if said else None


def roll_forward(storage: TableFiles, wait: float | None = None) -> None:
    """Complete publications whose process died between the commit and the last table.toml.

    ``wait`` limits the seconds for the locks of the tables; None waits for the owner of an intent as well. A storage
    that cannot be written is left as it is: a reader then sees the state without the interrupted publication.
    """
    for path in _intents(storage):
        try:
            with _orphaned(path, block=wait is None) as orphaned:
                if orphaned:
                    _complete(storage, path, wait)
        except (tomllib.TOMLDecodeError, UnicodeDecodeError, ValueError, UserError) as error:
            with contextlib.suppress(OSError):
                path.rename(path.with_suffix(".broken"))
            storage.log(f"{path} cannot be understood and was set aside: {error}")
        except OSError as error:
            if wait is None:
                raise StorageError(f"an interrupted publication cannot be completed: {error}; see {path}") from error
            storage.log(f"an interrupted publication cannot be completed: {error}; see {path}")


@contextlib.contextmanager
def _orphaned(intent: Path, *, block: bool) -> Iterator[bool]:
    """Whether the intent is there and its owner is not; nobody else completes it inside the block. Raises: OSError."""
    try:
        # On a network file system only who may write can lock alone: NFS answers EBADF (flock(2)).
        descriptor = open_own(intent, os.O_RDWR)
    except FileNotFoundError:
        yield False
        return
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | (0 if block else fcntl.LOCK_NB))
        except BlockingIOError:
            yield False
        else:
            yield intent.exists()
    finally:
        os.close(descriptor)


def _complete(storage: TableFiles, intent: Path, wait: float | None) -> None:
    tables = [item["table"] for item in _read_intent(intent) or []]
    with locked(storage, tables, wait) as held:
        if held:
            apply_intent(storage, intent)
            storage.log(f"completed the interrupted publication of {', '.join(tables)}")


def apply_intent(storage: TableFiles, intent: Path) -> None:
    """Carry out an intent; doing it again after a crash in the middle gives the same. Needs the locks."""
    items = _read_intent(intent) or []
    for item in items:
        home = storage.home(item["table"])
        temporary, file = home / Path(item["temporary"]).name, home / Path(item["file"]).name
        if temporary.exists():
            temporary.replace(file)
        elif not file.exists():
            raise ValueError(f"{file} of an interrupted publication is gone")
    for item in items:
        home = storage.home(item["table"])
        new = parse_manifest(item["table"], home, item["manifest"])
        current = storage.read_unrecovered(item["table"])
        if current is None or current.version < new.version:
            replace_own(home / MANIFEST, item["manifest"])
    if (settled := _settled(intent)) is not None:
        settle(storage, settled.candidate, settled.told, accepted=True)
    intent.unlink()


def sweep_intents(storage: TableFiles) -> None:
    """Remove what publications left that died while they wrote their intent, an hour ago at least."""
    for path in (storage.root / INTENTS).glob(".*.tmp"):
        with contextlib.suppress(OSError):
            if time.time() - path.stat().st_mtime > _OLD:
                path.unlink()


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
