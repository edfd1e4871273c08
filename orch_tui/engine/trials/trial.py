"""Trying one configuration alone: started as a task would start it, on today's tables, in a directory of its own.

Nothing is published and no state is kept: the tables that it writes stay in the directory until it is closed.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from orch_tui.engine.attempts.attempts import mask_what_is_left
from orch_tui.engine.attempts.lastlines import last_lines
from orch_tui.engine.attempts.prepare import PrepareError, Preparer
from orch_tui.engine.attempts.results import read_result
from orch_tui.engine.attempts.task_facts import program_problem
from orch_tui.engine.processes.launcher import Exit, StopRequest
from orch_tui.engine.trials.actions import run_attempt, scratch_directory, variables_of
from orch_tui.model.components.configuration import Configuration
from orch_tui.model.components.fault import Fault, read_fault
from orch_tui.model.failure import FailureKind
from orch_tui.model.orchestration.orchestration import TaskOptions
from orch_tui.model.run.outcome import outcome_of_exit
from orch_tui.model.run.plan import Decision, PlannedPhase, PlannedTask, RunPlan
from orch_tui.model.texts.durations import show_duration
from orch_tui.model.texts.text import safe_line
from orch_tui.project.attempt_dir import log_file
from orch_tui.project.project import Project
from orch_tui.project.secrets import Secrets

LIMIT = 600.0
"""Seconds until a program that is tried is stopped."""
_GRACE = 5.0
_MAX_LOG_MB = 64.0
_LINES = 200
_MESSAGE = 1000


@dataclass(frozen=True, slots=True)
class TriedTable:
    """A table that would have been published; ``file`` has its rows."""

    name: str
    table: str
    file: Path


@dataclass(frozen=True, slots=True)
class TrialResult:
    """``message`` is a sentence about a failure, empty after a success; ``lines`` are the last ones of the log."""

    ok: bool
    message: str
    seconds: float
    fault: Fault | None = None
    tables: tuple[TriedTable, ...] = ()
    lines: tuple[str, ...] = ()


class Trial:
    """One try, with an event loop of its own, for a caller in a thread; other threads may cancel it.

    ``directory`` of the result's files is there until :meth:`close`.
    """

    def __init__(self, root: Path, configuration: Configuration, given: Mapping[str, str] | None = None) -> None:
        """``root`` is the project: it is read anew, because a :class:`Project` belongs to one thread."""
        self._root = root
        self._configuration = configuration
        self._given = dict(given or {})
        self._stop = StopRequest()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._lock = threading.Lock()
        self._held = contextlib.ExitStack()
        self._closed = False

    def run(self) -> TrialResult:
        """Blocks until the program has ended."""
        result = asyncio.run(self._run())
        with self._lock:
            if self._closed:
                self._held.close()
        return result

    def cancel(self) -> None:
        """Stop the program; :meth:`run` returns soon. Does nothing when it has ended."""
        with self._lock:
            if self._loop is None:
                self._stop.ask(FailureKind.CANCEL)
            else:
                self._loop.call_soon_threadsafe(self._stop.ask, FailureKind.CANCEL)

    def close(self) -> None:
        """Remove its directory, now or when the program has ended."""
        with self._lock:
            self._closed = True
            if self._loop is None:
                self._held.close()

    async def _run(self) -> TrialResult:
        with self._lock:
            self._loop = asyncio.get_running_loop()
        begun = time.monotonic()
        try:
            return await self._try(Project(self._root, tolerant=True), begun)
        except PrepareError as error:
            return _failed(str(error), begun)
        except OSError as error:
            place = f": {error.filename}" if error.filename else ""
            return _failed(f"it cannot be started: {error.strerror or error}{place}", begun)
        finally:
            with self._lock:
                self._loop = None

    async def _try(self, project: Project, begun: float) -> TrialResult:
        """Raises: PrepareError, OSError."""
        configuration = self._configuration
        component = project.component(configuration.component)
        if component is None:
            return _failed(f'there is no component "{configuration.component}"', begun)
        if problem := program_problem(project.root, component, configuration):
            return _failed(problem, begun)
        directory = self._held.enter_context(scratch_directory(project, "try-"))
        options = TaskOptions(timeout=LIMIT, grace=_GRACE, max_log_mb=_MAX_LOG_MB)
        task = PlannedTask("try", configuration.ref, configuration.name, "try", Decision.RUN, options=options)
        plan = RunPlan(
            "try",
            "try",
            (PlannedPhase("try", "try", (task,), 1),),
            variables_of(project, configuration.ref, self._given),
        )
        secrets = Secrets(project.root)
        preparer = Preparer(project, plan, "try", directory, secrets, unsaved=configuration, publish=False)
        spec = preparer.prepare(task, 1)
        end = await run_attempt(spec, self._stop)
        mask_what_is_left(spec)
        return _result(end, spec.directory, configuration, begun)


def _failed(message: str, begun: float) -> TrialResult:
    return TrialResult(False, safe_line(message, _MESSAGE), time.monotonic() - begun)


def _result(end: Exit, directory: Path, configuration: Configuration, begun: float) -> TrialResult:
    lines = tuple(last_lines(log_file(directory), _LINES))
    result = read_result(directory)
    told = result.get("tables")
    tables = tuple(
        TriedTable(str(one.get("name")), str(one.get("table")), Path(str(one.get("file"))))
        for one in (told if isinstance(told, list) else ())
        if isinstance(one, dict) and Path(str(one.get("file"))).is_relative_to(directory)
    )
    seconds = time.monotonic() - begun
    if end.stopped is None and end.code == 0:
        return TrialResult(True, "", seconds, None, tables, lines)
    fault = read_fault(result)
    return TrialResult(False, safe_line(_why(end, lines, fault), _MESSAGE), seconds, fault, (), lines)


def _why(end: Exit, lines: tuple[str, ...], fault: Fault | None) -> str:
    if end.stopped is FailureKind.CANCEL:
        return "cancelled"
    if end.stopped is FailureKind.TIMEOUT:
        return f"it took longer than {show_duration(LIMIT)} and was stopped"
    if end.stopped is not None:
        return "it wrote too much into its log and was stopped"
    last = lines[-1].strip() if lines else ""
    if fault is not None:
        return fault.message
    return last if end.code == 1 and last else str(outcome_of_exit(end.code, last).reason)
