"""``orch-tui runs`` and ``orch-tui show``: the history, and one run of it."""

from __future__ import annotations

import heapq
import itertools
import sys
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from orch_tui.cli.errors import SUCCESS, CliError
from orch_tui.cli.opening import command_hint, json_option, open_it, project_option, run_directory
from orch_tui.cli.output import Output, print_table
from orch_tui.model.durations import show_duration
from orch_tui.model.text import valid_id

if TYPE_CHECKING:
    from orch_tui.project.history import RunSummary
    from orch_tui.project.project import Project


def local_time(at: float | None) -> str:
    """``2026-11-22 14:02:13`` in the local time zone; empty for None."""
    return "" if at is None else time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(at))


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


def _refuse_mixtures(task: str | None, as_command: bool, as_config: bool, as_json: bool, attempt: int | None) -> None:
    """Raises: CliError for options that do not go together."""
    if task is None and (as_command or as_config or attempt is not None):
        raise CliError("--command, --config and --attempt are of one task: name it after the run")
    if as_command + as_config + as_json > 1:
        raise CliError("--command, --config and --json exclude each other; take one")
    if attempt is not None and not (as_command or as_config):
        raise CliError("--attempt goes with --command or --config; without them all attempts are shown")


@click.command("show")
@click.argument("run", required=False, metavar="[RUN|ORCHESTRATION]")
@click.argument("task", required=False)
@click.option("--command", "as_command", is_flag=True, help="Print the shell command that starts TASK by hand.")
@click.option("--config", "as_config", is_flag=True, help="Print what TASK ran, and what was edited since.")
@click.option("--attempt", type=click.IntRange(1), help="Which attempt of TASK (default: the last one).")
@json_option
@project_option
def show_command(
    run: str | None,
    task: str | None,
    as_command: bool,
    as_config: bool,
    attempt: int | None,
    as_json: bool,
    project: str | None,
) -> int:
    """Show RUN (default: the last one): its phases and tasks, what they wrote, and the first failure.

    With TASK: its attempts, the text that each ran, and where their files are.
    """
    from orch_tui.cli.follow import Follower
    from orch_tui.project.journal.file import is_executed

    _refuse_mixtures(task, as_command, as_config, as_json, attempt)
    opened = open_it(project, tolerant=True)
    directory = run_directory(opened, run)
    # The lock first: a run that ends in between is then seen as ended.
    live = is_executed(directory)
    state = Follower(directory).catch_up()
    if task is not None and not as_json:
        from orch_tui.cli import show_task

        if as_command:
            return show_task.print_command(state, directory, task, attempt)
        if as_config:
            return show_task.print_text(opened, state, directory, task, attempt)
        return show_task.print_task(opened, state, directory, task)
    out = Output(sys.stdout)
    if as_json:
        from orch_tui.cli.opening import find_task
        from orch_tui.cli.report import print_json, run_json, task_json
        from orch_tui.project.history import continued_by

        if task is not None:
            print_json(out, task_json(find_task(state, task), directory))
            return SUCCESS
        later = [run.id for run in continued_by(opened.paths, state.header.orchestration, state.header.id)]
        print_json(out, run_json(state, directory, live=live, continued_by=later))
    else:
        from orch_tui.cli.marks import model_of
        from orch_tui.cli.show_run import print_run

        print_run(out, opened.paths, *model_of(opened.paths, directory))
    return SUCCESS
