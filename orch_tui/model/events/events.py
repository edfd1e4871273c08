"""The events of a run: what its journal holds and every view folds."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, NamedTuple

from orch_tui.model.checks.values import CheckResult
from orch_tui.model.events.interventions import Intervention
from orch_tui.model.events.reasons import Cause, Reason
from orch_tui.model.events.row_results import RowResult, encode_rows
from orch_tui.model.failure import FailureKind
from orch_tui.model.orchestration.approval import Question
from orch_tui.model.orchestration.rules import RuleDecision, TriedRule
from orch_tui.model.status import Status
from orch_tui.model.usage import Usage, encode_usage
from orch_tui.model.variables.values import Value, encode_all


class EventType(StrEnum):
    """One word per kind of event; the constructors below say which fields each has."""

    EXECUTOR = "executor"
    PHASE_STARTED = "phase_started"
    PHASE_ENDED = "phase_ended"
    PHASE_SKIPPED = "phase_skipped"
    DECIDED = "decided"
    UNFOLDED = "unfolded"
    WAITING = "waiting"
    SPAWNING = "spawning"
    QUEUED = "queued"
    STARTED = "started"
    ASKED = "asked"
    KILLING = "killing"
    ENDED = "ended"
    SETTLED = "settled"
    CANCEL = "cancel"
    NOTE = "note"
    INTERVENED = "intervened"
    RUN_ENDED = "run_ended"


class Event(NamedTuple):
    """``at`` is seconds since the epoch, ``data`` holds JSON-like scalars and lists of them."""

    type: str
    at: float
    data: Mapping[str, Any]


def write_time(at: float) -> str:
    """``2026-11-22T14:02:13.123Z``: sortable, readable, in UTC."""
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds")[:-6] + "Z"


def read_time(text: str) -> float:
    """Raises: ValueError."""
    return datetime.fromisoformat(text).timestamp()


def _event(event_type: EventType, at: float, /, **data: Any) -> Event:
    return Event(event_type.value, at, {key: value for key, value in data.items() if value is not None})


def executor(
    at: float,
    *,
    pid: int,
    start: tuple[int, int],
    host: str,
    boot_id: str,
    by: str,
    uptime: float | None = None,
) -> Event:
    """A process took the run in hand. ``pid``, ``start`` and ``boot_id`` identify it: it was started between these two
    clock ticks since boot (asking the kernel for the exact one of each task would cost as much as starting it).

    ``uptime``: at this event that many seconds had gone since boot. It ties the run's time to a clock that nobody sets.
    """
    return _event(EventType.EXECUTOR, at, pid=pid, start=start, host=host, boot_id=boot_id, by=by, uptime=uptime)


def phase_started(at: float, phase: str) -> Event:
    return _event(EventType.PHASE_STARTED, at, phase=phase)


def phase_ended(at: float, phase: str, status: Status) -> Event:
    return _event(EventType.PHASE_ENDED, at, phase=phase, status=status.value)


def _why(reason: Reason | None) -> dict[str, Any]:
    """The value for programs, and its sentence for people who read the journal and for older programs."""
    if reason is None:
        return {}
    because = None if reason.cause is Cause.SAID else reason.encoded()
    return {"reason": reason.sentence or None, "because": because}


def phase_skipped(at: float, phase: str, status: Status, reason: Reason) -> Event:
    """Every task of the phase that was to run is now ``status`` (skipped or cancelled) for this reason."""
    return _event(EventType.PHASE_SKIPPED, at, phase=phase, status=status.value, **_why(reason))


def decided(at: float, phase: str, decision: RuleDecision) -> Event:
    """The rules after a phase were tried, once and for all. ``tried`` has for each one its index, whether it holds
    (null: that cannot be decided) and the facts that its condition saw, as a list in JSON; ``rule`` is the index of the
    one that is taken."""
    return _event(EventType.DECIDED, at, phase=phase, **decision_values(decision))


def decision_values(decision: RuleDecision) -> dict[str, Any]:
    """The fields of :func:`decided` that hold the decision; None for those that it does not have."""
    tried = [json.dumps([one.rule, one.holds, dict(one.seen)], ensure_ascii=False) for one in decision.tried]
    return {"rule": decision.taken, "error": decision.error or None, "tried": tried or None}


def decision_of(data: Mapping[str, Any]) -> RuleDecision:
    """What :func:`decided` holds, read back."""
    tried = tuple(TriedRule(*json.loads(one)) for one in data.get("tried", ()))
    return RuleDecision(tried, data.get("rule"), data.get("error", ""))


def waiting(at: float, task: str, reason: Reason, until: float | None = None) -> Event:
    """The task waits for something else than its phase or a free slot; ``until`` is a time if it is known."""
    return _event(EventType.WAITING, at, task=task, **_why(reason), until=until)


def unfolded(
    at: float,
    task: str,
    items: Sequence[str],
    reused: Sequence[int] = (),
    run: str | None = None,
    *,
    left_out: Sequence[int] = (),
) -> Event:
    """The turn of an array has come: it has a part for each of these items, once and for all. The numbers (from 1) in
    ``reused`` are of parts that succeeded in ``run``, and are not run again; those in ``left_out`` of parts that did
    not run in it, where it is repeated as it ran."""
    earlier = {"reused": list(reused) or None, "left_out": list(left_out) or None}
    return _event(
        EventType.UNFOLDED, at, task=task, items=list(items), **earlier, run=run if reused or left_out else None
    )


def spawning(at: float, task: str, attempt: int, *, backend: str = "", name: str = "") -> Event:
    """Written before the process is started, so that no process can exist without a trace in the journal.

    ``backend`` is who will be asked for it, empty for a process of this machine, and ``name`` by what it is found
    there also when the answer is lost.
    """
    return _event(EventType.SPAWNING, at, task=task, attempt=attempt, backend=backend or None, name=name or None)


def queued(at: float, task: str, attempt: int, reason: str, *, job: str = "") -> Event:
    """It waits at its backend, as ``job`` once that has an id, for this reason in words."""
    return _event(EventType.QUEUED, at, task=task, attempt=attempt, job=job or None, reason=reason or None)


def started(
    at: float,
    task: str,
    attempt: int,
    *,
    pid: int | None = None,
    start: tuple[int, int] | None = None,
    node: str = "",
    job: str = "",
) -> Event:
    """It has begun: as a process of this machine, whose ``pid`` and ``start`` are told, or on a node as a job."""
    where = {"node": node or None, "job": job or None}
    return _event(EventType.STARTED, at, task=task, attempt=attempt, pid=pid, start=start, **where)


def asked(at: float, task: str, attempt: int, question: Question, until: float | None) -> Event:
    """An approval asks people, and waits for one of them to answer: an intervention. ``until`` is when it stops."""
    return _event(EventType.ASKED, at, task=task, attempt=attempt, question=question.encoded(), until=until)


def killing(at: float, task: str, attempt: int, why: str, grace: float) -> Event:
    """Written before the first signal; ``why`` is timeout, cancel or log_limit, ``grace`` seconds until KILL."""
    return _event(EventType.KILLING, at, task=task, attempt=attempt, why=why, grace=grace)


def ended(
    at: float,
    task: str,
    attempt: int,
    status: Status,
    reason: str = "",
    *,
    kind: FailureKind | None = None,
    exit_code: int | None = None,
    retry_at: float | None = None,
    leftovers: int | None = None,
    ended_at: float | None = None,
    uncounted: bool | None = None,
    results: Mapping[str, Any] | None = None,
    variables: Mapping[str, Value] | None = None,
    checks: Sequence[CheckResult] = (),
    usage: Usage | None = None,
    rows: Sequence[RowResult] = (),
) -> Event:
    """An attempt is over. With ``retry_at`` another one follows then; without, ``status`` is the task's own.

    ``ended_at`` is when it ended if that was not now: nobody may have looked then. ``uncounted``: it never did any
    work of its own and uses up no retry; False is said of a lost one that is tried again. ``results``: what its
    program tells that conditions ask for; in JSON. ``variables``: those that it set, in JSON as well
    (see :mod:`values`). ``checks``: what the checks of its outputs found, in JSON and without rows.
    ``usage``: what it used of the machine, in JSON too. ``rows``: how those of its configuration ended.
    """
    return _event(
        EventType.ENDED,
        at,
        task=task,
        attempt=attempt,
        status=status.value,
        reason=reason or None,
        kind=kind.value if kind else None,
        exit=exit_code,
        retry_at=retry_at,
        leftovers=leftovers,
        ended_at=ended_at,
        uncounted=uncounted,
        results=json.dumps(results, ensure_ascii=False) if results else None,
        variables=encode_all(variables or {}),
        checks=_encoded(checks),
        usage=encode_usage(usage),
        rows=encode_rows(rows),
    )


def _encoded(checks: Sequence[CheckResult]) -> str | None:
    if not checks:
        return None
    # Only the outputs of attempts with checks are told of.
    from orch_tui.model.checks.encoding import encode_results

    return encode_results(checks)


def settled(at: float, task: str, status: Status, reason: Reason, kind: FailureKind | None = None) -> Event:
    """A task got its final state without an attempt (cancelled while it waited, impossible to start)."""
    return _event(
        EventType.SETTLED, at, task=task, status=status.value, **_why(reason), kind=kind.value if kind else None
    )


def cancel(at: float, by: str, *, now: bool = False, task: str | None = None) -> Event:
    """Somebody asked to stop the run (or one task); ``now`` leaves out the grace time."""
    return _event(EventType.CANCEL, at, by=by, now=now or None, task=task)


def intervened(at: float, one: Intervention) -> Event:
    """Somebody did something to the run while it goes on; see :mod:`interventions`."""
    return _event(EventType.INTERVENED, at, **one.values)


def note(at: float, level: str, text: str) -> Event:
    """Something a person should know: ``level`` is info, warning or error."""
    return _event(EventType.NOTE, at, level=level, text=text)


def run_ended(at: float, status: Status, reason: Reason | None, seconds: float, counts: Mapping[Status, int]) -> Event:
    """The last event: it repeats the counts so that the history needs to read no other."""
    numbers = {f"count_{word.value}": number for word, number in counts.items() if number}
    return _event(EventType.RUN_ENDED, at, status=status.value, **_why(reason), seconds=round(seconds, 3), **numbers)
