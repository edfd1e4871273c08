"""``orch-tui tables TABLE --versions``, ``restore``, ``export TABLE``, ``prune``: versions of tables that are kept."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from orch_tui.cli.shared.completion import complete_table
from orch_tui.cli.shared.errors import FAILED, SUCCESS, CliError
from orch_tui.cli.shared.opening import json_option, open_it, project_option
from orch_tui.cli.shared.output import Output, print_table
from orch_tui.model.texts.sizes import size_text
from orch_tui.model.texts.text import counted, safe_line

if TYPE_CHECKING:
    from orch_tui.project.project import Project
    from orch_tui.storage.storage import Storage
    from orch_tui.storage.tables import TableVersion

_table_argument = click.argument("table", metavar="BUCKET/TABLE", shell_complete=complete_table)


def storage_of(project: Project) -> Storage:
    """The storage of a project, which keeps as many versions as its settings say."""
    from orch_tui.storage.opening import open_storage

    settings = project.settings
    return open_storage(project.paths, keep=settings.keep_versions, keep_days=settings.keep_version_days)


def print_versions(storage: Storage, table: str, *, as_json: bool) -> int:
    """The versions of a table that are kept, the newest first. Raises: CliError."""
    found = storage.versions(table)
    if not found:
        raise CliError(f'table "{safe_line(table, 200)}" does not exist in the storage yet')
    out = Output(sys.stdout)
    if as_json:
        from orch_tui.cli.shared.report import print_json

        print_json(out, [version_json(one) for one in found])
        return SUCCESS
    rows = [
        [
            f"{one.version}{' (now)' if one is found[0] else ''}",
            f"{one.rows:,}".replace(",", " "),
            size_text(one.bytes),
            f"{one.created.astimezone():%Y-%m-%d %H:%M:%S}",
            f"{one.task} (run {one.run})" if one.task else "",
            one.decision.words if one.decision is not None else "",
        ]
        for one in found
    ]
    print_table(out, ["version", "rows", "size", "written", "by", ""], rows, right=(1, 2))
    return SUCCESS


def version_json(one: TableVersion) -> dict[str, Any]:
    decision = one.decision
    return {
        "version": one.version,
        "rows": one.rows,
        "bytes": one.bytes,
        "created": one.created.astimezone(UTC).isoformat(timespec="milliseconds"),
        "run": one.run,
        "task": one.task,
        "decision": None if decision is None else {
            "origin": decision.origin.value, "by": decision.by, "note": decision.note, "of": decision.of or None,
        },
    }  # fmt: skip


@click.command("restore")
@_table_argument
@click.argument("version", type=click.IntRange(1))
@click.option("--note", "-n", default="", metavar="TEXT", help="Why: it stays with the version.")
@project_option
def restore_command(table: str, version: int, note: str, project: str | None) -> int:
    """Make VERSION of a table the current one again: a new version with exactly its rows. Nothing else changes."""
    from orch_tui.engine.requests.requests import who_am_i
    from orch_tui.storage.versions import restore

    info = restore(storage_of(open_it(project)), table, version, by=who_am_i(), note=note)
    Output(sys.stdout).line(f"{info.table} is version {info.version}, {counted(info.rows, 'row')}: as in {version}")
    return SUCCESS


def export_table(table: str, file: Path, version: int | None, force: bool, project: str | None) -> int:
    """Copy a table to a file that is called .parquet or .csv; the exit code. Raises: CliError."""
    from orch_tui.storage.versions import export, version_info

    if file.exists() and not force:
        raise CliError(f"{file} is there already; --force writes over it", FAILED)
    storage = storage_of(open_it(project, tolerant=True))
    info = version_info(storage, table, version)
    size = export(storage, info, file)
    Output(sys.stdout).line(f"{file}: {counted(info.rows, 'row')} of version {info.version}, {size_text(size)}")
    return SUCCESS


@click.command("prune")
@click.argument("table", metavar="[BUCKET/TABLE]", required=False, shell_complete=complete_table)
@click.option("--yes", "-y", is_flag=True, help="Delete them without asking.")
@json_option
@project_option
def prune_command(table: str | None, yes: bool, as_json: bool, project: str | None) -> int:
    """Delete the versions of tables that [storage] keep_versions and keep_days do not keep; shows them first.

    Tasks do the same to the tables that they write. With --json they are listed, and deleted only with --yes.
    """
    from orch_tui.runs.live.reading import readers_of
    from orch_tui.storage.versions import drop, excess

    opened = open_it(project)
    storage = storage_of(opened)
    found = [one for one in excess(storage, datetime.now(UTC)) if table in (None, one.table)]
    readers = readers_of(opened, {(one.table, one.version.version) for one in found})
    out = Output(sys.stdout)
    if as_json:
        from orch_tui.cli.shared.report import print_json

        print_json(
            out,
            [
                {
                    "table": one.table,
                    **version_json(one.version),
                    "read_by": readers.get((one.table, one.version.version), []),
                }
                for one in found
            ],
        )
    elif not found:
        out.line("nothing to delete: every version is to be kept")
    else:
        rows = [
            [
                one.table,
                str(one.version.version),
                size_text(one.version.bytes),
                f"{one.version.created.astimezone():%Y-%m-%d %H:%M:%S}",
                _read_by(readers.get((one.table, one.version.version), [])),
            ]
            for one in found
        ]
        print_table(out, ["table", "version", "size", "written", "read by kept runs"], rows, right=(1, 2))
    if not found or (as_json and not yes):
        return SUCCESS
    if not yes and not click.confirm(f"Delete {counted(len(found), 'version')}?", err=True):
        return FAILED
    dropped = [one for one in found if drop(storage, one)]
    freed = size_text(sum(one.version.bytes for one in dropped))
    Output(sys.stderr).line(f"{counted(len(dropped), 'version')} deleted, {freed}")
    return SUCCESS


def _read_by(runs: list[str]) -> str:
    return f"{runs[0]}{f' and {len(runs) - 1} more' if len(runs) > 1 else ''}" if runs else ""
