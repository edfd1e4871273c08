"""``orch-tui tables`` and ``orch-tui preview``: what the tasks have written into the project's storage."""

from __future__ import annotations

import sys
from datetime import UTC

import click

from orch_tui.cli.shared.completion import complete_table
from orch_tui.cli.shared.errors import SUCCESS, CliError
from orch_tui.cli.shared.opening import json_option, open_it, project_option
from orch_tui.cli.shared.output import Output, print_table
from orch_tui.model.texts.sizes import size_text


@click.command("tables")
@json_option
@project_option
def tables_command(as_json: bool, project: str | None) -> int:
    """List the tables in the project's storage."""
    from orch_tui.storage.storage import Storage

    found = Storage(open_it(project, tolerant=True).paths.storage).tables()
    out = Output(sys.stdout)
    if as_json:
        from orch_tui.cli.shared.report import print_json

        print_json(
            out,
            [
                {
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
                    "file": str(info.file),
                    "broken": info.problem.message if info.problem else None,
                }
                for info in found
            ],
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


@click.command("preview")
@click.argument("table", metavar="BUCKET/TABLE", shell_complete=complete_table)
@click.option("--rows", "-n", type=click.IntRange(0, 100_000), default=20, show_default=True, help="At most so many.")
@json_option
@click.option("--csv", "as_csv", is_flag=True, help="Comma-separated, with a header.")
@project_option
def preview_command(table: str, rows: int, as_json: bool, as_csv: bool, project: str | None) -> int:
    """Show the first rows of a table; long values are cut."""
    from orch_tui.storage.storage import Storage

    if as_json and as_csv:
        raise CliError("--json and --csv exclude each other; take one")
    names, cells = Storage(open_it(project, tolerant=True).paths.storage).preview(table, rows)
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
