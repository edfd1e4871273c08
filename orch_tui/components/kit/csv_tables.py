"""Tables as CSV files with manifests, for programs that speak Keboola's common interface.

Source: https://developers.keboola.com/extend/common-interface/manifest-files/ (RFC 4180, UTF-8, ``columns`` in the
manifest of an output means that its file has no header).
"""

from __future__ import annotations

import csv
import dataclasses
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from orch_tui.components.kit.contract import Input, Output, missing_output, stem
from orch_tui.model.configuration import WriteMode
from orch_tui.model.errors import UserError
from orch_tui.model.text import safe_line
from orch_tui.storage.conversion import text_of
from orch_tui.storage.duckdb import (
    COPY_OPTIONS,
    describe,
    folded,
    literal,
    open_database,
    parquet,
    quoted,
    readable,
    scan,
)


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
    import duckdb

    found = {}
    for name, output in outputs.items():
        path = folder / f"{stem(name)}.csv"
        manifest = _manifest(path.with_name(f"{path.name}.manifest"))
        if not path.exists():
            raise missing_output(output, path.name, folder)
        try:
            _to_parquet(path, manifest, output.path)
        except (duckdb.Error, OSError) as error:
            raise UserError(f"out/tables/{path.name} cannot be read as CSV: {readable(error)}") from error
        found[name] = _described(output, manifest)
    return found


def _manifest(path: Path) -> dict[str, Any]:
    try:
        body = json.loads(path.read_text(encoding="utf-8"))
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
        if not columns:
            columns = _header(path, delimiter, quote)
    if len({folded(column) for column in columns}) < len(columns):
        raise UserError(f"out/tables/{path.name} names a column twice (upper and lower case are the same)")
    import duckdb

    filled = [part for part in files if part.stat().st_size]
    options = (delimiter, quote, header)
    try:
        _copy(_scan(filled, columns, *options), target)
    except duckdb.InvalidInputException:
        if not any(_ends_vary(part, quote) for part in filled):
            raise
        # Lines that end in several ways, as when a program writes the header otherwise than the rows.
        copies = [_with_one_line_end(part, quote, target) for part in filled]
        try:
            _copy(_scan(copies, columns, *options), target)
        finally:
            for part in copies:
                part.unlink(missing_ok=True)


def _scan(files: Sequence[Path], columns: Sequence[str], delimiter: str, quote: str, header: bool) -> str:
    if not files:
        return f"(select {', '.join(f'null::varchar as {quoted(column)}' for column in columns)} where false)"
    typed = ", ".join(f"{literal(column)}: 'VARCHAR'" for column in columns)
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
        "strict_mode = true",
        "max_line_size = 16777216",
    )


def _copy(source: str, target: Path) -> None:
    with open_database(target.parent / ".tmp", threads=1) as connection:
        connection.execute(f"copy (select * from {source}) to {literal(str(target))} ({COPY_OPTIONS})")


def _ends_vary(path: Path, quote: str) -> bool:
    """Whether some rows end with a carriage return and a line feed, and some with a line feed alone."""
    mark, inside, ends = quote.encode(), False, set[bool]()
    with path.open("rb") as source:
        for line in source:
            inside ^= line.count(mark) % 2 == 1
            if not inside and line.endswith(b"\n"):
                ends.add(line.endswith(b"\r\n"))
    return len(ends) > 1


def _with_one_line_end(path: Path, quote: str, target: Path) -> Path:
    """A copy whose rows end with a line feed; what stands in quotes is left as it is."""
    mark = quote.encode()
    copy = target.with_name(f".{target.name}.{path.name}.csv")
    inside = False
    with path.open("rb") as source, copy.open("wb") as file:
        copy.chmod(0o600)
        for line in source:
            inside ^= line.count(mark) % 2 == 1
            file.write(line[:-2] + b"\n" if line.endswith(b"\r\n") and not inside else line)
    return copy


def _header(path: Path, delimiter: str, quote: str) -> list[str]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            names = next(csv.reader(file, delimiter=delimiter, quotechar=quote), [])
    except (UnicodeDecodeError, csv.Error, TypeError) as error:
        raise UserError(f"out/tables/{path.name}: its header cannot be read: {safe_line(str(error))}") from error
    if not names or not all(name.strip() for name in names):
        raise UserError(
            f"out/tables/{path.name} has no header; write the column names first, or name them in {path.name}.manifest"
        )
    return names
