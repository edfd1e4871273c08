"""``orch-tui export``: a table to a file, changes into a project of Keboola, or an orchestration as its JSON."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from orch_tui.cli.shared.completion import complete_orchestration
from orch_tui.cli.shared.errors import SUCCESS, WARNED, CliError
from orch_tui.cli.shared.opening import json_option, open_it, project_option
from orch_tui.cli.shared.output import Output
from orch_tui.model.texts.text import counted, safe_line

if TYPE_CHECKING:
    from orch_tui.keboola.pulled import Exported

_KINDS = {"flow": "keboola.flow", "orchestrator": "keboola.orchestrator"}


@click.command("export")
@click.argument("what", metavar="BUCKET/TABLE | DIR | ORCHESTRATION", shell_complete=complete_orchestration)
@click.argument("file", required=False, type=click.Path(path_type=Path))
@click.option("--version", type=click.IntRange(1), metavar="N", help="Of a table: one that is kept; else the newest.")
@click.option("--force", is_flag=True, help="Of a table: over a file that is there.")
@click.option("--as", "kind", type=click.Choice(list(_KINDS)), help="Of an orchestration: as which kind of JSON.")
@click.option("--branch", metavar="BRANCH", help="Of a pulled directory: the branch; default: main.")
@click.option("--add", multiple=True, metavar="ORCHESTRATION", help="Into a pulled directory: one that was made here.")
@click.option("--dry-run", is_flag=True, help="Into a pulled directory: say what would be written.")
@json_option
@project_option
def export_command(
    what: str,
    file: Path | None,
    version: int | None,
    force: bool,
    kind: str | None,
    branch: str | None,
    add: tuple[str, ...],
    dry_run: bool,
    as_json: bool,
    project: str | None,
) -> int:
    """Copy a table to FILE (.parquet or .csv); or write changes into DIR, which kbc pulled; or print an orchestration.

    What came from DIR by orch-tui import and was changed here is changed there, and nothing else. An orchestration goes
    to standard output as JSON of a flow or an orchestrator. Exit code 3: Keboola will not do all of it, see the report.
    """
    if file is not None:
        from orch_tui.cli.data.versions import export_table

        return export_table(what, file, version, force, project)
    if Path(what).is_dir():
        return _into_directory(Path(what), branch, add, project, dry_run=dry_run, as_json=as_json)
    if "/" in what:
        raise CliError(
            f"there is no directory {safe_line(what, 300)}; "
            "of a table, name the file that it goes to as well, which ends in .parquet or .csv"
        )
    return _print_flow(what, kind, project)


def _print_flow(orchestration: str, kind: str | None, project: str | None) -> int:
    import json

    from orch_tui.keboola.exporting import single_flow

    written = single_flow(open_it(project), orchestration, _KINDS[kind] if kind else None)
    sys.stdout.write(json.dumps(written.body, ensure_ascii=False, indent=2) + "\n")
    out = Output(sys.stderr)
    for note in written.notes:
        out.line(safe_line(note, 2000))
    return WARNED if written.notes else SUCCESS


def _into_directory(
    root: Path, branch: str | None, add: tuple[str, ...], project: str | None, *, dry_run: bool, as_json: bool
) -> int:
    from orch_tui.keboola.pulled import plan_export, write_export

    opened = open_it(project)
    exported = plan_export(opened, root, branch, add)
    if not dry_run:
        write_export(opened, root, exported, branch)
    out = Output(sys.stdout)
    if as_json:
        from orch_tui.cli.shared.report import print_json

        print_json(out, {**_json(exported, root), "written": not dry_run})
    else:
        _print(out, exported, root, dry_run=dry_run)
    return SUCCESS if exported.exact else WARNED


def _json(exported: Exported, root: Path) -> dict[str, object]:
    return {
        "exact": exported.exact,
        "files": [str(path.relative_to(root)) for path, text in exported.files.items() if text is not None],
        "deleted": [str(path.relative_to(root)) for path, text in exported.files.items() if text is None],
        "changed": exported.changed,
        "conflicts": exported.conflicts,
        "new": exported.new,
        "notes": exported.notes,
        "problems": exported.problems,
    }


def _print(out: Output, exported: Exported, root: Path, *, dry_run: bool) -> None:
    for path, text in sorted(exported.files.items()):
        word = "deleted" if text is None else "written"
        out.line(f"{word}: {safe_line(str(path.relative_to(root)), 300)}")
    for ref in exported.conflicts:
        out.line(
            f"{out.paint('changed here and there', 'yellow')}: {safe_line(ref, 200)} is left alone; import it first"
        )
    for note in exported.notes:
        out.line(f"{out.paint('differs', 'yellow')}: {safe_line(note, 2000)}")
    for problem in exported.problems:
        out.line(f"{out.paint('refused', 'red')}: {safe_line(problem, 2000)}")
    done = " (nothing was written)" if dry_run else ""
    out.line(f"{counted(len(exported.changed), 'definition')} changed, {counted(len(exported.files), 'file')}{done}")
    if exported.new:
        out.line("next: kbc persist, which takes in what is new")
