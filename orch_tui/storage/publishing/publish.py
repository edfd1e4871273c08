"""Publishing: the outputs of a task become new versions of their tables, all of them or none.

The order that makes it so: lock the tables (sorted), bring every file into its table's directory under a temporary
name, check keys, fsync; write one intent file (this is the moment of the commit); rename files and replace the
table.toml files; remove the intent. A crash before the intent leaves temporary files only, a crash after it is rolled
forward by whoever opens the storage next.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

from orch_tui.model.components.configuration import WriteMode
from orch_tui.model.dataclass import dataclass
from orch_tui.model.errors import UserError
from orch_tui.project.files.own_files import sync_own
from orch_tui.storage.publishing.candidates import Maker, keep_candidate, new_candidate_id
from orch_tui.storage.publishing.committing import Prepared, commit_prepared, kept_before, new_version
from orch_tui.storage.publishing.intents import lock_without_intents
from orch_tui.storage.tables import Publication, StorageError, TableFiles, TableInfo

if TYPE_CHECKING:
    import duckdb

    from orch_tui.model.checks.values import Check, CheckResult
    from orch_tui.storage.changes import TypeChange

_PRIVATE = 0o600


@dataclass(slots=True)
class _Prepared:
    temporary: Path
    info: TableInfo
    old: TableInfo | None
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
            self._storage.place.sweep()
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
        # Another database costs as much as all the rest of a small task.
        whole = all(item.is_whole for item in self._items)
        with contextlib.nullcontext() if whole else open_database(self._storage.root / ".tmp") as connection:
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

    def _prepare_table(self, connection: duckdb.DuckDBPyConnection | None, item: Publication, home: Path) -> None:
        from orch_tui.storage.publishing.merge import bring_whole, build_version

        _remove_leftovers(home)
        old = self._storage.read_unrecovered(item.table)
        if old is not None and item.mode is not WriteMode.FULL:
            # What is kept elsewhere comes to this machine to be read.
            self._storage.file_of(old)
        number, temporary, file = new_version(self._storage, item.table, old)
        try:
            if connection is None:
                built = bring_whole(item, old, temporary, self._storage.log)
            else:
                built = build_version(connection, item, old, temporary, self._storage.log)
            temporary.chmod(_PRIVATE)
            sync_own(temporary)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
        info = TableInfo(
            table=item.table,
            version=number,
            file=file,
            rows=built.rows,
            bytes=temporary.stat().st_size,
            columns=tuple(built.columns),
            primary_key=item.primary_key,
            mode=item.mode,
            created=datetime.now(UTC).replace(microsecond=0),
            run=self._run,
            task=self._task,
            previous=kept_before(self._storage, old),
        )
        self._prepared.append(_Prepared(temporary, info, old, built.written, built.changes))

    def bring(self) -> None:
        """Before :meth:`commit`: what of it takes long, where tables are kept elsewhere. Raises: StorageError."""
        try:
            for item in self._prepared:
                self._storage.place.bring(item.info.table, item.temporary, item.info.file.name)
        except OSError as error:
            raise StorageError(f"the tables could not be written: {error}; their old versions are unchanged") from error

    def commit(self) -> list[TableInfo]:
        """Make the new versions the current ones. Short; signals should wait for it.

        Raises:
            StorageError: nothing was changed, or (after a failure between two table.toml files) the next one who
                opens the storage completes it.
        """
        if not self._prepared:
            return []
        # From here on the temporary files belong to the commit.
        self._committed = True
        commit_prepared(self._storage, [Prepared(item.temporary, item.info) for item in self._prepared])
        return [item.info for item in self._prepared]

    def examine(
        self, checks: Sequence[Check], now: datetime, stored: Callable[[], Iterable[TableInfo]]
    ) -> list[CheckResult]:
        """What these checks find in the new versions, before anybody else can see them. ``stored`` gives all tables.

        Raises: StorageError.
        """
        import duckdb

        from orch_tui.storage.checks.examine import CandidateFile, examine
        from orch_tui.storage.duckdb import readable

        files = [
            CandidateFile(item.info.table, item.temporary, item.info.primary_key, item.old) for item in self._prepared
        ]
        try:
            return examine(self._storage, stored, files, checks, now)
        except (OSError, duckdb.Error) as error:
            raise StorageError(
                f"what the task wrote could not be checked: {readable(error)}; nothing was published"
            ) from error

    def set_aside(self, maker: Maker, results: Sequence[Mapping[str, Any]], state: Mapping[str, Any] | None) -> str:
        """Keep the new versions as a candidate instead of publishing them; its id. ``results`` hold no secrets.

        Raises:
            StorageError: nothing is kept then.
        """
        files = [(item.temporary, item.info, item.old.version if item.old else 0) for item in self._prepared]
        identity = new_candidate_id()
        try:
            keep_candidate(self._storage, files, maker, results, state, identity)
        except OSError as error:
            raise StorageError(
                f"a check refused the tables, and they could not be kept aside: {error}; nothing was published"
            ) from error
        self._committed = True
        return identity


def _remove_leftovers(home: Path) -> None:
    """Temporary files of publications that died before their commit. Needs the table's lock."""
    for path in home.glob(".*.tmp"):
        path.unlink(missing_ok=True)
