"""Reading CSV files: names from the header, types from all rows, and errors with file and line."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from orch_tui.components.files.sources import Source, head
from orch_tui.components.kit.component import UserError
from orch_tui.components.kit.sql import NO_TYPE, literal, quoted, readable, usable_names
from orch_tui.model.text import safe_line

if TYPE_CHECKING:
    import duckdb

_DELIMITERS = (",", ";", "\t", "|")


@dataclass(frozen=True, slots=True)
class Dialect:
    """How a CSV file is written. ``delimiter`` None: found out from the first lines."""

    delimiter: str | None = None
    quote: str = '"'
    header: bool = True
    skip_lines: int = 0
    null_values: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    all_text: bool = False


@dataclass(slots=True)
class CsvFile:
    """One file, looked at: names and types of its columns, the formats of its dates, sentences to log."""

    source: Source
    delimiter: str
    skip: int
    columns: dict[str, str]
    date_format: str | None = None
    timestamp_format: str | None = None
    remarks: list[str] = field(default_factory=list)

    @property
    def alike(self) -> tuple[object, ...]:
        """Files with equal values here can be read by one call of read_csv."""
        return (
            self.delimiter, self.skip, self.source.packing, tuple(self.columns.items()),
            self.date_format, self.timestamp_format,
        )  # fmt: skip


def look_at(con: duckdb.DuckDBPyConnection, source: Source, dialect: Dialect) -> CsvFile | None:
    """Find out names and types; None for a file without any line.

    DuckDB's sniffer looks at every row, but only for the types: left alone it also guesses where the header is, and
    a file of texts, or one with a broken line, then loses its names without a word.

    Raises:
        UserError: the file cannot be read, or a line does not fit; with file, line and reason.
    """
    text = head(source)
    records = _records(text, dialect)
    if not records:
        return None
    delimiter = dialect.delimiter or ("\t" if source.format == "tsv" else _find_delimiter(text, dialect))
    first = next(iter(_records(text, dialect, delimiter)), [])
    raw = list(first) if dialect.header else list(dialect.names or (f"column{n + 1}" for n in range(len(first))))
    if len(raw) != len(first):
        raise UserError(f"{source.label}: names lists {len(raw)} columns and the first line has {len(first)}")
    names, remarks = usable_names(raw)
    found = CsvFile(source, delimiter, _lines_to_skip(text, dialect), dict.fromkeys(names, "VARCHAR"))
    found.remarks += [f"{source.label}: {remark}" for remark in remarks]
    if dialect.all_text:
        return found
    if dialect.header and len(records) == 1:
        # No row, no type: another file's types count.
        check(con, found, dialect)
        found.columns = dict.fromkeys(names, NO_TYPE)
        return found
    _sniff(con, found, dialect)
    return found


def _sniff(con: duckdb.DuckDBPyConnection, file: CsvFile, dialect: Dialect) -> None:
    """Put the types of all rows into ``file``. Raises: UserError with the line that does not fit."""
    import duckdb

    label, names = file.source.label, list(file.columns)
    unknown = f"{label}: the types of its columns cannot be told; they are stored as text"
    arguments = [
        literal(str(file.source.path)),
        *_options(file, dialect),
        "sample_size = -1",
        f"names = {_list(names)}",
    ]
    try:
        row = con.execute(
            f"select Columns, DateFormat, TimestampFormat from sniff_csv({', '.join(arguments)})"
        ).fetchone()
    except duckdb.InvalidInputException:
        # The sniffer only says that it failed; reading every value as text finds the line that is at fault.
        check(con, file, dialect)
        file.remarks.append(unknown)
        return
    except duckdb.Error as error:
        raise UserError(explain(error, label)) from error
    if row is None or [item["name"] for item in row[0]] != names:
        file.remarks.append(unknown)
        return
    file.columns = {item["name"]: str(item["type"]) for item in row[0]}
    file.date_format, file.timestamp_format = row[1], row[2]
    # 01/02/2026 is two days: the reader of the log can see which one was taken.
    for text in (file.date_format, file.timestamp_format):
        if text and not text.startswith("%Y"):
            file.remarks.append(f"{label}: dates are read as {text}; set types to VARCHAR if they are not")
    _keep_letters(con, file, dialect)


def _keep_letters(con: duckdb.DuckDBPyConnection, file: CsvFile, dialect: Dialect) -> None:
    """Only "true" and "false" are booleans; DuckDB takes a column of t, f, y or n for one, and its letters are lost."""
    booleans = [name for name, kind in file.columns.items() if kind == "BOOLEAN"]
    if not booleans:
        return
    tests = ", ".join(f"bool_and(lower({quoted(name)}) in ('true', 'false'))" for name in booleans)
    text = dict.fromkeys(file.columns, "VARCHAR")
    row = con.execute(f"select {tests} from {scan([file], text, dialect)}").fetchone() or ()
    file.columns.update({name: "VARCHAR" for name, real in zip(booleans, row, strict=True) if real is False})


def forget_empty(con: duckdb.DuckDBPyConnection, file: CsvFile, names: Sequence[str], dialect: Dialect) -> None:
    """Columns among ``names`` without any value lose the type "text" that stands for "nothing seen"."""
    counts = ", ".join(f"count({quoted(name)})" for name in names)
    text = dict.fromkeys(file.columns, "VARCHAR")
    row = con.execute(f"select {counts} from {scan([file], text, dialect)}").fetchone() or ()
    file.columns.update({name: NO_TYPE for name, count in zip(names, row, strict=True) if count == 0})


def check(con: duckdb.DuckDBPyConnection, file: CsvFile, dialect: Dialect) -> None:
    """Read a file as text to its end. Raises: UserError with the line that does not fit."""
    import duckdb

    text = dict.fromkeys(file.columns, "VARCHAR")
    try:
        con.execute(f"select count(*) from {scan([file], text, dialect)}").fetchone()
    except duckdb.Error as error:
        raise UserError(explain(error, file.source.label)) from error


def scan(files: Sequence[CsvFile], types: Mapping[str, str], dialect: Dialect) -> str:
    """The read_csv call for files that are alike, with these types of their columns."""
    first = files[0]
    kinds = {name: "VARCHAR" if types[name] == NO_TYPE else types[name] for name in first.columns}
    columns = ", ".join(f"{literal(name)}: {literal(kind)}" for name, kind in kinds.items())
    arguments = [
        _list([str(file.source.path) for file in files]),
        "auto_detect = false",
        *_options(first, dialect),
        f"columns = {{{columns}}}",
        "filename = false",
    ]
    if first.date_format:
        arguments.append(f"dateformat = {literal(first.date_format)}")
    if first.timestamp_format:
        arguments.append(f"timestampformat = {literal(first.timestamp_format)}")
    return f"read_csv({', '.join(arguments)})"


def explain(error: Exception, label: str) -> str:
    """DuckDB's CSV error as one sentence that begins with file and line."""
    text = str(error)
    if named := re.search(r"^\s*file = (.*)$", text, re.MULTILINE):
        label = label or Path(named[1]).name
    if "not utf-8 encoded" in text:
        return f'{label} is not UTF-8; set the parameter encoding, as in encoding = "cp1252"'
    at = re.search(r"CSV Error on Line: (\d+)", text)
    if at is None:
        return f"{label}: {readable(error)}"
    original = re.search(r"^Original Line: ?(.*)$", text, re.MULTILINE)
    counts = re.search(r"Expected Number of Columns: (\d+) Found: (\d+)", text)
    converted = re.search(r"Error when converting column (.*)\. Could not convert string (.*) to '(.*)'", text)
    if counts:
        reason = f"it has {counts[2]} columns where the header has {counts[1]}"
    elif converted:
        value = safe_line(converted[2], 80)
        reason = (
            f"column {converted[1]} is {value}, which is no {converted[3]}; "
            "correct the line, name the text in null_values or change types"
        )
    elif "quote" in text.lower() and "Value with unterminated quote" in text:
        reason = "a quote is opened and never closed"
    else:
        rest = text[text.index("Original Line:") :].splitlines() if original else text.splitlines()
        reason = safe_line(rest[1] if len(rest) > 1 else readable(error), 200)
    line = f": {safe_line(original[1], 120)}" if original and original[1].strip() else ""
    return f"{label} line {at[1]}: {reason}{line}"


def _options(file: CsvFile, dialect: Dialect) -> list[str]:
    packing = file.source.packing
    return [
        f"delim = {literal(file.delimiter)}",
        f"quote = {literal(dialect.quote)}",
        f"escape = {literal(dialect.quote)}",
        f"header = {'true' if dialect.header else 'false'}",
        f"skip = {file.skip}",
        "comment = ''",
        f"nullstr = {_list(['', *dialect.null_values])}",
        f"compression = {literal(packing)}",
    ]


def _list(texts: Sequence[str]) -> str:
    return f"[{', '.join(literal(text) for text in texts)}]"


def _records(text: str, dialect: Dialect, delimiter: str = ",") -> list[list[str]]:
    lines = io.StringIO(text, newline="")
    for _ in range(dialect.skip_lines):
        lines.readline()
    if dialect.quote:
        reader = csv.reader(lines, delimiter=delimiter, quotechar=dialect.quote)
    else:
        reader = csv.reader(lines, delimiter=delimiter, quoting=csv.QUOTE_NONE)
    result: list[list[str]] = []
    try:
        for record in reader:
            if record:
                result.append(record)
            if len(result) == 50:
                break
    except csv.Error:
        # A field beyond the module's limit or a stray carriage return: what was read so far shows the dialect.
        pass
    return result


def _lines_to_skip(text: str, dialect: Dialect) -> int:
    """Those that the user skips and the empty ones behind them, which DuckDB would take for the header."""
    lines = text.splitlines()[dialect.skip_lines :]
    empty = next((number for number, line in enumerate(lines) if line), len(lines))
    return dialect.skip_lines + empty


def _find_delimiter(text: str, dialect: Dialect) -> str:
    """The candidate that gives the same number (two or more) of columns in most of the first lines."""
    best, best_score = ",", (0.0, 0)
    for delimiter in _DELIMITERS:
        widths = [len(record) for record in _records(text, dialect, delimiter)]
        # The end of the sample may cut a record.
        widths = widths[:-1] if len(widths) > 2 else widths
        width, count = Counter(widths).most_common(1)[0]
        if width > 1 and (count / len(widths), width) > best_score:
            best, best_score = delimiter, (count / len(widths), width)
    return best
