"""What Slurm's own programs are asked: a job submitted, the queue read, jobs ended.

Sources: sbatch(1), squeue(1), scancel(1) of Slurm 22.05. What ``sbatch`` is told on its command line, and the name of a
job, every user of the cluster can read; the script goes through standard input and has no argument.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import fcntl
import math
import os
import pwd
import re
import shlex
import sys
from collections.abc import Collection, Sequence, Set
from enum import Enum
from pathlib import Path
from typing import NamedTuple

from orch_tui.engine.backends.remote.sending import SUPERVISOR, time_limit
from orch_tui.engine.backends.slurm.programs import Answer, run
from orch_tui.engine.processes.launcher import AttemptSpec
from orch_tui.model.orchestration.resources import Resources
from orch_tui.model.texts.text import safe_line
from orch_tui.project.attempt_dir import queue_log
from orch_tui.project.concurrent.locks import is_locked
from orch_tui.project.definitions.backends import BackendSettings
from orch_tui.project.files.own_files import open_own

_OWN_MEMORY = 64
"""MiB that the program on the node needs beside the task."""
_BACKSTOP = 120.0
"""Seconds that the queue gives beyond the limits that the node holds itself."""
_NO_ANSWER = re.compile(
    r"unable to contact|socket timed out|timed out|communication|connection|zero bytes|transport|network|"
    r"host is unreachable|authentication|munge|failover|backup",
    re.IGNORECASE,
)
_PASSING = re.compile(r"temporarily unable|submit ?limit|MaxSubmit|MaxJobCount|try again|retrying", re.IGNORECASE)
_NO_ROOM = {errno.EAGAIN, errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.ENOSPC, errno.EDQUOT}
"""Why a program cannot be started now, and could be later."""
_LONGEST = 128 << 10
"""Bytes of one argument, less than which the system takes (MAX_ARG_STRLEN of execve(2))."""
_ID = re.compile(r"^(\d+)(?:;|$)", re.MULTILINE)
_PREFIX = re.compile(r"^(?:(?:sbatch|squeue|scancel): )?(?:slurm_load_jobs )?(?:error: )?", re.MULTILINE)


class Submission(Enum):
    """``UNKNOWN``: it was asked for and nobody knows whether that was heard. ``BUSY``: the queue is full now."""

    DONE = "done"
    UNKNOWN = "unknown"
    BUSY = "busy"
    REFUSED = "refused"


class Submitted(NamedTuple):
    """``job`` is the id of what was ``DONE``, ``said`` what Slurm said otherwise, in a line."""

    how: Submission
    job: str = ""
    said: str = ""


class Row(NamedTuple):
    """A job as the queue has it: its state (``PENDING``), the reason for that (``Resources``), its nodes."""

    job: str
    name: str
    state: str
    reason: str
    nodes: str


class NoAnswer(Exception):
    """The queue did not answer; the text is what was said of it, in a line."""


async def submit(spec: AttemptSpec, name: str, settings: BackendSettings, exclude: Sequence[str]) -> Submitted:
    """Ask for a job of this name that carries the attempt.

    The program holds the lock of the attempt's file for the queue's log until it has its answer: as long as that is
    held, a job may still come. Where it cannot be started, nothing was asked for: that is an answer, too.
    """
    try:
        answer = await _ask(spec, submit_arguments(spec, name, settings, exclude))
    except OSError as error:
        said = safe_line(f"{error.strerror or error}: {error.filename or 'sbatch'}", 300)
        return Submitted(Submission.BUSY if error.errno in _NO_ROOM else Submission.REFUSED, said=said)
    found = _ID.search(answer.output)
    if answer.code == 0 and found is not None:
        return Submitted(Submission.DONE, found[1])
    said = said_by(answer)
    if answer.code is None or answer.code <= 0 or _NO_ANSWER.search(answer.error):
        return Submitted(Submission.UNKNOWN, said=said)
    return Submitted(Submission.BUSY if _PASSING.search(answer.error) else Submission.REFUSED, said=said)


async def _ask(spec: AttemptSpec, arguments: Sequence[str]) -> Answer:
    """Raises: OSError when the log cannot be made, or the program cannot be started."""
    log = open_own(queue_log(spec.directory), os.O_RDWR | os.O_CREAT | os.O_APPEND)
    try:
        fcntl.flock(log, fcntl.LOCK_EX)
        script = f"#!/bin/sh\nexec {shlex.join([sys.executable, '-P', '-m', SUPERVISOR, str(spec.directory)])}\n"
        return await run(arguments, script.encode(), keep=log)
    finally:
        os.close(log)


def submit_arguments(spec: AttemptSpec, name: str, settings: BackendSettings, exclude: Sequence[str]) -> list[str]:
    """The command line of ``sbatch``."""
    # "%" begins a replacement in names of files.
    log = str(queue_log(spec.directory)).replace("%", "%%")
    own = [f"--partition={settings.partition}"] * bool(settings.partition)
    own += [f"--account={settings.account}"] * bool(settings.account)
    own += [f"--exclude={','.join(exclude)}"] * bool(exclude)
    return [
        *("sbatch", "--parsable", "--no-requeue", "--export=NIL", "--input=/dev/null", "--open-mode=append"),
        *(f"--output={log}", f"--job-name={name}", "--chdir=/", "--nodes=1", "--ntasks=1"),
        *own,
        *_wanted(spec),
        *settings.options,
    ]


def _wanted(spec: AttemptSpec) -> list[str]:
    resources, limit = spec.resources or Resources(), time_limit(spec)
    options = [f"--cpus-per-task={resources.cpus}"] if resources.cpus is not None else []
    options += [f"--mem={math.ceil(spec.memory / 2**20) + _OWN_MEMORY}M"] if spec.memory is not None else []
    options += [f"--gres=gpu:{resources.gpus}"] if resources.gpus is not None else []
    if limit is not None:
        options.append(f"--time={math.ceil((limit + spec.grace + _BACKSTOP) / 60)}")
    return options


async def look(names: Collection[str] = ()) -> list[Row]:
    """The jobs of this user that the queue knows, ended ones too as long as it keeps them (MinJobAge); only those of
    these ``names``, if there are any.

    Raises: NoAnswer.
    """
    wanted = f"--name={','.join(names)}"
    only = [wanted] if names and len(wanted) < _LONGEST else []
    user = pwd.getpwuid(os.getuid()).pw_name
    form = "--format=%i|%j|%T|%r|%N"
    try:
        answer = await run(["squeue", "--noheader", "--states=all", f"--user={user}", *only, form])
    except OSError as error:
        raise NoAnswer(f"squeue cannot be started: {error.strerror}") from error
    if answer.code != 0:
        raise NoAnswer(said_by(answer))
    # In a thread: a user may have tens of thousands.
    return await asyncio.to_thread(_rows, answer.output, frozenset(names))


def _rows(output: str, names: Set[str]) -> list[Row]:
    rows = (row for line in output.splitlines() if (row := read_row(line)) is not None)
    return [row for row in rows if not names or row.name in names]


def read_row(line: str) -> Row | None:
    """A line of :func:`look`; None for one of another form. A foreign job may have any name."""
    job, _, rest = line.partition("|")
    parts = rest.rsplit("|", 3)
    return Row(job, *parts) if len(parts) == 4 else None


async def cancel(name: str, *, signal_batch: bool = False) -> bool:
    """End the job of this name, or only tell its first process to look; True when Slurm took that."""
    user = pwd.getpwuid(os.getuid()).pw_name
    how = ["--signal=TERM", "--batch"] if signal_batch else []
    with contextlib.suppress(OSError):
        return (await run(["scancel", *how, f"--user={user}", f"--name={name}"])).code == 0
    return False


def said_by(answer: Answer) -> str:
    """What it said, in a line."""
    words = _PREFIX.sub("", answer.error or answer.output).split("\n")
    said = "; ".join(dict.fromkeys(word.strip() for word in words if word.strip()))
    return safe_line(said, 300) or ("no answer in time" if answer.code is None else f"exit code {answer.code}")


def still_submitting(directory: Path) -> bool:
    """Whether a program that somebody started still asks for a job of this attempt."""
    return is_locked(queue_log(directory))
