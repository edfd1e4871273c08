"""``orch-tui why``: what is different in a run from the last one that worked."""

from __future__ import annotations

import sys
from typing import Any

import click

from orch_tui.cli.shared.completion import complete_run
from orch_tui.cli.shared.errors import FAILED, SUCCESS, CliError
from orch_tui.cli.shared.opening import command_hint, json_option, open_it, project_option, run_directory
from orch_tui.cli.shared.output import Output
from orch_tui.model.texts.text import safe_line


@click.command("why")
@click.argument("run", required=False, metavar="[RUN|ORCHESTRATION]", shell_complete=complete_run)
@json_option
@project_option
def why_command(run: str | None, as_json: bool, project: str | None) -> int:
    """Show what is different in RUN (default: the last one) from the last run before it that worked.

    Text, variables, environment, versions of the program and its libraries, input tables, duration, memory, host: first
    what differs, then what is the same.
    """
    from orch_tui.runs.past.why import Thing, why, why_lines

    opened = open_it(project, tolerant=True)
    directory = run_directory(opened, run)
    found = why(opened.paths, directory)
    if found is None:
        raise CliError(f"no run before {directory.name} worked, so there is nothing to compare it with", FAILED)
    out = Output(sys.stdout)
    if as_json:
        from orch_tui.cli.shared.report import print_json

        told: dict[str, Any] = {
            "run": found.run.header.id,
            "worked": found.worked.header.id,
            "changes": [
                {"thing": one.thing.value, "what": one.what, "before": one.before or None, "after": one.after or None}
                for one in found.changes
            ],
            "same": [thing.value for thing in found.same],
            "unknown": [thing.value for thing in found.unknown],
        }
        print_json(out, told)
        return SUCCESS
    for line in why_lines(found):
        out.line(safe_line(line, 1000))
    if any(one.thing is Thing.TEXT for one in found.changes):
        out.line(f"what changed in a text: {command_hint('definitions', 'diff', 'REF')}")
    return SUCCESS
