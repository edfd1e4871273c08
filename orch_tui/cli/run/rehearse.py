"""``orch-tui rehearse``: where a run would go, with outcomes that are assumed, and nothing is started."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from orch_tui.cli.shared.completion import complete_orchestration, complete_phase, complete_run, complete_task
from orch_tui.cli.shared.errors import CliError
from orch_tui.cli.shared.opening import json_option, open_it, project_option, run_directory
from orch_tui.cli.shared.output import Output, cells, pad
from orch_tui.model.events.reasons import value_of
from orch_tui.model.texts.text import safe_line

if TYPE_CHECKING:
    from orch_tui.engine.trials.rehearsal import Rehearsal

_ROOM = 400


@click.command("rehearse")
@click.argument("orchestration", required=False, shell_complete=complete_orchestration)
@click.option(
    "--assume",
    multiple=True,
    metavar="FACT=VALUE",
    help='What a task is assumed to end with, like "task.load.status=error" or "task.load.rows=0"; repeatable.',
)
@click.option("--replay", metavar="RUN", shell_complete=complete_run, help="Go as RUN went, by today's rules.")
@click.option("--only", multiple=True, metavar="TASK", shell_complete=complete_task, help="As with run; repeatable.")
@click.option("--phase", multiple=True, metavar="PHASE", shell_complete=complete_phase, help="As with run; repeatable.")
@click.option("--from-phase", metavar="PHASE", shell_complete=complete_phase, help="As with run.")
@click.option("--var", "variables", multiple=True, metavar="NAME=VALUE", help="Set a variable; repeatable.")
@click.option("--strict", is_flag=True, help="Exit with 3 if the run would end in warning.")
@json_option
@project_option
def rehearse_command(
    orchestration: str | None,
    assume: tuple[str, ...],
    replay: str | None,
    only: tuple[str, ...],
    phase: tuple[str, ...],
    from_phase: str | None,
    variables: tuple[str, ...],
    strict: bool,
    as_json: bool,
    project: str | None,
) -> int:
    """Walk the flow of ORCHESTRATION without running anything: which phases are run and passed over, and why.

    A task succeeds and tells nothing unless something else is assumed of it. The exit code is that of the run.
    """
    from orch_tui.cli.run.manner import exit_code, parse_variables
    from orch_tui.engine.runs.start import RunRequest
    from orch_tui.runs.planning.rehearsing import rehearse_run, replay_request

    opened = open_it(project)
    if replay is not None and any([only, phase, from_phase]):
        raise CliError("--replay goes through what that run was of: it takes no other choice")
    directory = None if replay is None else run_directory(opened, replay)
    if directory is not None:
        if orchestration not in (None, directory.parent.name):
            raise CliError(f'run {directory.name} is of "{directory.parent.name}", not of "{orchestration}"')
        before = replay_request(opened, directory)
        request = RunRequest(before.orchestration, variables={**before.variables, **parse_variables(variables)})
    elif orchestration is None:
        raise CliError("which orchestration? Name one, or a run with --replay")
    else:
        request = RunRequest(orchestration, only, phase, from_phase, None, parse_variables(variables))
    rehearsal = rehearse_run(opened, request, assume, directory)
    out = Output(sys.stdout)
    if as_json:
        from orch_tui.cli.shared.report import print_json

        print_json(out, rehearsal_json(rehearsal))
    else:
        _print(out, rehearsal, assume)
    return exit_code(rehearsal.state.status, strict=strict)


def _print(out: Output, rehearsal: Rehearsal, assumed: tuple[str, ...]) -> None:
    from orch_tui.cli.shared.rule_line import rule_line
    from orch_tui.runs.planning.rehearsing import unreached
    from orch_tui.runs.words.rule_words import standings

    state = rehearsal.state
    names = {phase.id: phase.name for phase in state.phases.values()}
    width = min(60, max((cells(safe_line(task.name)) for task in state.tasks.values()), default=0))
    for number, phase in enumerate(state.phases.values(), 1):
        reason = f"  {safe_line(phase.reason, _ROOM)}" if phase.reason else ""
        name = out.bold(f'phase {number} "{safe_line(phase.name, 120)}"')
        out.line(f"{name}  {out.status(phase.status)}{reason}")
        if phase.started is not None:
            for task in map(state.tasks.__getitem__, phase.tasks):
                said = f"  {safe_line(task.reason, _ROOM)}" if task.reason else ""
                word = out.status(task.status, width=13)
                out.line(f"  {word} {pad(safe_line(task.name), width)}  {task.id}{said}".rstrip())
        if phase.decision is not None:
            for one in standings(phase):
                out.line(rule_line(out, one, names))
    for task_id in unreached(rehearsal, assumed):
        out.line(f"what is assumed of {task_id} changes nothing: the run does not come to it")
    ending = f": {safe_line(state.reason, _ROOM)}" if state.reason else ""
    out.line(f"it would end in {out.status(state.status)}{ending}. Nothing was started.")
    if rehearsal.refusal is not None:
        Output(sys.stderr).lines(f"it would be refused as it stands: {rehearsal.refusal}")


def rehearsal_json(rehearsal: Rehearsal) -> dict[str, Any]:
    """The rehearsal as docs/cli.md has it."""
    from orch_tui.cli.shared.report import decision_json

    state = rehearsal.state
    return {
        "orchestration": state.header.orchestration,
        "name": state.header.name,
        "status": state.status.value,
        "reason": state.reason,
        "because": value_of(state.because),
        "refusal": rehearsal.refusal,
        "phases": [
            {
                "id": phase.id,
                "name": phase.name,
                "status": phase.status.value,
                "reason": phase.reason,
                "because": value_of(phase.because),
                "decision": decision_json(phase),
                "tasks": [
                    {"id": task.id, "name": task.name, "status": task.status.value, "reason": task.reason}
                    for task in map(state.tasks.__getitem__, phase.tasks)
                ],
            }
            for phase in state.phases.values()
        ],
    }
