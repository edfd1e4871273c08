"""``orch-tui runs``: the history, newest first."""

from __future__ import annotations

import itertools
import sys
from typing import TYPE_CHECKING

import click

from orch_tui.cli.shared.completion import complete_orchestration
from orch_tui.cli.shared.errors import SUCCESS
from orch_tui.cli.shared.opening import command_hint, json_option, open_it, project_option
from orch_tui.cli.shared.output import Output, local_time, print_table
from orch_tui.model.texts.durations import show_duration
from orch_tui.model.texts.text import valid_id

if TYPE_CHECKING:
    from orch_tui.project.history import RunSummary


@click.command("runs")
@click.argument("orchestration", required=False, shell_complete=complete_orchestration)
@click.option("--limit", "-n", type=click.IntRange(1), default=20, show_default=True, help="At most so many.")
@json_option
@project_option
def runs_command(orchestration: str | None, limit: int, as_json: bool, project: str | None) -> int:
    """List earlier runs of ORCHESTRATION, or of all, newest first."""
    from orch_tui.project.history import all_runs, runs

    opened = open_it(project, tolerant=True)
    if orchestration is not None and not (valid_id(orchestration) and opened.paths.runs(orchestration).is_dir()):
        # Raises a sentence for a name that is no orchestration; one that never ran has an empty history.
        opened.orchestration(orchestration)
    history = runs(opened.paths, orchestration) if orchestration is not None else all_runs(opened.paths)
    found = list(itertools.islice(history, limit))
    out = Output(sys.stdout)
    if as_json:
        from orch_tui.cli.shared.report import print_json, summary_json

        print_json(out, [summary_json(run) for run in found])
    elif not found:
        Output(sys.stderr).line(f"no run yet; start one with {command_hint('run', orchestration or 'ORCHESTRATION')}")
    else:
        print_table(out, ["run", "orchestration", "state", "started", "took", "tasks", "reason"], map(_row, found))
    return SUCCESS


def _row(run: RunSummary) -> list[str]:
    partial = " (part)" if run.partial else ""
    took = show_duration(run.seconds)
    return [
        run.id,
        run.orchestration,
        run.state,
        local_time(run.started),
        took,
        f"{run.tasks}{partial}",
        "; ".join(
            part for part in (f"continues {run.continues}" if run.continues else "", run.broken or run.reason) if part
        ),
    ]
