"""``orch-tui import``: a project of Keboola, or a part of one, as definitions here."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from orch_tui.cli.shared.errors import SUCCESS, WARNED, CliError
from orch_tui.cli.shared.opening import command_hint, json_option, open_it, project_option
from orch_tui.cli.shared.output import Output
from orch_tui.model.texts.text import counted, safe_line

if TYPE_CHECKING:
    from collections.abc import Iterable

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


_COLORS = {"exact": "green", "differs": "yellow", "cannot run": "red"}


def _print(out: Output, plan: Plan, *, dry_run: bool, hint: str) -> None:
    for item in plan.orchestrations:
        level = out.paint(item.level.value, _COLORS[item.level.value])
        out.line(f"{safe_line(item.ref, 120)}: {level}{_said(item)}")
        _findings(out, item)
    _print_configurations(out, plan.configurations)
    for problem in plan.problems:
        out.line(f"{out.paint('refused', 'red')}: {safe_line(problem, 2000)}")
    _list(out, "left out", plan.left_out)
    _list(out, "secrets to put into .env", plan.secrets)
    _list(out, "signs in with OAuth, which has to be done again", plan.oauth)
    _list(out, "components that are not installed", plan.components)
    done = "would be written" if dry_run else "written"
    number = sum(item.change.value in ("new", "updated") for item in plan.items)
    out.line(f"{counted(number, 'definition')} {done} from {plan.source}")
    if number and not dry_run:
        out.line(f"next: {hint}")


def _print_configurations(out: Output, items: list[Item]) -> None:
    changed = [item for item in items if item.findings or item.change.value in ("updated", "kept")]
    for item in changed:
        level = out.paint(item.level.value, _COLORS[item.level.value])
        out.line(f"{safe_line(item.ref, 120)}: {level}{_said(item)}")
        _findings(out, item)
    if rest := len(items) - len(changed):
        out.line(f"{counted(rest, 'configuration')} {'more ' if changed else ''}without a difference")


def _said(item: Item) -> str:
    changed = f" ({', '.join(item.changed)})" if item.changed else ""
    if item.change.value == "kept":
        return f", but changed here and in Keboola{changed}: it stays as it is here"
    return f", {item.change.value}{changed}"


def _findings(out: Output, item: Item) -> None:
    for one in item.findings:
        out.line(f"    {one.level.value}: {safe_line(one.message, 2000)}")


def _list(out: Output, title: str, names: Iterable[str]) -> None:
    listed = [safe_line(name, 200) for name in names]
    if listed:
        out.line(f"{title}:")
        for name in listed:
            out.line(f"    {name}")
