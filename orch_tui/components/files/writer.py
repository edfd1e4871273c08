"""Component ``file-writer``: a table as a CSV, JSON or Parquet file that is there completely or not at all."""

from __future__ import annotations

import errno
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

from pydantic import Field, model_validator

from orch_tui.components import kit
from orch_tui.components.kit.component import Context, Input, UserError
from orch_tui.components.kit.sql import connect, duckdb_explained, listed, literal, query_progress, quoted
from orch_tui.model.text import safe_line
from orch_tui.project.atomic import sync_directory

_FORMATS = {
    ".csv": "csv",
    ".txt": "csv",
    ".tsv": "tsv",
    ".json": "json",
    ".ndjson": "ndjson",
    ".jsonl": "ndjson",
    ".parquet": "parquet",
}
_COMPRESSIONS = {".gz": "gzip", ".zst": "zstd"}


class Parameters(kit.Parameters):
    """Where the file goes and how it is written."""

    path: str = Field(
        min_length=1,
        title="Path",
        description="Relative to the project; missing directories are made. Variables may be part of it: "
        '"out/report-{{ day }}.csv".',
    )
    format: Literal["auto", "csv", "tsv", "ndjson", "json", "parquet"] = Field(
        "auto", title="Format", description='"auto" goes by the name of the file; ndjson is one JSON object per line.'
    )
    compression: Literal["auto", "none", "gzip", "zstd"] = Field(
        "auto", title="Compression", description='"auto" goes by the name (.gz, .zst); Parquet is zstd inside.'
    )
    delimiter: str | None = Field(
        None, min_length=1, max_length=1, title="Delimiter", description="CSV: a comma if left out."
    )
    header: bool = Field(True, title="Header", description="CSV: write the names of the columns first.")
    columns: list[str] = Field(
        default_factory=list, title="Columns", description="Columns to write, in order; all if empty."
    )
    order_by: list[str] = Field(
        default_factory=list, title="Order by", description='Columns to sort by; "-date" is descending.'
    )
    overwrite: bool = Field(True, title="Overwrite", description="Replace the file if it is there.")

    @model_validator(mode="after")
    def _sensible(self) -> Parameters:
        if self.delimiter in ('"', "\n", "\r"):
            raise ValueError("delimiter cannot be a quote or the end of a line")
        return self


def run(parameters: Parameters, ctx: Context) -> None:
    """Write the only input to the file.

    Raises:
        UserError: a column is unknown, the file is there and must not be replaced, or it cannot be written.
    """
    table = ctx.only_input()
    if parameters.path.startswith("package://"):
        raise UserError("a file cannot be written into a Python package; give a path relative to the project")
    # A symbolic link stays one: its target is replaced.
    target = ctx.resolve(parameters.path).resolve()
    shown = str(target.relative_to(ctx.project)) if target.is_relative_to(ctx.project) else str(target)
    query = _query(parameters, table)
    options = _options(parameters, target, shown)
    replacing = _replacing(target, shown, parameters.overwrite, ctx)
    with replacing as temporary, duckdb_explained(f"{shown} cannot be written"):
        con = connect(ctx, memory_limit="512MB")
        with query_progress(con, ctx.progress, f"writing {shown}"):
            row = con.execute(f"copy ({query}) to {literal(str(temporary))} ({options})").fetchone()
    rows, size = int(row[0]) if row else 0, target.stat().st_size
    ctx.files.append({"path": shown, "rows": rows, "bytes": size})
    ctx.log(f"{shown}: {rows} rows, {size} bytes")


def _query(parameters: Parameters, table: Input) -> str:
    names = {name.casefold(): name for name, _ in table.columns}
    sort_keys = [key.removeprefix("-") if key.casefold() not in names else key for key in parameters.order_by]
    for name in [*parameters.columns, *sort_keys]:
        if name.casefold() not in names:
            raise UserError(
                f'the table "{table.table}" has no column "{safe_line(name)}"; '
                f"its columns are {listed(names.values(), 40)}"
            )
    chosen = ", ".join(quoted(name) for name in parameters.columns) or "*"
    order = ", ".join(
        quoted(name) + (" desc" if name != key else "") + " nulls last"
        for name, key in zip(sort_keys, parameters.order_by, strict=True)
    )
    query = f"select {chosen} from read_parquet({literal(str(table.path))})"
    return f"{query} order by {order}" if order else query


def _options(parameters: Parameters, target: Path, shown: str) -> str:
    suffix = target.suffix.lower()
    compression = parameters.compression
    if compression == "auto":
        compression = "gzip" if suffix == ".gz" else "zstd" if suffix == ".zst" else "none"
    if suffix in _COMPRESSIONS:
        suffix = Path(target.stem).suffix.lower()
    kind = _FORMATS.get(suffix) if parameters.format == "auto" else parameters.format
    if kind is None:
        raise UserError(
            f'the name "{shown}" does not tell the format; '
            "set the parameter format to csv, tsv, ndjson, json or parquet"
        )
    if kind == "parquet":
        inner = "zstd" if parameters.compression == "auto" else compression
        return f"format parquet, compression {'uncompressed' if inner == 'none' else inner}"
    if kind in ("json", "ndjson"):
        return f"format json, array {'true' if kind == 'json' else 'false'}, compression {compression}"
    delimiter = parameters.delimiter or ("\t" if kind == "tsv" else ",")
    header = "true" if parameters.header else "false"
    return f"format csv, delimiter {literal(delimiter)}, header {header}, compression {compression}"


@contextmanager
def _replacing(target: Path, shown: str, overwrite: bool, ctx: Context) -> Iterator[Path]:
    """A temporary file that is renamed to the target when the block ends well.

    It lies in the attempt's directory if that is on the same file system, so that a task that is killed leaves
    nothing strange beside the target.

    Raises:
        UserError: the directory cannot be made or written, or the target may not be replaced.
    """
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        if target.is_dir():
            raise UserError(f"{shown} is a directory; add the name of the file to write")
        if not overwrite and target.exists():
            raise _exists(shown)
        if not os.access(target.parent, os.W_OK | os.X_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
        mode = target.stat().st_mode & 0o7777 if target.exists() else 0o666 & ~_umask()
        own = ctx.data_dir / "out" / "files"
        folder = own if own.stat().st_dev == target.parent.stat().st_dev else target.parent
        descriptor, name = tempfile.mkstemp(prefix=f".{target.name[:60]}.", suffix=".tmp", dir=folder)
    except OSError as error:
        raise UserError(
            f"{shown} cannot be written: {error.strerror or error}; check the permissions of {target.parent}"
        ) from error
    os.close(descriptor)
    temporary = Path(name)
    try:
        yield temporary
        temporary.chmod(mode)
        with temporary.open("rb") as file:
            os.fsync(file.fileno())
        _move(temporary, target, overwrite)
        sync_directory(target.parent)
    except FileExistsError as error:
        raise _exists(shown) from error
    except OSError as error:
        raise UserError(f"{shown} cannot be written: {error.strerror or error}") from error
    finally:
        temporary.unlink(missing_ok=True)


def _move(temporary: Path, target: Path, overwrite: bool) -> None:
    try:
        if overwrite:
            temporary.replace(target)
        else:
            # Unlike a rename, a link fails when another program has made the file meanwhile.
            os.link(temporary, target)
    except OSError as error:
        # Two mounts of one file system look like one until a rename is tried.
        if error.errno != errno.EXDEV or temporary.parent == target.parent:
            raise
        descriptor, name = tempfile.mkstemp(prefix=f".{target.name[:60]}.", suffix=".tmp", dir=target.parent)
        os.close(descriptor)
        beside = Path(name)
        try:
            shutil.copy2(temporary, beside)
            _move(beside, target, overwrite)
        finally:
            beside.unlink(missing_ok=True)


def _exists(shown: str) -> UserError:
    return UserError(f"{shown} exists already and overwrite is false; remove it or choose another name")


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


if __name__ == "__main__":
    kit.main(Parameters, run)
