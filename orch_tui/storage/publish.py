"""Publishing: the outputs of a task become new versions of their tables, all of them or none.

The order that makes it so: lock the tables (sorted), bring every file into its table's directory under a temporary
name, check keys, fsync; write one intent file (this is the moment of the commit); rename files and replace the
table.toml files; remove the intent. A crash before the intent leaves temporary files only, a crash after it is rolled
forward by whoever opens the storage next.
"""

from __future__ import annotations

import contextlib
import os
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

import tomli_w

from orch_tui.model.errors import UserError
from orch_tui.project.files.atomic import sync_directory
from orch_tui.project.files.own_files import open_own
from orch_tui.project.paths import make_private
from orch_tui.storage.intents import (
    INTENTS,
    apply_intent,
    create_intent,
    lock_without_intents,
    locked,
    sweep_intents,
)
from orch_tui.storage.tables import Publication, StorageError, TableFiles, TableInfo, TableVersion

if TYPE_CHECKING:
    import duckdb

    from orch_tui.storage.changes import TypeChange

_PRIVATE = 0o600


@dataclass(slots=True)
class _Prepared:
    temporary: Path
    info: TableInfo
    written: int
    changes: list[TypeChange]


class Transaction:
    """Locks on the tables and their new files, ready to :meth:`commit`. Use it in ``with``.

    Entering it raises UserError or StorageError and changes nothing then.
    """

    def __init__(self, storage: TableFiles, items: Sequence[Publication], *, run: str, task: str) -> None:
        self._storage = storage
        self._items = items
        self._run = run
        self._task = task
        self._locks = contextlib.ExitStack()
        self._prepared: list[_Prepared] = []
        self._committed = False
        tables = [item.table for item in items]
        if twice := next((table for table in tables if tables.count(table) > 1), None):
            raise UserError(f'two outputs of this task go to table "{twice}"; give each table one output')

    @property
    def written(self) -> dict[str, int]:
        """Rows that this transaction brings, by table."""
        return {item.info.table: item.written for item in self._prepared}

    @property
    def changes(self) -> list[TypeChange]:
        """Columns that have another type in the new versions than before."""
        return [change for item in self._prepared for change in item.changes]

    def __enter__(self) -> Transaction:
        try:
            sweep_intents(self._storage)
            lock_without_intents(self._storage, [item.table for item in self._items], self._locks)
            self._prepare()
        except BaseException:
            self._release()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._release()

    def _release(self) -> None:
        with self._locks:
            for item in [] if self._committed else self._prepared:
                with contextlib.suppress(OSError):
                    # The next writer of the table removes what cannot be removed now.
                    item.temporary.unlink(missing_ok=True)

    def _prepare(self) -> None:
        import duckdb

        from orch_tui.storage.duckdb import open_database, readable

        if not self._items:
            return
        with open_database(self._storage.root / ".tmp") as connection:
            for item in self._items:
                home = self._storage.home(item.table)
                try:
                    self._prepare_table(connection, item, home)
                except (OSError, duckdb.IOException, duckdb.OutOfMemoryException) as error:
                    raise StorageError(
                        f'table "{item.table}" could not be written to {home}: {readable(error)}; '
                        "its old version is unchanged"
                    ) from error
                except duckdb.Error as error:
                    raise UserError(f'the rows for table "{item.table}" cannot be stored: {readable(error)}') from error

    def _prepare_table(self, connection: duckdb.DuckDBPyConnection, item: Publication, home: Path) -> None:
        from orch_tui.storage.merge import build_version

        _remove_leftovers(home)
        old = self._storage.read_unrecovered(item.table)
        number = 1 + max([old.version if old else 0, *_numbers(home)])
        temporary = home / f".{number:06d}-{secrets.token_hex(4)}.tmp"
        try:
            built = build_version(connection, item, old, temporary, self._storage.log)
            temporary.chmod(_PRIVATE)
            _sync_file(temporary)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
        info = TableInfo(
            table=item.table,
            version=number,
            file=home / f"{number:06d}.parquet",
            rows=built.rows,
            bytes=temporary.stat().st_size,
            columns=tuple(built.columns),
            primary_key=item.primary_key,
            mode=item.mode,
            created=datetime.now(UTC).replace(microsecond=0),
            run=self._run,
            task=self._task,
            previous=_history(old, self._storage.keep),
        )
        self._prepared.append(_Prepared(temporary, info, built.written, built.changes))

    def commit(self) -> list[TableInfo]:
        """Make the new versions the current ones. Short; signals should wait for it.

        Raises:
            StorageError: nothing was changed, or (after a failure between two table.toml files) the next one who
                opens the storage completes it.
        """
        if not self._prepared:
            return []
        with contextlib.ExitStack() as owned:
            try:
                intent = self._write_intent(owned)
            except OSError as error:
                raise StorageError(
                    f"the tables could not be written: {error}; their old versions are unchanged"
                ) from error
            # From here on the temporary files belong to the intent.
            self._committed = True
            try:
                apply_intent(self._storage, intent)
            except OSError as error:
                raise StorageError(
                    f"the tables are stored in part: {error}; make room on the disk, then any orch-tui command that "
                    "opens the storage completes it"
                ) from error
        for item in self._prepared:
            with contextlib.suppress(OSError):
                # Versions too many do no harm; the next writer tries again.
                _prune(self._storage, item.info.table, item.info)
        return [item.info for item in self._prepared]

    def _write_intent(self, owned: contextlib.ExitStack) -> Path:
        folder = self._storage.root / INTENTS
        make_private(folder)
        body = {
            "tables": [
                {
                    "table": item.info.table,
                    "temporary": item.temporary.name,
                    "file": item.info.file.name,
                    "version": item.info.version,
                    "manifest": write_manifest(item.info),
                }
                for item in sorted(self._prepared, key=lambda prepared: prepared.info.table)
            ]
        }
        for home in {item.temporary.parent for item in self._prepared}:
            sync_directory(home)
        return create_intent(folder, tomli_w.dumps(body).encode(), owned)


def write_manifest(info: TableInfo) -> str:
    """The text of table.toml."""
    body = {
        **_entry(info.current),
        "mode": info.mode.value,
        "primary_key": list(info.primary_key),
        "columns": [list(column) for column in info.columns],
        "previous": [_entry(version) for version in info.previous],
    }
    return tomli_w.dumps(body)


def _entry(version: TableVersion) -> dict[str, Any]:
    return {
        "version": version.version,
        "file": version.file,
        "rows": version.rows,
        "bytes": version.bytes,
        "created": version.created,
        "run": version.run,
        "task": version.task,
    }


def _history(old: TableInfo | None, keep: int) -> tuple[TableVersion, ...]:
    return () if old is None else (old.current, *old.previous)[: keep - 1]


def prune_table(storage: TableFiles, table: str) -> list[str]:
    """Delete the files beyond the newest ``storage.keep`` versions; their names. Raises: StorageError, OSError."""
    with locked(storage, [table]):
        info = storage.read_unrecovered(table)
        return [] if info is None else _prune(storage, table, info)


def _prune(storage: TableFiles, table: str, info: TableInfo) -> list[str]:
    home = storage.home(table)
    kept = {info.file.name, *(version.file for version in info.previous[: storage.keep - 1])}
    removed = []
    for number in sorted(_numbers(home)):
        name = f"{number:06d}.parquet"
        if name not in kept and number < info.version:
            (home / name).unlink(missing_ok=True)
            removed.append(name)
    return removed


def _numbers(home: Path) -> list[int]:
    return [int(path.stem) for path in home.glob("*.parquet") if path.stem.isdecimal()]


def _remove_leftovers(home: Path) -> None:
    """Temporary files of publications that died before their commit. Needs the table's lock."""
    for path in home.glob(".*.tmp"):
        path.unlink(missing_ok=True)


def _sync_file(path: Path) -> None:
    descriptor = open_own(path)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
