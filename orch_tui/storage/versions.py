"""Versions of a table that are still kept: one of them to look at, made the current one again, or copied out."""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from orch_tui.model.dataclass import dataclass
from orch_tui.model.errors import UserError
from orch_tui.model.texts.text import safe_line
from orch_tui.project.files.own_files import sync_own
from orch_tui.storage.duckdb import describe, literal, open_database, parquet, quoted, readable
from orch_tui.storage.preview import Cells, first_rows
from orch_tui.storage.publishing.committing import Prepared, commit_prepared, kept_before, new_version
from orch_tui.storage.publishing.intents import lock_without_intents
from orch_tui.storage.publishing.merge import bring
from orch_tui.storage.storage import SHOWN_CELL, Storage
from orch_tui.storage.tables import Decision, Origin, StorageError, TableInfo, TableVersion
from orch_tui.storage.values.conversion import text_of

_PRIVATE = 0o600
_CSV = "(format csv, header true, delimiter ',', quote '\"', escape '\"')"


def version_info(storage: Storage, table: str, number: int | None = None) -> TableInfo:
    """The table as it was in a version that is kept; as it is now without a number. Its columns are those of its file.

    Raises:
        UserError: there is no such table or version, with the versions that there are.
        StorageError: its file cannot be read.
    """
    info = storage.get(table)
    if info is None:
        raise UserError(f'table "{table}" does not exist in the storage yet; run a task that writes it')
    if number is None or number == info.version:
        return info
    kept = {one.version: one for one in storage.versions(table)}
    if number not in kept:
        raise UserError(
            f"version {number} of table {table} is not kept; these are: {', '.join(map(str, kept))} "
            "([storage] keep_versions and keep_days in orch.toml say how many)"
        )
    return _as_it_was(storage, info, kept[number])


def stage_version(storage: Storage, table: str, number: int, target: Path) -> TableInfo:
    """As :meth:`Storage.stage`, of a version that is kept. Raises: UserError, StorageError, OSError."""
    info = version_info(storage, table, number)
    try:
        storage.place.give(table, info.file.name, target)
    except FileNotFoundError as error:
        raise UserError(f"version {number} of table {table} was deleted in this moment") from error
    return info


def preview_version(storage: Storage, table: str, number: int, rows: int) -> tuple[list[str], list[Cells]]:
    """As :meth:`Storage.preview`, of a version that is kept. Raises: UserError, StorageError."""
    info = version_info(storage, table, number)
    shown = first_rows(storage.shown_file(info), info.columns, storage.root / ".tmp", rows, SHOWN_CELL)
    return [safe_line(name) for name, _ in info.columns], shown


def _as_it_was(storage: Storage, info: TableInfo, version: TableVersion) -> TableInfo:
    import duckdb

    file = storage.home(info.table) / version.file
    try:
        with open_database(storage.root / ".tmp", threads=1) as connection:
            columns = tuple(describe(connection, parquet(storage.place.at_hand(info.table, version.file))))
    except OSError as error:
        raise StorageError(f"version {version.version} of table {info.table}: {error}") from error
    except duckdb.Error as error:
        raise StorageError(f"version {version.version} of table {info.table}: {readable(error)}") from error
    names = {name for name, _ in columns}
    key = info.primary_key if version.primary_key is None else version.primary_key
    return replace(
        info,
        version=version.version,
        file=file,
        rows=version.rows,
        bytes=version.bytes,
        columns=columns,
        primary_key=key if names.issuperset(key) else (),
        created=version.created,
        run=version.run,
        task=version.task,
        decision=version.decision,
    )


def restore(storage: Storage, table: str, number: int, *, by: str, note: str) -> TableInfo:
    """Make a new version with exactly the rows of an old one; the versions between stay as they are.

    Raises:
        UserError: it is not kept, or is the current one.
        StorageError: the disk refused; nothing was changed.
    """
    with contextlib.ExitStack() as locks:
        lock_without_intents(storage, [table], locks)
        old = version_info(storage, table, number)
        current = storage.read_unrecovered(table)
        if current is None or current.version == number:
            raise UserError(f"version {number} of table {table} is the current one already")
        new, temporary, file = new_version(storage, table, current)
        try:
            bring(storage.file_of(old), temporary)
            temporary.chmod(_PRIVATE)
            # Where it is a copy, not another name of what is on the disk.
            sync_own(temporary)
        except OSError as error:
            temporary.unlink(missing_ok=True)
            raise StorageError(f"table {table} could not be restored: {error}; it is as before") from error
        info = replace(
            old,
            version=new,
            file=file,
            created=datetime.now(UTC).replace(microsecond=0),
            previous=kept_before(storage, current),
            decision=Decision(Origin.RESTORED, by, note, of=number),
        )
        commit_prepared(storage, [Prepared(temporary, info)])
        return info


def export(storage: Storage, info: TableInfo, target: Path) -> int:
    """Copy a version to a file outside of the storage: as it is (``.parquet``), or as ``.csv``; its bytes.

    It appears when it is whole. Raises: UserError when it cannot be written, or its name says neither.
    """
    import duckdb

    file = storage.shown_file(info)
    if target.suffix not in (".parquet", ".csv"):
        raise UserError(f"{target} says no format by its name; call it .parquet or .csv")
    temporary = target.with_name(f".{target.name}.{secrets.token_hex(4)}.tmp")
    try:
        if target.suffix == ".parquet":
            shutil.copyfile(file, temporary)
        else:
            with open_database(storage.root / ".tmp") as connection:
                texts = ", ".join(f"{text_of(quoted(name), kind)} as {quoted(name)}" for name, kind in info.columns)
                connection.execute(f"copy (select {texts} from {parquet(file)}) to {literal(str(temporary))} {_CSV}")
        os.replace(temporary, target)
        return target.stat().st_size
    except (OSError, duckdb.Error) as error:
        what = readable(error) if isinstance(error, duckdb.Error) else str(error)
        raise UserError(f"table {info.table} could not be written to {target}: {what}") from error
    finally:
        temporary.unlink(missing_ok=True)


@dataclass(frozen=True, slots=True)
class Excess:
    """A version that retention does not keep."""

    table: str
    version: TableVersion


def excess(storage: Storage, now: datetime) -> list[Excess]:
    """The versions of all tables that would go, the oldest of each table last. Raises: OSError."""
    return [
        Excess(info.table, version)
        for info in storage.tables()
        if info.problem is None
        for version in beyond(storage, info, now)
    ]


def beyond(storage: Storage, info: TableInfo, now: datetime) -> list[TableVersion]:
    """Those of one table: beyond the newest ``keep``, and older than ``keep_days`` where that is set."""
    kept = storage.retained(info.previous, now)
    return [one for one in info.previous if one not in kept and storage.has(info.table, one)]


def drop(storage: Storage, one: Excess) -> bool:
    """Delete one of :func:`excess`; False when it became the current one, or is gone. Raises: StorageError, OSError."""
    with storage.place.held([one.table], storage.log):
        info = storage.read_unrecovered(one.table)
        name = one.version.file
        if info is None or info.file.name == name or not storage.has(one.table, one.version):
            return False
        storage.place.remove(one.table, name)
        return True
