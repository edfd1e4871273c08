"""The tables of a project: immutable Parquet versions in plain directories, one small table.toml for each table.

Readers take no lock: table.toml is replaced atomically and names the current file. Writing is in ``publish``.
Listing tables does not import DuckDB.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from orch_tui.model.components.configuration import WriteMode
from orch_tui.model.errors import UserError
from orch_tui.model.problem import Problem, Severity
from orch_tui.model.texts.text import safe_line
from orch_tui.storage.place import PlaceError
from orch_tui.storage.tables import Publication, StorageError, TableFiles, TableInfo, TableVersion

if TYPE_CHECKING:
    from orch_tui.storage.preview import Cells
    from orch_tui.storage.publishing.publish import Transaction

T = TypeVar("T")

SHOWN_CELL = 1000
"""Characters of a cell in a preview."""
_TRIES = 20


class Storage(TableFiles):
    """All tables of a project: listed, read, published. What was interrupted is completed before anything is read."""

    def tables(self) -> list[TableInfo]:
        """Every table by name; one with a broken table.toml has ``problem`` set. Raises: OSError, StorageError."""
        self._recover()
        found = []
        try:
            for table, text in self.place.manifests():
                try:
                    info = self.understood(table, text)
                except StorageError as error:
                    info = self._broken(table, str(error))
                if info is not None:
                    found.append(info)
        except PlaceError as error:
            raise StorageError(f"tables cannot be listed: {error}") from error
        return found

    def get(self, table: str) -> TableInfo | None:
        """The table as it is now; None when it does not exist.

        Raises:
            StorageError: its table.toml cannot be read.
            UserError: ``table`` is not "bucket/table".
        """
        self._recover()
        return self.read_unrecovered(table)

    def versions(self, table: str) -> list[TableVersion]:
        """The versions that are still on disk, newest first. Raises: StorageError."""
        info = self.get(table)
        if info is None:
            return []
        return [info.current, *(item for item in info.previous if self.has(table, item))]

    def stage(self, table: str, target: Path) -> TableInfo | None:
        """Hard-link (or copy) the current version to ``target``, where it stays whatever is published later.

        None when there is no such table. Raises: StorageError, OSError.
        """

        def link(info: TableInfo) -> TableInfo:
            try:
                self.place.give(table, info.file.name, target)
            except PlaceError as error:
                raise StorageError(f'table "{table}" cannot be read: {error}') from error
            return info

        return self._with_current(table, link)

    def preview(self, table: str, rows: int = 100) -> tuple[list[str], list[Cells]]:
        """Column names and the first rows as texts that are safe to show; None for null.

        Raises:
            UserError: there is no such table, or its file cannot be read.
        """
        from orch_tui.storage.preview import first_rows

        def read(info: TableInfo) -> tuple[TableInfo, list[Cells]]:
            file = self._at_hand(info)
            try:
                return info, first_rows(file, info.columns, self.root / ".tmp", rows, SHOWN_CELL)
            except UserError as error:
                raise StorageError(f'table "{table}" in {info.file.parent}: {error}') from error

        found = self._with_current(table, read)
        if found is None:
            raise UserError(f'table "{table}" does not exist in the storage yet; run a task that writes it')
        info, cells = found
        return [safe_line(name) for name, _ in info.columns], cells

    def _at_hand(self, info: TableInfo) -> Path:
        """Raises: FileNotFoundError, StorageError."""
        try:
            return self.file_of(info)
        except PlaceError as error:
            raise StorageError(f'table "{info.table}" cannot be read: {error}') from error

    def prepare(self, items: Iterable[Publication], *, run: str = "", task: str = "") -> Transaction:
        """A transaction over several tables, to be used in ``with``: see :mod:`orch_tui.storage.publishing.publish`."""
        from orch_tui.storage.publishing.publish import Transaction

        return Transaction(self, list(items), run=run, task=task)

    def publish(self, items: Iterable[Publication], *, run: str = "", task: str = "") -> list[TableInfo]:
        """Publish staged Parquet files together: all of them or none.

        Raises:
            UserError: a primary key is wrong, a file is not Parquet, rows do not fit; nothing was changed.
            StorageError: the disk refused; nothing was changed.
        """
        with self.prepare(items, run=run, task=task) as transaction:
            return transaction.commit()

    def prune(self, table: str) -> list[str]:
        """Delete versions beyond the newest ``keep``; the names of the files. Raises: StorageError, OSError."""
        from orch_tui.storage.publishing.committing import prune_table

        return prune_table(self, table)

    def _recover(self) -> None:
        if self.place.interrupted():
            from orch_tui.storage.publishing.intents import roll_forward

            roll_forward(self, wait=5.0)

    def _with_current(self, table: str, use: Callable[[TableInfo], T]) -> T | None:
        """``use`` the current version; once more when it was pruned between table.toml and the file."""
        info = self.get(table)
        for _ in range(_TRIES):
            if info is None:
                return None
            try:
                return use(info)
            except FileNotFoundError:
                newer = self.get(table)
                if newer is not None and newer.version == info.version:
                    break
                info = newer
        file = info.file if info else self.place.where(table)
        raise StorageError(f'table "{table}" has lost its file {file}; restore it or write the table again')

    def _broken(self, table: str, message: str) -> TableInfo:
        where, project = self.place.where(table), self.root.parent.parent
        file = str(Path(where).relative_to(project)) if Path(where).is_relative_to(project) else where
        what, _, remedy = message.rpartition("; ")
        problem = Problem(Severity.ERROR, "table-unreadable", what, remedy, file=file)
        epoch = datetime.fromtimestamp(0, UTC)
        return TableInfo(table, 0, self.home(table), 0, 0, (), (), WriteMode.FULL, epoch, problem=problem)
