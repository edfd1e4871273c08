"""A configuration's program started alone, outside of any run: as a task would start it, in a directory of its own."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

from orch_tui.engine.attempts.prepare import RUN_ACTION, Preparer
from orch_tui.engine.attempts.programs import PrepareError
from orch_tui.engine.attempts.task_facts import start_problem
from orch_tui.engine.processes.launcher import AttemptSpec, Exit, StopRequest
from orch_tui.engine.processes.local import LocalLauncher
from orch_tui.engine.processes.process import signal_group
from orch_tui.model.components.configuration import Configuration
from orch_tui.model.failure import FailureKind
from orch_tui.model.orchestration.orchestration import TaskOptions
from orch_tui.model.run.plan import Decision, PlannedPhase, PlannedTask, RunPlan
from orch_tui.project.paths import make_private
from orch_tui.project.project import Project
from orch_tui.project.secrets import Secrets

_STALE = 600.0
"""Seconds after which a directory of a program that was killed is removed."""


class Alone:
    """A configuration of a project, for a caller in a thread of its own; other threads may stop its program."""

    def __init__(self, root: Path, configuration: Configuration, given: Mapping[str, str] | None = None) -> None:
        """``root`` is the project: it is read anew, because a :class:`Project` belongs to one thread. ``given`` are
        values of variables."""
        self.configuration = configuration
        self.stop = StopRequest()
        self.lock = threading.Lock()
        self._root = root
        self._given = dict(given or {})
        self._loop: asyncio.AbstractEventLoop | None = None

    @property
    def runs(self) -> bool:
        """Whether its loop goes on; to be asked with the lock."""
        return self._loop is not None

    @contextlib.contextmanager
    def running(self) -> Iterator[None]:
        """Within the loop that waits for the program: from here on it is stopped by that loop."""
        with self.lock:
            self._loop = asyncio.get_running_loop()
        try:
            yield
        finally:
            with self.lock:
                self._loop = None

    def project(self) -> Project:
        """The project as it is now, for this thread."""
        return Project(self._root, tolerant=True)

    def variables(self, project: Project) -> dict[str, str]:
        """See :func:`variables_of`."""
        return variables_of(project, self.configuration.ref, self._given)

    def cancel(self) -> None:
        """Stop the program, now or before it begins. Does nothing when it has ended."""
        with self.lock:
            if self._loop is None:
                self.stop.ask(FailureKind.CANCEL)
            else:
                self._loop.call_soon_threadsafe(self.stop.ask, FailureKind.CANCEL)


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


def obstacle(project: Project, configuration: Configuration, *, action: bool = False) -> str:
    """Why its program cannot be started, for its task or for an ``action``, in a sentence; empty where nothing is in
    the way."""
    component = project.component(configuration.component)
    if component is None:
        return f'there is no component "{configuration.component}"'
    return start_problem(project, component, configuration, action=action) or ""


def prepare_alone(
    project: Project,
    configuration: Configuration,
    variables: Mapping[str, str],
    directory: Path,
    word: str,
    options: TaskOptions,
    *,
    action: str = RUN_ACTION,
) -> AttemptSpec:
    """Its attempt in ``directory``, as the only task ``word`` of a plan; nothing of it is published.

    Raises: PrepareError, OSError.
    """
    task = PlannedTask(word, configuration.ref, configuration.name, word, Decision.RUN, options=options)
    plan = RunPlan(word, word, (PlannedPhase(word, word, (task,), 1),), dict(variables))
    secrets = Secrets(project.root)
    publish = action != RUN_ACTION
    preparer = Preparer(project, plan, word, directory, secrets, action=action, unsaved=configuration, publish=publish)
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


def why_not(error: PrepareError | OSError) -> str:
    """A sentence for what :func:`prepare_alone` and :func:`run_attempt` raise."""
    if isinstance(error, PrepareError):
        return str(error)
    place = f": {error.filename}" if error.filename else ""
    return f"it cannot be started: {error.strerror or error}{place}"
