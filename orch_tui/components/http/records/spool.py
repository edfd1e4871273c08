"""Rows on their way: lines of JSON in a file, so that memory does not grow with them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

from orch_tui.components.http.records.flatten import Column, Flattener, cells
from orch_tui.model.errors import UserError
from orch_tui.storage.duckdb import literal, scan

PAGE = "page"
"""The member of a row with its page's number; cells have numbers as names."""
_LONGEST = 15 * 2**20
"""Bytes of one row; DuckDB refuses objects of 16 MB."""


class Spool:
    """The rows of one table on their way: a file ``scratch``, gone when the block ends.

    ``key`` are columns that tell rows apart; ``page`` is the number of the page that rows are from. ``halves`` are rows
    with half of a surrogate pair in a text, which is no text: it is stored as a question mark.
    """

    def __init__(self, scratch: Path, flattener: Flattener, key: Sequence[str] = ()) -> None:
        self._path = scratch
        self._file = scratch.open("wb", buffering=2**20)
        self._encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), check_circular=False).encode
        self.key = tuple(key)
        self.flattener = flattener
        self.page = 1
        self.rows = 0
        self.halves = 0

    def __enter__(self) -> Spool:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()
        self._path.unlink(missing_ok=True)

    def add(self, row: Mapping[str, Any]) -> None:
        """A row of the flattener's. Raises: UserError when it is larger than 15 MB."""
        if self.key:
            row = {PAGE: self.page, **row}
        text = self._encode(row)
        try:
            line = text.encode()
        except UnicodeEncodeError:
            line = text.encode("utf-8", "replace")
            self.halves += 1
        if len(line) > _LONGEST:
            raise UserError(f"record {self.rows + 1} is larger than {_LONGEST >> 20} MB, which is no row of a table")
        self._file.write(line + b"\n")
        self.rows += 1

    def close(self) -> None:
        """No rows are added any more, and they can be read."""
        self._file.close()

    def source(self, columns: Iterable[Column]) -> str:
        """What may stand behind ``from``: the cells of ``columns`` as texts, and :data:`PAGE`."""
        fields = {cell: "VARCHAR" for column in columns for cell in cells(column) if cell is not None}
        if self.key or not fields:
            fields[PAGE] = "BIGINT"
        listed = ", ".join(f"{literal(name)}: {literal(kind)}" for name, kind in fields.items())
        return scan("read_json", [self._path], "format = 'newline_delimited'", f"columns = {{{listed}}}")
