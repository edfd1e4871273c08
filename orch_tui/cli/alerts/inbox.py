"""``orch-tui inbox``: what waits for somebody, and saying that one takes care of it."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from orch_tui.cli.shared.completion import complete_orchestration
from orch_tui.cli.shared.errors import FAILED, SUCCESS, CliError
from orch_tui.cli.shared.opening import json_option, open_it, project_option
from orch_tui.cli.shared.output import Output, local_time, print_table
from orch_tui.cli.shared.times import UNTIL_HELP, future_time
from orch_tui.model.texts.text import counted, safe_line

if TYPE_CHECKING:
    from orch_tui.inbox.values import Item
    from orch_tui.project.project import Project


@click.group("inbox", invoke_without_command=True)
@click.option("--all", "everything", is_flag=True, help="What was acknowledged too.")
@json_option
@project_option
@click.pass_context
def inbox_command(ctx: click.Context, everything: bool, as_json: bool, project: str | None) -> int:
    """List what waits for somebody: failures, missed starts, late runs, alerts that do not arrive.

    What fails stays until a run succeeds, or somebody acknowledges it.
    """
    if ctx.invoked_subcommand is not None:
        return SUCCESS
    items = _items(open_it(project, tolerant=True))
    hidden = 0 if everything else sum(item.acknowledged is not None for item in items)
    shown = [item for item in items if everything or item.acknowledged is None]
    out = Output(sys.stdout)
    if as_json:
        from orch_tui.cli.shared.report import print_json

        print_json(out, [_json(item) for item in shown])
        return SUCCESS
    if shown:
        _print(out, shown)
    rest = f"; {hidden} acknowledged (--all)" if hidden else ""
    out.line(f"{counted(len(shown), 'thing')} to look at{rest}" if shown or hidden else "nothing waits for anybody")
    return SUCCESS


def _items(project: Project) -> list[Item]:
    from orch_tui.inbox.reading import read_inbox
    from orch_tui.scheduling.outage import this_moment

    return read_inbox(project, this_moment())


def _json(item: Item) -> dict[str, Any]:
    from orch_tui.cli.shared.report import at

    one = item.acknowledged
    return {
        "kind": item.kind.value,
        "orchestration": item.orchestration or None,
        "since": at(item.since),
        "count": item.count,
        "run": item.run or None,
        "what": item.what,
        "seen": item.seen or None,
        "new": item.new,
        "acknowledged": {"by": one.by, "at": at(one.at), "note": one.note, "until": at(one.until)} if one else None,
    }


def _print(out: Output, items: Sequence[Item]) -> None:
    rows = [
        [
            "!" if item.new else "",
            local_time(item.since),
            item.orchestration or "the project",
            f"{item.kind.value} ×{item.count}" if item.count > 1 else item.kind.value,
            f"{item.what} ({item.seen})" if item.seen else item.what,
            _said(item),
        ]
        for item in items
    ]
    print_table(out, ["", "since", "of", "what", "why", "acknowledged"], rows)


def _said(item: Item) -> str:
    one = item.acknowledged
    if one is None:
        return ""
    until = f" until {local_time(one.until)}" if one.until is not None else ""
    return safe_line(f"by {one.by}{until}{f': {one.note}' if one.note else ''}", 200)


@inbox_command.command("ack")
@click.argument("orchestration", required=False, shell_complete=complete_orchestration)
@click.option("--all", "everything", is_flag=True, help="All that waits now.")
@click.option("--note", default="", metavar="TEXT", help="What is done about it, for whoever wonders.")
@click.option("--until", metavar="TIME", help=UNTIL_HELP)
@project_option
def ack(orchestration: str | None, everything: bool, note: str, until: str | None, project: str | None) -> int:
    """Say that you take care of what waits of ORCHESTRATION; what fails is not told again until it has succeeded.

    Without ORCHESTRATION: of what concerns the project itself, like alerts that do not arrive.
    """
    from orch_tui.alerts.acknowledging import acknowledge
    from orch_tui.alerts.values import Acknowledged
    from orch_tui.engine.requests.requests import who_am_i

    opened, now = open_it(project, tolerant=True), time.time()
    if orchestration is not None and orchestration not in opened.orchestration_ids():
        opened.orchestration(orchestration)
    end = future_time("--until", until, now)
    waiting = {item.orchestration for item in _items(opened) if item.acknowledged is None}
    chosen = waiting if everything else waiting & {orchestration or ""}
    out = Output(sys.stdout)
    if not chosen:
        of = f" of {safe_line(orchestration)}" if orchestration else ""
        out.line(f"nothing waits{of}; see orch-tui inbox")
        return FAILED
    for name in sorted(chosen):
        acknowledge(opened.paths, name, Acknowledged(who_am_i(), now, safe_line(note, 500), end))
        out.line(f"acknowledged: {safe_line(name) or 'the project'}")
    return SUCCESS


@inbox_command.command("unack")
@click.argument("orchestration", required=False, shell_complete=complete_orchestration)
@project_option
def unack(orchestration: str | None, project: str | None) -> int:
    """Take that back: it is told again."""
    from orch_tui.alerts.acknowledging import acknowledged, withdraw

    opened = open_it(project, tolerant=True)
    if acknowledged(opened.paths, orchestration or "") is None:
        raise CliError(f"nobody has acknowledged {safe_line(orchestration or 'anything of the project itself')}")
    withdraw(opened.paths, orchestration or "")
    Output(sys.stdout).line("it waits again")
    return SUCCESS
