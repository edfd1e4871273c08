"""Going on with a run whose executor is gone: by a crash, ``kill -9``, a reboot, or because it handed the run over.

Lock first, then read, then look what became of the tasks that were running; what is recorded as finished is never
run again, what still runs is adopted, and what left no answer is lost: said so, and never guessed.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from orch_tui.engine.adopt import Orphans, adopt_leader, find_leader, spec_of
from orch_tui.engine.attempts import ActiveAttempt, AttemptRunner, judge
from orch_tui.engine.executor import PhaseExecutor
from orch_tui.engine.launcher import AttemptSpec, Exit, StopRequest
from orch_tui.engine.local import LocalLauncher
from orch_tui.engine.prepare import Preparer, grace_of, max_log_of
from orch_tui.engine.reconcile import Finding, Verdict, attempt_directory, inspect_run
from orch_tui.engine.recorder import Recorder
from orch_tui.engine.requests import CancelRequest
from orch_tui.engine.runs import ActiveRun, AlreadyRunning, RunRefused
from orch_tui.model import events
from orch_tui.model.component import ORCHESTRATION_COMPONENT
from orch_tui.model.events import FailureKind
from orch_tui.model.outcome import Outcome, outcome_of_exit
from orch_tui.model.plan import PlannedTask
from orch_tui.model.runstate import AttemptState, RunState, plan_of
from orch_tui.model.status import Status
from orch_tui.project.journal.file import JOURNAL, Journal, JournalLocked, read_run
from orch_tui.project.locks import Lock, holder_of
from orch_tui.project.project import Project
from orch_tui.project.secrets import Secrets

_LEAVING = 2.0
"""Seconds that a predecessor may still take to leave."""


def take_over(project: Project, directory: Path, *, by: str, cancel: CancelRequest | None = None) -> ActiveRun:
    """Execute an unfinished run from where it stands; with ``cancel``, only to stop it.

    Raises:
        AlreadyRunning: its executor is alive, or a newer run of the orchestration is executed.
        RunRefused: it has ended, or was started on another machine.
        FileNotFoundError: there is no such run.
        BrokenJournal: its journal cannot be read.
        OSError: its journal cannot be written.
    """
    state = read_run(directory)
    if state.finished:
        raise RunRefused(f"run {directory.name} has ended ({state.status.value}); there is nothing to go on with")
    lock = _lock(project, state, directory, by)
    try:
        journal = Journal.recover(directory / JOURNAL, wait=_LEAVING)
    except JournalLocked as error:
        _release(lock)
        raise AlreadyRunning(state.header.name, f"run {directory.name} has an executor") from error
    try:
        # What the predecessor wrote last is only certain now.
        return _go_on(project, directory, journal, read_run(directory), lock, by, cancel)
    except BaseException:
        journal.close()
        _release(lock)
        raise


def _lock(project: Project, state: RunState, directory: Path, by: str) -> Lock | None:
    if state.header.parent is not None:
        return None
    path = project.paths.configuration_lock(ORCHESTRATION_COMPONENT, state.header.orchestration)
    deadline = time.monotonic() + _LEAVING
    while True:
        lock = Lock.acquire(path, f'run {directory.name} of "{state.header.orchestration}" taken over by {by}')
        if lock is not None or time.monotonic() > deadline:
            break
        time.sleep(0.02)
    if lock is None:
        raise AlreadyRunning(state.header.name, holder_of(path) or "by another process")
    return lock


def _release(lock: Lock | None) -> None:
    if lock is not None:
        lock.close()


def _go_on(
    project: Project,
    directory: Path,
    journal: Journal,
    state: RunState,
    lock: Lock | None,
    by: str,
    cancel: CancelRequest | None,
) -> ActiveRun:
    findings = inspect_run(directory, state)
    if elsewhere := next((f for f in findings.values() if f.verdict is Verdict.OTHER_HOST), None):
        raise RunRefused(f"run {directory.name} cannot be taken over here: {elsewhere.text}")
    recorder = Recorder(journal, state)
    plan = plan_of(state)
    recorder.record(events.note(recorder.now(), "info", _summary(by, findings, journal.torn)))
    attempts = AttemptRunner(recorder, LocalLauncher())
    tasks = {task.id: task for task in plan.tasks()}
    adopted = []
    for task_id, finding in findings.items():
        attempt = _reconcile(directory, state, tasks[task_id], finding, attempts)
        if attempt is not None:
            adopted.append(attempt)
    preparer = Preparer(project, plan, directory.name, directory, Secrets(project.root))
    executor = PhaseExecutor(plan, recorder, LocalLauncher(), preparer.prepare, project.paths, directory, by, adopted)
    run = ActiveRun(executor, state, directory, lock)
    if cancel is not None:
        run.cancel(cancel)
    run.start()
    return run


def _reconcile(
    directory: Path, state: RunState, task: PlannedTask, finding: Finding, attempts: AttemptRunner
) -> ActiveAttempt | None:
    """Record what is certain of a task that was running; the attempt to follow if it runs on."""
    last = state.tasks[task.id].attempts[-1]
    spec = _spec(directory, task, last)
    followed = ActiveAttempt(task, last.number, spec, StopRequest())
    if finding.verdict in (Verdict.RUNNING, Verdict.DESCENDANTS):
        if last.pid is not None and last.start is not None:
            leader = adopt_leader(last.pid, last.start, spec)
        else:
            leader = find_leader(spec)
        followed.adopted = leader or Orphans(spec)
    if followed.adopted is not None:
        if last.killing is not None:
            # It was being stopped: that goes on, with a grace time of its own.
            followed.cancelled_by = state.cancelled_by
            followed.stop.ask(FailureKind(last.killing))
        return followed
    if finding.verdict is Verdict.UNSTARTED and last.killing is None and state.cancelled_by is None:
        attempts.record_unstarted(followed, finding.text)
    else:
        attempts.record_end(followed, *_end(finding, spec, last, state))
    return None


def _end(finding: Finding, spec: AttemptSpec, last: AttemptState, state: RunState) -> tuple[Outcome, Exit]:
    if last.killing is not None:
        # It got its signal, and is gone: with KILL, no exit code is left.
        end = Exit(finding.exit_code, FailureKind(last.killing), killed=finding.exit_code is None)
        return judge(end, spec, state.cancelled_by), end
    if finding.verdict is Verdict.FINISHED:
        end = Exit(finding.exit_code)
        return judge(end, spec, None), end
    lost = outcome_of_exit(None)
    return Outcome(Status.ERROR, finding.text, lost.kind), Exit(None)


def _spec(directory: Path, task: PlannedTask, last: AttemptState) -> AttemptSpec:
    timeout = task.options.timeout
    if timeout is not None:
        timeout = max(0.0, timeout - (time.time() - (last.started or last.spawned)))
    component = task.configuration.partition("/")[0]
    path = attempt_directory(directory, task.id, last.number)
    return spec_of(path, timeout, grace_of(component, task.options), max_log_of(task.options))


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
