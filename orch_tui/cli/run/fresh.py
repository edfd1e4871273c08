"""``orch-tui fresh``: bring a table up to date by running what is stale on the way to it, and nothing else."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from orch_tui.cli.run.command import run_requested
from orch_tui.cli.run.manner import parse_variables
from orch_tui.cli.shared.completion import complete_table
from orch_tui.cli.shared.errors import SUCCESS
from orch_tui.cli.shared.opening import json_option, open_it, project_option
from orch_tui.cli.shared.output import Output, cells, pad
from orch_tui.model.texts.text import counted, safe_line

if TYPE_CHECKING:
    from orch_tui.freshness.planning import FreshPlan


@click.command("fresh")
@click.argument("table", metavar="BUCKET/TABLE", shell_complete=complete_table)
@click.option(
    "--source", "sources", multiple=True, metavar="NAME",
    help="This has changed: a table, a configuration, or what one reads outside; repeatable.",
)  # fmt: skip
@click.option("--var", "variables", multiple=True, metavar="NAME=VALUE", help="Set a variable of the runs; repeatable.")
@click.option("--dry-run", is_flag=True, help="Say what would run and why, and start nothing.")
@click.option("--strict", is_flag=True, help="Exit with 3 if a run ends in warning.")
@json_option
@click.option("--plain", is_flag=True, help="No status line: only lines that stay.")
@click.option("--quiet", "-q", is_flag=True, help="Tell only what goes wrong.")
@project_option
def fresh_command(
    table: str,
    sources: tuple[str, ...],
    variables: tuple[str, ...],
    dry_run: bool,
    strict: bool,
    as_json: bool,
    plain: bool,
    quiet: bool,
    project: str | None,
) -> int:
    """Bring TABLE up to date: run those tasks on the way to it whose text, variables, inputs or sources are not those
    of their last success, and those after them, each in its own orchestration.

    With --json, the plan is printed, and the runs are told on standard error.
    """
    import orch_tui.engine.runs.light_asyncio  # noqa: F401 - before the first import of asyncio
    from orch_tui.freshness.planning import plan_fresh

    opened = open_it(project)
    plan = plan_fresh(opened, table, sources, parse_variables(variables))
    if as_json:
        from orch_tui.cli.shared.report import print_json

        print_json(Output(sys.stdout), plan_json(table, plan))
    elif not quiet or dry_run:
        _print(Output(sys.stdout), table, plan)
    if dry_run:
        return SUCCESS
    for request in plan.runs:
        code = run_requested(opened, request, strict=strict, plain=plain, quiet=quiet, on_stderr=as_json)
        if code != SUCCESS:
            return code
    return SUCCESS


def _print(out: Output, table: str, plan: FreshPlan) -> None:
    width = min(60, max((cells(safe_line(one.name)) for one in plan.tasks), default=0))
    for one in plan.tasks:
        stale = one.standing.stale
        mark = out.paint("● will run ", "green") if stale is not None else out.paint("✔ up to date", "blue")
        why = stale.sentence if stale is not None else f"unchanged since run {one.standing.run}"
        where = f'{one.orchestration}, phase "{safe_line(one.phase, 60)}"'
        out.line(f"  {pad(mark, 12)}  {pad(safe_line(one.name), width)}  {where}  {safe_line(why, 300)}")
    for ref in plan.without:
        out.line(f"  – not run     {safe_line(ref)}  it is in no orchestration, or disabled everywhere")
    name = safe_line(table, 200)
    if not plan.stale:
        out.line(f"{name} is up to date: 0 tasks to run")
        return
    runs = f" in {counted(len(plan.runs), 'run')}" if len(plan.runs) > 1 else ""
    out.line(f"{name}: {counted(len(plan.stale), 'task')} of {len(plan.tasks)} to run{runs}")


def plan_json(table: str, plan: FreshPlan) -> dict[str, Any]:
    """The plan as docs/cli.md has it."""
    from orch_tui.model.events.reasons import value_of

    return {
        "table": table,
        "tasks": [
            {
                "orchestration": one.orchestration,
                "phase": one.phase,
                "task": one.task,
                "configuration": one.configuration,
                "name": one.name,
                "stale": one.stale,
                "reason": one.standing.stale.sentence if one.standing.stale is not None else "",
                "because": value_of(one.standing.stale),
                "last_success": one.standing.run or None,
            }
            for one in plan.tasks
        ],
        "runs": [
            {
                "orchestration": request.orchestration,
                "tasks": [task for task, one in (request.changed or {}).items() if one.stale is not None],
            }
            for request in plan.runs
        ],
        "not_run": list(plan.without),
    }
