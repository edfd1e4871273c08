"""What a person may say to a ``file-extractor``."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from orch_tui.components import kit
from orch_tui.components.kit.column_types import require_types
from orch_tui.components.kit.csv.dialect import Dialect, Empty, Ragged
from orch_tui.components.kit.limits import expansion_field

_LINE_ENDS = {"\r", "\n", "\0"}


class Parameters(kit.Parameters):
    """Which files to read and how they are written."""

    path: str = Field(
        min_length=1,
        title="Path",
        description='Relative to the project; may be a glob ("data/2026-*.csv", "data/**/*.json") or a file inside an '
        'installed Python package ("package://name/inner/file.csv").',
    )
    format: Literal["auto", "csv", "tsv", "json", "ndjson", "parquet"] = Field(
        "auto", title="Format", description='"auto" goes by the name of the file.'
    )
    compression: Literal["auto", "none", "gzip", "zstd", "zip"] = Field(
        "auto",
        title="Compression",
        description='"auto" goes by the name: .gz, .zst or .zip (all its members are read).',
    )
    max_expansion: int = expansion_field("file")
    delimiter: str | None = Field(
        None, min_length=1, max_length=1, title="Delimiter", description="CSV: left out, it is found out."
    )
    quote: str = Field('"', max_length=1, title="Quote", description="CSV: around values; empty for none.")
    escape: str = Field(
        "",
        max_length=1,
        title="Escape",
        description='CSV: the character that takes the meaning from a quote, delimiter or line end behind it, as "\\" '
        "in files of MySQL, Spark and PHP. Empty for none: a quote inside a value is doubled.",
    )
    comment: str = Field(
        "", max_length=1, title="Comment", description='CSV: lines that begin with it are left out, as "#".'
    )
    header: bool = Field(True, title="Header", description="CSV: the first line has the names of the columns.")
    names: list[str] = Field(
        default_factory=list, title="Names", description="CSV without a header: the names of the columns, in order."
    )
    skip_lines: int = Field(
        0,
        ge=0,
        le=10_000,
        title="Skip lines",
        description="CSV: lines to leave out at the top, counted as an editor does: quotes mean nothing in them.",
    )
    encoding: str = Field("utf-8", title="Encoding", description="CSV and JSON: any that Python knows, as cp1252.")
    null_values: list[str] = Field(
        default_factory=list, title="Null values", description='CSV: texts that mean "no value", as NA or \\N.'
    )
    empty: Literal["null", "quoted", "text"] = Field(
        "null",
        title="Empty fields",
        description='CSV: "null": a field without a text is no value. "quoted": between quotes ("") it is an empty '
        'text, and null_values are texts there. "text": it is always an empty text.',
    )
    ragged: Literal["refuse", "fill", "leave-out"] = Field(
        "refuse",
        title="Ragged rows",
        description='CSV: rows with another number of values than the header has names. "refuse": the task fails and '
        'names the line. "fill": what a short row lacks is null; a long one is refused. "leave-out": they are left '
        "out, and the log and the result say which and how many.",
    )
    decimal: str = Field(
        ".", min_length=1, max_length=1, title="Decimal mark", description='CSV: "," where numbers are written 1,5.'
    )
    date_format: str = Field(
        "",
        title="Date format",
        description='CSV and JSON: how dates that are not ISO are written, as "%d/%m/%Y" or "%m/%d/%Y %H:%M". Left '
        "out, dates that could be read in two ways stay text.",
    )
    types: dict[str, str] = Field(
        default_factory=dict,
        title="Types",
        description='Types of columns where the found ones are not right, as { zip = "VARCHAR" }. A value that the '
        "type cannot hold exactly fails the task.",
    )
    all_text: bool = Field(False, title="All text", description="Keep every value as text.")
    columns: list[str] = Field(
        default_factory=list, title="Columns", description="Columns to keep, in order; all if empty."
    )
    filename_column: str | None = Field(
        None, min_length=1, title="File name column", description="Add a column with the name of the row's file."
    )
    allow_missing: bool = Field(
        False, title="Allow missing", description="No file is a warning, and the table stays as it is."
    )

    @model_validator(mode="after")
    def _sensible(self) -> Parameters:
        require_types(self.types)
        if self.names and self.header:
            raise ValueError("names is for files without a header; set header = false or leave names out")
        if self.date_format and "%" not in self.date_format:
            raise ValueError('date_format is written like "%d/%m/%Y"')
        self._check_marks()
        return self

    def _check_marks(self) -> None:
        """No character of a CSV file can mean two things; an escape that is the quote is a doubled quote."""
        marks = {
            "delimiter": self.delimiter or "",
            "quote": self.quote,
            "escape": "" if self.escape == self.quote else self.escape,
            "comment": self.comment,
        }
        taken: dict[str, str] = {}
        for name, mark in marks.items():
            if mark in _LINE_ENDS:
                raise ValueError(f"{name} cannot be the end of a line")
            if mark and mark in taken:
                raise ValueError(f"{name} and {taken[mark]} cannot both be {mark!r}")
            taken[mark] = name
        if self.quote == " ":
            raise ValueError("quote cannot be a blank")
        if self.decimal.isalnum() or self.decimal in "+-\"'" or self.decimal.isspace():
            raise ValueError('decimal is a mark like "." or ","')
        if self.decimal != "." and self.decimal == self.delimiter:
            raise ValueError(f"decimal and delimiter cannot both be {self.decimal!r}")

    @property
    def dialect(self) -> Dialect:
        return Dialect(
            delimiter=self.delimiter,
            quote=self.quote,
            escape=self.escape,
            comment=self.comment,
            header=self.header,
            skip_lines=self.skip_lines,
            names=tuple(self.names),
            null_values=tuple(self.null_values),
            empty=Empty(self.empty),
            ragged=Ragged(self.ragged),
        )
