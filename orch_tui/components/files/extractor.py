"""Component ``file-extractor``: CSV, JSON and Parquet files, one or many, packed or not, into one table."""

from __future__ import annotations

import re
import shutil
from collections.abc import Sequence
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from pydantic import Field, model_validator

from orch_tui.components import kit
from orch_tui.components.files import csv_files, json_files
from orch_tui.components.files.csv_files import CsvFile, Dialect
from orch_tui.components.files.json_files import SchemaFile
from orch_tui.components.files.sources import Source, as_utf8, find_files, open_sources
from orch_tui.components.kit.component import Context, UserError
from orch_tui.components.kit.sql import (
    NO_TYPE,
    common_type,
    connect,
    listed,
    literal,
    query_progress,
    quoted,
    readable,
    write_parquet,
)
from orch_tui.model.text import safe_line

if TYPE_CHECKING:
    import duckdb

_TYPE = re.compile(r"[A-Za-z][A-Za-z0-9_ ,()]*")


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
    delimiter: str | None = Field(
        None, min_length=1, max_length=1, title="Delimiter", description="CSV: left out, it is found out."
    )
    quote: str = Field('"', max_length=1, title="Quote", description="CSV: around values; empty for none.")
    header: bool = Field(True, title="Header", description="CSV: the first line has the names of the columns.")
    names: list[str] = Field(
        default_factory=list, title="Names", description="CSV without a header: the names of the columns, in order."
    )
    skip_lines: int = Field(0, ge=0, le=10_000, title="Skip lines", description="CSV: lines to leave out at the top.")
    encoding: str = Field("utf-8", title="Encoding", description="CSV and JSON: any that Python knows, as cp1252.")
    null_values: list[str] = Field(
        default_factory=list, title="Null values", description='CSV: texts that mean "no value", as NA; empty ones do.'
    )
    types: dict[str, str] = Field(
        default_factory=dict,
        title="Types",
        description='Types of columns where the found ones are not right, as { zip = "VARCHAR" }.',
    )
    all_text: bool = Field(False, title="All text", description="CSV: keep every value as text.")
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
        for name, kind in self.types.items():
            if not _TYPE.fullmatch(kind):
                raise ValueError(
                    f'types: "{kind}" of column "{name}" is no type; write one like BIGINT or DECIMAL(10,2)'
                )
        if self.names and self.header:
            raise ValueError("names is for files without a header; set header = false or leave names out")
        return self


def run(parameters: Parameters, ctx: Context) -> None:
    """Read the files into the only output.

    Raises:
        UserError: there is no file, or one cannot be read; with file, line and reason where there is one.
    """
    output = ctx.only_output()
    files = find_files(parameters.path, ctx)
    if not files:
        _no_file(parameters, ctx)
        return
    scratch = ctx.data_dir / "tmp" / "files"
    scratch.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        con = connect(ctx, memory_limit="512MB")
        looked = _look_at_all(con, files, parameters, scratch, ctx)
        types, user_types = _types(con, looked, parameters)
        query = _query(looked, types, user_types, parameters)
        rows = _write(con, query, output.path, looked, ctx)
    except OSError as error:
        # What was read is reported with its name elsewhere: this is about unpacked and converted copies.
        raise UserError(f"the files cannot be unpacked or converted: {error.strerror or error}") from error
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    ctx.metrics["files"] = len(files)
    ctx.log(f"{rows} rows and {len(types)} columns from {listed([label for _, label in files], 5)}")


def _no_file(parameters: Parameters, ctx: Context) -> None:
    sentence = f'there is no file "{safe_line(parameters.path)}"'
    if not parameters.path.startswith("package://"):
        sentence += f" in {ctx.project}"
    if not parameters.allow_missing:
        raise UserError(f"{sentence}; correct the path, or set allow_missing = true if it need not be there")
    ctx.warning = f"{sentence}; the table keeps the rows it has"
    ctx.log(ctx.warning)
    ctx.outputs.clear()


def _look_at_all(
    con: duckdb.DuckDBPyConnection, files: list[tuple[Path, str]], parameters: Parameters, scratch: Path, ctx: Context
) -> list[CsvFile | SchemaFile]:
    dialect = _dialect(parameters)
    found: list[CsvFile | SchemaFile] = []
    sources = open_sources(files, format=parameters.format, packing=parameters.compression, scratch=scratch, ctx=ctx)
    for number, source in enumerate(sources):
        ctx.progress(number, max(len(files), number + 1), f"looking at {source.label}")
        looked = _look_at(con, source, dialect, parameters.encoding, scratch, ctx)
        if looked is None:
            ctx.log(f"{source.label} is empty and left out")
            continue
        for remark in looked.remarks if isinstance(looked, CsvFile) else ():
            ctx.log(remark)
        found.append(looked)
    if not found:
        what = listed([label for _, label in files], 5)
        raise UserError(f"{what}: empty, without even a header or a record, so that the columns are not known")
    return found


def _look_at(
    con: duckdb.DuckDBPyConnection, source: Source, dialect: Dialect, encoding: str, scratch: Path, ctx: Context
) -> CsvFile | SchemaFile | None:
    try:
        if source.path.stat().st_size == 0:
            return None
    except OSError as error:
        raise UserError(f"{source.label} cannot be read: {error.strerror or error}") from error
    if source.format == "parquet":
        return json_files.look_at(con, source)
    readable_source = as_utf8(source, encoding, scratch, ctx)
    if source.format in ("json", "ndjson"):
        return json_files.look_at(con, readable_source)
    return csv_files.look_at(con, readable_source, dialect)


def _dialect(parameters: Parameters) -> Dialect:
    return Dialect(
        delimiter=parameters.delimiter,
        quote=parameters.quote,
        header=parameters.header,
        skip_lines=parameters.skip_lines,
        null_values=tuple(parameters.null_values),
        names=tuple(parameters.names),
        all_text=parameters.all_text,
    )


def _types(
    con: duckdb.DuckDBPyConnection, files: Sequence[CsvFile | SchemaFile], parameters: Parameters
) -> tuple[dict[str, str], dict[str, str]]:
    """The columns of the table, name to type, in the order of their first file; and the types that the user set."""
    import duckdb

    _settle_empty(con, files, parameters)
    spelling: dict[str, str] = {}
    kinds: dict[str, list[str]] = {}
    for file in files:
        for name, kind in file.columns.items():
            spelling.setdefault(name.casefold(), name)
            kinds.setdefault(name.casefold(), []).append(kind)
    wanted = {name.casefold(): kind for name, kind in parameters.types.items()}
    unknown = [name for name in [*parameters.types, *parameters.columns] if name.casefold() not in spelling]
    if unknown:
        raise UserError(
            f'there is no column "{safe_line(unknown[0])}"; the columns are {listed(spelling.values(), 40)}'
        )
    for folded, kind in wanted.items():
        try:
            con.execute(f"select null::{kind}")
        except duckdb.Error as error:
            raise UserError(f'types: "{kind}" of column "{spelling[folded]}" is no type: {readable(error)}') from error
    types = {spelling[key]: wanted.get(key) or common_type(con, found) for key, found in kinds.items()}
    if parameters.filename_column and parameters.filename_column.casefold() in spelling:
        raise UserError(f'filename_column: the files have a column "{safe_line(parameters.filename_column)}" already')
    if parameters.columns:
        types = {spelling[name.casefold()]: types[spelling[name.casefold()]] for name in parameters.columns}
    return types, {spelling[folded]: kind for folded, kind in wanted.items()}


def _settle_empty(
    con: duckdb.DuckDBPyConnection, files: Sequence[CsvFile | SchemaFile], parameters: Parameters
) -> None:
    """A column that is empty in one file and has numbers in another is one of numbers, not of text."""
    if parameters.all_text or len(files) == 1:
        return
    typed = {
        name.casefold() for file in files for name, kind in file.columns.items() if kind not in ("VARCHAR", NO_TYPE)
    }
    for file in files:
        doubtful = [name for name, kind in file.columns.items() if kind == "VARCHAR" and name.casefold() in typed]
        if doubtful and isinstance(file, CsvFile):
            csv_files.forget_empty(con, file, doubtful, _dialect(parameters))


def _query(
    files: Sequence[CsvFile | SchemaFile], types: dict[str, str], user_types: dict[str, str], parameters: Parameters
) -> str:
    """One SELECT per row of files that are alike (of each file when its name is a column), joined in order."""
    groups: list[list[CsvFile | SchemaFile]] = (
        [[file] for file in files]
        if parameters.filename_column
        else [list(group) for _, group in groupby(files, key=lambda file: (type(file), file.alike))]
    )
    selects = []
    for group in groups:
        own = group[0].columns
        names = {name.casefold(): name for name in own}
        read, chosen = {}, []
        for name, kind in own.items():
            target = next((t for n, t in types.items() if n.casefold() == name.casefold()), kind)
            is_users = any(n.casefold() == name.casefold() for n in user_types)
            # Text is read as text, since 1.50 read as a number and written again is 1.5.
            read[name] = target if is_users or target == "VARCHAR" else kind
        for name, kind in types.items():
            source = names.get(name.casefold())
            value = "null" if source is None else quoted(source)
            chosen.append(f"cast({value} as {kind}) as {quoted(name)}")
        if parameters.filename_column:
            chosen.append(f"{literal(group[0].source.label)} as {quoted(parameters.filename_column)}")
        selects.append(f"select {', '.join(chosen)} from {_scan(group, read, parameters)}")
    return " union all ".join(selects)


def _scan(group: Sequence[CsvFile | SchemaFile], read: dict[str, str], parameters: Parameters) -> str:
    csv = [file for file in group if isinstance(file, CsvFile)]
    if csv:
        return csv_files.scan(csv, read, _dialect(parameters))
    return json_files.scan([file for file in group if isinstance(file, SchemaFile)], read)


def _write(
    con: duckdb.DuckDBPyConnection, query: str, path: Path, files: Sequence[CsvFile | SchemaFile], ctx: Context
) -> int:
    import duckdb

    try:
        with query_progress(con, ctx.progress, "reading"):
            return write_parquet(con, query, path)
    except duckdb.InternalException:
        raise
    except duckdb.Error as error:
        labels = {str(file.source.path): file.source.label for file in files}
        text = str(error)
        named = next((label for place, label in labels.items() if place in text), None)
        label = named or (files[0].source.label if len(files) == 1 else "")
        explain = csv_files.explain if "CSV" in text else json_files.explain
        raise UserError(explain(error, label or listed([file.source.label for file in files], 3))) from error


def test_connection(parameters: Parameters, ctx: Context) -> str:
    """What the path finds, and whether it can be opened; nothing is read.

    Raises:
        UserError: there is no file (and there must be one), or one cannot be opened.
    """
    files = find_files(parameters.path, ctx)
    if not files:
        _no_file(parameters, ctx)
        return ctx.warning or "there is no file"
    size = 0
    for path, label in files:
        try:
            with path.open("rb"):
                size += path.stat().st_size
        except OSError as error:
            raise UserError(f"{label} cannot be read: {error.strerror or error}") from error
    number = "1 file" if len(files) == 1 else f"{len(files)} files"
    return f"found {number} with {size} bytes: {listed([label for _, label in files], 5)}"


if __name__ == "__main__":
    kit.main(Parameters, run, test=test_connection)
