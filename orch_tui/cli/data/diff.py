"""``orch-tui diff``: what is different between two versions of a table, or a table and what a check refused."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from orch_tui.cli.data.versions import storage_of
from orch_tui.cli.shared.completion import complete_run, complete_table
from orch_tui.cli.shared.errors import FAILED, SUCCESS, CliError
from orch_tui.cli.shared.opening import json_option, open_it, project_option, run_directory
from orch_tui.cli.shared.output import Output
from orch_tui.model.dataclass import dataclass
from orch_tui.model.texts.text import safe_line

if TYPE_CHECKING:
    from orch_tui.project.project import Project
    from orch_tui.storage.difference import Difference
    from orch_tui.storage.storage import Storage

_CANDIDATE = "candidate"


@dataclass(frozen=True, slots=True)
class _Side:
    """What is compared: its file, and what it is called."""

    file: Path
    words: str
    key: tuple[str, ...]


@click.command("diff")
@click.argument("table", metavar="BUCKET/TABLE", shell_complete=complete_table)
@click.argument("first", metavar="[A]", required=False)
@click.argument("second", metavar="[B]", required=False)
@click.option("--key", "keys", multiple=True, metavar="COLUMN", help="Match rows by it; repeatable. Default: its key.")
@click.option("--shadow", metavar="RUN", shell_complete=complete_run, help="What this shadow run wrote, in place of B.")
@click.option("--exit-code", is_flag=True, help="Exit with 1 when there is a difference.")
@json_option
@project_option
def diff_command(
    table: str,
    first: str | None,
    second: str | None,
    keys: tuple[str, ...],
    shadow: str | None,
    exit_code: bool,
    as_json: bool,
    project: str | None,
) -> int:
    """Show what is different in a table from version A to version B: schema, rows, values, with samples.

    A and B are numbers of versions, names of other tables, or "candidate": what a check refused. Without B it is the
    newest version, without A too the version before it.
    """
    from orch_tui.storage.difference import difference

    opened = open_it(project, tolerant=True)
    storage = storage_of(opened)
    if shadow is not None:
        if first is not None or keys:
            raise CliError("--shadow compares what the run wrote with the table as it is now; it goes with no version")
        words, found = _shadow(opened, table, shadow)
    else:
        before, after = _sides(storage, table, first, second)
        found = difference(before.file, after.file, keys or after.key or before.key, storage.root / ".tmp")
        words = before.words, after.words
    out = Output(sys.stdout)
    if as_json:
        from orch_tui.cli.shared.report import print_json

        print_json(out, {"before": words[0], "after": words[1], **difference_json(found)})
    else:
        out.line(f"{out.bold(words[0])} → {out.bold(words[1])}")
        _print(out, found)
    return FAILED if exit_code and not found.same else SUCCESS


def _shadow(project: Project, table: str, run: str) -> tuple[tuple[str, str], Difference]:
    """What the two sides are called, and their difference. Raises: CliError."""
    from orch_tui.project.journal.file import read_run
    from orch_tui.runs.planning.shadow import shadow_tables

    directory = run_directory(project, run)
    state = read_run(directory)
    if not state.header.shadow:
        raise CliError(f"run {directory.name} is no shadow run: it published what it wrote")
    found = [one for one in shadow_tables(project, directory, state) if one.table == table]
    if not found:
        raise CliError(f"run {directory.name} wrote no table {safe_line(table, 200)}", FAILED)
    if found[-1].difference is None:
        raise CliError(f"table {safe_line(table, 200)} cannot be compared: {found[-1].why_not}", FAILED)
    return (f"{table} as it is published", f"what the shadow run {directory.name} wrote"), found[-1].difference


def _sides(storage: Storage, table: str, first: str | None, second: str | None) -> tuple[_Side, _Side]:
    after = _side(storage, table, second)
    if first is not None:
        return _side(storage, table, first), after
    versions = storage.versions(table)
    if len(versions) < 2:
        raise CliError(f"table {table} has one version only; name another table to compare it with", FAILED)
    return _side(storage, table, str(versions[1].version)), after


def _side(storage: Storage, table: str, wanted: str | None) -> _Side:
    from orch_tui.storage.publishing.candidates import find_candidate
    from orch_tui.storage.versions import version_info

    if wanted == _CANDIDATE:
        one = next(item for item in find_candidate(storage, table).tables if item.table == table)
        return _Side(one.file, f"{table}, what a check refused", one.primary_key)
    if wanted is not None and "/" in wanted:
        info = version_info(storage, wanted)
    elif wanted is None or wanted.isdecimal():
        info = version_info(storage, table, None if wanted is None else int(wanted))
    else:
        raise CliError(f'"{safe_line(wanted, 80)}" is neither a version, a table nor "candidate"')
    return _Side(storage.shown_file(info), f"{info.table} version {info.version}", info.primary_key)


def difference_json(found: Difference) -> dict[str, Any]:
    """What is different, as values."""
    schema = found.schema
    return {
        "same": found.same,
        "rows": {"before": found.before_rows, "after": found.after_rows},
        "schema": {
            "added": [{"name": name, "type": kind} for name, kind in schema.added],
            "removed": [{"name": name, "type": kind} for name, kind in schema.removed],
            "retyped": [{"name": one.column, "before": one.before, "after": one.after} for one in schema.retyped],
        },
        "key": list(found.key),
        "no_key": found.why_no_key or None,
        "added": found.added,
        "removed": found.removed,
        "changed": found.changed if found.key else None,
        "columns": [
            {
                "name": one.column,
                "rows": one.rows,
                "samples": [{"key": list(key), "before": old, "after": new} for key, old, new in one.samples],
            }
            for one in found.columns
        ],
        "titles": list(found.shown),
        "added_rows": [list(row) for row in found.added_rows],
        "removed_rows": [list(row) for row in found.removed_rows],
    }


def _print(out: Output, found: Difference) -> None:
    from orch_tui.storage.difference_lines import Tone, difference_lines

    colors = {Tone.ADDED: "green", Tone.REMOVED: "red", Tone.CHANGED: "yellow"}
    for tone, text in difference_lines(found):
        out.line(out.bold(text) if tone is Tone.TITLE else out.paint(text, colors.get(tone, "")))
