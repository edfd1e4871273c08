"""``orch-tui tables`` and ``orch-tui preview``: what the tasks have written into the project's storage."""

from __future__ import annotations

import sys
from datetime import UTC
from typing import TYPE_CHECKING, Any

import click

from orch_tui.cli.shared.completion import complete_table
from orch_tui.cli.shared.errors import SUCCESS, CliError
from orch_tui.cli.shared.opening import json_option, open_it, project_option
from orch_tui.cli.shared.output import Output, print_table
from orch_tui.model.texts.sizes import size_text
from orch_tui.model.texts.text import safe_line

if TYPE_CHECKING:
    from orch_tui.storage.storage import Storage
    from orch_tui.storage.tables import TableInfo


@click.command("tables")
@click.argument("table", metavar="[BUCKET/TABLE]", required=False, shell_complete=complete_table)
@click.option("--versions", is_flag=True, help="The versions of one table that are kept, the newest first.")
@json_option
@project_option
def tables_command(table: str | None, versions: bool, as_json: bool, project: str | None) -> int:
    """List the tables in the project's storage, or the versions of one of them."""
    from orch_tui.cli.data.versions import print_versions, storage_of

    storage = storage_of(open_it(project, tolerant=True))
    if versions and table is None:
        raise CliError("--versions is about one table: name it")
    if table is not None and versions:
        return print_versions(storage, table, as_json=as_json)
    found = [info for info in storage.tables() if table in (None, info.table)]
    if table is not None and not found:
        raise CliError(f'table "{safe_line(table, 200)}" does not exist in the storage yet')
    out = Output(sys.stdout)
    if as_json:
        from orch_tui.cli.shared.report import print_json

        print_json(
            out,
            [_json(storage, info) for info in found],
        )
        return SUCCESS
    if not found:
        Output(sys.stderr).line("no table yet: tasks write them when they succeed")
        return SUCCESS
    rows = [
        [info.table, "", "", "", "", f"broken: {info.problem.message}"]
        if info.problem
        else [
            info.table,
            f"{info.rows:,}".replace(",", " "),
            str(len(info.columns)),
            size_text(info.bytes),
            f"{info.created.astimezone():%Y-%m-%d %H:%M:%S}",
            f"{info.task} (run {info.run})" if info.task else "",
        ]
        for info in found
    ]
    print_table(out, ["table", "rows", "columns", "size", "written", "by"], rows, right=(1, 2, 3))
    return SUCCESS


def _json(storage: Storage, info: TableInfo) -> dict[str, Any]:
    return {
        "table": info.table,
        "rows": info.rows,
        "bytes": info.bytes,
        "version": info.version,
        "columns": [{"name": name, "type": kind} for name, kind in info.columns],
        "primary_key": list(info.primary_key),
        "mode": info.mode.value,
        "created": info.created.astimezone(UTC).isoformat(timespec="milliseconds"),
        "run": info.run,
        "task": info.task,
        "file": storage.place.told(info.table, info.file.name),
        "broken": info.problem.message if info.problem else None,
    }


@click.command("preview")
@click.argument("table", metavar="BUCKET/TABLE", shell_complete=complete_table)
@click.option("--rows", "-n", type=click.IntRange(0, 100_000), default=20, show_default=True, help="At most so many.")
@click.option("--version", type=click.IntRange(1), metavar="N", help="As it was in a version that is kept.")
@json_option
@click.option("--csv", "as_csv", is_flag=True, help="Comma-separated, with a header.")
@project_option
def preview_command(
    table: str, rows: int, version: int | None, as_json: bool, as_csv: bool, project: str | None
) -> int:
    """Show the first rows of a table; long values are cut."""
    from orch_tui.storage.opening import open_storage
    from orch_tui.storage.versions import preview_version

    if as_json and as_csv:
        raise CliError("--json and --csv exclude each other; take one")
    storage = open_storage(open_it(project, tolerant=True).paths)
    names, cells = storage.preview(table, rows) if version is None else preview_version(storage, table, version, rows)
    out = Output(sys.stdout)
    if as_json:
        from orch_tui.cli.shared.report import print_json

        print_json(out, {"table": table, "columns": names, "rows": cells})
    elif as_csv:
        import csv
        import io

        text = io.StringIO()
        csv.writer(text, lineterminator="\n").writerows([names, *(["" if c is None else c for c in r] for r in cells)])
        out.data(text.getvalue())
    else:
        print_table(out, names, [["NULL" if cell is None else cell for cell in row] for row in cells])
    return SUCCESS
