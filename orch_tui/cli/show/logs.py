"""``orch-tui logs``: the logs of tasks, from their end or all of it, of any size and with any bytes in them."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterable
from pathlib import Path

import click

from orch_tui.cli.shared.completion import complete_run, complete_task_of_run
from orch_tui.cli.shared.errors import SUCCESS, CliError
from orch_tui.cli.shared.opening import find_task, open_it, project_option, run_directory
from orch_tui.cli.shared.output import Output
from orch_tui.model.run.runstate import RunState, TaskState
from orch_tui.model.texts.text import safe_line
from orch_tui.project.attempt_dir import attempt_directory, log_file
from orch_tui.project.files.own_files import open_own
from orch_tui.runs.live.follower import POLL, Follower
from orch_tui.runs.words.ending import first_failure

_BLOCK = 1 << 16
_TAIL_LIMIT = 1 << 23
"""Bytes that are looked at for the last lines: a log without line ends must not fill the memory."""
_TTY_LINES = 200
_FOLLOW_POLL = 0.1


class LogTail:
    """Reads a growing log in blocks; each is given out as safe lines, or as it is with ``raw``."""

    def __init__(self, path: Path, *, raw: bool = False, prefix: str = "") -> None:
        self.path = path
        self.raw = raw
        self.prefix = prefix
        self._position = 0
        self._rest = b""
        self._inode: int | None = None

    def seek_last(self, lines: int) -> int:
        """Start at the last lines; the bytes before them."""
        try:
            fd = open_own(self.path)
        except OSError:
            return 0
        try:
            self._position = last_lines_offset(fd, os.fstat(fd).st_size, lines)
        finally:
            os.close(fd)
        return self._position

    def copy_new(self, out: Output) -> bool:
        """Write out what came since the last call; True when there was something."""
        try:
            fd = open_own(self.path)
        except FileNotFoundError:
            return False
        found = False
        try:
            status = os.fstat(fd)
            if status.st_size < self._position or self._inode not in (None, status.st_ino):
                out.line(f"{self.prefix}[the log was cut; here is its new beginning]")
                self._position, self._rest = 0, b""
            self._inode = status.st_ino
            while (data := os.pread(fd, _BLOCK, self._position)) and not out.gone:
                found = True
                self._position += len(data)
                self._give(out, data)
        finally:
            os.close(fd)
        return found

    def _give(self, out: Output, data: bytes) -> None:
        if self.raw and not self.prefix:
            out.write_bytes(data)
            return
        data = self._rest + data
        end = data.rfind(b"\n") + 1
        if not end and len(data) >= _BLOCK:
            # A line without an end: given out in pieces, so that it needs no memory.
            end = len(data)
        self._rest = data[end:]
        if end:
            self._write(out, data[:end])

    def finish(self, out: Output) -> None:
        """The last line, if it has no end."""
        if self._rest:
            rest, self._rest = self._rest, b""
            self._write(out, rest)

    def _write(self, out: Output, data: bytes) -> None:
        if self.raw:
            lines = data.removesuffix(b"\n").split(b"\n")
            out.write_bytes(b"".join(self.prefix.encode() + line + b"\n" for line in lines))
            return
        lines_of_text = data.decode("utf-8", "replace").removesuffix("\n").split("\n")
        out.data("".join(f"{self.prefix}{visible(line)}\n" for line in lines_of_text))


def visible(line: str) -> str:
    """One line of a log as a terminal would have shown it in the end: of a progress bar, its last state."""
    return safe_line(line.rstrip("\r").rpartition("\r")[2])


def last_lines_offset(fd: int, size: int, lines: int) -> int:
    """Where the last ``lines`` lines begin; looks at the last 8 MiB only."""
    position, wanted = size, lines
    lowest = max(0, size - _TAIL_LIMIT)
    if lines <= 0 or size == 0:
        return size
    # The end of the last line is no beginning of another.
    if os.pread(fd, 1, size - 1) == b"\n":
        wanted += 1
    while position > lowest:
        step = min(_BLOCK, position - lowest)
        position -= step
        block = os.pread(fd, step, position)
        at = len(block)
        while (at := block.rfind(b"\n", 0, at)) >= 0:
            wanted -= 1
            if wanted == 0:
                return position + at + 1
    return lowest


def _lines(text: str) -> int:
    """How many lines a word asks for, -1 for all. Raises: click.BadParameter."""
    if text == "all":
        return -1
    if not text.isdecimal():
        raise click.BadParameter('write a number or "all"')
    return int(text)


@click.command("logs")
@click.argument("run", metavar="RUN|ORCHESTRATION", shell_complete=complete_run)
@click.argument("task", required=False, shell_complete=complete_task_of_run)
@click.option("--attempt", type=click.IntRange(1), help="Which attempt of the task (default: the last one).")
@click.option("--follow", "-f", is_flag=True, help="Go on until the attempt (without TASK: the run) has ended.")
@click.option(
    "--lines",
    "-n",
    type=_lines,
    metavar="NUMBER",
    help='The last N lines, or "all"; default: 200 on a terminal, else all.',
)
@click.option("--raw", is_flag=True, help="Bytes as the program wrote them, escape sequences included.")
@project_option
def logs_command(
    run: str,
    task: str | None,
    attempt: int | None,
    follow: bool,
    lines: int | None,
    raw: bool,
    project: str | None,
) -> int:
    """Print logs of RUN, or of the latest run of ORCHESTRATION.

    Without TASK: of the task that failed first; when none failed, of all tasks, each line after the task's id.
    """
    directory = run_directory(open_it(project, tolerant=True), run)
    follower = Follower(directory)
    state = follower.catch_up()
    out = Output(sys.stdout)
    count = lines if lines is not None else _TTY_LINES if out.tty else -1
    if (
        task is None
        and (attempt is not None or state.first_failure is not None)
        and not (follow and not state.finished)
    ):
        failed = first_failure(state)
        if failed is None:
            raise CliError("--attempt is of one task: name it after the run")
        task = failed.id
        Output(sys.stderr).line(f"log of the first failure, {task}; others: orch-tui logs RUN TASK")
    if task is None:
        return _all_logs(out, follower, directory, count, raw=raw, follow=follow)
    found = find_task(state, task)
    if found.parts is not None:
        found = found.telling
        Output(sys.stderr).line(
            f"log of {found.name} ({found.id}); those of other parts: orch-tui logs RUN TASK@NUMBER"
        )
    number = _attempt_number(found, attempt, state, follow=follow)
    tail = LogTail(log_file(attempt_directory(directory, found.id, number)), raw=raw)
    _start_at(tail, count)
    tail.copy_new(out)
    if follow:
        _follow_attempt(out, tail, follower, found.id, number)
    tail.finish(out)
    return SUCCESS


def _start_at(tail: LogTail, count: int) -> None:
    if count < 0:
        return
    before = tail.seek_last(count)
    if before:
        Output(sys.stderr).line(f"the last {count} lines; {before:,} bytes before them: --lines all")


def _attempt_number(task: TaskState, wanted: int | None, state: RunState, *, follow: bool) -> int:
    if not task.attempts:
        if follow and wanted is None and not state.finished:
            return 1
        reason = f": {safe_line(task.reason, 300)}" if task.reason else ""
        raise CliError(f"task {task.id} has no log in run {state.header.id}, it is {task.status.value}{reason}")
    if wanted is None:
        return task.attempts[-1].number
    if wanted not in {attempt.number for attempt in task.attempts}:
        raise CliError(f"task {task.id} has {len(task.attempts)} attempts in run {state.header.id}, no number {wanted}")
    return wanted


def _follow_attempt(out: Output, tail: LogTail, follower: Follower, task: str, number: int) -> None:
    """Until the attempt has ended or can no more begin, or nobody executes the run."""
    looked = float("-inf")
    while not out.gone:
        over = False
        if time.monotonic() - looked >= POLL:
            looked = time.monotonic()
            state = follower.catch_up()
            attempts = [attempt for attempt in state.task(task).attempts if attempt.number == number]
            ended = attempts[0].ended is not None if attempts else state.task(task).status.final
            over = ended or state.finished or follower.interrupted
        if not tail.copy_new(out):
            if over:
                return
            out.rest(_FOLLOW_POLL)
        elif over:
            tail.copy_new(out)
            return


def _all_logs(out: Output, follower: Follower, directory: Path, count: int, *, raw: bool, follow: bool) -> int:
    tails: dict[tuple[str, int], LogTail] = {}
    while not out.gone:
        over = follower.catch_up().finished or follower.interrupted
        new = list(_new_tails(follower.state.units(), directory, tails, raw))
        for tail in new:
            _start_at(tail, count)
        active = [tail.copy_new(out) for tail in tails.values()]
        if not follow or over:
            break
        if not any(active):
            out.rest(POLL)
    for tail in tails.values():
        tail.copy_new(out)
        tail.finish(out)
    if not tails:
        Output(sys.stderr).line("no task has started yet")
    return SUCCESS


def _new_tails(
    tasks: Iterable[TaskState], directory: Path, tails: dict[tuple[str, int], LogTail], raw: bool
) -> Iterable[LogTail]:
    for task in tasks:
        for attempt in task.attempts:
            key = (task.id, attempt.number)
            if key not in tails:
                number = f"#{attempt.number}" if task.max_attempts > 1 else ""
                path = log_file(attempt_directory(directory, task.id, attempt.number))
                tails[key] = LogTail(path, raw=raw, prefix=f"{task.id}{number} | ")
                yield tails[key]
