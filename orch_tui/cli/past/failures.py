"""``orch-tui failures``: failures of runs, grouped by what they say."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Any

import click

from orch_tui.cli.past.runs import WHERE_HELP, require_known, where_it_holds
from orch_tui.cli.shared.completion import complete_orchestration
from orch_tui.cli.shared.errors import SUCCESS
from orch_tui.cli.shared.opening import json_option, open_it, project_option
from orch_tui.cli.shared.output import Output, print_table
from orch_tui.model.texts.text import counted

if TYPE_CHECKING:
    from orch_tui.runs.past.failures import FailureGroup

_LIMIT = 20


@click.command("failures")
@click.argument("orchestration", required=False, shell_complete=complete_orchestration)
@click.option("--where", "-w", metavar="SEARCH", help=WHERE_HELP)
@click.option(
    "--limit", "-n", type=click.IntRange(1), default=_LIMIT, show_default=True, help="At most so many groups."
)
@json_option
@project_option
def failures_command(
    orchestration: str | None, where: str | None, limit: int, as_json: bool, project: str | None
) -> int:
    """List failures of ORCHESTRATION, or of all, grouped by what they say: numbers, times and ids do not count.

    A plain re-run cured those whose task succeeded the next time that it ran, without an edit of its configuration.
    """
    from orch_tui.project.run_index import RunIndex
    from orch_tui.runs.past.cures import Cures
    from orch_tui.runs.past.failures import group_failures, has_failed

    opened = open_it(project, tolerant=True)
    require_known(opened, orchestration)
    index = RunIndex(opened.paths)
    history = index.runs(orchestration) if orchestration is not None else index.all_runs()
    failed = [run for run in history if has_failed(run)]
    groups = group_failures(failed if where is None else where_it_holds(failed, where))
    shown = Cures(opened.paths, history).told(groups[:limit])
    out = Output(sys.stdout)
    if as_json:
        from orch_tui.cli.shared.report import print_json

        print_json(out, [_json(group) for group in shown])
        return SUCCESS
    if shown:
        now = time.time()
        titles = ["times", "since", "last", "re-run cured", "of", "what it says", "latest run"]
        print_table(out, titles, [_row(group, now) for group in shown], right=[0, 3])
    cut = f", {len(shown)} of them shown" if len(shown) < len(groups) else ""
    number = sum(group.count for group in groups)
    Output(sys.stderr).line(
        f"{counted(number, 'failure')} in {counted(len(history), 'run')}, {counted(len(groups), 'kind')}{cut}"
    )
    return SUCCESS


def _row(group: FailureGroup, now: float) -> list[str]:
    from orch_tui.runs.past.failures import Cure, day_words

    return [
        str(group.count),
        day_words(group.first, now),
        day_words(group.last, now),
        str(group.cures[Cure.RERUN]),
        ", ".join(group.orchestrations),
        f"{', '.join(group.tasks)}: {group.text}" if group.tasks else group.text,
        group.runs[0].id,
    ]


def _json(group: FailureGroup) -> dict[str, Any]:
    from orch_tui.cli.shared.report import at

    return {
        "pattern": group.pattern,
        "text": group.text,
        "count": group.count,
        "first": at(group.first),
        "last": at(group.last),
        "cures": {cure.value: number for cure, number in group.cures.items()},
        "orchestrations": list(group.orchestrations),
        "tasks": list(group.tasks),
        "runs": [run.id for run in group.runs],
    }
