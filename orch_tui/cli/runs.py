"""``orch-tui runs``: the history, newest first."""

from __future__ import annotations

import heapq
import itertools
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from orch_tui.cli.errors import SUCCESS
from orch_tui.cli.opening import command_hint, json_option, open_it, project_option
from orch_tui.cli.output import Output, local_time, print_table
from orch_tui.model.durations import show_duration
from orch_tui.model.text import valid_id

if TYPE_CHECKING:
    from orch_tui.project.history import RunSummary
    from orch_tui.project.project import Project


@click.command("runs")
@click.argument("orchestration", required=False)
@click.option("--limit", "-n", type=click.IntRange(1), default=20, show_default=True, help="At most so many.")
@json_option
@project_option
def runs_command(orchestration: str | None, limit: int, as_json: bool, project: str | None) -> int:
    """List earlier runs of ORCHESTRATION, or of all, newest first."""
    opened = open_it(project, tolerant=True)
    if orchestration is not None and not (valid_id(orchestration) and opened.paths.runs(orchestration).is_dir()):
        # Raises a sentence for a name that is no orchestration; one that never ran has an empty history.
        opened.orchestration(orchestration)
    found = list(itertools.islice(_history(opened, orchestration), limit))
    out = Output(sys.stdout)
    if as_json:
        from orch_tui.cli.report import print_json, summary_json

        print_json(out, [summary_json(run) for run in found])
    elif not found:
        Output(sys.stderr).line(f"no run yet; start one with {command_hint('run', orchestration or 'ORCHESTRATION')}")
    else:
        print_table(out, ["run", "orchestration", "state", "started", "took", "tasks", "reason"], map(_row, found))
    return SUCCESS


def _history(project: Project, orchestration: str | None) -> Iterator[RunSummary]:
    from orch_tui.project.history import runs

    if orchestration is not None:
        return runs(project.paths, orchestration)
    try:
        known = [path.name for path in (project.paths.state / "runs").iterdir() if path.is_dir()]
    except OSError:
        known = []
    return heapq.merge(*(runs(project.paths, name) for name in known), key=lambda run: run.id, reverse=True)


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
