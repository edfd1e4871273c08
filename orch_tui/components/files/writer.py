"""Component ``file-writer``: a table as a CSV, JSON or Parquet file that is there completely or not at all."""

from __future__ import annotations

import errno
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from pydantic import Field, model_validator

from orch_tui.components import kit
from orch_tui.components.files.rendering import csv_columns, json_line, not_in_json, write_json
from orch_tui.components.kit.component import Context, Input, UserError
from orch_tui.components.kit.sql import connect, duckdb_explained, listed, memory_for, query_progress
from orch_tui.model.dataclass import dataclass
from orch_tui.model.texts.text import safe_line
from orch_tui.project.attempt_dir import output_files
from orch_tui.project.files.atomic import sync_directory
from orch_tui.project.files.given_files import real_path
from orch_tui.storage.duckdb import folded, literal, parquet, quoted

if TYPE_CHECKING:
    import duckdb

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
    try:
        target = real_path(ctx.resolve(parameters.path))
    except OSError as error:
        raise UserError(f"{safe_line(parameters.path, 200)} cannot be written: {error.strerror}") from error
    shown = str(target.relative_to(ctx.project)) if target.is_relative_to(ctx.project) else str(target)
    form = _form(parameters, target, shown)
    replacing = _replacing(target, shown, parameters.overwrite, ctx)
    with replacing as temporary, duckdb_explained(f"{shown} cannot be written"):
        con = connect(ctx, memory_limit=memory_for(len(table.columns)))
        with query_progress(con, ctx.progress, f"writing {shown}"):
            rows = _write(con, parameters, table, form, temporary, ctx)
    size = target.stat().st_size
    ctx.files.append({"path": shown, "rows": rows, "bytes": size})
    ctx.log(f"{shown}: {rows} rows, {size} bytes")


@dataclass(frozen=True, slots=True)
class _Form:
    """How the file is written: csv, tsv, json, ndjson or parquet, and none, gzip or zstd."""

    kind: str
    compression: str


def _write(
    con: duckdb.DuckDBPyConnection, parameters: Parameters, table: Input, form: _Form, path: Path, ctx: Context
) -> int:
    columns, order = _columns(parameters, table)
    rows = parquet(table.path)
    if form.kind in ("json", "ndjson"):
        for name, count in not_in_json(con, rows, columns).items():
            ctx.log(
                f'column "{safe_line(name, 60)}": {count} rows have NaN or infinity, which JSON does not have; they '
                "are null in the file"
            )
        query = f"select {json_line(columns)} from {rows}{order}"
        return write_json(con, query, path, array=form.kind == "json", compression=form.compression)
    if form.kind == "parquet":
        inner = "uncompressed" if form.compression == "none" else form.compression
        chosen, options = ", ".join(quoted(name) for name, _ in columns), f"format parquet, compression {inner}"
    else:
        delimiter = parameters.delimiter or ("\t" if form.kind == "tsv" else ",")
        header = "true" if parameters.header else "false"
        chosen = csv_columns(columns)
        options = f"format csv, delimiter {literal(delimiter)}, header {header}, compression {form.compression}"
    # Sorted before values become texts: 10 comes behind 9.
    query = f"select {chosen} from (select * from {rows}{order})"
    row = con.execute(f"copy ({query}) to {literal(str(path))} ({options})").fetchone()
    return int(row[0]) if row else 0


def _columns(parameters: Parameters, table: Input) -> tuple[list[tuple[str, str]], str]:
    """The columns to write with their types, and the ORDER BY of the rows. Raises: UserError."""
    names = {folded(name): (name, kind) for name, kind in table.columns}
    sort_keys = [key.removeprefix("-") if folded(key) not in names else key for key in parameters.order_by]
    for name in [*parameters.columns, *sort_keys]:
        if folded(name) not in names:
            raise UserError(
                f'the table "{table.table}" has no column "{safe_line(name)}"; '
                f"its columns are {listed([known for known, _ in table.columns], 40)}"
            )
    chosen = [(name, names[folded(name)][1]) for name in parameters.columns] or list(table.columns)
    order = ", ".join(
        quoted(name) + (" desc" if name != key else "") + " nulls last"
        for name, key in zip(sort_keys, parameters.order_by, strict=True)
    )
    return chosen, f" order by {order}" if order else ""


def _form(parameters: Parameters, target: Path, shown: str) -> _Form:
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
    return _Form(kind, "zstd" if kind == "parquet" and parameters.compression == "auto" else compression)


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
        before = target.stat() if target.exists() else None
        own = output_files(ctx.data_dir)
        folder = own if own.stat().st_dev == target.parent.stat().st_dev else target.parent
        descriptor, name = tempfile.mkstemp(prefix=f".{target.name[:60]}.", suffix=".tmp", dir=folder)
    except OSError as error:
        raise UserError(f"{safe_line(shown, 200)} cannot be written: {_why(error, target)}") from error
    os.close(descriptor)
    temporary = Path(name)
    try:
        yield temporary
        _take_over(temporary, before, shown, ctx)
        with temporary.open("rb") as file:
            os.fsync(file.fileno())
        _move(temporary, target, overwrite)
        sync_directory(target.parent)
    except FileExistsError as error:
        raise _exists(shown) from error
    except OSError as error:
        raise UserError(f"{safe_line(shown, 200)} cannot be written: {_why(error, target)}") from error
    finally:
        temporary.unlink(missing_ok=True)


def _take_over(temporary: Path, before: os.stat_result | None, shown: str, ctx: Context) -> None:
    """Give the new file the permissions, the owner and the group of the one that it replaces, where that is allowed."""
    if before is None:
        temporary.chmod(0o666 & ~_umask())
        return
    now = temporary.stat()
    if (now.st_uid, now.st_gid) != (before.st_uid, before.st_gid):
        try:
            os.chown(temporary, before.st_uid, before.st_gid)
        except OSError:
            # Only root may give a file away; a group of one's own may be kept.
            try:
                os.chown(temporary, -1, before.st_gid)
            except OSError:
                ctx.log(f"{shown}: its group {before.st_gid} cannot be kept, since the task's user is not in it")
    # After the owner, since a change of that takes away some permissions.
    temporary.chmod(before.st_mode & 0o7777)


def _why(error: OSError, target: Path) -> str:
    """The reason, and what to do about it where that is known."""
    reason = error.strerror or str(error)
    if error.errno == errno.ENAMETOOLONG:
        return f"{reason}; a name has 255 bytes at most, a path 4,096"
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR, errno.EEXIST):
        return f"{reason}; check the permissions of {target.parent}"
    return reason


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
