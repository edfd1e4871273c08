"""Synchronous actions: a component's program asked a question outside of any run, such as "does the connection work".

The program is started as a task would start it, with ``action`` in its config.json, in a directory that is gone
afterwards. Source: https://developers.keboola.com/extend/common-interface/actions/.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import shutil
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from orch_tui.engine.attempts.lastlines import last_lines
from orch_tui.engine.attempts.prepare import PrepareError, Preparer
from orch_tui.engine.attempts.task_facts import program_problem
from orch_tui.engine.processes.launcher import AttemptSpec, Exit, StopRequest
from orch_tui.engine.processes.local import LocalLauncher
from orch_tui.engine.processes.process import signal_group
from orch_tui.model.components.component import TEST_CONNECTION
from orch_tui.model.components.configuration import Configuration
from orch_tui.model.failure import FailureKind
from orch_tui.model.orchestration.orchestration import TaskOptions
from orch_tui.model.problem import Problem
from orch_tui.model.run.outcome import outcome_of_exit
from orch_tui.model.run.plan import Decision, PlannedPhase, PlannedTask, RunPlan
from orch_tui.model.texts.durations import show_duration
from orch_tui.model.texts.text import safe_line
from orch_tui.project.attempt_dir import log_file
from orch_tui.project.paths import make_private
from orch_tui.project.project import DefinitionError, Project
from orch_tui.project.secrets import Secrets

LIMIT = 30.0
"""Seconds until a program that has not answered is stopped; Keboola's limit."""
_GRACE = 2.0
_MAX_LOG_MB = 16.0
_LINES = 200
_WIDTH = 20_000
_MESSAGE = 1000
_STALE = 600.0
"""Seconds after which a directory of a program that was killed is removed."""
_PREFIX = "action-"


@dataclass(frozen=True, slots=True)
class ActionResult:
    """``message`` is one sentence, safe to show and without secrets; ``seconds`` is what it took."""

    ok: bool
    message: str
    seconds: float


def variables_of(project: Project, ref: str, given: Mapping[str, str]) -> dict[str, str]:
    """The values of variables outside of a run: given ones, over those of the first task that runs the configuration
    (its own, its orchestration's), over the project's."""
    from orch_tui.project.saving.catalog import used_by

    values = {variable.name: variable.value for variable in project.settings.variables}
    for orchestration, task in used_by(project, ref)[:1]:
        values |= {v.name: v.value for v in orchestration.variables if v.value is not None}
        values |= task.variables
    values |= given
    return {name: value for name, value in values.items() if value is not None}


async def run_action(
    project: Project,
    configuration: Configuration,
    variables: Mapping[str, str],
    stop: StopRequest,
    *,
    action: str = TEST_CONNECTION,
    limit: float = LIMIT,
) -> ActionResult:
    """Start the configuration's program with ``action`` and wait for its answer, ``limit`` seconds at most.

    What is wrong (a secret without a value, a program that is not there, no answer) is a result too, never an
    exception. Whatever the program left running is ended, also when this is cancelled.
    """
    begun = time.monotonic()

    def result(ok: bool, message: str) -> ActionResult:
        return ActionResult(ok, safe_line(message, _MESSAGE) or "it gave no reason", time.monotonic() - begun)

    component = project.component(configuration.component)
    if component is None:
        return result(False, f'there is no component "{configuration.component}"')
    if action not in component.actions:
        return result(False, f'the component "{component.id}" cannot test its connection')
    if problem := program_problem(project.root, component, configuration):
        return result(False, problem)
    try:
        with scratch_directory(project, _PREFIX) as directory:
            spec = _prepare(project, configuration, variables, directory, action, limit)
            end = await run_attempt(spec, stop)
            return result(*_answer(end, spec, limit))
    except PrepareError as error:
        return result(False, str(error))
    except OSError as error:
        place = f": {error.filename}" if error.filename else ""
        return result(False, f"it cannot be started: {error.strerror or error}{place}")


@contextlib.contextmanager
def scratch_directory(project: Project, prefix: str) -> Iterator[Path]:
    """A private directory, gone afterwards; those that a killed program left are removed. Raises: OSError."""
    project.paths.make_state()
    home = project.paths.state / "tmp"
    make_private(home)
    for left in home.glob(f"{prefix}*"):
        with contextlib.suppress(OSError):
            # Another program may be removing it at this moment.
            if time.time() - left.stat().st_mtime > _STALE:
                shutil.rmtree(left, ignore_errors=True)
    path = Path(tempfile.mkdtemp(prefix=prefix, dir=home))
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


def _prepare(
    project: Project,
    configuration: Configuration,
    variables: Mapping[str, str],
    directory: Path,
    action: str,
    limit: float,
) -> AttemptSpec:
    """Raises: PrepareError, OSError."""
    options = TaskOptions(timeout=limit, grace=_GRACE, max_log_mb=_MAX_LOG_MB)
    task = PlannedTask("action", configuration.ref, configuration.name, "action", Decision.RUN, options=options)
    phase = PlannedPhase("action", "action", (task,), 1)
    plan = RunPlan("action", "action", (phase,), dict(variables))
    secrets = Secrets(project.root)
    preparer = Preparer(project, plan, "action", directory, secrets, action=action, unsaved=configuration)
    return preparer.prepare(task, 1)


async def run_attempt(spec: AttemptSpec, stop: StopRequest) -> Exit:
    """Start it and wait for its end; whatever it left is ended when this is cancelled.

    Raises: OSError when it cannot be started.
    """
    running = LocalLauncher().start(spec)
    try:
        return await running.wait(stop, lambda why, grace: None)
    except asyncio.CancelledError:
        signal_group(running.identity.pid, 9)
        with contextlib.suppress(ChildProcessError):
            # Reaped already, when the cancellation came after its end.
            os.waitpid(running.identity.pid, 0)
        raise


def _answer(end: Exit, spec: AttemptSpec, limit: float) -> tuple[bool, str]:
    lines = last_lines(log_file(spec.directory), _LINES, _WIDTH)
    if end.stopped is FailureKind.TIMEOUT:
        return False, f"no answer within {show_duration(limit)}; the program was stopped"
    if end.stopped is FailureKind.CANCEL:
        return False, "cancelled"
    if end.stopped is not None:
        return False, "the program wrote too much without an answer and was stopped"
    last = lines[-1].strip() if lines else ""
    if end.code != 0:
        # A user error is a sentence of its own; what else can happen needs to be told as such.
        return False, last if end.code == 1 and last else outcome_of_exit(end.code, last).reason
    answer = _json_answer(lines)
    message = answer.get("message")
    said = message if isinstance(message, str) and message.strip() else ""
    if str(answer.get("status") or "success").lower() not in ("success", "ok"):
        return False, said or f"the program answered {answer.get('status')}"
    return True, said or ("the connection works" if answer else last or "the connection works")


def _json_answer(lines: list[str]) -> dict[str, Any]:
    """The last line that is a JSON object with a status or a message; log lines may stand around it."""
    for line in reversed(lines):
        if line.lstrip().startswith("{"):
            with contextlib.suppress(ValueError, RecursionError):
                # Something else that begins with a brace.
                body = json.loads(line)
                if isinstance(body, dict) and ("status" in body or "message" in body):
                    return body
    return {}


class ActionRun:
    """One action with an event loop of its own, for a caller in a thread; another thread may cancel it."""

    def __init__(self, root: Path, configuration: Configuration, given: Mapping[str, str] | None = None) -> None:
        """``root`` is the project: it is read anew, because a :class:`Project` belongs to one thread."""
        self._root = root
        self._configuration = configuration
        self._given = dict(given or {})
        self._stop = StopRequest()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._lock = threading.Lock()

    def run(self) -> ActionResult:
        """Blocks until the answer is there, or for the limit and a little more."""
        return asyncio.run(self._run())

    async def _run(self) -> ActionResult:
        with self._lock:
            self._loop = asyncio.get_running_loop()
        try:
            project = Project(self._root, tolerant=True)
            variables = variables_of(project, self._configuration.ref, self._given)
            return await run_action(project, self._configuration, variables, self._stop)
        finally:
            with self._lock:
                self._loop = None

    def cancel(self) -> None:
        """Stop the program; :meth:`run` returns soon. Does nothing when it has ended."""
        with self._lock:
            if self._loop is None:
                self._stop.ask(FailureKind.CANCEL)
            else:
                self._loop.call_soon_threadsafe(self._stop.ask, FailureKind.CANCEL)


def testable(project: Project, ref: str) -> Configuration | str:
    """The configuration, or why it cannot be tested, in a sentence."""
    try:
        configuration = project.configuration(ref)
    except DefinitionError as error:
        return "; ".join(map(_problem, error.problems)) or str(error)
    component = project.component(configuration.component)
    if component is None:
        return f'there is no component "{safe_line(configuration.component, 60)}"'
    if not component.can_be_tested:
        return f'the component "{component.id}" cannot test its connection'
    return configuration


def _problem(problem: Problem) -> str:
    return f"{problem.place}: {problem.message}" if problem.place else problem.message
