"""Component ``file-extractor``: CSV, JSON and Parquet files, one or many, packed or not, into one table."""

from __future__ import annotations

import dataclasses
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from orch_tui.components import kit
from orch_tui.components.files import csv_files, json_files, parquet_files
from orch_tui.components.files.csv_files import CsvFile
from orch_tui.components.files.encodings import as_utf8
from orch_tui.components.files.irregular import report
from orch_tui.components.files.parameters import Parameters
from orch_tui.components.files.source import Source
from orch_tui.components.files.sources import find_files, named_in_utf8, open_sources
from orch_tui.components.files.table import Column, Part, Table, TableFile, assume, build, changed_value, parts_of
from orch_tui.components.files.typed_columns import Wishes
from orch_tui.components.files.unpack import open_bytes, unpack
from orch_tui.components.kit.component import Context, UserError
from orch_tui.components.kit.drift import check_shape
from orch_tui.components.kit.expansion import Expansion
from orch_tui.components.kit.sql import connect, listed, memory_for, query_progress, tell_content
from orch_tui.model.texts.text import safe_line
from orch_tui.project.attempt_dir import scratch_folder
from orch_tui.project.paths import ProjectPaths
from orch_tui.storage.duckdb import folded, quoted, readable
from orch_tui.storage.opening import open_storage
from orch_tui.storage.values.assumed import is_broken
from orch_tui.storage.values.parquet import write_parquet

if TYPE_CHECKING:
    pass

__all__ = ["Parameters", "run", "test_connection"]


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
    scratch = scratch_folder(ctx.data_dir) / "files"
    scratch.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        rows = _Extraction(parameters, ctx, scratch).into(output.path, files)
    except OSError as error:
        # What was read is reported with its name elsewhere: this is about unpacked and converted copies.
        raise UserError(f"the files cannot be unpacked or converted: {error.strerror or error}") from error
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    ctx.metrics["files"] = len(files)
    if rows == 0:
        check_shape(ctx, output, [], rows)


class _Extraction:
    """One run: the files looked at, their table found and written."""

    def __init__(self, parameters: Parameters, ctx: Context, scratch: Path) -> None:
        self._parameters = parameters
        self._ctx = ctx
        self._scratch = scratch
        self._con = connect(ctx, memory_limit=memory_for(0))

    def into(self, path: Path, files: list[tuple[Path, str]]) -> int:
        """Write the rows of the files to ``path``; how many."""
        looked = self._look_at_all(files)
        named = [file for file in looked if file.names]
        rows = sum(file.rows for file in looked)
        if not named:
            return self._without_columns(path, rows, files)
        table, written = self._write(named, path)
        expected = sum(file.rows for file in named)
        if written != expected:
            raise UserError(
                f"{written} rows were read and the files have {expected}: a file was changed while it was read, or it "
                "was not understood; run the task again, or set delimiter, quote and escape"
            )
        report([file for file in named if isinstance(file, CsvFile)], self._ctx)
        tell_content(self._ctx, self._ctx.only_output(), self._con, written)
        labels = listed([label for _, label in files], 5)
        self._ctx.log(f"{written} rows and {len(table.columns)} columns from {labels}")
        return written

    def _look_at_all(self, files: list[tuple[Path, str]]) -> list[TableFile]:
        parameters, ctx = self._parameters, self._ctx
        sources = open_sources(
            files,
            format=parameters.format,
            packing=parameters.compression,
            expansion=Expansion(parameters.max_expansion),
            scratch=self._scratch,
        )
        found: list[TableFile] = []
        for number, source in enumerate(sources):
            ctx.progress(number, max(len(files), number + 1), f"looking at {source.label}")
            looked = self._look_at(source)
            if looked is None:
                ctx.log(f"{source.label} is empty and left out")
                continue
            for remark in looked.remarks:
                ctx.log(remark)
            found.append(looked)
        if not found:
            what = listed([label for _, label in files], 5)
            raise UserError(
                f"{what}: empty, without even a header or a record, as an export that broke off leaves it; where that "
                "means no rows, set names to its columns"
            )
        return found

    def _look_at(self, source: Source) -> TableFile | None:
        parameters, scratch = self._parameters, self._scratch
        source = named_in_utf8(source, scratch)
        if source.format == "parquet":
            if source.packing != "none":
                unpacked = scratch / f"parquet-{len(list(scratch.iterdir())):05d}"
                unpack(source, unpacked)
                source = dataclasses.replace(source, path=unpacked, packing="none")
            return parquet_files.look_at(self._con, source)
        with open_bytes(source) as file:
            empty = not file.peek(1)
        if empty and source.format != "ndjson" and not parameters.names:
            return None
        source = as_utf8(source, parameters.encoding, scratch, self._ctx)
        if source.format in ("json", "ndjson"):
            return json_files.look_at(source, scratch)
        return csv_files.look_at(source, parameters.dialect, scratch)

    def _without_columns(self, path: Path, rows: int, files: list[tuple[Path, str]]) -> int:
        """No record has a member: an empty result, with the columns that are known from elsewhere."""
        parameters, ctx = self._parameters, self._ctx
        labels = listed([label for _, label in files], 5)
        if rows:
            raise UserError(f"{labels}: {rows} records and none has a member, so that there are no columns")
        output = ctx.only_output()
        known = open_storage(ProjectPaths(ctx.project)).get(output.table)
        asked = {folded(name): (name, kind) for name, kind in parameters.types.items()}
        columns = {folded(name): (name, kind) for name, kind in known.columns} if known else {}
        columns |= {key: (columns.get(key, wish)[0], wish[1]) for key, wish in asked.items()}
        if not columns:
            ctx.warn(
                f"{labels}: no record, so that the columns of {output.table} are not known, and it is not made; "
                "set types to have it made empty"
            )
            ctx.outputs.clear()
            return 0
        nulls = ", ".join(f"cast(null as {kind}) as {quoted(name)}" for name, kind in columns.values())
        write_parquet(self._con, f"select {nulls} where false", path)
        ctx.log(f"0 rows from {labels}")
        return 0

    def _wishes(self) -> Wishes:
        parameters = self._parameters
        return Wishes(
            types={folded(name): kind for name, kind in parameters.types.items()},
            all_text=parameters.all_text,
            date_format=parameters.date_format,
            decimal="" if parameters.decimal == "." else parameters.decimal,
            log=self._ctx.log,
        )

    def _write(self, files: list[TableFile], path: Path) -> tuple[Table, int]:
        import duckdb

        parameters = self._parameters
        try:
            self._check_types()
            widest = max(len(file.names) for file in files)
            self._con.execute(f"set memory_limit = '{memory_for(widest)}'")
            parts = parts_of(files, one_by_one=parameters.filename_column is not None)
            if parameters.filename_column:
                self._check_filename_column(files, parameters.filename_column)
            wishes = self._wishes()
            if quick := self._write_assumed(parts, wishes, path):
                return quick
            table = build(self._con, parts, wishes, parameters.columns)
            if found := changed_value(self._con, table):
                raise self._changed(*found)
            with query_progress(self._con, self._ctx.progress, "reading"):
                return table, write_parquet(self._con, table.query(parameters.filename_column), path)
        except duckdb.InternalException:
            raise
        except duckdb.Error as error:
            # What DuckDB's parser does not like, our own reads, or says where it is wrong.
            if not self._read_again(files):
                raise UserError(self._explained(error, files)) from error
        return self._write(files, path)

    def _write_assumed(self, parts: list[Part], wishes: Wishes, path: Path) -> tuple[Table, int] | None:
        """The table by one reading of the files; None where they have to be looked at as a whole before."""
        import duckdb

        table = assume(self._con, parts, wishes, self._parameters.columns)
        if table is None:
            return None
        try:
            with query_progress(self._con, self._ctx.progress, "reading"):
                return table, write_parquet(self._con, table.query(self._parameters.filename_column), path)
        except duckdb.Error as error:
            if not is_broken(error):
                raise
        return None

    def _check_filename_column(self, files: Sequence[TableFile], name: str) -> None:
        if folded(name) in {folded(own) for file in files for own in file.names}:
            raise UserError(f'filename_column: the files have a column "{safe_line(name)}" already')

    def _read_again(self, files: Sequence[TableFile]) -> bool:
        """Let our own grammar read the CSV files that DuckDB cannot; False when there is none."""
        import duckdb

        again = False
        for file in files:
            if isinstance(file, CsvFile) and not file.copied:
                try:
                    row = self._con.execute(f"select count(*) from {csv_files.scan([file])}").fetchone()
                    good = row is not None and row[0] == file.rows
                except duckdb.Error:
                    good = False
                if not good:
                    csv_files.copy(file, self._parameters.dialect, self._scratch)
                    again = True
        return again

    def _check_types(self) -> None:
        import duckdb

        for name, kind in self._parameters.types.items():
            try:
                self._con.execute(f"select null::{kind}")
            except duckdb.Error as error:
                raise UserError(
                    f'types: "{kind}" of column "{safe_line(name, 60)}" is no type: {readable(error)}'
                ) from error
        if form := self._parameters.date_format:
            try:
                self._con.execute("select strftime(timestamp '2024-01-05', ?)", [form])
            except duckdb.Error as error:
                raise UserError(f'date_format: "{safe_line(form, 60)}" is none: {readable(error)}') from error

    def _changed(self, column: Column, part: Part, text: str) -> UserError:
        where = listed([file.source.label for file in part.files], 3)
        for file in part.files:
            if isinstance(file, CsvFile):
                own = next(own for own in file.names if folded(own) == folded(column.name))
                if (line := csv_files.line_of(file, self._parameters.dialect, own, text)) is not None:
                    where = f"{file.source.label} line {line}"
                    break
        return UserError(
            f'{where}: column "{safe_line(column.name, 60)}" is "{safe_line(text, 80)}", which {column.type} cannot '
            "hold as it is; correct the value, name the text in null_values or change types"
        )

    def _explained(self, error: Exception, files: Sequence[TableFile]) -> str:
        labels = {str(file.source.path): file.source.label for file in files}
        named = next((label for place, label in labels.items() if place in str(error)), None)
        return parquet_files.explain(error, named or listed(labels.values(), 3))


def _no_file(parameters: Parameters, ctx: Context) -> None:
    sentence = f'there is no file "{safe_line(parameters.path)}"'
    if not parameters.path.startswith("package://"):
        sentence += f" in {ctx.project}"
    if not parameters.allow_missing:
        raise UserError(f"{sentence}; correct the path, or set allow_missing = true if it need not be there")
    ctx.warning = f"{sentence}; the table keeps the rows it has"
    ctx.log(ctx.warning)
    ctx.outputs.clear()


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
