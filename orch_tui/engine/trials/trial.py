"""Trying one configuration alone: started as a task would start it, on today's tables, in a directory of its own.

Nothing is published and no state is kept: the tables that it writes stay in the directory until it is closed.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Mapping
from pathlib import Path

from orch_tui.engine.attempts.lastlines import last_lines
from orch_tui.engine.attempts.programs import PrepareError
from orch_tui.engine.attempts.results import read_result
from orch_tui.engine.processes.launcher import Exit
from orch_tui.engine.trials.alone import Alone, obstacle, prepare_alone, run_attempt, scratch_directory, why_not
from orch_tui.model.components.configuration import Configuration
from orch_tui.model.components.fault import Fault, read_fault
from orch_tui.model.dataclass import dataclass
from orch_tui.model.failure import FailureKind
from orch_tui.model.orchestration.orchestration import TaskOptions
from orch_tui.model.run.outcome import outcome_of_exit
from orch_tui.model.texts.durations import show_duration
from orch_tui.model.texts.text import safe_line
from orch_tui.project.attempt_dir import log_file
from orch_tui.project.masking.files import mask_what_is_left
from orch_tui.project.project import Project

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


class Trial(Alone):
    """One try. ``directory`` of the result's files is there until :meth:`close`."""

    def __init__(self, root: Path, configuration: Configuration, given: Mapping[str, str] | None = None) -> None:
        super().__init__(root, configuration, given)
        self._held = contextlib.ExitStack()
        self._closed = False

    def run(self) -> TrialResult:
        """Blocks until the program has ended."""
        result = asyncio.run(self._run())
        with self.lock:
            if self._closed:
                self._held.close()
        return result

    def close(self) -> None:
        """Remove its directory, now or when the program has ended."""
        with self.lock:
            self._closed = True
            if not self.runs:
                self._held.close()

    async def _run(self) -> TrialResult:
        begun = time.monotonic()
        with self.running():
            try:
                return await self._try(self.project(), begun)
            except (PrepareError, OSError) as error:
                return _failed(why_not(error), begun)

    async def _try(self, project: Project, begun: float) -> TrialResult:
        """Raises: PrepareError, OSError."""
        configuration = self.configuration
        if problem := obstacle(project, configuration):
            return _failed(problem, begun)
        directory = self._held.enter_context(scratch_directory(project, "try-"))
        options = TaskOptions(timeout=LIMIT, grace=_GRACE, max_log_mb=_MAX_LOG_MB)
        spec = prepare_alone(project, configuration, self.variables(project), directory, "try", options)
        end = await run_attempt(spec, self.stop)
        mask_what_is_left(spec.directory, spec.environment)
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
