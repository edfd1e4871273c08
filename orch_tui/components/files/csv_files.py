"""Reading CSV files: names from the header, every value as text, by DuckDB's parser or ours but with one meaning."""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Iterable, Sequence
from dataclasses import field
from pathlib import Path

from orch_tui.components.files.csv_head import Head, body_lines, find_head, open_body
from orch_tui.components.files.csv_layout import Layout, Place, look_through
from orch_tui.components.files.source import Source
from orch_tui.components.kit.csv.copy import COPY_LINE_END, DEFAULT_LONGEST, LINE, write_copy
from orch_tui.components.kit.csv.dialect import Dialect, Empty
from orch_tui.components.kit.csv.grammar import Fields, Grammar, Irregular, Width
from orch_tui.components.kit.sql import usable_names
from orch_tui.model.dataclass import dataclass
from orch_tui.model.errors import UserError
from orch_tui.storage.duckdb import literal
from orch_tui.storage.duckdb import scan as scan_files

MAX_COLUMNS = 5_000
_NO_NULL = f"no null {secrets.token_hex(16)}"
"""DuckDB wants at least one text that means "no value"."""


@dataclass(frozen=True, slots=True)
class Reading:
    """How DuckDB is told to read a file. Files with the same reading and names are read by one call."""

    packing: str
    delimiter: str
    quote: str
    line_end: str
    header: bool
    longest: int
    nulls: tuple[str, ...]
    quoted_nulls: bool
    numbered: bool = False


@dataclass(slots=True)
class CsvFile:
    """One file, looked at: ``path`` is what DuckDB reads (perhaps a copy), ``rows`` how many records it has."""

    source: Source
    head: Head
    names: list[str]
    path: Path
    reading: Reading
    rows: int
    irregular: Irregular = field(default_factory=Irregular)
    remarks: list[str] = field(default_factory=list)

    @property
    def alike(self) -> tuple[object, ...]:
        """Files with equal values here can be read by one call of read_csv."""
        return self.reading, tuple(self.names)

    @property
    def copied(self) -> bool:
        """Our own grammar has read it."""
        return self.reading.numbered


def look_at(source: Source, dialect: Dialect, scratch: Path) -> CsvFile | None:
    """Read a UTF-8 file to its end; None for a file without any record.

    Raises:
        UserError: the file cannot be read or a record does not fit; with file, line and reason.
        OSError: a copy cannot be written.
    """
    head = find_head(source, dialect)
    if head is None:
        return None
    names, remarks = _names(source, head, dialect)
    with open_body(source, head.offset) as body:
        layout = look_through(body, dialect, head.delimiter, len(names), Place(source.label, head.lines))
    rows = layout.records - (1 if dialect.header else 0)
    file = CsvFile(source, head, names, source.path, _reading(source, head, dialect, layout), rows, remarks=remarks)
    if not layout.regular:
        copy(file, dialect, scratch)
    elif not head.plain:
        file.path = _scratch_name(scratch)
        file.reading = _reading(source, head, dialect, layout, packing="none")
        with open_body(source, head.offset) as body, file.path.open("wb") as out:
            shutil.copyfileobj(body, out, 2**20)
    return file


def copy(file: CsvFile, dialect: Dialect, scratch: Path) -> None:
    """Let our own grammar read the file, into a copy that has one meaning only.

    Raises:
        UserError: a record does not fit; with file, line and reason.
        OSError: the copy cannot be written.
    """
    file.irregular = Irregular()
    records = file_records(file, dialect, file.irregular)
    file.path = _scratch_name(scratch)
    longest, file.rows = write_copy(records, file.path)
    file.reading = Reading("none", ",", '"', COPY_LINE_END, False, longest, ("",), quoted_nulls=False, numbered=True)


def file_records(file: CsvFile, dialect: Dialect, irregular: Irregular) -> Iterable[tuple[int, Fields]]:
    """The rows of a file as our own grammar reads them, each with the number of its line. Raises: UserError."""
    label, head = file.source.label, file.head
    grammar = Grammar(dialect, head.delimiter, label)
    records = grammar.records(body_lines(file.source, head), head.lines + 1, irregular, one_column=len(file.names) == 1)
    if dialect.header:
        next(records, None)
    return Width(len(file.names), dialect.ragged, label, irregular).fitted(records)


def scan(files: Sequence[CsvFile]) -> str:
    """The read_csv call for files that are alike; all columns are text."""
    reading = files[0].reading
    numbered = [LINE] if reading.numbered else []
    columns = ", ".join(f"{literal(name)}: 'VARCHAR'" for name in [*numbered, *files[0].names])
    arguments = [
        "auto_detect = false",
        f"columns = {{{columns}}}",
        f"delim = {literal(reading.delimiter)}",
        f"quote = {literal(reading.quote)}",
        f"escape = {literal(reading.quote)}",
        f"new_line = {literal(reading.line_end.encode('unicode_escape').decode())}",
        f"header = {'true' if reading.header else 'false'}",
        "comment = ''",
        f"nullstr = {_list(reading.nulls)}",
        f"allow_quoted_nulls = {'true' if reading.quoted_nulls else 'false'}",
        f"compression = {literal(reading.packing)}",
        "filename = false",
    ]
    if reading.longest > DEFAULT_LONGEST:
        arguments.append(f"max_line_size = {reading.longest + 1024}")
    return scan_files("read_csv", [file.path for file in files], *arguments)


def line_of(file: CsvFile, dialect: Dialect, name: str, value: str) -> int | None:
    """The line of the first record with this text in this column. Raises: UserError."""
    position = file.names.index(name)
    return next((line for line, row in file_records(file, dialect, Irregular()) if row[position] == value), None)


def _names(source: Source, head: Head, dialect: Dialect) -> tuple[list[str], list[str]]:
    first = [text or "" for text in head.first]
    raw = first if dialect.header else list(dialect.names or (f"column{n + 1}" for n in range(len(first))))
    if len(raw) != len(first):
        raise UserError(f"{source.label}: names lists {len(raw)} columns and the first line has {len(first)}")
    if len(raw) > MAX_COLUMNS:
        raise UserError(
            f"{source.label} has {len(raw)} columns; a table can have {MAX_COLUMNS}. Is the delimiter right? Turn "
            "columns into rows, or split the file"
        )
    names, remarks = usable_names(raw)
    return names, [f"{source.label}: {remark}" for remark in remarks]


def _reading(source: Source, head: Head, dialect: Dialect, layout: Layout, packing: str | None = None) -> Reading:
    nulls = sorted(dialect.nulls) or [_NO_NULL]
    return Reading(
        packing=source.packing if packing is None else packing,
        delimiter=head.delimiter,
        quote=dialect.quote,
        line_end=layout.line_end or "\n",
        header=dialect.header,
        # Files that differ in this only are still read together.
        longest=layout.longest if layout.longest > DEFAULT_LONGEST else 0,
        nulls=tuple(nulls),
        quoted_nulls=dialect.empty is not Empty.QUOTED,
    )


def _scratch_name(scratch: Path) -> Path:
    return scratch / f"copy-{len(os.listdir(scratch)):05d}"


def _list(texts: Iterable[str]) -> str:
    return f"[{', '.join(literal(text) for text in texts)}]"
