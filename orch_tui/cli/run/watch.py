"""``orch-tui watch``: follow a run that any process executes, by its journal."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from orch_tui.cli.shared.completion import complete_run
from orch_tui.cli.shared.errors import FAILED
from orch_tui.cli.shared.opening import command_hint, open_it, project_option, run_directory
from orch_tui.cli.shared.output import Output

if TYPE_CHECKING:
    from orch_tui.project.paths import ProjectPaths
    from orch_tui.project.project import Project

_SUCCESSION = 3.0
"""Seconds in which another process may go on with a run whose executor has left."""


@click.command("watch")
@click.argument("run", required=False, metavar="[RUN|ORCHESTRATION]", shell_complete=complete_run)
@click.option("--strict", is_flag=True, help="Exit with 3 if the run ends in warning.")
@project_option
def watch_command(run: str | None, strict: bool, project: str | None) -> int:
    """Follow RUN (default: the one that runs now, else the last one); the exit code is the run's.

    Ctrl-C ends the watching, not the run.
    """
    opened = open_it(project, tolerant=True)
    directory = (running_now(opened) if run is None else None) or run_directory(opened, run)
    return follow_to_end(opened.paths, directory, Output(sys.stdout), strict=strict)


def running_now(project: Project) -> Path | None:
    """The newest run that some process executes."""
    from orch_tui.project.history import latest

    ids = project.orchestration_ids()
    found = [run for run in (latest(project.paths, one) for one in ids) if run is not None and run.live]
    newest = max(found, key=lambda summary: summary.id, default=None)
    return newest.directory if newest else None


def follow_to_end(paths: ProjectPaths, directory: Path, out: Output, *, strict: bool) -> int:
    """Tell what happens until the run has ended or nobody executes it any more."""
    from orch_tui.cli.follow.card import print_ending
    from orch_tui.cli.follow.live import Display
    from orch_tui.cli.follow.marks import MarkTeller
    from orch_tui.cli.follow.narrate import Narrator
    from orch_tui.cli.run.manner import exit_code
    from orch_tui.model.status import Status
    from orch_tui.project.journal.file import JOURNAL, is_executed
    from orch_tui.runs.live.follower import POLL, Follower
    from orch_tui.runs.people.responding import ExecutorLook, NoAnswer

    told_of: NoAnswer | None = None
    follower = Follower(directory)
    display = Display(out, Narrator(out, directory), live=False, now=follower.now)
    executor = ExecutorLook(directory)
    marks = MarkTeller(directory, follower.state, paths, display.say)
    # A run that is being handed over has no executor for a moment, but a journal that was just written.
    last_alive = time.monotonic() - max(0.0, time.time() - (directory / JOURNAL).stat().st_mtime)
    while not out.gone:
        live = is_executed(directory)
        if live:
            last_alive = time.monotonic()
        display.update(follower)
        no_answer = executor.look() if live else None
        if no_answer != told_of and not follower.state.finished:
            display.say(no_answer.sentence if no_answer is not None else "the process that executes it goes on")
        told_of = no_answer
        marks.look(follower.state, live=live)
        if follower.state.finished:
            if follower.state.status is not Status.SUCCESS:
                print_ending(out, follower.state, directory)
            return exit_code(follower.state.status, strict=strict)
        if time.monotonic() - last_alive > _SUCCESSION:
            hint = command_hint("run", "--resume", directory.name)
            out.line(out.paint("interrupted", "red") + f": no process executes run {directory.name}; go on with {hint}")
            print_ending(out, follower.state, directory)
            return FAILED
        out.rest(POLL)
    return 0
