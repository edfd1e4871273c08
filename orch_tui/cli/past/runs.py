"""``orch-tui runs``: the history, newest first; those that are asked for."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from orch_tui.cli.shared.completion import complete_orchestration
from orch_tui.cli.shared.errors import SUCCESS, CliError
from orch_tui.cli.shared.opening import command_hint, json_option, open_it, project_option
from orch_tui.cli.shared.output import Output, local_time, print_table
from orch_tui.model.texts.durations import show_duration
from orch_tui.model.texts.text import counted, valid_id

if TYPE_CHECKING:
    from orch_tui.project.history import RunSummary
    from orch_tui.project.project import Project

WHERE_HELP = "Only runs of which this holds: 'status=error who=ann error~timeout seconds>60 since=7d'."
_LIMIT = 20


@click.command("runs")
@click.argument("orchestration", required=False, shell_complete=complete_orchestration)
@click.option("--where", "-w", metavar="SEARCH", help=WHERE_HELP)
@click.option(
    "--limit", "-n", type=click.IntRange(1), help=f"At most so many; default: {_LIMIT}, with --where all of them."
)
@click.option("--rerun", "again", is_flag=True, help="Run those that are found again; lists what would run, and asks.")
@click.option("--yes", "-y", is_flag=True, help="With --rerun: do not ask.")
@json_option
@project_option
def runs_command(
    orchestration: str | None,
    where: str | None,
    limit: int | None,
    again: bool,
    yes: bool,
    as_json: bool,
    project: str | None,
) -> int:
    """List earlier runs of ORCHESTRATION, or of all, newest first.

    --where takes words and comparisons: status, who, trigger, schedule, orchestration, since, until, started, seconds,
    took, tasks, error, note, part, run; with and, or, not and parentheses. Other words are looked for in all texts.
    """
    opened = open_it(project, tolerant=True)
    found, total = found_runs(opened, orchestration, where)
    shown = found[: limit or (_LIMIT if where is None else None)]
    out = Output(sys.stdout)
    if again:
        from orch_tui.cli.past.rerun import rerun

        if where is None or as_json:
            raise CliError("--rerun runs again what --where finds; name it, and leave out --json")
        return rerun(opened, shown, yes=yes)
    if as_json:
        from orch_tui.cli.shared.report import print_json, summary_json

        print_json(out, [summary_json(run) for run in shown])
    elif not total:
        Output(sys.stderr).line(f"no run yet; start one with {command_hint('run', orchestration or 'ORCHESTRATION')}")
    else:
        if shown:
            print_runs(out, shown)
        if where is not None:
            cut = f", {len(shown)} of them shown" if len(shown) < len(found) else ""
            Output(sys.stderr).line(f"{len(found)} of {counted(total, 'run')}{cut}")
    return SUCCESS


def found_runs(project: Project, orchestration: str | None, where: str | None) -> tuple[Sequence[RunSummary], int]:
    """The runs that are asked for, newest first, and among how many. Raises: CliError."""
    from orch_tui.project.run_index import RunIndex

    require_known(project, orchestration)
    index = RunIndex(project.paths)
    known = index.runs(orchestration) if orchestration is not None else index.all_runs()
    return known if where is None else where_it_holds(known, where), len(known)


def where_it_holds(runs: Sequence[RunSummary], where: str) -> list[RunSummary]:
    """Those of which the search holds. Raises: CliError."""
    from orch_tui.runs.past.query import parse_query
    from orch_tui.runs.past.syntax import WrongSearch

    try:
        return list(filter(parse_query(where, time.time()), runs))
    except WrongSearch as error:
        raise CliError(f"--where: {error}") from error


def require_known(project: Project, orchestration: str | None) -> None:
    """Raises a sentence for a name that is no orchestration; one that is gone but ran has a history."""
    if orchestration is not None and not (valid_id(orchestration) and project.paths.runs(orchestration).is_dir()):
        project.orchestration(orchestration)


def print_runs(out: Output, found: Sequence[RunSummary]) -> None:
    """A table, one run a line."""
    print_table(out, ["run", "orchestration", "state", "started", "took", "tasks", "reason"], map(_row, found))


def _row(run: RunSummary) -> list[str]:
    from orch_tui.runs.past.notes import read_notes

    partial = " (part)" if run.partial else ""
    took = show_duration(run.seconds)
    notes = [f"note: {note.text}" for note in read_notes(run.directory)[-1:]]
    why = [f"continues {run.continues}" if run.continues else "", run.broken or run.reason, *notes]
    return [
        run.id,
        run.orchestration,
        run.state,
        local_time(run.started),
        took,
        f"{run.tasks}{partial}",
        "; ".join(part for part in why if part),
    ]
