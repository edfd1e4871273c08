"""One attempt from its start to its record: launch, follow, judge, write down."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from orch_tui.engine.attempts.lastlines import last_line, last_lines, say_in_log
from orch_tui.engine.attempts.nested import as_its_run_has_it, outcome_of_run, values_of_nested
from orch_tui.engine.attempts.obstacles import disk_refusal, passing_obstacle
from orch_tui.engine.attempts.results import (
    Told,
    checks_in,
    read_candidate_id,
    read_checks,
    read_result_or_why,
    read_warning,
    rows_in,
    told_in,
    values_in,
)
from orch_tui.engine.attempts.time_limits import end_of_all, total_words
from orch_tui.engine.backends.backend import Backend, Job, NotStarted
from orch_tui.engine.processes.launcher import AttemptSpec, Exit, Identity, StopRequest
from orch_tui.engine.processes.local import clean_up
from orch_tui.engine.record.recorder import Recorder
from orch_tui.model.dataclass import dataclass
from orch_tui.model.events import events
from orch_tui.model.events.events import Event
from orch_tui.model.failure import FailureKind
from orch_tui.model.orchestration.retry import Retry
from orch_tui.model.run.outcome import Outcome, outcome_of_checks, outcome_of_exit, outcome_of_stop, outcome_within
from orch_tui.model.run.plan import PlannedTask
from orch_tui.model.run.runstate import TaskState
from orch_tui.model.status import Status
from orch_tui.model.texts.text import safe_line
from orch_tui.model.variables.values import Value
from orch_tui.project.attempt_dir import exit_file, log_file
from orch_tui.project.concurrent.locks import Lock
from orch_tui.project.history import RunSummary
from orch_tui.project.masking.files import mask_what_is_left

_LOOK = 0.25
_LONGEST_PAUSE = 60.0
"""Seconds between two tries to start what the system has no process or descriptor for, at most."""
_LAST_WORDS = 20
"""Lines of a log among which a program may say that it was refused memory."""
_GO_ON = 5
"""How often a nested run is gone on with whose process was killed while this one lived."""


@dataclass(slots=True)
class ActiveAttempt:
    """An attempt under way. ``name`` is what it is called at its ``backend``. ``locks`` are this process's hold of the
    configuration and of slots of a pool; an adopted task has its own."""

    task: PlannedTask
    number: int
    spec: AttemptSpec
    stop: StopRequest
    backend: Backend
    name: str = ""
    locks: tuple[Lock, ...] = ()
    adopted: Job | None = None
    cancelled_by: str | None = None


class _Pen:
    """Writes down what a backend tells of one attempt."""

    def __init__(self, recorder: Recorder, task: str, number: int) -> None:
        self._recorder = recorder
        self._task = task
        self._number = number

    def queued(self, job: str, reason: str) -> None:
        self._record(events.queued(self._recorder.now(), self._task, self._number, reason, job=job))

    def started(self, *, process: Identity | None = None, node: str = "", job: str = "") -> None:
        where: dict[str, Any] = {"node": node, "job": job}
        if process is not None:
            where |= {"pid": process.pid, "start": (process.after, process.before)}
        self._record(events.started(self._recorder.now(), self._task, self._number, **where))

    def killing(self, why: FailureKind, grace: float) -> None:
        self._record(events.killing(self._recorder.now(), self._task, self._number, why.value, grace))

    def note(self, level: str, text: str) -> None:
        self._record(events.note(self._recorder.now(), level, text))

    def _record(self, event: Event) -> None:
        self._recorder.record(event)


class AttemptRunner:
    """Runs attempts on the executor's loop."""

    def __init__(self, recorder: Recorder, nested: Callable[[PlannedTask], RunSummary | None]) -> None:
        """``nested`` finds the newest run that a task of a nested orchestration has started."""
        self._recorder = recorder
        self._nested = nested

    async def run(self, attempt: ActiveAttempt) -> float | None:
        """From start to record; the time of the next attempt if there is to be one."""
        try:
            end = await self._launch_and_wait(attempt)
        except BaseException:
            # Handed over: the task goes on, and keeps the lock.
            for lock in attempt.locks:
                lock.close()
            raise
        for lock in attempt.locks:
            if isinstance(end, Exit) and end.unkillable:
                lock.close()
            else:
                # What detached from the task may live on, but it is not the task: the configuration is free.
                lock.free()
        if isinstance(end, OSError):
            return self._not_launched(attempt, end)
        if end.unstarted:
            return self._never_began(attempt, end)
        if not end.begun and (retry_at := self._try_to_begin_again(attempt)) is not None:
            return retry_at
        if _cut_off(attempt, end):
            return await self._look_inside(attempt, end)
        outcome = judge(end, attempt)
        if attempt.spec.nested is not None and outcome.kind is FailureKind.USER:
            outcome = as_its_run_has_it(outcome, await self._run_inside(attempt))
        return self.record_end(attempt, outcome, end)

    async def _launch_and_wait(self, attempt: ActiveAttempt) -> Exit | OSError:
        """How it ended, or what the system refused to it at its start."""
        job = attempt.adopted
        if job is None:
            held = tuple(lock.fd for lock in attempt.locks)
            try:
                if attempt.backend.key:
                    # Whoever goes on elsewhere finds it, also when this machine is gone with what it had in memory.
                    await asyncio.to_thread(self._recorder.keep, held)
                job = await attempt.backend.start(attempt.spec, attempt.name, held)
            except OSError as error:
                return error
        try:
            return await job.wait(attempt.stop, _Pen(self._recorder, attempt.task.id, attempt.number))
        except NotStarted as error:
            return error

    def _not_launched(self, attempt: ActiveAttempt, error: OSError) -> float | None:
        """What the system may give later is waited for, as long as nothing of the task has begun."""
        reason = passing_obstacle(error)
        begun = os.path.lexists(exit_file(attempt.spec.directory))
        if reason is not None and not begun and attempt.cancelled_by is None:
            before = self._recorder.state.task(attempt.task.id).uncounted
            return self.record_unstarted(
                attempt, f"it could not begin: {reason.sentence}", pause=min(2.0**before, _LONGEST_PAUSE)
            )
        told = f"could not be started: {error.strerror}: {error.filename or attempt.spec.argv[0]}"
        return self.record_end(attempt, Outcome(Status.ERROR, told, FailureKind.LAUNCH), Exit(None))

    def _never_began(self, attempt: ActiveAttempt, end: Exit) -> float | None:
        """Its backend was asked for it, and nothing of it ever ran."""
        now, task, before = self._recorder.now(), attempt.task, self._recorder.state.task(attempt.task.id).uncounted
        if attempt.cancelled_by is not None:
            reason, kind = f"cancelled by {attempt.cancelled_by}; {end.unstarted}", FailureKind.CANCEL
            gone = events.ended(now, task.id, attempt.number, Status.CANCELLED, reason, kind=kind)
            self._recorder.record(gone)
            return None
        if before < end.again:
            return self.record_unstarted(attempt, end.unstarted, pause=min(2.0**before, _LONGEST_PAUSE))
        told = f"could not be started: {end.unstarted}"
        return self.record_end(attempt, Outcome(Status.ERROR, told, FailureKind.LAUNCH), Exit(None))

    def _try_to_begin_again(self, attempt: ActiveAttempt) -> float | None:
        """The time of the next attempt after one for which the disk had no room; None when that was not the reason."""
        reason = disk_refusal(attempt.spec.directory)
        if reason is None and self._recorder.state.task(attempt.task.id).uncounted >= _GO_ON:
            return None
        if attempt.cancelled_by is not None:
            return None
        return self.record_unstarted(attempt, f"it could not begin: {reason or 'there was no room on the disk'}")

    async def _look_inside(self, attempt: ActiveAttempt, end: Exit) -> float | None:
        """The process that executed a nested run was killed: what its journal says counts, and it is gone on with."""
        inner = await self._run_inside(attempt)
        while inner is not None and inner.live and attempt.stop.why is None:
            # Somebody else went on with it meanwhile.
            await asyncio.sleep(_LOOK)
            inner = await self._run_inside(attempt)
        if inner is not None and inner.status.final and inner.broken is None:
            return self.record_end(attempt, outcome_of_run(inner), replace(end, code=None))
        state = self._recorder.state.task(attempt.task.id)
        again = attempt.adopted is not None or state.uncounted < _GO_ON
        if again and attempt.cancelled_by is None and (inner is None or inner.interrupted):
            done = "it had not begun" if inner is None else f"its run {inner.id} goes on in the next attempt"
            return self.record_unstarted(attempt, f"the process that executed it was killed; {done}")
        ended = await clean_up(None, attempt.spec.directory, thorough=True)
        end = replace(end, leftovers=end.leftovers + ended)
        return self.record_end(attempt, judge(end, attempt), end)

    async def _run_inside(self, attempt: ActiveAttempt) -> RunSummary | None:
        """The run of a task of a nested orchestration; None also where it cannot be read now, and not a moment later:
        the next attempt looks before it begins anything."""
        for _ in range(_GO_ON):
            with contextlib.suppress(OSError):
                return self._nested(attempt.task)
            await asyncio.sleep(_LOOK)
        return None

    def record_end(self, attempt: ActiveAttempt, outcome: Outcome, end: Exit) -> float | None:
        """Write down how it ended; the time of the next attempt if there is to be one."""
        mask_what_is_left(attempt.spec.directory, attempt.spec.environment)
        result, problem = read_result_or_why(attempt.spec.directory)
        outcome, values, unset = self._values_of(attempt, outcome, result)
        told = self._told(result, problem)
        now, task = self._recorder.now(), attempt.task
        state = self._recorder.state.task(task.id)
        ended = None if end.ended is None else min(now, max(end.ended, _begun(state)))
        retry_at, status, reason = None, outcome.status, outcome.reason
        if (retry := _retry_left(attempt, outcome, state)) is not None:
            retry_at = max(now, self._next_start(retry, state, now if ended is None else ended))
            if not retry.covers(outcome.kind, end.code, outcome.reason, outcome.said):
                if retry.on:
                    reason += "; not tried again: it is none of the failures of retry.on"
                retry_at = None
            elif (over := end_of_all(task, state)) is not None and retry_at >= over:
                reason += f"; no time for another attempt: {total_words(task)}"
                retry_at = None
        if status is Status.ERROR and retry_at is None:
            status = failed_status(task)
        self._recorder.record(
            events.ended(
                now,
                task.id,
                attempt.number,
                status,
                reason,
                kind=outcome.kind,
                exit_code=end.code,
                retry_at=retry_at,
                uncounted=False if outcome.kind is FailureKind.LOST and retry_at is not None else None,
                leftovers=end.leftovers or None,
                ended_at=None if ended is None else round(ended, 3),
                results=told.values or None,
                variables=values,
                checks=checks_in(result),
                usage=end.usage,
                rows=rows_in(result),
            )
        )
        # Behind the program's own words, and only once the last of them can be no reason any more.
        left_out = [*told.left_out, *unset]
        say_in_log(log_file(attempt.spec.directory), [f"warning: result.json: {line}" for line in left_out])
        return retry_at

    def _told(self, result: dict[str, Any], problem: str | None) -> Told:
        """What rules and expressions may ask for, if there are any, and what is to be said of the rest."""
        if problem is not None:
            return Told({}, [f"nothing of it is used: {problem}"])
        return told_in(result) if self._recorder.state.is_asked_about else Told()

    def _values_of(
        self, attempt: ActiveAttempt, outcome: Outcome, result: dict[str, Any]
    ) -> tuple[Outcome, dict[str, Value], list[str]]:
        """The variables that it set, which only an attempt does that succeeded, and what to say of others. What is
        wrong with them is a warning: its work is done."""
        if outcome.status not in (Status.SUCCESS, Status.WARNING) or outcome.kind is not None:
            return outcome, {}, []
        if attempt.task.item is not None:
            return outcome, {}, self._not_set_by(attempt, result)
        if attempt.spec.nested is not None:
            values, faults = values_of_nested(attempt.task, self._nested)
        else:
            values, faults = values_in(result)
        if not faults:
            return outcome, values, []
        more = f" (and {len(faults) - 1} more)" if len(faults) > 1 else ""
        reason = "; ".join(part for part in (outcome.reason, safe_line(faults[0], 300) + more) if part)
        return replace(outcome, status=Status.WARNING, reason=reason), values, []

    def _not_set_by(self, attempt: ActiveAttempt, result: dict[str, Any]) -> list[str]:
        """What the log of a part says of variables that it has set: which of several parts is the last is chance. The
        run is told once for all parts of the array."""
        values, faults = values_in(result)
        if not values and not faults:
            return []
        why = "a part of an array sets no variables for later tasks; set them in a task that runs once"
        note = f"what parts of {attempt.task.array} say of variables is not taken: {why}"
        if not any(text == note for _, _, text in self._recorder.state.notes):
            self._recorder.record(events.note(self._recorder.now(), "warning", note))
        name = f"the variable {next(iter(values))} is" if len(values) == 1 else "its variables are"
        return [f"{name} not set: {why}"]

    def _next_start(self, retry: Retry, state: TaskState, ended: float) -> float:
        """When the next attempt is due after one that ended then; attempts that do not count lengthen no delay."""
        seed = f"{self._recorder.state.header.id} {state.id}"
        return ended + retry.wait_before(len(state.attempts) - state.uncounted + 1, seed)

    def record_unstarted(self, attempt: ActiveAttempt, reason: str, *, pause: float = 0.0) -> float:
        """See :func:`unstarted`; the time of the next attempt, ``pause`` seconds from now."""
        mask_what_is_left(attempt.spec.directory, attempt.spec.environment)
        now = self._recorder.now()
        self._recorder.record(unstarted(now, attempt.task.id, attempt.number, reason, pause=pause))
        return now + pause


def unstarted(now: float, task: str, number: int, reason: str, *, pause: float = 0.0) -> Event:
    """The end of an attempt that did no work of its own: the next one starts at once, or after ``pause`` seconds, and
    no retry is used up."""
    at, kind = now + pause, FailureKind.LOST
    return events.ended(now, task, number, Status.ERROR, reason, kind=kind, retry_at=at, uncounted=True)


def _retry_left(attempt: ActiveAttempt, outcome: Outcome, state: TaskState) -> Retry | None:
    """The retry of a task that failed and has attempts left; what was cancelled is not tried again."""
    over = attempt.number >= state.max_attempts or attempt.cancelled_by is not None
    return attempt.task.options.retry if outcome.status is Status.ERROR and not over else None


def _begun(state: TaskState) -> float:
    last = state.attempt
    return 0.0 if last is None else last.started or last.spawned


def _cut_off(attempt: ActiveAttempt, end: Exit) -> bool:
    """Whether the process of a nested run ended by a signal that we did not send, or nobody knows how."""
    if attempt.spec.nested is None or end.stopped is not None:
        return False
    return end.code is None or end.code < 0 or end.code > 128


def failed_status(task: PlannedTask) -> Status:
    """What a task becomes that has failed for good."""
    return Status.WARNING if task.continue_on_failure else Status.ERROR


def _timeout(attempt: ActiveAttempt) -> float | None:
    """What an attempt may take: where its queue gives a time, no more than that."""
    options = attempt.task.options
    given = options.resources.time if options.resources is not None and attempt.backend.key else None
    return min((limit for limit in (options.timeout, given) if limit is not None), default=None)


def judge(end: Exit, attempt: ActiveAttempt) -> Outcome:
    """What the end of an attempt means."""
    spec = attempt.spec
    if end.stopped is not None:
        return outcome_of_stop(
            end.stopped,
            killed=end.killed,
            seconds=end.seconds_to_stop,
            timeout=_timeout(attempt),
            total=spec.total,
            max_log=spec.max_log,
            by=attempt.cancelled_by,
            unkillable=end.unkillable,
        )
    if end.code is None and end.lost:
        return Outcome(Status.ERROR, end.lost, FailureKind.LOST)
    if end.code == 0:
        return outcome_of_exit(0, warning=read_warning(spec.directory))
    if end.code == 1 and read_candidate_id(spec.directory) is not None:
        from orch_tui.model.checks.values import Verdict, of_verdict

        failed = of_verdict(read_checks(spec.directory), Verdict.FAILED)
        if failed:
            return outcome_of_checks(failed)
    oom = (end.oom_by or "the kernel") if end.oom else ""
    outcome = outcome_of_exit(end.code, last_line(log_file(spec.directory)), oom=oom)
    if end.memory is None or spec.memory is None:
        return outcome
    # Who is killed was not refused anything, whatever it has said before.
    killed = end.code in (-signal.SIGKILL, 128 + signal.SIGKILL)
    words = [] if killed else last_lines(log_file(spec.directory), _LAST_WORDS)
    return outcome_within(outcome, end.memory, spec.memory, words, by=end.oom_by or "the kernel")
