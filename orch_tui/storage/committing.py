"""The moment at which prepared files become versions of their tables, all of them or none; and what goes after it."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import tomli_w

from orch_tui.model.dataclass import dataclass
from orch_tui.project.files.atomic import sync_directory
from orch_tui.project.paths import make_private
from orch_tui.storage.candidates import drop_outdated
from orch_tui.storage.intents import INTENTS, Settled, apply_intent, create_intent, locked
from orch_tui.storage.tables import StorageError, TableFiles, TableInfo, TableVersion


@dataclass(frozen=True, slots=True)
class Prepared:
    """A file in its table's directory under a temporary name, on the disk for good, and the version that it becomes."""

    temporary: Path
    info: TableInfo


def commit_prepared(storage: TableFiles, prepared: Sequence[Prepared], settled: Settled | None = None) -> None:
    """Make the versions the current ones. Short; signals should wait for it. Needs the locks of the tables.

    The temporary files are gone afterwards, whatever happens. ``settled`` is what is decided of a candidate with it.

    Raises:
        StorageError: nothing was changed, or (after a failure between two table.toml files) the next one who opens
            the storage completes it.
    """
    with contextlib.ExitStack() as owned:
        try:
            intent = _write_intent(storage, prepared, settled, owned)
        except OSError as error:
            for item in prepared:
                with contextlib.suppress(OSError):
                    # The next writer of the table removes what cannot be removed now.
                    item.temporary.unlink(missing_ok=True)
            raise StorageError(f"the tables could not be written: {error}; their old versions are unchanged") from error
        try:
            apply_intent(storage, intent)
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


def _write_intent(
    storage: TableFiles, prepared: Sequence[Prepared], settled: Settled | None, owned: contextlib.ExitStack
) -> Path:
    folder = storage.root / INTENTS
    make_private(folder)
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
    for home in {item.temporary.parent for item in prepared}:
        sync_directory(home)
    return create_intent(folder, tomli_w.dumps(body).encode(), owned)


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
    with locked(storage, [table]):
        info = storage.read_unrecovered(table)
        return [] if info is None else prune_versions(storage, info)


def prune_versions(storage: TableFiles, info: TableInfo) -> list[str]:
    """The same for who holds the lock of the table, whose manifest says this. Raises: OSError."""
    home = storage.home(info.table)
    kept = {info.file.name, *(version.file for version in storage.retained(info.previous, datetime.now(UTC)))}
    removed = []
    for number in sorted(version_numbers(home)):
        name = f"{number:06d}.parquet"
        if name not in kept and number < info.version:
            (home / name).unlink(missing_ok=True)
            removed.append(name)
    return removed


def version_numbers(home: Path) -> list[int]:
    """Of the files of versions in a table's directory. Raises: OSError."""
    return [int(path.stem) for path in home.glob("*.parquet") if path.stem.isdecimal()]


def next_version(home: Path, old: TableInfo | None) -> int:
    """The number of the version after all that are, or were. Needs the table's lock. Raises: OSError."""
    return 1 + max([old.version if old else 0, *version_numbers(home)])


def kept_before(storage: TableFiles, old: TableInfo | None) -> tuple[TableVersion, ...]:
    """The versions that a new one lists as those before it."""
    return () if old is None else storage.retained((old.current, *old.previous), datetime.now(UTC))
