"""``orch-tui advise``: what would make runs quicker, played on the durations of earlier ones."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from orch_tui.cli.shared.completion import complete_orchestration
from orch_tui.cli.shared.errors import SUCCESS, CliError
from orch_tui.cli.shared.opening import json_option, open_it, project_option
from orch_tui.cli.shared.output import Output
from orch_tui.model.texts.durations import show_duration
from orch_tui.model.texts.text import counted, safe_line

if TYPE_CHECKING:
    from orch_tui.runs.planning.advising import Advising


@click.command("advise")
@click.argument("orchestration", required=False, shell_complete=complete_orchestration)
@json_option
@project_option
def advise_command(orchestration: str | None, as_json: bool, project: str | None) -> int:
    """Say what would make an orchestration quicker: a task in an earlier phase, more tasks at once.

    Without ORCHESTRATION for all. What a change saves is found out by playing the run by the executor's own rules, with
    the median durations of earlier runs.
    """
    from orch_tui.project.project import DefinitionError
    from orch_tui.runs.planning.advising import advise

    opened = open_it(project, tolerant=orchestration is None)
    found: dict[str, Advising] = {}
    for name in [orchestration] if orchestration is not None else opened.orchestration_ids():
        try:
            found[name] = advise(opened, opened.orchestration(name))
        except DefinitionError:
            if orchestration is not None:
                raise
    if orchestration is not None and (refusal := found[orchestration].refusal):
        raise CliError(refusal)
    out = Output(sys.stdout)
    if as_json:
        from orch_tui.cli.shared.report import print_json

        print_json(out, [advising_json(name, one) for name, one in found.items()])
        return SUCCESS
    for name, one in found.items():
        out.line(out.bold(safe_line(name)) + f"  {_state(one)}")
        for advice in one.advice:
            out.line(f"  {safe_line(advice.sentence, 400)}")
    return SUCCESS


def _state(one: Advising) -> str:
    if one.refusal:
        return f"cannot be played: {safe_line(one.refusal, 300)}"
    if one.unknown:
        names = safe_line(", ".join(one.unknown[:5]), 200)
        return f"not known yet how long {counted(len(one.unknown), 'task')} of it take: {names}"
    if not one.seconds:
        return "has nothing to run"
    return f"takes {show_duration(one.seconds)}" + ("" if one.advice else "; no single change would save much")


def advising_json(name: str, one: Advising) -> dict[str, Any]:
    """As docs/cli.md has it; lengths are seconds."""
    return {
        "orchestration": name,
        "seconds": round(one.seconds, 3),
        "unknown": list(one.unknown),
        "refusal": one.refusal or None,
        "advice": [
            {
                "kind": advice.kind.value,
                "sentence": advice.sentence,
                "saves": round(advice.saves, 3),
                "after": round(advice.after, 3),
                "task": advice.task or None,
                "phase": advice.phase or None,
                "limit": advice.limit or None,
                "wanted": advice.wanted or None,
            }
            for advice in one.advice
        ],
    }
