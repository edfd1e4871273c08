"""A table for the screen: everything that reads it happens in one thread of its own."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from orch_tui.model.errors import UserError
from orch_tui.project.paths import ProjectPaths
from orch_tui.storage.browse import Asked, ColumnFacts, Found, TableBrowser
from orch_tui.storage.opening import open_storage
from orch_tui.storage.preview import Cells
from orch_tui.storage.tables import TableInfo
from orch_tui.storage.versions import version_info

R = TypeVar("R")


class TableSource:
    """Answers in turn. A new view breaks off what the old one was still computing."""

    def __init__(self, paths: ProjectPaths, table: str, version: int | None = None) -> None:
        """``version`` is one that is kept; without it the newest at each :meth:`open`."""
        self._version = version
        self._storage = open_storage(paths)
        self.table = table
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="table")
        self._browser: TableBrowser | None = None

    async def open(self) -> TableInfo:
        """The version, looked at whole. Raises: UserError, OSError."""
        return await self._do(self._open)

    def _open(self) -> TableInfo:
        info = version_info(self._storage, self.table, self._version)
        if self._browser is not None:
            self._browser.close()
        self._browser = TableBrowser(self._storage, info)
        self._browser.look(Asked())
        return info

    async def look(self, asked: Asked) -> Found:
        """Raises: UserError."""
        self.interrupt()
        return await self._do(lambda: self._opened.look(asked))

    async def window(self, first: int, rows: int) -> list[Cells]:
        """Raises: UserError."""
        return await self._do(lambda: self._opened.window(first, rows))

    async def cell(self, row: int, column: int) -> str | None:
        """Raises: UserError."""
        return await self._do(lambda: self._opened.cell(row, column))

    async def facts(self, column: int) -> ColumnFacts:
        """Raises: UserError."""
        return await self._do(lambda: self._opened.facts(column))

    def interrupt(self) -> None:
        """End what is computed now."""
        if self._browser is not None:
            self._browser.interrupt()

    def close(self) -> None:
        """End what is computed, and the thread after it."""
        self.interrupt()
        browser = self._browser
        if browser is not None:
            self._thread.submit(browser.close)
        self._thread.shutdown(wait=False)

    @property
    def _opened(self) -> TableBrowser:
        if self._browser is None:
            raise UserError(f'table "{self.table}" is not open')
        return self._browser

    async def _do(self, what: Callable[[], R]) -> R:
        return await asyncio.get_running_loop().run_in_executor(self._thread, what)
