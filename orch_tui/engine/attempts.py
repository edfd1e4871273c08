"""One attempt from its start to its record: launch, follow, judge, write down."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass

from orch_tui.engine.lastlines import last_line
from orch_tui.engine.launcher import AttemptSpec, Exit, Launcher, Running, StopRequest
from orch_tui.engine.recorder import Recorder
from orch_tui.engine.results import read_warning
from orch_tui.model import events
from orch_tui.model.events import FailureKind
from orch_tui.model.outcome import Outcome, outcome_of_exit, outcome_of_stop
from orch_tui.model.plan import PlannedTask
from orch_tui.model.status import Status
from orch_tui.project.locks import Lock
from orch_tui.project.masking.files import is_masked, mask_attempt
from orch_tui.project.masking.redactor import Redactor


@dataclass(slots=True)
class ActiveAttempt:
    """An attempt under way. ``lock`` is this process's hold of the configuration; an adopted task has its own."""

    task: PlannedTask
    number: int
    spec: AttemptSpec
    stop: StopRequest
    lock: Lock | None = None
    adopted: Running | None = None
    cancelled_by: str | None = None


class AttemptRunner:
    """Runs attempts on the executor's loop."""

    def __init__(self, recorder: Recorder, launcher: Launcher) -> None:
        self._recorder = recorder
        self._launcher = launcher

    async def run(self, attempt: ActiveAttempt) -> float | None:
        """From start to record; the time of the next attempt if there is to be one."""
        try:
            outcome, end = await self._launch_and_wait(attempt)
        finally:
            if attempt.lock is not None:
                attempt.lock.close()
        return self.record_end(attempt, outcome, end)

    async def _launch_and_wait(self, attempt: ActiveAttempt) -> tuple[Outcome, Exit]:
        now, record = self._recorder.now, self._recorder.record
        task, spec, number = attempt.task, attempt.spec, attempt.number

        def killing(why: FailureKind, grace: float) -> None:
            record(events.killing(now(), task.id, number, why.value, grace))

        try:
            running = attempt.adopted or self._launcher.start(spec, (attempt.lock.fd,) if attempt.lock else ())
            if attempt.adopted is None:
                pid, after, before = running.identity
                record(events.started(now(), task.id, number, pid=pid, start=(after, before)))
            end = await running.wait(attempt.stop, killing)
        except OSError as error:
            reason = f"could not be started: {error.strerror}: {error.filename or spec.argv[0]}"
            return Outcome(Status.ERROR, reason, FailureKind.LAUNCH), Exit(None)
        return judge(end, spec, attempt.cancelled_by), end

    def record_end(self, attempt: ActiveAttempt, outcome: Outcome, end: Exit) -> float | None:
        """Write down how it ended; the time of the next attempt if there is to be one."""
        mask_what_is_left(attempt.spec)
        now, task = self._recorder.now(), attempt.task
        retry = task.options.retry
        retry_at = None
        if (
            retry is not None
            and attempt.number <= retry.attempts
            and outcome.status is Status.ERROR
            and outcome.kind not in (FailureKind.LAUNCH, FailureKind.LOST)
            and attempt.cancelled_by is None
        ):
            retry_at = now + retry.wait_before(attempt.number + 1)
        status = outcome.status
        if status is Status.ERROR and retry_at is None:
            status = failed_status(task)
        self._recorder.record(
            events.ended(
                now,
                task.id,
                attempt.number,
                status,
                outcome.reason,
                kind=outcome.kind,
                exit_code=end.code,
                retry_at=retry_at,
                leftovers=end.leftovers or None,
            )
        )
        return retry_at

    def record_unstarted(self, attempt: ActiveAttempt, reason: str) -> None:
        """An attempt that never began uses up no retry: the next one starts at once."""
        now = self._recorder.now()
        self._recorder.record(
            events.ended(
                now, attempt.task.id, attempt.number, Status.ERROR, reason, kind=FailureKind.LOST, retry_at=now
            )
        )


def mask_what_is_left(spec: AttemptSpec) -> None:
    """Mask the files of a task that was killed before it could do so itself."""
    if is_masked(spec.directory):
        return
    known = "ORCH_SECRETS" in spec.environment
    with contextlib.suppress(OSError):
        # The files still count as unmasked, so nobody shows them: a full disk must not keep the end from the journal.
        mask_attempt(spec.directory, Redactor.from_environment(spec.environment) if known else None)


def failed_status(task: PlannedTask) -> Status:
    """What a task becomes that has failed for good."""
    return Status.WARNING if task.continue_on_failure else Status.ERROR


def judge(end: Exit, spec: AttemptSpec, by: str | None) -> Outcome:
    """What the end of an attempt means; ``by`` is who cancelled it, if anybody did."""
    if end.stopped is not None:
        return outcome_of_stop(
            end.stopped,
            killed=end.killed,
            seconds=end.seconds_to_stop,
            timeout=spec.timeout,
            max_log=spec.max_log,
            by=by,
            unkillable=end.unkillable,
        )
    if end.code == 0:
        return outcome_of_exit(0, warning=read_warning(spec.directory))
    return outcome_of_exit(end.code, last_line(spec.directory / "log"))
