"""Going on with a run whose executor is gone: by a crash, ``kill -9``, a reboot, or because it handed the run over.

Lock first, then read, then look what became of the tasks that were running; what is recorded as finished is never
run again, what still runs is adopted, and what left no answer is lost: said so, and never guessed.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from orch_tui.engine.attempts.attempts import ActiveAttempt, unstarted
from orch_tui.engine.attempts.nested import interrupted_below
from orch_tui.engine.attempts.prepare import Preparer
from orch_tui.engine.backends.backend import Finding, Left, Verdict
from orch_tui.engine.backends.chosen import BackendMissing, Backends
from orch_tui.engine.phases.admission import Limits
from orch_tui.engine.phases.executor import PhaseExecutor
from orch_tui.engine.processes.launcher import StopRequest
from orch_tui.engine.processes.process import own_identity
from orch_tui.engine.record.recorder import Recorder
from orch_tui.engine.record.run_clock import RunClock, clock_of
from orch_tui.engine.requests.requests import CancelRequest
from orch_tui.engine.runs.alerting import teller_of
from orch_tui.engine.runs.beside import is_beside, lock_holder
from orch_tui.engine.runs.left_behind import LeftBehind, spec_of
from orch_tui.engine.runs.loop import make_loop
from orch_tui.engine.runs.reconcile import inspect_run, starter_of
from orch_tui.engine.runs.start import (
    ActiveRun,
    AlreadyRunning,
    RunEnded,
    RunRefused,
    backends_of,
)
from orch_tui.engine.runs.surroundings import surroundings
from orch_tui.model.events import events
from orch_tui.model.events.events import Event
from orch_tui.model.failure import FailureKind
from orch_tui.model.run.plan import PlannedTask
from orch_tui.model.run.run_start import plan_of
from orch_tui.model.run.runstate import RunState, TaskState
from orch_tui.model.status import Status
from orch_tui.project.concurrent.lock_reach import why_locks_stay_here
from orch_tui.project.concurrent.locks import Lock, is_locked
from orch_tui.project.history import judge_by
from orch_tui.project.journal.file import JOURNAL, Journal, JournalLocked, read_run
from orch_tui.project.kept.run_definitions import keep_used
from orch_tui.project.project import Project
from orch_tui.project.secrets import Secrets

_LEAVING = 2.0
"""Seconds that a predecessor may still take to leave."""


def take_over(project: Project, directory: Path, *, by: str, cancel: CancelRequest | None = None) -> ActiveRun:
    """Execute an unfinished run from where it stands; with ``cancel``, only to stop it.

    Raises:
        AlreadyRunning: its executor is alive, or a newer run of the orchestration is executed.
        RunEnded: it has ended, also while this waited for those who executed it.
        RunRefused: it was started on another machine, or nobody can tell here whether one executes it there.
        FileNotFoundError: there is no such run.
        BrokenJournal: its journal cannot be read.
        OSError: its journal cannot be written, or others may have written it.
    """
    if cancel is None and project.settings_fault is not None:
        raise RunRefused(f"run {directory.name} cannot be taken over now: {project.settings_fault}")
    project.paths.make_state()
    state = read_run(directory)
    if state.finished:
        raise RunEnded(state)
    _require_reach(directory, state)
    with contextlib.ExitStack() as held:
        loop = make_loop()
        held.callback(loop.close)
        lock = _lock(project, state, directory, by)
        if lock is not None:
            held.callback(lock.close)
        try:
            journal = Journal.recover(directory / JOURNAL, wait=_LEAVING)
        except JournalLocked as error:
            raise AlreadyRunning(state.header.name, f"run {directory.name} has an executor") from error
        held.callback(journal.close)
        # What the predecessor wrote last is only certain now.
        state = read_run(directory)
        if state.finished:
            raise RunEnded(state)
        executor = _executor(project, directory, journal, state, by)
        teller = teller_of(project, state.header.orchestration) if state.header.parent is None else None
        run = ActiveRun(executor, state, directory, lock, loop, teller)
        if cancel is not None:
            run.cancel(cancel)
        run.start()
        held.pop_all()
        return run


def _require_reach(directory: Path, state: RunState) -> None:
    """That nobody has the lock of its journal says nothing where no lock reaches the machine of its executor. Raises:
    RunRefused."""
    host = state.executors[-1].get("host") if state.executors else None
    if host is None or host == own_identity().host:
        return
    if (why := why_locks_stay_here(directory)) is not None:
        raise RunRefused(
            f"run {directory.name} cannot be taken over here: it was executed on {host}, and locks do not reach other "
            f"machines from here ({why}), so that it may still be; go on with it there, or mount the project's file "
            "system so that flock reaches its server"
        )


def settle(
    project: Project,
    directory: Path,
    request: CancelRequest,
    attach: Callable[[ActiveRun], None] | None = None,
) -> None:
    """Stop what is left of an interrupted run and of the runs nested in it, and write down how each ended.

    Does nothing to a run that has ended or is executed. Blocks until it is over; ``attach`` is told of each one that
    is being stopped. Raises as :func:`take_over` does.
    """
    for left in (*interrupted_below(project.paths, directory), directory):
        if judge_by(left).interrupted:
            try:
                run = take_over(project, left, by=request.by, cancel=request)
            except RunEnded:
                # Somebody else has brought it to its end meanwhile.
                continue
            if attach is not None:
                attach(run)
            run.wait()


def _lock(project: Project, state: RunState, directory: Path, by: str) -> Lock | None:
    if state.header.parent is not None:
        return None
    path = project.paths.orchestration_lock(state.header.orchestration)
    header, deadline = state.header, time.monotonic() + _LEAVING
    beside = is_beside(project.paths, header.orchestration, header.scheduled, header.rerun_of)
    holder = f'run {directory.name} of "{header.orchestration}" taken over by {by}'
    while True:
        lock = Lock.acquire(path, holder, shared=beside)
        if lock is not None or time.monotonic() > deadline:
            break
        time.sleep(0.02)
    if lock is None:
        raise AlreadyRunning(header.name, lock_holder(project.paths, header.orchestration))
    return lock


def _executor(project: Project, directory: Path, journal: Journal, state: RunState, by: str) -> PhaseExecutor:
    """Of a run whose journal is held: what became of its tasks is written down, and those that live are adopted."""
    backends = backends_of(project)
    try:
        findings = inspect_run(directory, state, backends)
    except BackendMissing as error:
        raise RunRefused(f"run {directory.name} cannot be taken over here: {error}") from error
    if elsewhere := next((f for f in findings.values() if f.verdict is Verdict.OTHER_HOST), None):
        raise RunRefused(f"run {directory.name} cannot be taken over here: {elsewhere.text}")
    clock = clock_of(state)
    recorder = Recorder(journal, state, clock.now)
    plan = plan_of(state)
    recorder.record(events.note(recorder.now(), "info", _summary(by, findings, journal.torn)))
    adopted = []
    for task_id, finding in findings.items():
        if _never_began(state.task(task_id), finding):
            recorder.record(_unstarted(clock.now(), state, state.task(task_id), finding.text))
        else:
            adopted.append(_adopt(project, backends, directory, state, clock, state.task(task_id).planned, finding))
    # A run that goes on matters more than what is known of it.
    with contextlib.suppress(OSError):
        keep_used(project, plan, directory, surroundings(project))
    preparer = Preparer(project, plan, directory.name, directory, Secrets(project.root), state=state)
    on_asked = teller_of(project, state.header.orchestration)
    places = (project.paths, Limits.of(project))
    asks = (on_asked, LeftBehind(backends).follow)
    return PhaseExecutor(plan, recorder, backends.of_task, preparer.ready, *places, directory, by, adopted, *asks)


def _adopt(
    project: Project,
    backends: Backends,
    directory: Path,
    state: RunState,
    clock: RunClock,
    task: PlannedTask,
    finding: Finding,
) -> ActiveAttempt:
    """The attempt of a task that was running, to be followed: to its end, or to the record of what is known of it."""
    known = state.task(task.id)
    last = known.attempts[-1]
    spec = spec_of(directory, task, known, clock.now())
    backend = backends.of_attempt(last)
    followed = ActiveAttempt(task, last.number, spec, StopRequest(), backend, last.job_name)
    followed.cancelled_by = known.cancelled_by or (state.cancelled_by if last.killing is not None else None)
    # Parts have the lock together, which nobody sees from outside.
    in_use = task.item is not None or is_locked(project.paths.configuration_lock(task.configuration))
    followed.adopted = backend.adopt(spec, Left(last, starter_of(state, last), finding, clock.of_file, in_use))
    if last.killing is not None or known.cancelled_by is not None:
        # It was being stopped: that goes on, with a grace time of its own. One that is gone hears nothing.
        followed.stop.ask(FailureKind(last.killing or FailureKind.CANCEL))
    return followed


def _never_began(task: TaskState, finding: Finding) -> bool:
    return finding.verdict is Verdict.UNSTARTED and task.attempts[-1].killing is None


def _unstarted(now: float, state: RunState, task: TaskState, reason: str) -> Event:
    number, by = task.attempts[-1].number, task.cancelled_by or state.cancelled_by
    if by is None:
        return unstarted(now, task.id, number, reason)
    reason = f"cancelled by {by}; {reason}"
    return events.ended(now, task.id, number, Status.CANCELLED, reason, kind=FailureKind.CANCEL, uncounted=True)


def _summary(by: str, findings: Mapping[str, Finding], torn: bytes) -> str:
    counts: dict[Any, int] = {}
    for finding in findings.values():
        counts[finding.verdict] = counts.get(finding.verdict, 0) + 1
    running = counts.get(Verdict.RUNNING, 0) + counts.get(Verdict.DESCENDANTS, 0)
    parts = [
        f"{number} {word}"
        for number, word in (
            (running, "still running"),
            (counts.get(Verdict.FINISHED, 0), "finished meanwhile"),
            (counts.get(Verdict.UNSTARTED, 0), "not begun"),
            (counts.get(Verdict.LOST, 0), "lost"),
        )
        if number
    ]
    cut = f"; {len(torn)} bytes of a half-written record were cut off" if torn else ""
    return f"taken over by {by}: {', '.join(parts) or 'no task was running'}{cut}"
