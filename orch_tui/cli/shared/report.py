"""The JSON shapes of docs/cli.md. Times are ISO 8601 in UTC, durations seconds, keys snake_case."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from datetime import date, time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from orch_tui.cli.shared.output import Output
from orch_tui.engine.attempts.lastlines import last_lines
from orch_tui.engine.attempts.results import read_candidate_id, read_checks
from orch_tui.model.checks.encoding import result_json
from orch_tui.model.events.events import write_time
from orch_tui.model.events.interventions import Intervention
from orch_tui.model.events.reasons import value_of
from orch_tui.model.problem import Problem
from orch_tui.model.run.attempt_state import AttemptState
from orch_tui.model.run.intervening import awaiting
from orch_tui.model.run.phase_state import PhaseState
from orch_tui.model.run.runstate import RunState, TaskState
from orch_tui.model.texts.text import safe_json
from orch_tui.model.variables.values import SetValue, type_of
from orch_tui.project.attempt_dir import attempt_directory, log_file
from orch_tui.project.concurrent.memory_claims import MemoryUse
from orch_tui.project.decided import read_decided
from orch_tui.project.definitions.rules import rule_values
from orch_tui.project.history import RunSummary
from orch_tui.runs.past.notes import Note, read_notes
from orch_tui.runs.past.origin import origin_of, schedule_of
from orch_tui.runs.people.approvals import OpenApproval, approvals_of
from orch_tui.runs.words.ending import files_written, findings_told, first_failure, skipped_because, tables_written

if TYPE_CHECKING:
    from orch_tui.engine.backends.backend import Finding
    from orch_tui.runs.live.pools import PoolNow

_LINES = 20


def print_json(out: Output, value: Any) -> None:
    """One document, which reads back as ``value``.

    Characters outside of ASCII are escaped where the stream could not hold them, those that a terminal would act on or
    hide everywhere. What JSON has no form for is a text: dates and times of TOML as ISO 8601, ``nan`` and ``inf``.
    """
    text = json.dumps(_plain(value), indent=2, ensure_ascii=not out.unicode, allow_nan=False)
    out.write(safe_json(text) + "\n")


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return value


def at(seconds: float | None) -> str | None:
    return None if seconds is None else write_time(seconds)


def run_json(state: RunState, directory: Path, *, live: bool, continued_by: Sequence[str] = ()) -> dict[str, Any]:
    """A run with everything in it. ``live``: some process executes it now. ``continued_by`` are ids of runs."""
    header = state.header
    ended = state.ended
    findings = _findings(state, directory, live=live)
    return {
        "id": header.id,
        "orchestration": header.orchestration,
        "name": header.name,
        "status": state.status.value,
        "interrupted": not state.finished and not live,
        "stopped_executor": _stopped(state, live=live),
        "reason": state.reason,
        "because": value_of(state.because),
        "created": at(header.created),
        "started": at(state.started),
        "ended": at(ended),
        "seconds": None if ended is None else round(ended - (state.started or header.created), 3),
        "by": header.by,
        "partial": header.partial,
        "rerun_of": header.rerun_of,
        "as_it_ran": header.as_it_ran,
        "shadow": header.shadow,
        "continued_by": list(continued_by),
        "parent": header.parent,
        "variables": dict(header.variables),
        "set_variables": [_value_json(name, one) for name, one in state.values.items()],
        "cancelled_by": state.cancelled_by,
        "held": _hold_json(state.interventions.hold()),
        "awaiting": [task.id for task in awaiting(state)],
        "approvals": [approval_json(one) for one in approvals_of(state, directory, live=live)],
        "interventions": [_intervention_json(one) for one in state.interventions.all],
        "directory": str(directory),
        "counts": {status.value: number for status, number in state.counts.items() if number},
        "first_failure": _failure_json(state, directory),
        "notes": _notes_json(state, directory),
        "phases": [_phase_json(state, phase, directory, findings) for phase in state.phases.values()],
    }


def _phase_json(state: RunState, phase: PhaseState, directory: Path, findings: Mapping[str, Finding]) -> dict[str, Any]:
    holds = state.interventions
    return {
        "id": phase.id,
        "name": phase.name,
        "status": phase.status.value,
        "reason": phase.reason,
        "because": value_of(phase.because),
        "started": at(phase.started),
        "ended": at(phase.ended),
        "max_parallel": phase.max_parallel,
        "rules": [rule_values(rule) for rule in phase.rules],
        "decision": decision_json(phase),
        "held": _hold_json(holds.hold(phase=phase.id)),
        "tasks": [
            task_json(state.tasks[task], directory, findings) | {"held": _hold_json(holds.hold(task=task))}
            for task in phase.tasks
        ],
    }


def _value_json(name: str, one: SetValue) -> dict[str, Any]:
    """A variable that a task set. ``value`` is JSON of its type; dates and times are texts."""
    kind, value = type_of(one.value), _plain(one.value)
    return {"name": name, "type": kind, "value": value, "task": one.task, "at": at(one.at)}


def _hold_json(hold: Intervention | None) -> dict[str, Any] | None:
    """Who holds something, why, and since when; None when nobody does."""
    return None if hold is None else {"by": hold.by, "reason": hold.note, "at": at(hold.at)}


def _intervention_json(one: Intervention) -> dict[str, Any]:
    return {
        "kind": one.kind.value,
        "at": at(one.at),
        "by": one.by,
        "reason": one.note,
        "task": one.task,
        "phase": one.phase,
        "limit": one.limit,
        "values": {name: _plain(value) for name, value in one.given.items()},
    }


def pool_json(one: PoolNow) -> dict[str, Any]:
    """A pool, who has slots of it, and who waits for some. Of memory all numbers are bytes."""
    memory = isinstance(one.use, MemoryUse)
    return {
        "name": "memory" if isinstance(one.use, MemoryUse) else one.use.name,
        "unit": "bytes" if memory else "slots",
        "size": one.use.size,
        "taken": one.use.taken,
        "holders": [{"who": who, "bytes" if memory else "slots": amount} for who, amount in one.use.holders],
        "waiting": [
            {"run": wait.run, "orchestration": wait.orchestration, "task": wait.task, "weight": wait.weight}
            for wait in one.waiting
        ],
    }


def approval_json(one: OpenApproval) -> dict[str, Any]:
    """What waits for a person to answer. ``answer`` is one that waits for whoever executes the run next."""
    return {
        "run": one.state.header.id,
        "orchestration": one.state.header.orchestration,
        "task": one.task.id,
        "name": one.task.name,
        "phase": one.task.phase,
        "text": one.question.text,
        "fields": [
            {
                "name": field.name,
                "type": field.type.value,
                "description": field.description,
                "default": _plain(field.default),
                "choices": _plain(field.choices),
            }
            for field in one.question.fields
        ],
        "approvers": list(one.question.approvers),
        "asked": at(one.asked),
        "until": at(one.until),
        "on_timeout": one.question.on_timeout.value,
        "live": one.live,
        "answer": None if one.left is None else _intervention_json(one.left) | {"at": None},
    }


def decision_json(phase: PhaseState) -> dict[str, Any] | None:
    """What was decided by the rules after a phase; None where there are none, or it has not ended."""
    decision = phase.decision
    if decision is None:
        return None
    return {
        "rule": decision.taken,
        "name": phase.taken.name if phase.taken else None,
        "goto": phase.taken.goto if phase.taken else None,
        "error": decision.error or None,
        "tried": [{"rule": tried.rule, "holds": tried.holds, "seen": dict(tried.seen)} for tried in decision.tried],
    }


def _stopped(state: RunState, *, live: bool) -> int | None:
    """The pid of a process that holds the run and does nothing for it."""
    if not live or state.finished:
        return None
    # Imports the engine: only for a run that goes on.
    from orch_tui.runs.people.responding import stopped_executor

    return stopped_executor(state)


def _findings(state: RunState, directory: Path, *, live: bool) -> dict[str, Finding]:
    if live or state.finished:
        return {}
    # Imports the engine: only for an interrupted run.
    from orch_tui.engine.runs.reconcile import inspect_run

    return inspect_run(directory, state)


def task_json(task: TaskState, directory: Path, findings: Mapping[str, Finding] | None = None) -> dict[str, Any]:
    """A task of a run; ``findings`` are what is known of tasks when their run was interrupted."""
    finding = findings.get(task.id) if findings else None
    last = task.attempt
    place = attempt_directory(directory, task.id, last.number) if last and task.parts is None else None
    tables, files = (tables_written(place), files_written(place)) if place else ([], [])
    return {
        "id": task.id,
        "name": task.name,
        "configuration": task.configuration,
        "status": task.status.value,
        "reason": task.reason,
        "because": value_of(task.because),
        "kind": task.kind,
        "finding": None
        if finding is None
        else {"verdict": finding.verdict.value, "exit_code": finding.exit_code, "text": finding.text},
        "continue_on_failure": task.continue_on_failure,
        "max_attempts": task.max_attempts,
        **_place_json(last),
        "seconds": None if last is None or last.seconds is None else round(last.seconds, 3),
        "tables": [{"table": table, "rows": rows} for table, rows in tables],
        "files": [{"path": path, "rows": rows} for path, rows in files],
        "findings": findings_told(place) if place else [],
        "attempts": [_attempt_json(attempt, task, directory) for attempt in task.attempts if task.parts is None],
        **({"item": task.planned.item.text} if task.planned.item is not None else {}),
        **(
            {}
            if task.parts is None
            else {"parts": [task_json(part, directory, findings) for part in task.parts.states]}
        ),
    }


def _place_json(attempt: AttemptState | None) -> dict[str, Any]:
    """Where it is or was; null for this machine, and for what is not known."""
    names = ("backend", "node", "job")
    return {name: (getattr(attempt, name) or None) if attempt is not None else None for name in names}


def _attempt_json(attempt: AttemptState, task: TaskState, directory: Path) -> dict[str, Any]:
    place = attempt_directory(directory, task.id, attempt.number)
    decided = read_decided(place)
    checks = (read_checks(place) or attempt.checks) if attempt.checks else ()
    return {
        "number": attempt.number,
        "status": attempt.status.value,
        "reason": attempt.reason,
        "kind": attempt.kind,
        "exit_code": attempt.exit_code,
        "started": at(attempt.started or attempt.spawned),
        "ended": at(attempt.ended),
        "seconds": None if attempt.seconds is None else round(attempt.seconds, 3),
        "leftovers": attempt.leftovers,
        **_place_json(attempt),
        "checks": [result_json(result) for result in checks],
        "candidate": read_candidate_id(place),
        "decision": None
        if decided is None
        else {
            "verdict": decided.verdict.value,
            "by": decided.by,
            "note": decided.note,
            "at": decided.at.isoformat(),
        },
        "counts": attempt.counts,
        "usage": None if attempt.usage is None else attempt.usage.values(),
        **({"rows": [row.values() for row in attempt.rows]} if attempt.rows else {}),
        "log": str(log_file(attempt_directory(directory, task.id, attempt.number))),
    }


def _failure_json(state: RunState, directory: Path) -> dict[str, Any] | None:
    task = first_failure(state)
    if task is None:
        return None
    last = task.attempt
    log = log_file(attempt_directory(directory, task.id, last.number)) if last else None
    return {
        "task": task.id,
        "name": task.name,
        "phase": task.phase,
        "attempt": last.number if last else None,
        "reason": task.reason,
        "kind": task.kind,
        "last_lines": last_lines(log, _LINES) if log else [],
        "skipped": [skipped.id for skipped in skipped_because(state, task)],
    }


def note_json(note: Note) -> dict[str, Any]:
    """What a person noted of a run."""
    return {"number": note.number, "at": at(note.at), "by": note.by, "text": note.text}


def _notes_json(state: RunState, directory: Path) -> list[dict[str, Any]]:
    """What the program told of the run, and what people noted of it, in order of time."""
    told = [(when, {"level": level, "by": None, "text": text}) for when, level, text in state.notes]
    told += [(note.at, {"level": "note", "by": note.by, "text": note.text}) for note in read_notes(directory)]
    return [{"at": at(when), **values} for when, values in sorted(told, key=lambda one: one[0])]


def summary_json(run: RunSummary) -> dict[str, Any]:
    """One run of the history."""
    return {
        "id": run.id,
        "orchestration": run.orchestration,
        "state": run.state,
        "reason": run.broken or run.reason,
        "created": at(run.started),
        "seconds": run.seconds,
        "by": run.by,
        "trigger": origin_of(run).value,
        "schedule": schedule_of(run) or None,
        "parent": run.parent,
        "tasks": run.tasks,
        "partial": run.partial,
        "rerun_of": run.continues,
        "counts": {status.value: number for status, number in run.counts.items()},
        "notes": [note_json(note) for note in read_notes(run.directory)],
    }


def problem_json(problem: Problem) -> dict[str, Any]:
    return {
        "severity": problem.severity.value,
        "code": problem.code,
        "message": problem.message,
        "remedy": problem.remedy,
        "file": problem.file,
        "line": problem.line,
        "orchestration": problem.orchestration,
        "phase": problem.phase,
        "task": problem.task,
    }
