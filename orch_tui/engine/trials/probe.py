"""Whether a backend is fit: a job is sent to it that looks at what executor and nodes must share."""

from __future__ import annotations

import asyncio
import fcntl
import json
import os
import sys
import time
from pathlib import Path
from typing import Any

from orch_tui.engine.attempts.lastlines import last_lines
from orch_tui.engine.backends.backend import Backend
from orch_tui.engine.backends.chosen import Backends
from orch_tui.engine.processes.launcher import AttemptSpec, Exit, Identity, StopRequest
from orch_tui.engine.supervisor.probe import HELD, MADE, SEEN, TAKEN
from orch_tui.engine.trials.alone import scratch_directory
from orch_tui.model.dataclass import dataclass
from orch_tui.model.errors import OrchError
from orch_tui.model.failure import FailureKind
from orch_tui.model.orchestration.orchestration import TaskOptions
from orch_tui.model.problem import Problem, Severity
from orch_tui.model.run.plan import Decision, PlannedTask
from orch_tui.model.texts.durations import show_duration
from orch_tui.model.texts.sizes import size_text
from orch_tui.project.attempt_dir import log_file, make_attempt
from orch_tui.project.concurrent.locks import is_locked
from orch_tui.project.files.own_files import create_own, open_own
from orch_tui.project.project import Project

QUEUE_LIMIT = 120.0
"""Seconds that a probe may wait in the queue."""
_LIMIT = 30.0
_LEAST_FREE = 1 << 30
_MOST_SKEW = 5.0
_LOOK = 0.05


@dataclass(frozen=True, slots=True)
class Probed:
    """``words`` is what was found, in a line; ``problems`` what is not fit, with remedies."""

    words: str
    problems: tuple[Problem, ...]


class _Told:
    """What is told of the probe: when it began, and why it waits."""

    def __init__(self) -> None:
        self.begun: float | None = None
        self.place = ""
        self.waits = ""

    def queued(self, job: str, reason: str) -> None:
        self.waits = reason

    def started(self, *, process: Identity | None = None, node: str = "", job: str = "") -> None:
        self.begun = time.monotonic()
        self.place = " · ".join(part for part in (node, f"job {job}" if job else "") if part)

    def killing(self, why: FailureKind, grace: float) -> None:
        return

    def note(self, level: str, text: str) -> None:
        self.waits = text


def probe(project: Project, name: str) -> Probed:
    """Send a job to the backend ``name``, and wait for what it finds. Blocks.

    Raises:
        OrchError: there is no such backend in ``orch.toml``, or its package cannot make it.
        OSError: the project's state cannot be written.
    """
    if name not in project.settings.backends:
        known = ", ".join(project.settings.backends) or "none"
        raise OrchError(f'there is no backend "{name}" in orch.toml; it has: {known}')
    backend = Backends(project.settings).of_task(
        PlannedTask("probe", "command/probe", "probe", "probe", Decision.RUN, options=TaskOptions(runs_on=name))
    )
    with scratch_directory(project, "probe-") as home:
        directory = home / "tasks" / "probe" / "1"
        make_attempt(directory, {}, data_folder=False)
        return asyncio.run(_probe(backend, name, directory))


async def _probe(backend: Backend, name: str, directory: Path) -> Probed:
    held = open_own(directory / HELD, os.O_RDWR | os.O_CREAT)
    try:
        fcntl.flock(held, fcntl.LOCK_EX)
        create_own(directory / MADE, b"")
        argv = (sys.executable, "-P", "-m", "orch_tui.engine.supervisor.probe", str(directory))
        environment = {"ORCH_TASK": str(directory), "HOME": os.environ.get("HOME", "/")}
        spec = AttemptSpec(argv, environment, "/", directory, _LIMIT, 2.0)
        stop, told, sent = StopRequest(), _Told(), time.monotonic()
        job = await backend.start(spec, backend.name_job())
        waiting = asyncio.ensure_future(job.wait(stop, told))
        limit = asyncio.get_running_loop().call_later(QUEUE_LIMIT, stop.ask, FailureKind.TIMEOUT)
        crosses, seen_at = await _look(directory, waiting)
        end = await waiting
        limit.cancel()
    finally:
        os.close(held)
    answer = _answer(directory)
    if answer is None:
        return Probed(f"{name}: no answer", (_silent(name, end, told),))
    answer |= {"crosses": crosses, "skew": answer["time"] - seen_at}
    began = "" if told.begun is None else f", begun after {show_duration(told.begun - sent)}"
    room = size_text(answer["free"]) if not answer["fault"] else "nothing"
    free = f"{room} free in {answer['scratch']}"
    return Probed(f"{name}: {told.place or answer['host']}{began}, {free}", tuple(_judge(name, answer)))


async def _look(directory: Path, waiting: asyncio.Future[Exit]) -> tuple[bool, float]:
    """Whether the lock that the node holds is seen here, and when it had answered."""
    while not waiting.done():
        await asyncio.sleep(_LOOK)
        if _answer(directory) is not None:
            seen = is_locked(directory / TAKEN)
            create_own(directory / SEEN, b"")
            return seen, time.time()
    return False, time.time()


def _answer(directory: Path) -> dict[str, Any] | None:
    for line in reversed(last_lines(log_file(directory), 20, 2000)):
        try:
            found = json.loads(line)
        except ValueError:
            continue
        if isinstance(found, dict) and "host" in found:
            return found
    return None


def _silent(name: str, end: Exit, told: _Told) -> Problem:
    if end.stopped is FailureKind.TIMEOUT and end.unstarted:
        waits = f" ({told.waits})" if told.waits else ""
        message = f"the backend {name} did not begin with a job within {show_duration(QUEUE_LIMIT)}{waits}"
        return Problem(Severity.ERROR, "backend", message, "see what its queue says, or take another partition")
    why = end.unstarted or end.lost or f"it ended with exit code {end.code}"
    message = f"a job on the backend {name} did not answer: {why}"
    remedy = f"{sys.executable} and the project must be on its nodes under the same paths, for the same user"
    return Problem(Severity.ERROR, "backend", message, remedy)


def _judge(name: str, answer: dict[str, Any]) -> list[Problem]:
    found = []
    if not (answer["locked"] and answer["crosses"]):
        message = f"locks do not cross to the nodes of {name}: two tasks could change a table at once"
        remedy = "mount the project's file system so that flock reaches its server (NFS without nolock and local_lock)"
        found.append(Problem(Severity.ERROR, "backend", message, remedy))
    if not answer["exclusive"]:
        message = f"a file that is there can be made once more on the nodes of {name}: a task could run twice"
        found.append(Problem(Severity.ERROR, "backend", message, "take a file system that knows O_EXCL"))
    skew = answer["skew"]
    if abs(skew) > _MOST_SKEW:
        message = f"the clock of {answer['host']} is {show_duration(abs(skew))} off"
        found.append(Problem(Severity.WARNING, "backend", message, "keep the clocks of nodes together (NTP)"))
    if answer["fault"]:
        message = f"{answer['host']} can write nothing into {answer['scratch']}: {answer['fault']}"
        remedy = "give it a TMPDIR that is there and the user's: until then temporary files go over the network"
        found.append(Problem(Severity.WARNING, "backend", message, remedy))
    elif answer["free"] < _LEAST_FREE:
        message = f"{answer['host']} has {size_text(answer['free'])} free in {answer['scratch']}"
        found.append(Problem(Severity.WARNING, "backend", message, "give its TMPDIR more room: DuckDB spills there"))
    return found
