"""``orch-tui cancel``: ask the process that executes a run, wherever it is, to stop it."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from orch_tui.cli.interventions.whole_run import WholeRun
from orch_tui.cli.shared.completion import complete_run, complete_task_of_run
from orch_tui.cli.shared.errors import FAILED, SUCCESS, CliError
from orch_tui.cli.shared.opening import find_task, open_it, project_option, run_directory
from orch_tui.cli.shared.output import Output
from orch_tui.model.texts.text import safe_line

if TYPE_CHECKING:
    from orch_tui.engine.requests.requests import CancelRequest
    from orch_tui.project.journal.file import BrokenJournal
    from orch_tui.project.project import Project
    from orch_tui.runs.live.follower import Follower


@click.command("cancel", cls=WholeRun)
@click.argument("run", metavar="RUN|ORCHESTRATION", shell_complete=complete_run)
@click.option("--now", is_flag=True, help="Kill at once, without the grace time.")
@click.option("--task", metavar="TASK", shell_complete=complete_task_of_run, help="Stop only this task of the run.")
@click.option("--wait/--no-wait", default=True, help="Wait until it has ended (default) or only ask.")
@project_option
def cancel_command(run: str, now: bool, task: str | None, wait: bool, project: str | None) -> int:
    """Stop RUN, or the run of ORCHESTRATION. What is left of a run that was interrupted is stopped as well."""
    from orch_tui.engine.requests.requests import CancelRequest, ask, who_am_i
    from orch_tui.project.journal.file import BrokenJournal, is_executed
    from orch_tui.runs.live.follower import Follower
    from orch_tui.runs.people.responding import no_answer

    opened = open_it(project, tolerant=True)
    directory = run_directory(opened, run)
    alive = is_executed(directory)
    try:
        follower = Follower(directory)
        state = follower.catch_up()
    except BrokenJournal as error:
        if not alive or task is not None:
            raise
        return _stop_unread(directory, CancelRequest(who_am_i(), now), error, wait=wait)
    if state.finished:
        raise CliError(f"run {directory.name} has ended already: {state.status.value}", FAILED)
    target = find_task(state, task).id if task is not None else None
    if target is not None and state.task(target).status.final:
        raise CliError(f"task {target} has ended already: {state.task(target).status.value}", FAILED)
    request, out = CancelRequest(who_am_i(), now, target), Output(sys.stdout)
    if not alive:
        out.line(f"no process executes run {directory.name}: taking it over to stop it")
        _take_over(opened, directory, request)
        return _until_over(out, follower, directory, target)
    asked = ask(directory, request)
    if not wait:
        out.line(f"asked run {directory.name} to stop" + (f" task {target}" if target else ""))
        if (silent := no_answer(state)).stopped:
            Output(sys.stderr).line(silent.sentence)
        return SUCCESS
    return _until_over(out, follower, directory, target, asked)


def _stop_unread(directory: Path, request: CancelRequest, error: BrokenJournal, *, wait: bool) -> int:
    """A run whose journal was damaged while it runs: its executor hears of it all the same."""
    from orch_tui.engine.requests.requests import ask
    from orch_tui.project.journal.file import is_executed
    from orch_tui.runs.live.follower import POLL
    from orch_tui.runs.people.responding import ANSWER

    err = Output(sys.stderr)
    err.line(safe_line(str(error)))
    asked = ask(directory, request)
    err.line(f"asked run {directory.name} to stop all the same")
    patience = time.monotonic() + ANSWER
    while wait and is_executed(directory):
        if asked.exists() and time.monotonic() > patience:
            raise CliError(f"the process that executes run {directory.name} does not answer; find it with ps", FAILED)
        time.sleep(POLL)
    return SUCCESS


def _take_over(project: Project, directory: Path, request: CancelRequest) -> None:
    """Stop what an executor that is gone has left running, and write down what became of it."""
    from orch_tui.cli.run.signals import Signals
    from orch_tui.cli.shared.errors import ALREADY_RUNS, USAGE, os_sentence
    from orch_tui.engine.runs.start import AlreadyRunning
    from orch_tui.engine.runs.takeover import settle, take_over

    try:
        with Signals(stopping=True).installed() as signals:
            if request.task is None:
                settle(project, directory, request, signals.attach)
                return
            run = take_over(project, directory, by=request.by, cancel=request)
            signals.attach(run)
            run.wait()
    except AlreadyRunning as error:
        raise CliError(str(error), ALREADY_RUNS) from error
    except OSError as error:
        raise CliError(f"the run cannot be taken over: {os_sentence(error)}", USAGE) from error


def _until_over(out: Output, follower: Follower, directory: Path, target: str | None, asked: Path | None = None) -> int:
    """Wait for the end, but not for a process that does not answer. ``asked`` is gone once the request was taken.

    Raises: CliError when the process is gone, or is stopped or silent for too long.
    """
    from orch_tui.cli.follow.narrate import summary_of
    from orch_tui.project.journal.file import is_executed
    from orch_tui.runs.live.follower import POLL
    from orch_tui.runs.people.responding import ANSWER, no_answer

    answered = time.monotonic()
    while True:
        alive = is_executed(directory)
        state = follower.catch_up()
        task = state.task(target) if target is not None else None
        if task is not None and task.status.final:
            out.line(f"{out.status(task.status)} {safe_line(task.name, 120)}  {safe_line(task.reason, 400)}")
            return SUCCESS
        if state.finished:
            reason = f"  {safe_line(state.reason, 400)}" if state.reason else ""
            out.line(f"{out.status(state.status)} run {directory.name}  {summary_of(state)}{reason}")
            return SUCCESS
        if not alive:
            raise CliError(f"the process that executed run {directory.name} is gone; it was interrupted", FAILED)
        silent = no_answer(state)
        if not silent.stopped and (asked is None or not asked.exists()):
            answered = time.monotonic()
        elif time.monotonic() - answered > ANSWER:
            raise CliError(silent.sentence, FAILED)
        time.sleep(POLL)
