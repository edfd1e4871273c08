"""The moment at which prepared files become versions of their tables, all of them or none; and what goes after it."""

from __future__ import annotations

import contextlib
import secrets
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import tomli_w

from orch_tui.model.dataclass import dataclass
from orch_tui.storage.place import NotKnown, PlaceError
from orch_tui.storage.publishing.candidates import drop_outdated
from orch_tui.storage.publishing.intents import Settled, apply_intent
from orch_tui.storage.tables import StorageError, TableFiles, TableInfo, TableVersion, number_of


@dataclass(frozen=True, slots=True)
class Prepared:
    """A file in its table's directory under a temporary name, on the disk for good, and the version that it becomes."""

    temporary: Path
    info: TableInfo


class NewVersion(NamedTuple):
    """A version to come: ``temporary`` is where its file is made, ``file`` the name that it gets."""

    number: int
    temporary: Path
    file: Path


def commit_prepared(storage: TableFiles, prepared: Sequence[Prepared], settled: Settled | None = None) -> None:
    """Make the versions the current ones. Short; signals should wait for it. Needs the locks of the tables.

    The temporary files are gone afterwards, whatever happens. ``settled`` is what is decided of a candidate with it.

    Raises:
        StorageError: nothing was changed, or (after a failure between two table.toml files) the next one who opens
            the storage completes it.
    """
    with contextlib.ExitStack() as owned:
        try:
            for item in prepared:
                storage.place.bring(item.info.table, item.temporary, item.info.file.name)
            intent = storage.place.commit(_intent(prepared, settled), owned)
        except NotKnown as error:
            raise StorageError(
                f"nobody can say yet whether the tables were published, all or none: {error}; once it answers, "
                "orch-tui tables shows their versions"
            ) from error
        except OSError as error:
            for item in prepared:
                with contextlib.suppress(OSError):
                    # The next writer of the table removes what cannot be removed now.
                    item.temporary.unlink(missing_ok=True)
            raise StorageError(f"the tables could not be written: {error}; their old versions are unchanged") from error
        try:
            if intent is not None:
                apply_intent(storage, intent)
        except PlaceError as error:
            # Readers go by the commit alone there.
            storage.log(f"the tables are published; the next one who writes them tidies up, since now {error}")
        except OSError as error:
            raise StorageError(
                f"the tables are stored in part: {error}; make room on the disk, then any orch-tui command that "
                "opens the storage completes it"
            ) from error
    with contextlib.suppress(OSError):
        # What is too much does no harm; the next writer tries again.
        for item in prepared:
            prune_versions(storage, item.info)
        drop_outdated(storage, {item.info.table: item.info.version for item in prepared})


def _intent(prepared: Sequence[Prepared], settled: Settled | None) -> dict[str, Any]:
    body: dict[str, Any] = {
        "tables": [
            {
                "table": item.info.table,
                "temporary": item.temporary.name,
                "file": item.info.file.name,
                "version": item.info.version,
                "manifest": write_manifest(item.info),
            }
            for item in sorted(prepared, key=lambda one: one.info.table)
        ]
    }
    if settled is not None:
        body["candidate"] = settled.as_toml()
    return body


def write_manifest(info: TableInfo) -> str:
    """The text of table.toml."""
    body = {
        **_entry(info.current),
        "mode": info.mode.value,
        "primary_key": list(info.primary_key),
        "columns": [list(column) for column in info.columns],
        "previous": [_entry(version) | _key(version) for version in info.previous],
    }
    return tomli_w.dumps(body)


def _entry(version: TableVersion) -> dict[str, Any]:
    decision = version.decision
    return {
        "version": version.version,
        "file": version.file,
        "rows": version.rows,
        "bytes": version.bytes,
        "created": version.created,
        "run": version.run,
        "task": version.task,
        **({"decision": decision.as_toml()} if decision is not None else {}),
    }


def _key(version: TableVersion) -> dict[str, Any]:
    return {} if version.primary_key is None else {"primary_key": list(version.primary_key)}


def prune_table(storage: TableFiles, table: str) -> list[str]:
    """Delete the files of versions that retention does not keep; their names. Raises: StorageError, OSError."""
    with storage.place.held([table], storage.log):
        info = storage.read_unrecovered(table)
        return [] if info is None else prune_versions(storage, info)


def prune_versions(storage: TableFiles, info: TableInfo) -> list[str]:
    """The same for who holds the lock of the table, whose manifest says this. Raises: OSError."""
    kept = {info.file.name, *(version.file for version in storage.retained(info.previous, datetime.now(UTC)))}
    removed = []
    for number, name in sorted(_stored_versions(storage, info.table)):
        if name not in kept and number < info.version:
            storage.place.remove(info.table, name)
            removed.append(name)
    return removed


def _stored_versions(storage: TableFiles, table: str) -> list[tuple[int, str]]:
    """Numbers and names of the files of a table's versions. Raises: OSError."""
    found = [(number_of(name), name) for name in storage.place.names(table)]
    return [(number, name) for number, name in found if number is not None]


def next_version(storage: TableFiles, table: str, old: TableInfo | None) -> int:
    """The number of the version after all that are, or were. Needs the table's lock. Raises: OSError."""
    if old is not None and storage.place.far:
        # Names are given once there, whatever their numbers.
        return old.version + 1
    return 1 + max([old.version if old else 0, *(number for number, _ in _stored_versions(storage, table))])


def new_version(storage: TableFiles, table: str, old: TableInfo | None) -> NewVersion:
    """Where to make the file of the next version. Needs the table's lock. Raises: OSError."""
    home, number = storage.home(table), next_version(storage, table, old)
    return NewVersion(number, home / f".{number:06d}-{secrets.token_hex(4)}.tmp", home / storage.place.name_of(number))


def kept_before(storage: TableFiles, old: TableInfo | None) -> tuple[TableVersion, ...]:
    """The versions that a new one lists as those before it."""
    return () if old is None else storage.retained((old.current, *old.previous), datetime.now(UTC))
