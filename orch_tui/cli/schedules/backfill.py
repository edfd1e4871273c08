"""``orch-tui backfill``: run an orchestration for each interval of a span of time, resumable after anything."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Sequence
from datetime import datetime, tzinfo
from types import FrameType
from typing import TYPE_CHECKING

import click

from orch_tui.cli.shared.completion import complete_orchestration
from orch_tui.cli.shared.errors import FAILED, INTERRUPTED, SUCCESS, CliError
from orch_tui.cli.shared.opening import json_option, open_it, project_option
from orch_tui.cli.shared.output import Output, print_table
from orch_tui.model.dataclass import dataclass
from orch_tui.model.texts.text import counted, safe_line

if TYPE_CHECKING:
    from orch_tui.project.project import Project
    from orch_tui.scheduling.backfill import Backfill, Interval

_LOOK = 0.1
"""Seconds between two looks at what goes on."""


@dataclass(frozen=True, slots=True)
class _Manner:
    """``at_once`` together; ``again``: also what is done."""

    at_once: int
    retry_failed: bool
    keep_going: bool
    again: bool


@dataclass(frozen=True, slots=True)
class _Going:
    """An interval whose run goes on, in a process of ours or elsewhere (None)."""

    interval: Interval
    process: subprocess.Popen[bytes] | None


@click.command("backfill")
@click.argument("orchestration", shell_complete=complete_orchestration)
@click.option("--from", "begin", required=True, metavar="DATE", help='The begin of the first: "2026-01-01".')
@click.option("--to", "end", required=True, metavar="DATE", help="The end of the last; this day is not among them.")
@click.option("--every", type=click.Choice(["hour", "day", "week", "month"]), default="day", show_default=True)
@click.option("--retry-failed", is_flag=True, help="Run what did not succeed in those that failed.")
@click.option("--keep-going", is_flag=True, help="Go on with the next when one fails.")
@click.option("--at-once", type=click.IntRange(1, 64), default=1, show_default=True, help="How many of them together.")
@click.option("--only", multiple=True, metavar="DATE", help="Only the interval that begins then; may be repeated.")
@click.option("--again", is_flag=True, help="Also those that are done, as they are defined now.")
@click.option("--dry-run", is_flag=True, help="Say what is done, failed, missing or changed since; start nothing.")
@click.option("--map", "as_map", is_flag=True, help="The same as a map with a sign for each; start nothing.")
@json_option
@project_option
def backfill_command(
    orchestration: str,
    begin: str,
    end: str,
    every: str,
    retry_failed: bool,
    keep_going: bool,
    at_once: int,
    only: tuple[str, ...],
    again: bool,
    dry_run: bool,
    as_map: bool,
    as_json: bool,
    project: str | None,
) -> int:
    """Run ORCHESTRATION for each interval that has no run yet, the earliest first.

    The run knows its interval as {{ interval_start }} and {{ interval_end }}. Given again, the command goes on where it
    was interrupted, whatever ended it: what is done is not done again.
    """
    from orch_tui.scheduling.backfill import Backfill, Every, intervals

    opened = open_it(project)
    backfill = Backfill(opened, orchestration, Every(every))
    span = intervals(_date("--from", begin), _date("--to", end), Every(every), backfill.zone)
    span = _chosen(span, [_moment("--only", text, backfill.zone) for text in only], only)
    looks = as_json or dry_run or as_map
    found = backfill.look(span, changes=looks)
    out = Output(sys.stdout)
    if as_json:
        _print_json(out, found)
    elif as_map:
        from orch_tui.scheduling.interval_grid import text_of

        for line in text_of(found, Every(every), backfill.zone):
            out.line(line)
    elif dry_run:
        _print(out, backfill, found)
    if not as_json and not as_map:
        out.line(_summary(found))
    if looks:
        return SUCCESS
    manner = _Manner(at_once, retry_failed=retry_failed, keep_going=keep_going, again=again)
    code = _Work(opened, backfill, out, manner).all(found)
    out.line(_summary(backfill.look(span)))
    return code


def _chosen(span: Sequence[Interval], begins: Sequence[float], texts: Sequence[str]) -> list[Interval]:
    """Those of the span that begin then, or all. Raises: CliError when none begins at one of the times."""
    if not begins:
        return list(span)
    known = {one.begin for one in span}
    wrong = next((text for begin, text in zip(begins, texts, strict=True) if begin not in known), None)
    if wrong is not None:
        raise CliError(f"--only {safe_line(wrong, 60)}: no interval from --from to --to begins then")
    return [one for one in span if one.begin in set(begins)]


def _moment(option: str, text: str, zone: tzinfo) -> float:
    """With an offset it is that very moment; else by the clock of the zone."""
    at = _time(option, text)
    return (at if at.tzinfo is not None else at.replace(tzinfo=zone)).timestamp()


def _date(option: str, text: str) -> datetime:
    return _time(option, text).replace(tzinfo=None)


def _time(option: str, text: str) -> datetime:
    try:
        return datetime.fromisoformat(text)
    except ValueError as error:
        message = f'{option} {safe_line(text, 60)}: write it like "2026-01-31" or "2026-01-31 06:00"'
        raise CliError(message) from error


def _summary(found: Sequence[Interval]) -> str:
    counts = Counter(one.state.value for one in found)
    parts = ", ".join(f"{number} {state}" for state, number in sorted(counts.items()))
    if changed := sum(one.changed for one in found):
        parts += f" ({changed} changed since)"
    return f"{counted(len(found), 'interval')}: {parts or 'the span is shorter than one'}"


def _shown(backfill: Backfill, one: Interval) -> str:
    begin, end = (datetime.fromtimestamp(at, backfill.zone) for at in (one.begin, one.end))
    midnight = not any((begin.hour, begin.minute, end.hour, end.minute))
    form = "%Y-%m-%d" if midnight else "%Y-%m-%d %H:%M"
    return f"{begin:{form}} to {end:{form}}"


def _print(out: Output, backfill: Backfill, found: Sequence[Interval]) -> None:
    print_table(out, ["interval", "state", "run"], [[_shown(backfill, one), _state(one), one.run] for one in found])


def _state(one: Interval) -> str:
    return f"{one.state.value}, changed since" if one.changed else one.state.value


def _print_json(out: Output, found: Sequence[Interval]) -> None:
    from orch_tui.cli.shared.report import at, print_json

    print_json(
        out,
        [
            {
                "begin": at(one.begin),
                "end": at(one.end),
                "state": one.state.value,
                "changed_since": one.changed,
                "run": one.run or None,
            }
            for one in found
        ],
    )


class _Work:
    """Runs the intervals, each in a process of its own, so that a kill of this one ends none of them."""

    def __init__(self, project: Project, backfill: Backfill, out: Output, manner: _Manner) -> None:
        self._project = project
        self._backfill = backfill
        self._out = out
        self._manner = manner
        self._going: list[_Going] = []
        self._code = SUCCESS
        self._received = 0

    def all(self, found: Sequence[Interval]) -> int:
        before = signal.signal(signal.SIGINT, self._note)
        try:
            for one in found:
                while len(self._going) >= self._manner.at_once:
                    self._wait()
                if self._stops():
                    break
                self._begin(one)
            stopped = self._stops()
            while self._going:
                self._wait()
        finally:
            signal.signal(signal.SIGINT, before)
        if self._received:
            return INTERRUPTED
        if stopped or (self._code != SUCCESS and not self._manner.keep_going):
            self._out.line("it stops here; --keep-going goes on with the next")
        return self._code

    def _stops(self) -> bool:
        return bool(self._received) or (self._code != SUCCESS and not self._manner.keep_going)

    def _note(self, number: int, frame: FrameType | None) -> None:
        # The runs have it from the terminal too, and end by themselves.
        self._received = number

    def _begin(self, one: Interval) -> None:
        from orch_tui.scheduling.backfill import IntervalState
        from orch_tui.scheduling.processes import start_command

        watched, root = self._backfill.watched, self._project.root
        program = [sys.executable, "-P", "-m", "orch_tui", "run"]
        failed = one.state is IntervalState.FAILED
        if not self._manner.again and (one.state is IntervalState.DONE or (failed and not self._manner.retry_failed)):
            self._code = max(self._code, FAILED if failed else SUCCESS)
            return
        self._out.line(_shown(self._backfill, one))
        if one.state is IntervalState.GOING:
            self._going.append(_Going(one, None))
            return
        if one.state is IntervalState.INTERRUPTED:
            command = [*program, "--resume", one.run, "--quiet", "--project", str(root)]
        elif failed and not self._manner.again:
            rerun = ["--rerun-failed", one.run, "--wait"]
            command = [*program, watched.orchestration, *rerun, "--quiet", "--project", str(root)]
        else:
            command = start_command(watched, one.end, root, *(["--again"] if self._manner.again else []))
        self._going.append(_Going(one, subprocess.Popen(command)))

    def _wait(self) -> None:
        """Until one of those that go on has ended."""
        while not (ended := [going for going in self._going if self._has_ended(going)]):
            time.sleep(_LOOK)
        self._going = [going for going in self._going if going not in ended]

    def _has_ended(self, going: _Going) -> bool:
        if going.process is not None:
            if going.process.poll() is None:
                return False
            self._code = max(self._code, FAILED if going.process.returncode else SUCCESS)
            return True
        return self._elsewhere(going.interval)

    def _elsewhere(self, one: Interval) -> bool:
        """Whether a run that another process executes has ended; one that is waited for no more counts as such."""
        from orch_tui.model.status import Status
        from orch_tui.project.history import summarize

        summary = summarize(self._project.paths.run(self._backfill.watched.orchestration, one.run))
        if summary.live and not self._received:
            return False
        good = summary.status in (Status.SUCCESS, Status.WARNING)
        self._code = max(self._code, SUCCESS if good else FAILED)
        return True
