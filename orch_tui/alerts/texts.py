"""What an alert says of a run: what failed, why in a sentence, its last lines, the command that goes on."""

from __future__ import annotations

import shlex
import time
from collections.abc import Iterable
from pathlib import Path

from orch_tui.alerts.judging import Finding
from orch_tui.alerts.values import Alert
from orch_tui.engine.attempts.lastlines import last_lines
from orch_tui.model.orchestration.alerts import AlertKind
from orch_tui.model.run.runstate import RunState, TaskState
from orch_tui.model.status import Status
from orch_tui.model.texts.durations import show_duration
from orch_tui.model.texts.text import counted, safe_line
from orch_tui.project.attempt_dir import attempt_directory, log_file
from orch_tui.runs.words.ending import (
    exit_in_words,
    failed_as_well,
    first_failure,
    how_to_go_on,
    names_of,
    phase_of,
    skipped_because,
)

_LINES = 15
_WIDTH = 300
_TITLE = 160
_WARNED = 5

_WORDS = {
    AlertKind.FAILED: "failed",
    AlertKind.FIRST_FAILURE: "failed",
    AlertKind.RECOVERED: "works again",
    AlertKind.WARNING: "ended in warning",
    AlertKind.SUCCESS: "succeeded",
}


def moment(at: float) -> str:
    """``Sun 2026-11-29 05:31:07 CET``: a time for people, in this machine's time zone."""
    return time.strftime("%a %Y-%m-%d %H:%M:%S %Z", time.localtime(at))


def command(root: Path, *words: str) -> str:
    """A command that can be typed anywhere on this machine."""
    return safe_line(shlex.join(["orch-tui", *words, "--project", str(root)]))


def title_of(name: str, what: str) -> str:
    return safe_line(f"{name}: {what}", _TITLE)


def run_alert(root: Path, state: RunState, directory: Path, finding: Finding) -> Alert:
    """The alert of a run that ended, or that its executor has left."""
    header, end = state.header, finding.end
    failed = _failed_task(state, finding)
    word = "was interrupted" if end.interrupted else _WORDS[finding.kind]
    lines = [_head(state, finding, word)]
    if finding.kind in (AlertKind.FAILED, AlertKind.FIRST_FAILURE):
        lines += _failure(root, state, failed, directory, interrupted=end.interrupted)
    elif finding.kind is AlertKind.RECOVERED:
        lines.append(f"It had failed since run {finding.since}.")
    elif finding.kind is AlertKind.WARNING:
        lines += _warnings(state)
    lines += ["", f"The run: {command(root, 'show', header.id)}"]
    why = safe_line(failed.reason, 200) if failed is not None else ""
    what = f"{word}: {safe_line(failed.name, 80)}: {why}" if failed is not None and word == "failed" else word
    # In this order of time it is another event than its end: it may be resumed, and end then.
    event = "interrupted" if end.interrupted else "ended"
    return Alert(
        f"run {header.orchestration}/{header.id} {event}",
        finding.kind,
        end.at,
        title_of(header.name, what),
        "\n".join(lines),
        header.orchestration,
        header.id,
        finding.scope,
        {"name": header.name, "task": failed.id if failed is not None else "", "reason": why, "status": state.status},
    )


def _head(state: RunState, finding: Finding, word: str) -> str:
    header = state.header
    took = f" after {show_duration(state.ended - state.started)}" if state.ended and state.started else ""
    part = f" (as to {finding.scope})" if finding.scope else ""
    name = safe_line(header.name, 120)
    return f'"{name}" ({header.orchestration}) {word}{part} on {moment(finding.end.at)}{took}.'


def _failed_task(state: RunState, finding: Finding) -> TaskState | None:
    if finding.kind not in (AlertKind.FAILED, AlertKind.FIRST_FAILURE):
        return None
    if not finding.scope:
        return first_failure(state)
    names = finding.scope.split(", ")
    inside = [task for task in state.tasks.values() if f"task {task.id}" in names or f"phase {task.phase}" in names]
    failed = [task for task in inside if task.attempt is not None and task.attempt.status is Status.ERROR]
    first = min(failed, key=TaskState.ended_at, default=None)
    return None if first is None else first.telling


def _failure(
    root: Path, state: RunState, failed: TaskState | None, directory: Path, *, interrupted: bool
) -> Iterable[str]:
    run = state.header.id
    if interrupted:
        yield "Its executor is gone, by a crash, kill -9 or a reboot; nobody goes on with it."
        yield f"Go on with it: {command(root, 'run', '--resume', run)}"
        return
    if failed is None:
        yield f"  {safe_line(state.reason, 600)}" if state.reason else ""
    else:
        number, phase = phase_of(state, failed)
        place = f'phase {number} "{safe_line(phase.name, 120)}"'
        yield f"First failure: {safe_line(failed.name, 120)} ({failed.id}) in {place}"
        yield f"  {exit_in_words(failed)}"
        yield from _its_last_lines(failed, directory)
        if others := failed_as_well(state, failed):
            yield f"Failed as well: {names_of(others)}"
        if skipped := skipped_because(state, failed):
            yield f"Skipped because of it: {counted(len(skipped), 'task')}: {names_of(skipped)}"
        yield f"Its log: {command(root, 'logs', run, failed.id)}"
    if (go_on := how_to_go_on(state)) is not None:
        yield f"{go_on}: {command(root, 'run', state.header.orchestration, '--rerun-failed', run)}"


def _its_last_lines(task: TaskState, directory: Path) -> Iterable[str]:
    attempt = task.attempt
    if attempt is None:
        return
    lines = last_lines(log_file(attempt_directory(directory, task.id, attempt.number)), _LINES, _WIDTH)
    if lines:
        yield f"Its last {counted(len(lines), 'line')}:"
    for line in lines:
        yield f"  | {line}"


def _warnings(state: RunState) -> Iterable[str]:
    warned = [task for task in state.tasks.values() if task.status is Status.WARNING]
    for task in warned[:_WARNED]:
        yield f"  {safe_line(task.name, 120)} ({task.id}): {safe_line(task.reason, 400)}"
    if len(warned) > _WARNED:
        yield f"  and {len(warned) - _WARNED} more"
