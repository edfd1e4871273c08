"""Which runs that ended are told by which rule: pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum

from orch_tui.alerts.values import Acknowledged, Memory
from orch_tui.model.events.reasons import Cause
from orch_tui.model.orchestration.alerts import AlertKind, AlertRule, Channel
from orch_tui.model.run.runstate import RunState, TaskState
from orch_tui.model.status import Status
from orch_tui.project.history import when_of


class Verdict(StrEnum):
    """What a run, or a part of it, came to. ``NEITHER``: people stopped it, or it did not run at all."""

    FAILED = "failed"
    WARNING = "warning"
    SUCCESS = "success"
    NEITHER = "neither"


@dataclass(frozen=True, slots=True)
class RunEnd:
    """A run that ended, or was left by its executor (``interrupted``). ``scopes`` are the verdicts by scope."""

    run: str
    at: float
    scopes: Mapping[str, Verdict] = field(hash=False)
    interrupted: bool = False


@dataclass(frozen=True, slots=True)
class Finding:
    """An event of a run for some channels. ``since`` is the run that failed first, for what was repaired."""

    kind: AlertKind
    end: RunEnd
    scope: str
    channels: tuple[Channel, ...]
    since: str = ""


def verdict_on(state: RunState, rule: AlertRule) -> Verdict:
    """What a run that ended came to, for the part that a rule looks at."""
    if not rule.scope:
        if state.status is Status.ERROR:
            return Verdict.FAILED
        # A run of some of the tasks repairs nothing: the others may fail as before.
        whole = not any(_not_selected(task) for task in state.tasks.values())
        found = {Status.SUCCESS: Verdict.SUCCESS, Status.WARNING: Verdict.WARNING}.get(state.status, Verdict.NEITHER)
        return found if whole else Verdict.NEITHER
    tasks = [task for task in state.tasks.values() if task.id in rule.tasks or task.phase in rule.phases]
    if any(task.status is Status.ERROR or _failed_tolerated(task) for task in tasks):
        return Verdict.FAILED
    ran = [task for task in tasks if task.status in (Status.SUCCESS, Status.WARNING) or task.reused]
    if not ran or len(ran) < sum(not _disabled(task) for task in tasks):
        return Verdict.NEITHER
    return Verdict.WARNING if any(task.status is Status.WARNING for task in ran) else Verdict.SUCCESS


def _failed_tolerated(task: TaskState) -> bool:
    """It failed, and the run goes on all the same; who asks for this very task wants to know."""
    last = task.attempt
    return last is not None and last.status is Status.ERROR and task.status is Status.WARNING and not task.marked_done


def _not_selected(task: TaskState) -> bool:
    return task.because is not None and task.because.cause is Cause.NOT_SELECTED


def _disabled(task: TaskState) -> bool:
    return task.because is not None and task.because.cause is Cause.DISABLED


def judge(
    memory: Memory, rules: Sequence[AlertRule], ends: Iterable[RunEnd], acknowledged: Acknowledged | None, now: float
) -> tuple[Memory, list[Finding]]:
    """The memory after some runs have ended, in their order, and what is to be told of them.

    What fails and was ``acknowledged`` is not told again before it is repaired. ``now`` is seconds since the epoch.
    """
    findings: list[Finding] = []
    for end in ends:
        memory, found = _judge_one(memory, rules, end, acknowledged, now)
        findings += found
    return memory, findings


def _judge_one(
    memory: Memory, rules: Sequence[AlertRule], end: RunEnd, acknowledged: Acknowledged | None, now: float
) -> tuple[Memory, list[Finding]]:
    failing = dict(memory.failing)
    findings = []
    for rule in rules:
        verdict = end.scopes.get(rule.scope, Verdict.NEITHER)
        since = memory.failing.get(rule.scope, "")
        kind = _kind_of(rule, verdict, since)
        silent = since and acknowledged is not None and acknowledged.holds(when_of(since) or 0.0, now)
        if kind is not None and not (silent and kind is AlertKind.FAILED):
            findings.append(Finding(kind, end, rule.scope, rule.channels, since))
    for scope, verdict in end.scopes.items():
        if verdict is Verdict.FAILED:
            failing.setdefault(scope, end.run)
        elif verdict in (Verdict.SUCCESS, Verdict.WARNING):
            failing.pop(scope, None)
    return replace(memory, failing=failing), findings


def _kind_of(rule: AlertRule, verdict: Verdict, since: str) -> AlertKind | None:
    """What a rule tells of a run that came to a verdict; ``since`` is the run that failed first, if it was failing."""
    well = verdict in (Verdict.SUCCESS, Verdict.WARNING)
    wanted = {
        AlertKind.FIRST_FAILURE: verdict is Verdict.FAILED and not since,
        AlertKind.FAILED: verdict is Verdict.FAILED,
        AlertKind.RECOVERED: well and bool(since),
        AlertKind.WARNING: verdict is Verdict.WARNING,
        AlertKind.SUCCESS: well,
    }
    return next((kind for kind, holds in wanted.items() if holds and kind in rule.kinds), None)
