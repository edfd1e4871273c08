"""``orch-tui show``: one run, or one task of it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from orch_tui.cli.shared.completion import complete_run, complete_task_of_run
from orch_tui.cli.shared.errors import SUCCESS, CliError
from orch_tui.cli.shared.opening import json_option, open_it, project_option, run_directory
from orch_tui.cli.shared.output import Output

if TYPE_CHECKING:
    from orch_tui.model.run.runstate import RunState
    from orch_tui.project.project import Project


def _refuse_mixtures(
    task: str | None, as_command: bool, as_config: bool, as_json: bool, attempt: int | None, all_parts: bool
) -> None:
    """Raises: CliError for options that do not go together."""
    if task is None and (as_command or as_config or all_parts or attempt is not None):
        raise CliError("--command, --config, --parts and --attempt are of one task: name it after the run")
    if as_command + as_config + as_json + all_parts > 1:
        raise CliError("--command, --config, --parts and --json exclude each other; take one")
    if attempt is not None and not (as_command or as_config):
        raise CliError("--attempt goes with --command or --config; without them all attempts are shown")


@click.command("show")
@click.argument("run", required=False, metavar="[RUN|ORCHESTRATION]", shell_complete=complete_run)
@click.argument("task", required=False, shell_complete=complete_task_of_run)
@click.option("--command", "as_command", is_flag=True, help="Print the shell command that starts TASK by hand.")
@click.option("--config", "as_config", is_flag=True, help="Print what TASK ran, and what was edited since.")
@click.option("--parts", "all_parts", is_flag=True, help="All parts of TASK, an array, a line each.")
@click.option("--attempt", type=click.IntRange(1), help="Which attempt of TASK (default: the last one).")
@click.option(
    "--picture",
    is_flag=False,
    flag_value="-",
    metavar="[FILE]",
    help="Draw phases and tasks as boxes and arrows: of ORCHESTRATION as it would run, of RUN as it went; "
    "into FILE.svg or FILE.png, or on the terminal.",
)
@json_option
@project_option
def show_command(
    run: str | None,
    task: str | None,
    as_command: bool,
    as_config: bool,
    all_parts: bool,
    attempt: int | None,
    picture: str | None,
    as_json: bool,
    project: str | None,
) -> int:
    """Show RUN (default: the last one): its phases and tasks, what they wrote, and the first failure.

    With TASK: its attempts, the text that each ran, and where their files are.
    With --picture: boxes and arrows; ORCHESTRATION RUN --picture draws that run.
    """
    from orch_tui.project.journal.file import is_executed
    from orch_tui.runs.live.follower import Follower

    if picture is not None:
        from orch_tui.cli.show.picture import show_picture

        if as_command or as_config or as_json or all_parts or attempt is not None:
            raise CliError("--picture goes with none of --command, --config, --parts, --attempt and --json")
        return show_picture(open_it(project, tolerant=True), run, task, picture)
    _refuse_mixtures(task, as_command, as_config, as_json, attempt, all_parts)
    opened = open_it(project, tolerant=True)
    directory = run_directory(opened, run)
    # The lock first: a run that ends in between is then seen as ended.
    live = is_executed(directory)
    state = Follower(directory).catch_up()
    if task is not None and not as_json:
        from orch_tui.cli.show import task as show_task

        if as_command:
            return show_task.print_command(state, directory, task, attempt)
        if as_config:
            return show_task.print_text(opened, state, directory, task, attempt)
        return show_task.print_task(opened, state, directory, task, all_parts=all_parts)
    if as_json:
        _print_json(opened, state, directory, task, live=live)
    else:
        from orch_tui.cli.follow.marks import model_of
        from orch_tui.cli.show.run import print_run

        print_run(Output(sys.stdout), opened.paths, model_of(opened.paths, directory))
    return SUCCESS


def _print_json(opened: Project, state: RunState, directory: Path, task: str | None, *, live: bool) -> None:
    from orch_tui.cli.shared.opening import find_task
    from orch_tui.cli.shared.report import print_json, run_json, task_json
    from orch_tui.project.history import continued_by

    out = Output(sys.stdout)
    if task is not None:
        print_json(out, task_json(find_task(state, task), directory))
        return
    later = [run.id for run in continued_by(opened.paths, state.header.orchestration, state.header.id)]
    print_json(out, run_json(state, directory, live=live, continued_by=later))
