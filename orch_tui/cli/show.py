"""``orch-tui runs`` and ``orch-tui show``: the history, and one run of it."""

from __future__ import annotations

import heapq
import itertools
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from orch_tui.cli.errors import SUCCESS, CliError
from orch_tui.cli.opening import command_hint, json_option, open_it, project_option, run_directory
from orch_tui.cli.output import Output, cells, pad, print_table
from orch_tui.model.durations import show_duration
from orch_tui.model.text import safe_line, valid_id

if TYPE_CHECKING:
    from orch_tui.model.runstate import PhaseState, RunState, TaskState
    from orch_tui.project.history import RunSummary
    from orch_tui.project.paths import ProjectPaths
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
    from orch_tui.project.journal import is_executed

    if task is None and (as_command or as_config or attempt is not None):
        raise CliError("--command, --config and --attempt are of one task: name it after the run")
    if as_command + as_config + as_json > 1:
        raise CliError("--command, --config and --json exclude each other; take one")
    if attempt is not None and not (as_command or as_config):
        raise CliError("--attempt goes with --command or --config; without them all attempts are shown")
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
        _print_run(out, opened.paths, state, directory, live)
    return SUCCESS


def _print_run(out: Output, paths: ProjectPaths, state: RunState, directory: Path, live: bool) -> None:
    from orch_tui.cli.card import print_ending
    from orch_tui.model.status import Status

    _print_header(out, paths, state, directory, live)
    width = min(50, max((cells(safe_line(task.name)) for task in state.tasks.values()), default=0))
    now = time.time()
    for number, phase in enumerate(state.phases.values(), 1):
        out.line(_phase_line(out, number, phase))
        for task in map(state.tasks.__getitem__, phase.tasks):
            out.line(_task_line(out, state, task, directory, width, now, live))
    for at, level, text in state.notes:
        out.line(f"{local_time(at)} {safe_line(level, 20)}: {safe_line(text, 400)}")
    if not state.finished and not live:
        _print_interrupted(out, state, directory)
    if state.status is not Status.SUCCESS:
        print_ending(out, state, directory, live=live)


def _print_header(out: Output, paths: ProjectPaths, state: RunState, directory: Path, live: bool) -> None:
    from orch_tui.project.history import continued_by

    header = state.header
    word = out.status(state.status) if state.finished or live else out.paint("interrupted", "red")
    took = show_duration(None if state.ended is None else state.ended - (state.started or header.created))
    out.line(f'{out.bold(f"run {header.id}")} of "{safe_line(header.name, 120)}" ({header.orchestration})')
    out.line(f"  {word}  {took}  {safe_line(state.reason, 600)}".rstrip())
    out.line(f"  started {local_time(header.created)} by {safe_line(header.by, 200)}")
    if header.rerun_of:
        gone = "" if (directory.parent / header.rerun_of).is_dir() else ", whose files are deleted"
        out.line(f"  continues run {safe_line(header.rerun_of, 100)}{gone}: runs what did not succeed in it")
    elif header.partial:
        out.line("  a part of the orchestration")
    for later in continued_by(paths, header.orchestration, header.id):
        out.line(f"  continued by run {later.id}  {later.state}  {show_duration(later.seconds)}".rstrip())
    if header.parent:
        out.line(f"  nested in {safe_line(header.parent, 200)}")
    if header.variables:
        values = "  ".join(f"{name}={value}" for name, value in header.variables.items())
        out.line(f"  variables: {safe_line(values, 600)}")
    out.line(f"  directory {safe_line(str(directory))}")


def _phase_line(out: Output, number: int, phase: PhaseState) -> str:
    seconds = "" if phase.ended is None else show_duration(phase.ended - (phase.started or phase.ended))
    reason = f"  {safe_line(phase.reason, 200)}" if phase.reason else ""
    name = out.bold(f'phase {number} "{safe_line(phase.name, 120)}"')
    return f"{name}  {out.status(phase.status)}  {seconds}{reason}".rstrip()


def _task_line(
    out: Output, state: RunState, task: TaskState, directory: Path, width: int, now: float, live: bool
) -> str:
    from orch_tui.cli.follow import attempt_directory
    from orch_tui.cli.narrate import counted
    from orch_tui.engine.ending import files_written, tables_written

    last = task.attempt
    seconds = show_duration(last.seconds) if last else ""
    if last is not None and last.ended is None and live:
        seconds = show_duration(now - (last.started or last.spawned))
    waits = not task.status.final and last is None
    reason = state.why(task, now) if live and waits else task.reason
    parts = [seconds.rjust(8)]
    if len(task.attempts) > 1:
        parts.append(f"{len(task.attempts)} attempts")
    if last is not None:
        place = attempt_directory(directory, task.id, last.number)
        found = [*tables_written(place), *files_written(place)]
        parts += [f"{counted(rows, 'row')} in {name}" for name, rows in found]
    parts.append(safe_line(reason, 400))
    said = "  ".join(part for part in parts if part)
    return f"  {out.status(task.status, width=13)} {pad(safe_line(task.name), width)} {said}".rstrip()


def _print_interrupted(out: Output, state: RunState, directory: Path) -> None:
    from orch_tui.engine.inspect import inspect_run

    out.line(out.paint("Interrupted", "red") + ": the process that executed this run is gone and nobody went on.")
    for name, finding in inspect_run(directory, state).items():
        task = state.tasks[name]
        out.line(f"  {safe_line(task.name, 120)} ({task.id}) was running: {safe_line(finding.text, 400)}")
    out.line(
        f"Go on with {command_hint('run', '--resume', directory.name)}, or stop what is left with orch-tui cancel."
    )
