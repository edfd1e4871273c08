"""``orch-tui pools``: who has the slots of the project's pools, and who waits for some."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from orch_tui.cli.shared.errors import SUCCESS
from orch_tui.cli.shared.opening import json_option, open_it, project_option
from orch_tui.cli.shared.output import Output
from orch_tui.model.texts.text import counted, safe_line

if TYPE_CHECKING:
    from orch_tui.runs.pools import PoolNow


@click.command("pools")
@json_option
@project_option
def pools_command(as_json: bool, project: str | None) -> int:
    """List the project's pools: how many slots they have, which tasks hold them, and which wait for some."""
    from orch_tui.runs.pools import pools_now

    found = pools_now(open_it(project, tolerant=True))
    out = Output(sys.stdout)
    if as_json:
        from orch_tui.cli.shared.report import pool_json, print_json

        print_json(out, [pool_json(one) for one in found])
    elif found:
        for one in found:
            _print(out, one)
    else:
        out.line("the project has no pools; write them into [pools] of orch.toml")
    return SUCCESS


def _print(out: Output, one: PoolNow) -> None:
    use = one.use
    out.line(f"{out.bold(use.name)}  {use.taken} of {counted(use.size, 'slot')} taken")
    for who, slots in use.holders:
        out.line(f"  {slots}  {safe_line(who, 300)}")
    for wait in one.waiting:
        need = f"needs {counted(wait.weight, 'slot')}"
        out.line(out.paint(f"  waits: {safe_line(wait.who, 300)}, {need}", "yellow"))
