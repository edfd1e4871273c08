"""What can be done to a run while it goes on: hold, release, skip, retry, mark-done, limit."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from orch_tui.cli.interventions.whole_run import WholeRun
from orch_tui.cli.shared.completion import complete_phase_of_run, complete_run, complete_task_of_run
from orch_tui.cli.shared.errors import FAILED, SUCCESS, CliError
from orch_tui.cli.shared.opening import command_hint, find_phase, find_task, open_it, project_option, run_directory
from orch_tui.cli.shared.output import Output
from orch_tui.model.events.interventions import Intervention, InterventionKind

if TYPE_CHECKING:
    from orch_tui.runs.live.follower import Follower

F = TypeVar("F", bound=Callable[..., Any])


def run_argument(function: F) -> F:
    return click.argument("run", metavar="RUN|ORCHESTRATION", shell_complete=complete_run)(function)


def task_argument(function: F) -> F:
    return click.argument("task", shell_complete=complete_task_of_run)(function)


def _reason_option(function: F) -> F:
    return click.option("--reason", "-r", default="", metavar="TEXT", help="Why: it stands in the journal.")(function)


def _part_options(function: F) -> F:
    function = click.option(
        "--task", metavar="TASK", shell_complete=complete_task_of_run, help="Only this task of the run."
    )(function)
    return _phase_option(function)


def _phase_option(function: F) -> F:
    return click.option(
        "--phase", metavar="PHASE", shell_complete=complete_phase_of_run, help="Only this phase of the run."
    )(function)


@click.command("hold", cls=WholeRun)
@run_argument
@_part_options
@_reason_option
@project_option
def hold_command(run: str, task: str | None, phase: str | None, reason: str, project: str | None) -> int:
    """Let nothing new start in RUN, in a phase, or let a task wait until it is released. What runs goes on.

    A phase in which a task failed does not end while it is held: retry or mark-done can decide what becomes of it.
    """
    return _intervene(project, run, InterventionKind.HOLD, reason, task=task, phase=phase)


@click.command("release", cls=WholeRun)
@run_argument
@_part_options
@_reason_option
@project_option
def release_command(run: str, task: str | None, phase: str | None, reason: str, project: str | None) -> int:
    """Let go on what was held."""
    return _intervene(project, run, InterventionKind.RELEASE, reason, task=task, phase=phase)


def _command_for_a_task(kind: InterventionKind, help: str) -> click.Command:
    """A command of the kind's own name that takes a run, a task and a reason."""

    @click.command(kind.value, help=help)
    @run_argument
    @task_argument
    @_reason_option
    @project_option
    def command(run: str, task: str, reason: str, project: str | None) -> int:
        return _intervene(project, run, kind, reason, task=task)

    return command


skip_command = _command_for_a_task(
    InterventionKind.SKIP,
    "Let RUN go on without TASK, which has not started yet. The run ends in warning at best.",
)
retry_command = _command_for_a_task(
    InterventionKind.RETRY,
    "Try TASK again now: it failed and its phase goes on, or it waits for its next attempt.",
)
mark_done_command = _command_for_a_task(
    InterventionKind.MARK_DONE,
    "Let RUN go on as if TASK, which failed, had done its work. It is a warning of the run, and says so for ever.",
)


@click.command("limit")
@run_argument
@click.argument("tasks", type=click.IntRange(min=1))
@_phase_option
@_reason_option
@project_option
def limit_command(run: str, tasks: int, phase: str | None, reason: str, project: str | None) -> int:
    """Let that many TASKS of RUN run at once from now on; phases with a limit of their own keep it."""
    return _intervene(project, run, InterventionKind.LIMIT, reason, phase=phase, limit=tasks)


def _intervene(
    project: str | None,
    run: str,
    kind: InterventionKind,
    reason: str,
    *,
    task: str | None = None,
    phase: str | None = None,
    limit: int | None = None,
) -> int:
    """Raises: CliError when it cannot be done."""
    from orch_tui.engine.requests.requests import ask, new_id, who_am_i
    from orch_tui.engine.requests.wishes import expected, refused
    from orch_tui.project.journal.file import is_executed
    from orch_tui.runs.live.follower import Follower

    if task is not None and phase is not None:
        raise CliError("name a task or a phase, not both")
    directory = run_directory(open_it(project, tolerant=True), run)
    alive = is_executed(directory)
    follower = Follower(directory)
    state = expected(directory, follower.catch_up)
    task = find_task(state, task).id if task is not None else None
    phase = find_phase(state, phase).id if phase is not None else None
    one = Intervention(new_id(), kind, who_am_i(), reason, task, phase, limit)
    if why := refused(state, follower.state, one):
        raise CliError(why, FAILED)
    asked = ask(directory, one)
    if not alive:
        hint = command_hint("run", "--resume", directory.name)
        Output(sys.stdout).line(
            f"no process executes run {directory.name}: it is done before anything starts in {hint}"
        )
        return SUCCESS
    return until_done(follower, directory, one, asked)


def until_done(follower: Follower, directory: Path, one: Intervention, asked: Path) -> int:
    """Wait until the executor has taken it, but not for one that does not answer. Raises: CliError."""
    from orch_tui.model.run.intervening import refusal
    from orch_tui.project.journal.file import is_executed
    from orch_tui.runs.live.follower import POLL
    from orch_tui.runs.people.interventions import words_of
    from orch_tui.runs.people.responding import ANSWER, no_answer

    patience = time.monotonic() + ANSWER
    while True:
        alive, taken = is_executed(directory), not asked.exists()
        state = follower.catch_up()
        if one.id in state.interventions:
            Output(sys.stdout).line(words_of(one, state))
            return SUCCESS
        if taken:
            raise CliError(refusal(state, one) or "it could not be done any more", FAILED)
        if not alive:
            raise CliError(
                f"the process that executed run {directory.name} is gone; whoever resumes it does it", FAILED
            )
        if time.monotonic() > patience:
            raise CliError(no_answer(state).sentence, FAILED)
        time.sleep(POLL / 5)
