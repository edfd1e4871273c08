"""Starting runs: what the command line and the screen call."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import subprocess
import threading
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import field, replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from orch_tui.engine.attempts.nested import nested_before
from orch_tui.engine.attempts.prepare import Preparer
from orch_tui.engine.attempts.task_facts import Facts, run_variables
from orch_tui.engine.backends.chosen import BackendMissing, Backends, carried_by, lacking_fault, place_fault
from orch_tui.engine.phases.admission import Limits
from orch_tui.engine.phases.executor import PhaseExecutor
from orch_tui.engine.processes.launcher import Launcher
from orch_tui.engine.processes.process import own_identity
from orch_tui.engine.record.recorder import Recorder
from orch_tui.engine.record.run_clock import new_clock
from orch_tui.engine.requests.requests import CancelRequest
from orch_tui.engine.runs.alerting import Teller, teller_of
from orch_tui.engine.runs.beside import is_beside, lock_holder
from orch_tui.engine.runs.loop import make_loop
from orch_tui.engine.runs.previous import to_previous
from orch_tui.engine.runs.run_directory import make_run_directory
from orch_tui.engine.runs.surroundings import surroundings
from orch_tui.model.dataclass import dataclass
from orch_tui.model.errors import OrchError
from orch_tui.model.events.interventions import Intervention
from orch_tui.model.orchestration.orchestration import Orchestration
from orch_tui.model.problem import Severity
from orch_tui.model.run.memory import limit_fault
from orch_tui.model.run.plan import Decision, PlannedTask, RunPlan, Selection, Standing, make_plan
from orch_tui.model.run.promises import promised, promised_before
from orch_tui.model.run.run_start import initial_state
from orch_tui.model.run.runstate import RunHeader, RunState, ScheduledTime
from orch_tui.model.status import Status
from orch_tui.project.concurrent.locks import Lock
from orch_tui.project.history import find_run, latest
from orch_tui.project.journal.file import Journal, is_executed, read_run
from orch_tui.project.kept.run_definitions import keep_used
from orch_tui.project.lint.rules import rule_problems
from orch_tui.project.paths import ProjectPaths
from orch_tui.project.project import Project
from orch_tui.project.pruning import prune_runs
from orch_tui.project.secrets import Secrets
from orch_tui.project.setters import sets_of

if TYPE_CHECKING:
    from orch_tui.engine.runs.left_behind import LeftBehind


class RunRefused(OrchError):
    """Nothing was started; the text says why and what to do."""


class RunEnded(RunRefused):
    """The run is over: there is nothing to go on with."""

    def __init__(self, state: RunState) -> None:
        super().__init__(f"run {state.header.id} has ended ({state.status.value}); there is nothing to go on with")


class AlreadyRunning(RunRefused):
    """The orchestration runs already; ``holder`` says which run has it."""

    exit_code = 4

    def __init__(self, name: str, holder: str) -> None:
        self.holder = holder
        super().__init__(f'"{name}" is running already: {holder}; watch it with orch-tui watch, or wait with --wait')


@dataclass(frozen=True, slots=True)
class RunRequest:
    """What to run. ``only`` and ``phases`` are ids or names as people type them; ``rerun`` a run's id or ``last``;
    ``changed``: only what is stale (:mod:`orch_tui.freshness`); ``backend`` carries all, whatever they say."""

    orchestration: str
    only: Sequence[str] = ()
    phases: Sequence[str] = ()
    from_phase: str | None = None
    rerun: str | None = None
    variables: Mapping[str, str] = field(default_factory=dict)
    changed: Mapping[str, Standing] | None = None
    backend: str | None = None


def plan_run(project: Project, request: RunRequest, value: Orchestration | None = None) -> RunPlan:
    """The plan of a run as things stand now; it may be blocked: see ``RunPlan.refusal``. ``value``: as it is edited.

    Raises:
        DefinitionError: the orchestration cannot be read.
        RunRefused: the settings cannot be used, or the request names something that does not exist.
        UnresolvedVariables: a declared variable has no value.
    """
    if project.settings_fault is not None:
        # With others tables would go elsewhere, and more would run at once.
        raise RunRefused(f"the settings cannot be used: {project.settings_fault}")
    orchestration = value or project.orchestration(request.orchestration)
    previous = _previous(project, request) if request.rerun is not None else None
    given = {**(dict(previous.header.variables) if previous else {}), **request.variables}
    variables = run_variables(project, orchestration, given)
    selection = Selection(
        tasks=frozenset(_find_task(orchestration, name) for name in request.only) if request.only else None,
        phases=frozenset(find_phase(orchestration, name) for name in request.phases) if request.phases else None,
        from_phase=find_phase(orchestration, request.from_phase) if request.from_phase is not None else None,
        rerun=to_previous(project.paths, previous) if previous else None,
        changed=request.changed,
    )
    sets = sets_of(project)
    _require_rules(orchestration, {*variables, *promised(orchestration, sets)})
    facts = Facts(project, Secrets(project.root), variables, promised_before(orchestration, sets))
    plan = make_plan(
        orchestration,
        facts.of,
        defaults=project.settings.defaults,
        max_parallel=project.settings.max_parallel,
        selection=selection,
        variables=variables,
    )
    plan, settings = carried_by(plan, request.backend), project.settings
    if fault := place_fault(plan, settings) or limit_fault(plan, settings.pools, settings.memory, settings.is_far):
        raise RunRefused(fault)
    return _with_nested(project.paths, plan) if plan.rerun_of is not None else plan


def _require_rules(orchestration: Orchestration, variables: Collection[str]) -> None:
    """Raises: RunRefused when a rule leads nowhere or has a condition that can never be decided."""
    for problem in rule_problems(orchestration, variables, hints=False):
        if problem.severity is Severity.ERROR:
            raise RunRefused(f"{problem.message}; {problem.remedy}")


def _with_nested(paths: ProjectPaths, plan: RunPlan) -> RunPlan:
    """Tasks of nested orchestrations say which run of theirs is gone on with."""

    def told(task: PlannedTask) -> PlannedTask:
        before = nested_before(paths, plan, task) if task.decision is Decision.RUN else None
        return task if before is None else replace(task, continues=before.id)

    phases = tuple(replace(phase, tasks=tuple(map(told, phase.tasks))) for phase in plan.phases)
    return replace(plan, phases=phases)


def _previous(project: Project, request: RunRequest) -> RunState:
    state = find_ended(project, request.orchestration, request.rerun or "")
    if state.header.shadow:
        raise RunRefused(
            f"run {state.header.id} was a shadow run: it published nothing that could be reused; repeat it with "
            f"orch-tui run --as-it-ran {state.header.as_it_ran}"
        )
    return state


def find_ended(project: Project, orchestration: str, wanted: str) -> RunState:
    """The state of a run that has ended, by its id, the beginning of it, or ``last``. Raises: RunRefused."""
    if wanted == "last":
        summary = latest(project.paths, orchestration)
        directory = summary.directory if summary else None
    else:
        try:
            directory = find_run(project.paths, wanted, orchestration)
        except LookupError as error:
            raise RunRefused(str(error)) from error
    if directory is None:
        which = "no run yet" if wanted == "last" else f'no run "{wanted}"'
        raise RunRefused(f'"{orchestration}" has {which}; see orch-tui runs {orchestration}')
    if is_executed(directory):
        raise RunRefused(f"run {directory.name} has not ended; watch it with orch-tui watch {directory.name}")
    state = read_run(directory)
    if not state.finished:
        raise RunRefused(
            f"run {directory.name} was interrupted: go on with it (orch-tui run --resume {directory.name}), or stop "
            f"what is left of it first (orch-tui cancel {directory.name})"
        )
    return state


def find_phase(orchestration: Orchestration, wanted: str) -> str:
    """The id of a phase by its id, its name (in any case) or its number from 1. Raises: RunRefused."""
    for phase in orchestration.phases:
        if phase.id == wanted or phase.name.casefold() == wanted.casefold():
            return phase.id
    if wanted.isdecimal() and 1 <= int(wanted) <= len(orchestration.phases):
        return orchestration.phases[int(wanted) - 1].id
    names = "; ".join(f'{number} "{p.name}"' for number, p in enumerate(orchestration.phases, 1)) or "none"
    raise RunRefused(f'there is no phase "{wanted}" in "{orchestration.name}"; its phases: {names}')


def _find_task(orchestration: Orchestration, wanted: str) -> str:
    """By task id, by ``component/configuration``, or by the configuration's id if only one task has it."""
    tasks = list(orchestration.tasks())
    for task in tasks:
        if task.id == wanted:
            return task.id
    fits = [t.id for t in tasks if wanted in (t.configuration, t.configuration.partition("/")[2])]
    if len(fits) == 1:
        return fits[0]
    if fits:
        raise RunRefused(f'"{wanted}" is the configuration of {len(fits)} tasks: name one by its id: {", ".join(fits)}')
    known = ", ".join(task.id for task in tasks) or "none"
    raise RunRefused(f'there is no task "{wanted}" in "{orchestration.name}"; its tasks: {known}')


class ActiveRun:
    """A run that this process executes, in a thread with its own loop."""

    def __init__(
        self,
        executor: PhaseExecutor,
        state: RunState,
        directory: Path,
        lock: Lock | None,
        loop: asyncio.AbstractEventLoop,
        teller: Teller | None = None,
    ) -> None:
        """``loop`` belongs to the run from now on. ``teller`` is called once the run has ended here, or was broken
        off."""
        self.id = directory.name
        self.directory = directory
        self.error: BaseException | None = None
        self.status: Status | None = None
        self._executor = executor
        self._state = state
        self._lock = lock
        self._loop = loop
        self._teller = teller
        self._telling: subprocess.Popen[bytes] | None = None
        self._thread = threading.Thread(target=self._main, name="executor", daemon=True)
        self.now = executor.now

    def _main(self) -> None:
        try:
            with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
                self.status = runner.run(self._executor.run())
        except BaseException as error:  # noqa: BLE001 - it is raised again in the thread that waits
            self.error = error
        finally:
            if self._lock is not None:
                self._lock.close()
            if self._teller is not None and (self.status is not None or self.error is not None):
                self._telling = self._teller()

    def wait_until_told(self, timeout: float) -> None:
        """After the end: until people were told of it, or it was tried; ``timeout`` is seconds."""
        if self._telling is not None:
            # It lives on by itself.
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._telling.wait(timeout)

    def start(self) -> None:
        self._thread.start()

    def cancel(self, request: CancelRequest) -> None:
        """Thread-safe."""
        self._executor.request(request)

    def intervene(self, one: Intervention) -> None:
        """Thread-safe; what cannot be done is passed over."""
        self._executor.request(one)

    def hand_over(self, timeout: float) -> bool:
        """Leave the run to another process (:mod:`orch_tui.engine.runs.handover`); True when this one has let go."""
        self._executor.request_hand_over()
        self._thread.join(timeout)
        return not self._thread.is_alive()

    def wait(self, timeout: float | None = None) -> Status | None:
        """The final state, or None if it goes on after ``timeout`` seconds or was handed over.

        Raises:
            Exception: the fault that broke the executor.
        """
        self._thread.join(timeout)
        if self._thread.is_alive():
            return None
        if self.error is not None:
            raise self.error
        return self.status

    @property
    def state(self) -> RunState:
        """The state as the executor has it: of use where the journal cannot be read, and whole once it has ended."""
        return self._state

    @property
    def blocked(self) -> str | None:
        """Why the journal cannot be written now, so that nothing new is started; None while it can."""
        return self._executor.blocked

    @property
    def alive(self) -> bool:
        return self._thread.is_alive()


def start_run(
    project: Project,
    plan: RunPlan,
    *,
    by: str,
    nested_in: str | None = None,
    launcher: Launcher | None = None,
    scheduled: ScheduledTime | None = None,
) -> ActiveRun:
    """Write the run's header and start executing.

    ``nested_in`` ("orchestration/run/task") is set when a task of another run starts it: that run holds the lock.
    ``scheduled`` is the time that it is started for. ``launcher`` takes the place of the one that the project names.

    Raises:
        RunRefused: the plan has nothing to run or is blocked, or there is no such launcher.
        AlreadyRunning: another process runs the orchestration.
        OSError: the project's state cannot be written.
    """
    if refusal := plan.refusal or (project.settings_fault and f"the settings cannot be used: {project.settings_fault}"):
        raise RunRefused(refusal)
    backends = backends_of(project, launcher)
    if launcher is None and (fault := lacking_fault(plan, project.settings)):
        raise RunRefused(fault)
    project.paths.make_state()
    own_identity()
    loop, clock, directory, lock = make_loop(), new_clock(), None, None
    try:
        lock = _claim(project, plan, by, scheduled) if nested_in is None else None
        directory = make_run_directory(project.paths, plan.orchestration, clock.now())
        header = replace(_header(plan, directory.name, clock.now(), by, nested_in), scheduled=scheduled)
        if lock is not None:
            lock.describe(f'run {directory.name} of "{plan.orchestration}" by {by}')
        journal = _write_beginning(project, plan, directory, header)
    except BaseException:
        if directory is not None:
            shutil.rmtree(directory, ignore_errors=True)
        if lock is not None:
            lock.close()
        loop.close()
        raise
    state = initial_state(header, plan)
    preparer = Preparer(project, plan, directory.name, directory, Secrets(project.root), state=state)
    recorder, teller = Recorder(journal, state, clock.now), teller_of(project, plan.orchestration)
    places, asks = (project.paths, Limits.of(project)), (teller, _follow_left(backends))
    executor = PhaseExecutor(plan, recorder, backends.of_task, preparer.ready, *places, directory, by, (), *asks)
    # How a run of a run ended is told with the outer one.
    run = ActiveRun(executor, state, directory, lock, loop, teller if nested_in is None else None)
    run.start()
    return run


def _follow_left(backends: Backends) -> Callable[[Path, Path], None]:
    @cache
    def left_behind() -> LeftBehind:
        # Few configurations are held on other machines.
        from orch_tui.engine.runs.left_behind import LeftBehind

        return LeftBehind(backends)

    return lambda run, record: left_behind().follow(run, record)


def _write_beginning(project: Project, plan: RunPlan, directory: Path, header: RunHeader) -> Journal:
    """What a run is started with: its definitions, and last the head of its journal. Raises: OSError."""
    keep_used(project, plan, directory, surroundings(project))
    return Journal.create(directory, header, plan)


def backends_of(project: Project, launcher: Launcher | None = None) -> Backends:
    """What carries the tasks of the project's runs. Raises: RunRefused."""
    try:
        return Backends(project.settings, launcher)
    except BackendMissing as error:
        raise RunRefused(str(error)) from error


def _header(plan: RunPlan, run: str, created: float, by: str, nested_in: str | None) -> RunHeader:
    about = (plan.variables, plan.partial, plan.rerun_of, nested_in, None, plan.as_it_ran, plan.shadow)
    return RunHeader(run, plan.orchestration, plan.name, created, by, *about)


def _claim(project: Project, plan: RunPlan, by: str, scheduled: ScheduledTime | None) -> Lock:
    """The orchestration's own lock. Raises: AlreadyRunning."""
    beside = is_beside(project.paths, plan.orchestration, scheduled, plan.rerun_of)
    path = project.paths.orchestration_lock(plan.orchestration)
    lock = Lock.acquire(path, f'a run of "{plan.orchestration}" by {by} that begins now', shared=beside)
    if lock is None:
        raise AlreadyRunning(plan.name, lock_holder(project.paths, plan.orchestration))
    return lock


def forget_old_runs(project: Project, orchestration: str) -> list[str]:
    """Delete what the project's settings do not keep; return the ids of the deleted runs."""
    keep, days = project.settings.keep_runs, project.settings.keep_days
    return prune_runs(project.paths, orchestration, keep=keep, keep_days=days, now=time.time())
