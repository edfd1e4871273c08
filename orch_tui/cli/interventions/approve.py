"""``orch-tui approvals`` and ``orch-tui approve``: what waits for a person, and the answer."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from orch_tui.cli.interventions.intervene import run_argument, until_done
from orch_tui.cli.shared.completion import complete_task_of_run
from orch_tui.cli.shared.errors import FAILED, SUCCESS, CliError
from orch_tui.cli.shared.opening import command_hint, find_task, json_option, open_it, project_option, run_directory
from orch_tui.cli.shared.output import Output, local_time
from orch_tui.model.events.interventions import Intervention, InterventionKind
from orch_tui.model.texts.text import counted, safe_line

if TYPE_CHECKING:
    from orch_tui.model.run.runstate import RunState, TaskState
    from orch_tui.model.variables.values import Value
    from orch_tui.runs.people.approvals import OpenApproval


@click.command("approvals")
@json_option
@project_option
def approvals_command(as_json: bool, project: str | None) -> int:
    """List what waits for a person to approve it, in all runs of the project that have not ended."""
    from orch_tui.runs.people.approvals import open_approvals

    found = list(open_approvals(open_it(project, tolerant=True).paths))
    out = Output(sys.stdout)
    if as_json:
        from orch_tui.cli.shared.report import approval_json, print_json

        print_json(out, [approval_json(one) for one in found])
    elif found:
        for one in found:
            _print(out, one)
    else:
        out.line("nothing waits for an approval")
    return SUCCESS


def _print(out: Output, one: OpenApproval) -> None:
    from orch_tui.engine.record.run_clock import now_of
    from orch_tui.model.orchestration.approval import OnTimeout
    from orch_tui.model.texts.durations import show_duration
    from orch_tui.runs.people.approvals import field_words

    state = one.state
    out.line(f"{out.bold(safe_line(one.task.name, 120))} ({one.task.id}) of run {state.header.id}")
    for line in one.question.text.splitlines():
        out.line(f"  {safe_line(line, 400)}")
    when = f"  asked {local_time(one.asked)}"
    if one.until is not None:
        left = one.until - now_of(state)
        becomes = "approved" if one.question.on_timeout is OnTimeout.APPROVE else "rejected"
        rest = f"{show_duration(left)} left" if left > 0 else "over; it is when the run goes on"
        when += f", {becomes} without an answer at {local_time(one.until)} ({rest})"
    out.line(when)
    if one.question.approvers:
        out.line(f"  to be answered by {safe_line(', '.join(one.question.approvers), 300)}")
    for field in one.question.fields:
        out.line(f"  --set {field_words(field)}")
    if one.left is not None:
        out.line(f"  answered by {safe_line(one.left.by, 200)}; it holds when the run is resumed")
    else:
        out.line(f"  {approve_hint(one)}")


def approve_hint(one: OpenApproval) -> str:
    """The commands that answer it."""
    needed = [field.name for field in one.question.fields if field.default is None]
    options = [word for name in needed for word in ("--set", f"{name}=…")]
    run, task = one.state.header.id, one.task.id
    return f"{command_hint('approve', run, task, *options)} or {command_hint('approve', run, task, '--reject')}"


@click.command("approve")
@run_argument
@click.argument("task", required=False, shell_complete=complete_task_of_run)
@click.option("--set", "values", multiple=True, metavar="NAME=VALUE", help="The value of a field; repeatable.")
@click.option("--reject", is_flag=True, help="Reject it: the task fails.")
@click.option("--note", "-n", default="", metavar="TEXT", help="A word about it: it stands in the journal.")
@project_option
def approve_command(
    run: str, task: str | None, values: tuple[str, ...], reject: bool, note: str, project: str | None
) -> int:
    """Approve what TASK of RUN asks, or reject it. TASK may be left out when the run asks one thing only."""
    from orch_tui.engine.requests.requests import ask, new_id, who_am_i
    from orch_tui.engine.requests.wishes import expected, refused
    from orch_tui.project.journal.file import is_executed
    from orch_tui.runs.live.follower import Follower
    from orch_tui.runs.people.approvals import approvals_of

    directory = run_directory(open_it(project, tolerant=True), run)
    alive = is_executed(directory)
    follower = Follower(directory)
    known = follower.catch_up()
    wanted = _asking(known) if task is None else find_task(known, task)
    kind = InterventionKind.REJECT if reject else InterventionKind.APPROVE
    given = {} if reject else _given(wanted, values)
    if reject and values:
        raise CliError("--set belongs to an approval; what is rejected sets nothing")
    one = Intervention(new_id(), kind, who_am_i(), note, wanted.id, given=given)
    state = expected(directory, follower.catch_up)
    if why := refused(state, follower.state, one):
        raise CliError(why, FAILED)
    asked = ask(directory, one)
    if alive:
        return until_done(follower, directory, one, asked)
    first = next(found.left for found in approvals_of(state, directory, live=False) if found.task.id == wanted.id)
    if first is not None and first.id != one.id:
        # Somebody was there before: the first answer holds, and this one is not left to be passed over in silence.
        asked.unlink(missing_ok=True)
        raise CliError(f"task {wanted.id} has its answer already, by {first.by}; it holds when the run goes on", FAILED)
    hint = command_hint("run", "--resume", directory.name)
    Output(sys.stdout).line(f"no process executes run {directory.name}: the answer holds when it is resumed, {hint}")
    return SUCCESS


def _asking(state: RunState) -> TaskState:
    """The only task that asks something, or that did. Raises: CliError."""
    asking = state.asking
    if len(asking) == 1:
        return asking[0]
    answered = [task for task in state.tasks.values() if task.attempt is not None and task.attempt.question is not None]
    if not asking and len(answered) == 1:
        # Somebody was faster: who that was is said as when the task is named.
        return answered[0]
    if not asking:
        raise CliError(f"run {state.header.id} asks nothing; see {command_hint('approvals')}", FAILED)
    names = ", ".join(task.id for task in asking)
    raise CliError(f"run {state.header.id} asks {counted(len(asking), 'thing')}: name one task of {names}")


def _given(task: TaskState, texts: tuple[str, ...]) -> dict[str, Value]:
    """The values of ``--set`` with their types, and the defaults. Raises: CliError."""
    from orch_tui.model.orchestration.approval import AnswerFault, parse_answer

    given = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals or not name.strip():
            raise CliError(f"--set {safe_line(text, 80)}: write it as --set NAME=VALUE")
        given[name.strip()] = value
    if task.question is None:
        return {}
    try:
        return parse_answer(task.question, given)
    except AnswerFault as error:
        raise CliError(f"the answer cannot be taken: {error}", FAILED) from error
