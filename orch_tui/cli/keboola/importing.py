"""``orch-tui import``: a project of Keboola, or a part of one, as definitions here."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from orch_tui.cli.shared.errors import SUCCESS, WARNED, CliError
from orch_tui.cli.shared.opening import command_hint, json_option, open_it, project_option
from orch_tui.cli.shared.output import Output

if TYPE_CHECKING:
    from orch_tui.keboola.importing import Item, Plan
    from orch_tui.project.project import Project


@click.command("import")
@click.argument("source", type=click.Path(path_type=Path))
@click.option("--dry-run", is_flag=True, help="Say what would be written, and write nothing.")
@click.option("--branch", metavar="BRANCH", help="The branch of a pulled directory, by its path or id; default: main.")
@click.option("--new", "new", type=click.Path(path_type=Path), metavar="DIR", help="Into a new project in DIR.")
@json_option
@project_option
def import_command(
    source: Path, dry_run: bool, branch: str | None, new: Path | None, as_json: bool, project: str | None
) -> int:
    """Bring in what Keboola has: a directory that kbc pulled, or a JSON file.

    SOURCE is the directory with .keboola/manifest.json, a single orchestrator or flow, or what the API gives. Nothing
    that was edited here is written over. Exit code 0: all is here what it is there; 3: something differs, see the
    report; 2: refused.
    """
    from orch_tui.keboola.importing import carry_out, plan_import

    opened = _project(new, project, dry_run=dry_run)
    plan = plan_import(opened, source, branch)
    if not dry_run:
        carry_out(opened, plan)
    out = Output(sys.stdout)
    if as_json:
        from orch_tui.cli.shared.report import print_json

        print_json(out, {**plan_json(plan), "written": not dry_run})
    else:
        _print(out, plan, dry_run=dry_run, hint=f"orch-tui check --project {new}" if new else command_hint("check"))
    return SUCCESS if plan.exact else WARNED


def _project(new: Path | None, project: str | None, *, dry_run: bool) -> Project:
    if new is None:
        return open_it(project)
    if dry_run:
        raise CliError("--dry-run needs a project that there is: --new would make one")
    from orch_tui.project.files.given_files import real_path
    from orch_tui.project.saving.scaffold import new_project

    return new_project(new, real_path(new).name, sample=False)


def plan_json(plan: Plan) -> dict[str, Any]:
    """The plan for programs; docs/keboola.md has its keys."""
    return {
        "source": plan.source,
        "exact": plan.exact,
        "orchestrations": [_item_json(item) for item in plan.orchestrations],
        "configurations": [_item_json(item) for item in plan.configurations],
        "problems": list(plan.problems),
        "left_out": list(plan.left_out),
        "secrets": plan.secrets,
        "oauth": list(plan.oauth),
        "components": list(plan.components),
    }


def _item_json(item: Item) -> dict[str, Any]:
    return {
        "ref": item.ref,
        "name": item.value.name,
        "change": item.change.value,
        "changed": list(item.changed),
        "level": item.level.value,
        "findings": [{"level": one.level.value, "message": one.message} for one in item.findings],
    }


_COLORS = {"exact": "green", "differs": "yellow", "cannot run": "red", "refused": "red"}


def _print(out: Output, plan: Plan, *, dry_run: bool, hint: str) -> None:
    from orch_tui.keboola.report import report_lines, written_by

    for line in report_lines(plan, done=not dry_run):
        mark = out.paint(line.mark.value, _COLORS[line.mark.value]) if line.mark is not None else ""
        out.line(f"{'    ' * line.depth}{line.before}{mark}{line.after}")
    if written_by(plan) and not dry_run:
        out.line(f"next: {hint}")
