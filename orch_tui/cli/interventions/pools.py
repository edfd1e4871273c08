"""``orch-tui pools``: who has the slots of the project's pools and its memory, and who waits for some."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from orch_tui.cli.shared.errors import SUCCESS
from orch_tui.cli.shared.opening import json_option, open_it, project_option
from orch_tui.cli.shared.output import Output
from orch_tui.model.texts.text import counted, safe_line

if TYPE_CHECKING:
    from orch_tui.runs.live.pools import PoolNow


@click.command("pools")
@json_option
@project_option
def pools_command(as_json: bool, project: str | None) -> int:
    """List the project's pools: how many slots they have, which tasks hold them, and which wait for some.

    Where the memory of its tasks is limited together, it is listed in the same way."""
    from orch_tui.runs.live.pools import pools_now

    found = pools_now(open_it(project, tolerant=True))
    out = Output(sys.stdout)
    if as_json:
        from orch_tui.cli.shared.report import pool_json, print_json

        print_json(out, [pool_json(one) for one in found])
    elif found:
        for one in found:
            _print(out, one)
    else:
        out.line("the project has no pools; and no limit of memory; write them into [pools] and [limits] of orch.toml")
    return SUCCESS


def _print(out: Output, one: PoolNow) -> None:
    from orch_tui.model.texts.sizes import write_size
    from orch_tui.project.concurrent.memory_claims import MemoryUse

    use = one.use
    if isinstance(use, MemoryUse):
        out.line(f"{out.bold('memory')}  {write_size(use.taken)} of {write_size(use.size)} taken")
    else:
        out.line(f"{out.bold(use.name)}  {use.taken} of {counted(use.size, 'slot')} taken")
    for who, amount in use.holders:
        out.line(f"  {write_size(amount) if isinstance(use, MemoryUse) else amount}  {safe_line(who, 300)}")
    for wait in one.waiting:
        memory = isinstance(use, MemoryUse)
        need = f"needs {write_size(wait.weight) if memory else counted(wait.weight, 'slot')}"
        out.line(out.paint(f"  waits: {safe_line(wait.who, 300)}, {need}", "yellow"))
