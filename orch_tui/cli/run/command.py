"""``orch-tui run``: plan, start, follow, and end with an exit code that tells the truth."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from orch_tui.cli.run.broken_off import fault_error
from orch_tui.cli.run.cautions import warn_of_env, warn_of_variables
from orch_tui.cli.run.manner import Manner, exit_code, parse_variables
from orch_tui.cli.run.nested_report import nothing_left_of, report_to_parent
from orch_tui.cli.run.which import changed_sources, interrupted_run, repeated, which_run
from orch_tui.cli.shared.completion import complete_orchestration, complete_phase, complete_run, complete_task
from orch_tui.cli.shared.errors import ALREADY_RUNS, FAILED, SUCCESS, USAGE, CliError, os_sentence
from orch_tui.cli.shared.opening import json_option, open_it, project_option
from orch_tui.cli.shared.output import Output
from orch_tui.model.status import Status
from orch_tui.model.texts.text import safe_line

if TYPE_CHECKING:
    from orch_tui.cli.run.signals import Signals
    from orch_tui.engine.runs.as_it_ran import AsItRan
    from orch_tui.engine.runs.start import ActiveRun, RunRequest
    from orch_tui.model.run.plan import RunPlan
    from orch_tui.model.run.runstate import RunState
    from orch_tui.project.project import Project

_TICK = 0.1
"""Seconds between two looks at a run that is executed here."""
_LIVE_TICK = 0.25
"""The same with a status line, which is rewritten at most so often."""
_QUIET_TICK = 0.5
"""The same where nobody watches: a nested run."""
_TOLD = 10.0
"""Seconds to wait, after a run, for the first try to tell people of it: in a container all ends with this process."""
_WAIT = 0.25
"""Seconds between two tries to get a run's turn with --wait."""

_FIXED = ("--resume goes on with a run as it was started", "--scheduled runs all that the schedule is of")


@click.command("run")
@click.argument("orchestration", required=False, shell_complete=complete_orchestration)
@click.option(
    "--only",
    multiple=True,
    metavar="TASK",
    shell_complete=complete_task,
    help="Run only this task (id or configuration); repeatable.",
)
@click.option(
    "--phase",
    multiple=True,
    metavar="PHASE",
    shell_complete=complete_phase,
    help="Run only this phase (id, name or number); repeatable.",
)
@click.option("--from-phase", metavar="PHASE", shell_complete=complete_phase, help="Run this phase and all after it.")
@click.option(
    "--rerun-failed",
    is_flag=False,
    flag_value="last",
    metavar="[RUN]",
    help="Run what did not succeed in RUN (default: the last run) or was edited since; reuse the rest.",
)
@click.option("--changed", is_flag=True, help="Run only what is stale: text, variables, inputs or sources changed.")
@click.option("--source", "sources", multiple=True, metavar="NAME", help="With --changed: this is another now.")
@click.option(
    "--resume",
    is_flag=False,
    flag_value="last",
    metavar="[RUN]",
    help="Go on with RUN (default: the last run), whose executor is gone: adopt what still runs, start the rest.",
)
@click.option(
    "--as-it-ran",
    metavar="RUN",
    shell_complete=complete_run,
    help="Repeat RUN, or with --only and --phase a part: its texts, variables and versions of tables.",
)
@click.option("--shadow", is_flag=True, help="With --as-it-ran: publish and send nothing, show what would differ.")
@click.option("--backend", metavar="NAME", help="Run all tasks there, whatever they say: local, or one of orch.toml.")
@click.option("--var", "variables", multiple=True, metavar="NAME=VALUE", help="Set a variable; repeatable.")
@click.option("--dry-run", is_flag=True, help="Say what would run, be reused, skipped or blocked, and start nothing.")
@click.option("--wait", is_flag=True, help="If it runs already, wait for its turn.")
@click.option("--strict", is_flag=True, help="Exit with 3 if the run ends in warning.")
@json_option
@click.option("--plain", is_flag=True, help="No status line: only lines that stay.")
@click.option("--quiet", "-q", is_flag=True, help="Tell only what goes wrong.")
@click.option("--scheduled", metavar="SCHEDULE", help="Start it for a time of this schedule, once: for crontab.")
@click.option("--at", type=float, hidden=True)
@click.option("--late", is_flag=True, hidden=True)
@click.option("--again", is_flag=True, hidden=True)
@click.option("--nested", hidden=True, metavar="ORCHESTRATION/RUN/TASK")
@project_option
def run_command(
    orchestration: str | None,
    only: tuple[str, ...],
    phase: tuple[str, ...],
    from_phase: str | None,
    rerun_failed: str | None,
    changed: bool,
    sources: tuple[str, ...],
    resume: str | None,
    as_it_ran: str | None,
    shadow: bool,
    backend: str | None,
    variables: tuple[str, ...],
    dry_run: bool,
    wait: bool,
    strict: bool,
    as_json: bool,
    plain: bool,
    quiet: bool,
    scheduled: str | None,
    at: float | None,
    late: bool,
    again: bool,
    nested: str | None,
    project: str | None,
) -> int:
    """Run ORCHESTRATION and follow it to its end.

    Ctrl-C cancels the run, a second one kills it at once. When the terminal goes away the run goes on, unless
    orch.toml says on_hangup = "stop".
    """
    import orch_tui.engine.runs.light_asyncio  # noqa: F401 - before the first import of asyncio
    from orch_tui.engine.runs.start import RunRequest

    opened = open_it(project)
    manner = Manner(strict, as_json, plain, quiet, wait, nested, changed_sources(changed, sources, rerun_failed))
    if as_it_ran is not None or shadow:
        if any([from_phase, rerun_failed, changed, resume, variables, scheduled, backend]) or as_it_ran is None:
            raise CliError("--as-it-ran repeats a run as it was; it goes with --only, --phase and --shadow alone")
        return _repeat(opened, repeated(opened, orchestration, as_it_ran, only, phase, shadow), manner, dry_run=dry_run)
    if resume is not None or scheduled is not None:
        if any([only, phase, from_phase, rerun_failed, changed, variables, dry_run, wait, backend]):
            raise CliError(f"{_FIXED[resume is None]}: it takes no other choice of what to run")
        if resume is not None:
            return _go_on(opened, orchestration, resume, manner)
        return _run_scheduled(opened, orchestration, (scheduled or "", at, late, again), manner)
    orchestration, rerun_failed = which_run(opened, orchestration, rerun_failed)
    given = parse_variables(variables)
    request = RunRequest(orchestration, only, phase, from_phase, rerun_failed, given, backend=backend)
    return _run_chosen(opened, request, manner, dry_run=dry_run)


def _planned(project: Project, request: RunRequest, manner: Manner) -> RunPlan:
    """The plan as things stand now; with ``--changed`` of what is stale now."""
    from orch_tui.engine.runs.start import plan_run

    if manner.sources is not None:
        from orch_tui.freshness.planning import of_today

        request = of_today(project, request, manner.sources)
    return plan_run(project, request)


def run_requested(
    project: Project, request: RunRequest, *, strict: bool, plain: bool, quiet: bool, on_stderr: bool
) -> int:
    """Run a part that another command has chosen, told as ``orch-tui run`` does; the exit code.

    ``on_stderr``: standard output is for that command's own words.
    """
    return _run_chosen(project, request, Manner(strict, False, plain, quiet, on_stderr=on_stderr), dry_run=False)


def _run_chosen(project: Project, request: RunRequest, manner: Manner, *, dry_run: bool) -> int:
    from orch_tui.cli.run.signals import Signals

    if dry_run:
        from orch_tui.cli.run.dry_run import show_plan

        return show_plan(_planned(project, request, manner), as_json=manner.as_json)
    if manner.nested_in is None:
        warn_of_env(project)
        warn_of_variables(request.variables)
    with Signals(stop_on_hangup=project.settings.on_hangup == "stop").installed() as signals:
        return _run(project, request, manner, signals)


def _resume(project: Project, directory: Path) -> ActiveRun:
    from orch_tui.engine.requests.requests import who_am_i
    from orch_tui.engine.runs.start import AlreadyRunning
    from orch_tui.engine.runs.takeover import take_over

    try:
        return take_over(project, directory, by=who_am_i())
    except AlreadyRunning as error:
        raise CliError(str(error), ALREADY_RUNS) from error
    except OSError as error:
        raise CliError(f"the run cannot be taken over: {os_sentence(error)}", USAGE) from error


def _run(project: Project, request: RunRequest, manner: Manner, signals: Signals) -> int:
    if manner.nested_in is not None and (before := nothing_left_of(project, request)) is not None:
        return exit_code(before, strict=False)
    if manner.sources is not None and _planned(project, request, manner).nothing_changed:
        Output(sys.stderr if manner.as_json else sys.stdout).line("nothing to do: what every task did last still holds")
        return SUCCESS
    return _run_plan(project, lambda: _planned(project, request, manner), manner, signals)


def _repeat(project: Project, asked: AsItRan, manner: Manner, *, dry_run: bool) -> int:
    from orch_tui.cli.run.signals import Signals
    from orch_tui.runs.planning.repeating import plan_of_repeat

    if dry_run:
        from orch_tui.cli.run.dry_run import show_plan

        return show_plan(plan_of_repeat(project, asked), as_json=manner.as_json)
    with Signals(stop_on_hangup=project.settings.on_hangup == "stop").installed() as signals:
        return _run_plan(project, lambda: plan_of_repeat(project, asked), manner, signals)


def _run_plan(project: Project, plan_it: Callable[[], RunPlan], manner: Manner, signals: Signals) -> int:
    run = _start(project, plan_it, manner, signals)
    if run is None:
        return 128 + (signals.received or 0)
    return _execute(project, run, manner, signals)


def _go_on(project: Project, orchestration: str | None, resume: str, manner: Manner) -> int:
    from orch_tui.cli.run.signals import Signals

    directory = interrupted_run(project, orchestration, resume)
    with Signals(stop_on_hangup=project.settings.on_hangup == "stop").installed() as signals:
        warn_of_env(project)
        return _execute(project, _resume(project, directory), manner, signals)


def _run_scheduled(
    project: Project, orchestration: str | None, scheduled: tuple[str, float | None, bool, bool], manner: Manner
) -> int:
    """``scheduled`` is the schedule, the scheduled time, whether it is late, whether it was missed before."""
    from orch_tui.cli.run.signals import Signals
    from orch_tui.scheduling.starting import Nothing, ScheduledStart, Starting
    from orch_tui.triggers.starting import start_for

    if orchestration is None:
        raise CliError("--scheduled starts an orchestration by a schedule of it; name the orchestration")
    with Signals(stop_on_hangup=project.settings.on_hangup == "stop").installed() as signals:

        def pause(seconds: float) -> bool:
            signals.pause(seconds)
            return signals.received is None

        warn_of_env(project)
        run = start_for(project, Starting(project, time.time, pause), ScheduledStart(orchestration, *scheduled))
        if not isinstance(run, Nothing):
            return _execute(project, run, manner, signals)
        if not manner.quiet:
            Output(sys.stderr).line(f"nothing is started: {run.why}")
        return SUCCESS if signals.received is None else 128 + signals.received


def _execute(project: Project, run: ActiveRun, manner: Manner, signals: Signals) -> int:
    """Whatever ends the telling of a run, nothing of it is left running by accident."""
    try:
        if manner.nested_in is not None:
            # Who looks at the task sees its run from now on.
            report_to_parent(run.id, run.state.header.orchestration)
        return _tell(project, run, manner, signals)
    except BaseException:
        if run.alive:
            from orch_tui.engine.requests.requests import CancelRequest

            run.cancel(CancelRequest("orch-tui, which had a fault"))
            run.wait()
        raise


def _tell(project: Project, run: ActiveRun, manner: Manner, signals: Signals) -> int:
    """Follow a run that this process executes, and judge its end."""
    # With --json, standard output is for the final state alone.
    out = Output(sys.stderr if manner.as_json or manner.on_stderr else sys.stdout, signals.lost_terminal)
    signals.attach(run)
    state = _follow(project, run, out, manner, signals)
    status = state.status
    if manner.nested_in is None and state.header.shadow and state.finished:
        from orch_tui.cli.run.repeating import print_shadow

        print_shadow(out, project, run.directory, state)
    if manner.as_json:
        from orch_tui.cli.shared.report import print_json, run_json

        final = Output(sys.stdout, signals.lost_terminal)
        print_json(final, run_json(state, run.directory, live=False))
        if final.gone:
            out.lines(f"the final state could not be written; orch-tui show {run.id} --json has it")
    if manner.nested_in is not None:
        report_to_parent(state.header.id, state.header.orchestration, state)
    elif status is not Status.SUCCESS:
        from orch_tui.cli.follow.card import print_ending

        print_ending(out, state, run.directory)
    _forget(project, state.header.orchestration)
    run.wait_until_told(_TOLD)
    return exit_code(status, strict=manner.strict, signal=signals.received)


def _start(project: Project, plan_it: Callable[[], RunPlan], manner: Manner, signals: Signals) -> ActiveRun | None:
    """The started run; None when a signal came before there was one."""
    from orch_tui.engine.requests.requests import who_am_i
    from orch_tui.engine.runs.start import AlreadyRunning, start_run

    told = ""
    while signals.received is None:
        plan = plan_it()
        try:
            return start_run(project, plan, by=who_am_i(), nested_in=manner.nested_in)
        except AlreadyRunning as error:
            if not manner.wait:
                raise CliError(str(error), ALREADY_RUNS) from error
            if error.holder != told and not manner.quiet:
                told = error.holder
                Output(sys.stderr).lines(f'waiting for "{plan.name}": {told}')
        except OSError as error:
            raise CliError(f"the run cannot be started: {os_sentence(error)}", USAGE) from error
        signals.pause(_WAIT)
        # What is run is what the files say when it starts.
        project.reload()
    return None


def _follow(project: Project, run: ActiveRun, out: Output, manner: Manner, signals: Signals) -> RunState:
    """Tell what happens until the run has ended."""
    from orch_tui.cli.run.telling import Telling

    live = out.tty and not manner.plain and not manner.quiet and manner.nested_in is None
    telling = Telling(run, out, live=live, quiet=manner.quiet)
    tick = _QUIET_TICK if manner.nested_in is not None else _LIVE_TICK if live else _TICK
    blocked: str | None = None
    stopping = False
    try:
        while run.alive:
            telling.look()
            if run.blocked != blocked:
                # A journal that cannot be written cannot say so itself.
                blocked = run.blocked
                telling.say(f"the run waits until its journal can be written: {blocked}" if blocked else "it goes on")
            if signals.received is not None and not stopping:
                stopping = True
                telling.say("stopping: running tasks get their grace time; a second Ctrl-C kills at once")
            run.wait(tick)
        run.wait()
    except Exception as error:
        telling.close()
        raise fault_error(project, run, error) from error
    telling.look()
    telling.close()
    if telling.state is not None and telling.state.finished:
        return telling.state
    if run.blocked is not None or not run.state.finished:
        code = FAILED if signals.received is None else 128 + signals.received
        raise CliError(f"run {run.id} ended, but its journal could not be written to the end: {run.blocked}", code)
    # The journal cannot be read, or is another file by now: this process knows all the same how its run ended.
    reason = f": {safe_line(run.state.reason, 400)}" if run.state.reason else ""
    out.line(f"{out.status(run.state.status)} run {run.id}{reason}")
    return run.state


def _forget(project: Project, orchestration: str) -> None:
    from orch_tui.engine.runs.start import forget_old_runs

    try:
        forget_old_runs(project, orchestration)
    except OSError as error:
        Output(sys.stderr).lines(f"warning: old runs could not be deleted: {os_sentence(error)}")
