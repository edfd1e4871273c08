"""Tables as CSV files with manifests, for programs that speak Keboola's common interface.

Source: https://developers.keboola.com/extend/common-interface/manifest-files/ (RFC 4180, UTF-8, ``columns`` in the
manifest of an output means that its file has no header).
"""

from __future__ import annotations

import codecs
import dataclasses
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from orch_tui.components.kit.contract import Input, Output, missing_output, stem
from orch_tui.components.kit.csv.copy import COPY_LINE_END, DEFAULT_LONGEST, LINE, write_copy
from orch_tui.components.kit.csv.dialect import Dialect, Empty, Ragged
from orch_tui.components.kit.csv.grammar import Fields, Grammar, Irregular, Width
from orch_tui.model.components.configuration import WriteMode
from orch_tui.model.dataclass import dataclass
from orch_tui.model.errors import UserError
from orch_tui.model.texts.json_text import parse_json
from orch_tui.model.texts.text import safe_line
from orch_tui.storage.duckdb import (
    copy_options,
    describe,
    folded,
    literal,
    open_database,
    parquet,
    quoted,
    readable,
    scan,
)
from orch_tui.storage.values.conversion import text_of


def write_csv_input(item: Input, primary_key: tuple[str, ...]) -> Path:
    """Replace the staged Parquet file by ``<name>.csv`` and ``<name>.csv.manifest``; the CSV's path.

    Raises:
        UserError: the file cannot be read, or the disk is full.
    """
    import duckdb

    path = item.path.with_name(f"{stem(item.name)}.csv")
    try:
        # One thread: several hold rows back to keep their order, more the larger the table is.
        with open_database(path.parent / ".tmp", threads=1) as connection:
            source = parquet(item.path)
            values = ", ".join(
                f"{text_of(quoted(name), kind)} as {quoted(name)}" for name, kind in describe(connection, source)
            )
            connection.execute(
                f"copy (select {values} from {source}) to {literal(str(path))} "
                "(format csv, header true, delimiter ',', quote '\"', escape '\"')"
            )
    except duckdb.Error as error:
        raise UserError(f'table "{item.table}" cannot be written as {path.name}: {readable(error)}') from error
    manifest = {
        "id": item.table,
        "name": item.table.split("/")[-1],
        "primary_key": list(primary_key),
        "columns": [name for name, _ in item.columns],
    }
    path.with_name(f"{path.name}.manifest").write_text(json.dumps(manifest, ensure_ascii=False), encoding="utf-8")
    item.path.unlink()
    return path


def read_csv_outputs(outputs: Mapping[str, Output], folder: Path) -> dict[str, Output]:
    """Turn ``<name>.csv`` (a file or a directory of slices) in ``folder`` into the Parquet files to publish.

    What a manifest says about key and increment counts where the configuration says nothing.

    Raises:
        UserError: a file is missing, has no header, is not UTF-8 or not CSV.
    """
    found = {}
    for name, output in outputs.items():
        path = folder / f"{stem(name)}.csv"
        if not path.exists():
            raise missing_output(output, path.name, folder)
        found[name] = read_csv_output(output, path, read_manifest(path))
    return found


def read_csv_output(output: Output, path: Path, manifest: Mapping[str, Any]) -> Output:
    """One such file, or directory of slices, as the Parquet file to publish. Raises: as :func:`read_csv_outputs`."""
    import duckdb

    try:
        _to_parquet(path, manifest, output.path)
    except (duckdb.Error, OSError) as error:
        raise UserError(f"out/tables/{path.name} cannot be read as CSV: {readable(error)}") from error
    return _described(output, manifest)


def read_manifest(path: Path) -> dict[str, Any]:
    """The manifest of a table's file; empty without one. Raises: UserError."""
    return _manifest(path.with_name(f"{path.name}.manifest"))


def _manifest(path: Path) -> dict[str, Any]:
    try:
        body = parse_json(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise UserError(f"out/tables/{path.name} cannot be read: {safe_line(str(error))}") from error
    if not isinstance(body, dict):
        raise UserError(f"out/tables/{path.name} is not a JSON object")
    return body


def _described(output: Output, manifest: Mapping[str, Any]) -> Output:
    key = output.primary_key or tuple(str(column) for column in _keys(manifest))
    mode = output.mode
    if mode is WriteMode.FULL and manifest.get("incremental") is True:
        # The program says that these rows are a part only: replacing the table would lose the others.
        mode = WriteMode.INCREMENTAL if key else WriteMode.APPEND
    return dataclasses.replace(output, primary_key=key, mode=mode)


def _keys(manifest: Mapping[str, Any]) -> list[Any]:
    schema = manifest.get("schema")
    if isinstance(schema, list):
        return [item["name"] for item in schema if isinstance(item, dict) and item.get("primary_key")]
    return list(manifest.get("primary_key") or [])


def _columns(manifest: Mapping[str, Any]) -> list[str]:
    """Names when the manifest has them: the file is headless then, unless it says otherwise."""
    schema = manifest.get("schema")
    if isinstance(schema, list) and schema:
        return [str(item["name"]) for item in schema if isinstance(item, dict) and "name" in item]
    return [str(column) for column in manifest.get("columns") or []]


def _to_parquet(path: Path, manifest: Mapping[str, Any], target: Path) -> None:
    delimiter = str(manifest.get("delimiter") or ",")
    quote = str(manifest.get("enclosure") or '"')
    columns = _columns(manifest)
    header = bool(manifest.get("has_header", False)) if columns else True
    if path.is_dir():
        files = sorted(part for part in path.iterdir() if part.is_file() and not part.name.startswith("."))
        if not columns:
            raise UserError(
                f"out/tables/{path.name} is a directory of slices, which have no header; "
                f'name the columns in {path.name}.manifest: {{"columns": ["…"]}}'
            )
    else:
        files = [path]
    written = [_Written(part, f"out/tables/{part.relative_to(path.parent)}", delimiter, quote) for part in files]
    if not columns:
        columns = _header(written[0], path)
    if len({folded(column) for column in columns}) < len(columns):
        raise UserError(f"out/tables/{path.name} names a column twice (upper and lower case are the same)")
    filled = [part for part in written if part.path.stat().st_size]
    if not any(part.begins_with_a_line_end for part in filled):
        import duckdb

        try:
            _copy(_scan([part.path for part in filled], columns, delimiter, quote, header), target)
            return
        except duckdb.InvalidInputException:
            # Lines that end in several ways, a quote within a value: our grammar reads it or says what is wrong.
            pass
    _copy_by_grammar(filled, columns, header, target)


@dataclass(frozen=True, slots=True)
class _Written:
    """A file that a program wrote; ``label`` is what it is called for a person."""

    path: Path
    label: str
    delimiter: str
    quote: str

    @property
    def begins_with_a_line_end(self) -> bool:
        with self.path.open("rb") as file:
            return file.read(4).removeprefix(codecs.BOM_UTF8)[:1] in (b"\r", b"\n")

    def records(self, *, one_column: bool = False) -> Iterator[tuple[int, Fields]]:
        """Each record with the number of its line, the header among them. Raises: UserError."""
        dialect = Dialect(quote=self.quote, empty=Empty.QUOTED)
        grammar = Grammar(dialect, self.delimiter, self.label, parameters=False)
        return grammar.records(self._lines(), 1, Irregular(), one_column=one_column)

    def _lines(self) -> Iterator[str]:
        number = 0
        with self.path.open(encoding="utf-8-sig", newline="") as file:
            try:
                for line in file:
                    number += 1
                    yield line
            except UnicodeDecodeError as error:
                # What was read ahead is decoded as a whole: the byte is somewhere behind the last line handed out.
                raise UserError(f"{self.label} is not UTF-8 (after line {number}): {safe_line(str(error))}") from error


def _copy_by_grammar(files: Sequence[_Written], columns: Sequence[str], header: bool, target: Path) -> None:
    """Read files with the grammar of :mod:`csv_grammar`, by way of copies that have one meaning only.

    Raises:
        UserError: a record does not fit; with file, line and reason.
    """
    copies, longest = [], DEFAULT_LONGEST
    try:
        for number, file in enumerate(files):
            records = file.records(one_column=len(columns) == 1)
            if header:
                next(records, None)
            fitted = Width(len(columns), Ragged.REFUSE, file.label, Irregular(), parameters=False).fitted(records)
            copies.append(target.with_name(f".{target.name}.{number}.csv"))
            copies[-1].touch(0o600)
            longest = max(longest, write_copy(fitted, copies[-1])[0])
        source = _scan(copies, [LINE, *columns], ",", '"', False, COPY_LINE_END, longest)
        _copy(f"(select * exclude ({quoted(LINE)}) from {source})", target)
    finally:
        for copy in copies:
            copy.unlink(missing_ok=True)


def _scan(
    files: Sequence[Path],
    columns: Sequence[str],
    delimiter: str,
    quote: str,
    header: bool,
    line_end: str | None = None,
    longest: int = 16_777_216,
) -> str:
    if not files:
        return f"(select {', '.join(f'null::varchar as {quoted(column)}' for column in columns)} where false)"
    typed = ", ".join(f"{literal(column)}: 'VARCHAR'" for column in columns)
    # Asked to be strict as well, DuckDB 2.0 does not read what has the line end that it was told.
    ends = f"new_line = {literal(line_end.encode('unicode_escape').decode())}" if line_end else "strict_mode = true"
    return scan(
        "read_csv",
        files,
        "auto_detect = false",
        f"columns = {{{typed}}}",
        f"header = {header}",
        f"delim = {literal(delimiter)}",
        f"quote = {literal(quote)}",
        f"escape = {literal(quote)}",
        "allow_quoted_nulls = false",
        f"max_line_size = {longest + 1024}",
        ends,
    )


def _copy(source: str, target: Path) -> None:
    with open_database(target.parent / ".tmp", threads=1) as connection:
        connection.execute(f"copy (select * from {source}) to {literal(str(target))} ({copy_options()})")


def _header(file: _Written, path: Path) -> list[str]:
    first = next(file.records(), None)
    names = [name or "" for name in first[1]] if first else []
    if not names or not all(name.strip() for name in names):
        raise UserError(
            f"out/tables/{path.name} has no header; write the column names first, or name them in {path.name}.manifest"
        )
    return names
