"""``orch-tui backfill``: run an orchestration for each interval of a span of time, resumable after anything."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from types import FrameType
from typing import TYPE_CHECKING

import click

from orch_tui.cli.shared.completion import complete_orchestration
from orch_tui.cli.shared.errors import FAILED, INTERRUPTED, SUCCESS, CliError
from orch_tui.cli.shared.opening import json_option, open_it, project_option
from orch_tui.cli.shared.output import Output, print_table
from orch_tui.model.texts.text import counted, safe_line

if TYPE_CHECKING:
    from orch_tui.project.project import Project
    from orch_tui.scheduling.backfill import Backfill, Interval

_LOOK = 0.5
"""Seconds between two looks at a run that goes on elsewhere."""


@click.command("backfill")
@click.argument("orchestration", shell_complete=complete_orchestration)
@click.option("--from", "begin", required=True, metavar="DATE", help='The begin of the first: "2026-01-01".')
@click.option("--to", "end", required=True, metavar="DATE", help="The end of the last; this day is not among them.")
@click.option("--every", type=click.Choice(["hour", "day", "week", "month"]), default="day", show_default=True)
@click.option("--retry-failed", is_flag=True, help="Run what did not succeed in those that failed.")
@click.option("--keep-going", is_flag=True, help="Go on with the next when one fails.")
@click.option("--dry-run", is_flag=True, help="Say what is done, failed or missing, and start nothing.")
@json_option
@project_option
def backfill_command(
    orchestration: str,
    begin: str,
    end: str,
    every: str,
    retry_failed: bool,
    keep_going: bool,
    dry_run: bool,
    as_json: bool,
    project: str | None,
) -> int:
    """Run ORCHESTRATION for each interval that has no run yet, one after another, the earliest first.

    The run knows its interval as {{ interval_start }} and {{ interval_end }}. Given again, the command goes on where it
    was interrupted, whatever ended it: what is done is not done again.
    """
    from orch_tui.scheduling.backfill import Backfill, Every, intervals

    opened = open_it(project)
    backfill = Backfill(opened, orchestration, Every(every))
    span = intervals(_date("--from", begin), _date("--to", end), Every(every), backfill.zone)
    found = backfill.look(span)
    out = Output(sys.stdout)
    if as_json:
        _print_json(out, found)
        return SUCCESS
    if dry_run:
        _print(out, backfill, found)
    out.line(_summary(found))
    if dry_run:
        return SUCCESS
    code = _Work(opened, backfill, out, retry_failed=retry_failed, keep_going=keep_going).all(found)
    out.line(_summary(backfill.look(span)))
    return code


def _date(option: str, text: str) -> datetime:
    try:
        return datetime.fromisoformat(text).replace(tzinfo=None)
    except ValueError as error:
        message = f'{option} {safe_line(text, 60)}: write it like "2026-01-31" or "2026-01-31 06:00"'
        raise CliError(message) from error


def _summary(found: Sequence[Interval]) -> str:
    counts = Counter(one.state.value for one in found)
    parts = ", ".join(f"{number} {state}" for state, number in sorted(counts.items()))
    return f"{counted(len(found), 'interval')}: {parts or 'the span is shorter than one'}"


def _shown(backfill: Backfill, one: Interval) -> str:
    begin, end = (datetime.fromtimestamp(at, backfill.zone) for at in (one.begin, one.end))
    midnight = not any((begin.hour, begin.minute, end.hour, end.minute))
    form = "%Y-%m-%d" if midnight else "%Y-%m-%d %H:%M"
    return f"{begin:{form}} to {end:{form}}"


def _print(out: Output, backfill: Backfill, found: Sequence[Interval]) -> None:
    print_table(out, ["interval", "state", "run"], [[_shown(backfill, one), one.state.value, one.run] for one in found])


def _print_json(out: Output, found: Sequence[Interval]) -> None:
    from orch_tui.cli.shared.report import at, print_json

    print_json(
        out,
        [
            {"begin": at(one.begin), "end": at(one.end), "state": one.state.value, "run": one.run or None}
            for one in found
        ],
    )


class _Work:
    """Runs the intervals, each in a process of its own, so that a kill of this one ends none of them."""

    def __init__(
        self, project: Project, backfill: Backfill, out: Output, *, retry_failed: bool, keep_going: bool
    ) -> None:
        self._project = project
        self._backfill = backfill
        self._out = out
        self._retry_failed = retry_failed
        self._keep_going = keep_going
        self._received = 0

    def all(self, found: Sequence[Interval]) -> int:
        before = signal.signal(signal.SIGINT, self._note)
        code = SUCCESS
        try:
            for one in found:
                result = self._one(one)
                if self._received:
                    return INTERRUPTED
                code = max(code, result)
                if result != SUCCESS and not self._keep_going:
                    self._out.line("it stops here; --keep-going goes on with the next")
                    return code
        finally:
            signal.signal(signal.SIGINT, before)
        return code

    def _note(self, number: int, frame: FrameType | None) -> None:
        # The run has it from the terminal too, and ends by itself.
        self._received = number

    def _one(self, one: Interval) -> int:
        from orch_tui.scheduling.backfill import IntervalState
        from orch_tui.scheduling.processes import start_command

        watched, root = self._backfill.watched, str(self._project.root)
        program = [sys.executable, "-P", "-m", "orch_tui", "run"]
        if one.state is IntervalState.DONE or (one.state is IntervalState.FAILED and not self._retry_failed):
            return FAILED if one.state is IntervalState.FAILED else SUCCESS
        self._out.line(_shown(self._backfill, one))
        if one.state is IntervalState.GOING:
            return self._wait_for(one)
        if one.state is IntervalState.MISSING:
            command = start_command(watched, one.end, self._project.root)
        elif one.state is IntervalState.INTERRUPTED:
            command = [*program, "--resume", one.run, "--quiet", "--project", root]
        else:
            command = [*program, watched.orchestration, "--rerun-failed", one.run, "--quiet", "--project", root]
        return FAILED if subprocess.Popen(command).wait() else SUCCESS

    def _wait_for(self, one: Interval) -> int:
        from orch_tui.model.status import Status
        from orch_tui.project.history import summarize

        directory = self._project.paths.run(self._backfill.watched.orchestration, one.run)
        while (summary := summarize(directory)).live and not self._received:
            time.sleep(_LOOK)
        return SUCCESS if summary.status in (Status.SUCCESS, Status.WARNING) else FAILED
