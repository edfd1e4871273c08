"""``orch-tui action``: ask a configuration's program what a form of Keboola would ask: lists of tables, of fields."""

from __future__ import annotations

import json
import signal
import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click

from orch_tui.cli.shared.completion import complete_configuration
from orch_tui.cli.shared.errors import FAILED, SUCCESS, CliError
from orch_tui.cli.shared.opening import json_option, open_it, project_option
from orch_tui.cli.shared.output import Output, print_table
from orch_tui.model.texts.text import safe_line

if TYPE_CHECKING:
    from orch_tui.engine.trials.actions import ActionResult
    from orch_tui.model.components.component import Component
    from orch_tui.model.components.configuration import Configuration
    from orch_tui.project.project import Project


@click.command("action")
@click.argument("configuration", metavar="COMPONENT/CONFIGURATION", shell_complete=complete_configuration)
@click.argument("name", required=False)
@click.option("--var", "variables", multiple=True, metavar="NAME=VALUE", help="Set a variable; repeatable.")
@json_option
@project_option
def action_command(
    configuration: str, name: str | None, variables: tuple[str, ...], as_json: bool, project: str | None
) -> int:
    """Let the program of CONFIGURATION do the synchronous action NAME, such as listTables, and print its answer.

    Nothing is read or written here, and it answers within 30 seconds. Exit code 1 when it says no, or has no such
    action. Without NAME: the names that are known.
    """
    from orch_tui.cli.run.manner import parse_variables
    from orch_tui.engine.trials.actions import no_such_action
    from orch_tui.engine.trials.alone import variables_of

    opened = open_it(project)
    given = parse_variables(variables)
    found = opened.configuration(configuration)
    component = opened.component(found.component)
    if component is None:
        raise CliError(f'there is no component "{safe_line(found.component, 60)}"')
    if name is None:
        return _print_names(opened, component, found, as_json=as_json)
    if not component.answers_to(name):
        raise CliError(no_such_action(component, name))
    result, stopped = _ask(opened, found, variables_of(opened, configuration, given), name)
    if stopped:
        return 128 + stopped
    if not result.ok:
        Output(sys.stderr).line(f"{safe_line(configuration, 200)}: {safe_line(result.message)}")
        return FAILED
    # Of a test the sentence is the answer.
    answer = result.message if result.answer is None else result.answer
    out = Output(sys.stdout)
    if as_json:
        from orch_tui.cli.shared.report import print_json

        print_json(out, answer)
    else:
        _print(out, answer)
    return SUCCESS


def _print_names(project: Project, component: Component, configuration: Configuration, *, as_json: bool) -> int:
    from orch_tui.engine.trials.offered import offered_actions

    names = offered_actions(project.root, component, configuration)
    names += ["testConnection"] if component.can_be_tested else []
    out = Output(sys.stdout)
    if as_json:
        from orch_tui.cli.shared.report import print_json

        print_json(out, names)
        return SUCCESS
    if not names:
        Output(sys.stderr).line(f'the component "{safe_line(component.id, 60)}" has no actions')
    for name in names:
        out.line(safe_line(name, 200))
    return SUCCESS


def _ask(
    project: Project, configuration: Configuration, variables: Mapping[str, str], name: str
) -> tuple[ActionResult, int]:
    """The answer, and the signal that broke the question off, or 0."""
    import orch_tui.engine.runs.light_asyncio  # noqa: F401, I001 - before the first import of asyncio
    import asyncio

    from orch_tui.engine.processes.launcher import StopRequest
    from orch_tui.engine.trials.actions import run_action
    from orch_tui.model.failure import FailureKind

    stop, came = StopRequest(), list[int]()

    def note(number: int) -> None:
        stop.ask(FailureKind.CANCEL, now=bool(came))
        came.append(number)

    async def asked() -> ActionResult:
        loop, kinds = asyncio.get_running_loop(), (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
        for kind in kinds:
            loop.add_signal_handler(kind, note, kind)
        try:
            return await run_action(project, configuration, variables, stop, action=name)
        finally:
            for kind in kinds:
                loop.remove_signal_handler(kind)

    return asyncio.run(asked()), came[0] if came else 0


def _print(out: Output, answer: Any) -> None:
    """A list of choices as lines of value and label, a message as it is, anything else as JSON."""
    if isinstance(answer, str):
        out.line(safe_line(answer, 20_000))
    elif isinstance(answer, Mapping) and isinstance(answer.get("message"), str):
        for line in str(answer["message"]).splitlines():
            out.line(safe_line(line, 20_000))
    elif isinstance(answer, list) and answer and all(isinstance(one, Mapping) and "value" in one for one in answer):
        _print_choices(out, answer)
    else:
        out.line(json.dumps(answer, ensure_ascii=True, indent=2))


def _print_choices(out: Output, choices: Sequence[Mapping[str, Any]]) -> None:
    rows = [[safe_line(str(one["value"]), 200), safe_line(str(one.get("label") or ""), 200)] for one in choices]
    print_table(out, ["value", "label"], rows)
