"""``orch-tui rerun``: running several runs again, each orchestration's one after another."""

from __future__ import annotations

import signal
import sys
from collections.abc import Sequence
from types import FrameType
from typing import TYPE_CHECKING

import click

from orch_tui.cli.shared.completion import complete_run
from orch_tui.cli.shared.errors import FAILED, INTERRUPTED, SUCCESS, USAGE, CliError
from orch_tui.cli.shared.opening import open_it, project_option, run_directory
from orch_tui.cli.shared.output import Output, print_table
from orch_tui.model.texts.text import counted, safe_line

if TYPE_CHECKING:
    from orch_tui.project.history import RunSummary
    from orch_tui.project.project import Project
    from orch_tui.runs.past.rerun import Rerun


@click.command("rerun")
@click.argument("run", nargs=-1, required=True, metavar="RUN|ORCHESTRATION...", shell_complete=complete_run)
@click.option("--yes", "-y", is_flag=True, help="Do not ask.")
@click.option("--dry-run", is_flag=True, help="Say what would run, and start nothing.")
@project_option
def rerun_command(run: tuple[str, ...], yes: bool, dry_run: bool, project: str | None) -> int:
    """Run again what did not succeed in each RUN; of one that succeeded, all of it with the same variables.

    Lists what would run, and asks. Runs of one orchestration follow each other, the earliest first; those of several go
    on side by side. runs --where SEARCH --rerun takes all runs that are found.
    """
    from orch_tui.project.history import summarize

    opened = open_it(project)
    directories = dict.fromkeys(run_directory(opened, name) for name in run)
    return rerun(opened, [summarize(directory) for directory in directories], yes=yes, dry_run=dry_run)


def rerun(project: Project, runs: Sequence[RunSummary], *, yes: bool, dry_run: bool = False) -> int:
    """Show what would run, ask, and run it; the exit code of the command."""
    from orch_tui.runs.past.rerun import plan_reruns

    out, planned = Output(sys.stdout), plan_reruns(project, runs)
    ready = [one for one in planned if one.request is not None]
    if planned:
        print_table(out, ["run", "orchestration", "state", "what would run"], map(_row, planned))
    left = f"; {len(planned) - len(ready)} cannot be run again" if len(ready) < len(planned) else ""
    out.line(f"{counted(len(ready), 'run')} to start{left}")
    if dry_run or not ready:
        return SUCCESS if ready or not planned else USAGE
    if not yes:
        if not sys.stdin.isatty():
            raise CliError("it asks before it starts anything; give --yes where nobody can answer")
        click.confirm(f"Start {counted(len(ready), 'run')}, one after another of each orchestration?", abort=True)
    return _carry_out(project, ready, out)


def _row(one: Rerun) -> list[str]:
    return [one.run.id, one.run.orchestration, one.run.state, one.words or safe_line(f"nothing: {one.refused}", 300)]


def _carry_out(project: Project, planned: Sequence[Rerun], out: Output) -> int:
    from orch_tui.runs.past.rerun import Reruns

    def say(one: Rerun, code: int | None) -> None:
        word = "starts" if code is None else "ended well" if code == 0 else f"did not succeed (exit code {code})"
        out.line(f"{one.run.orchestration}: run {one.run.id} again {word}")

    reruns, received = Reruns(project.root, say), list[int]()

    def stop(number: int, frame: FrameType | None) -> None:
        # What was started has it from the terminal too, and ends by itself.
        received.append(number)
        reruns.stop()

    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        failed = reruns.all(planned)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    out.line(f"{len(planned) - failed} of {counted(len(planned), 'run')} succeeded")
    if received:
        return INTERRUPTED if received[0] == signal.SIGINT else 128 + received[0]
    return FAILED if failed else SUCCESS
