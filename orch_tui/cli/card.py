"""How a run ends on the terminal: the first failure with its last lines, or which tasks warned, and what to type."""

from __future__ import annotations

from pathlib import Path

from orch_tui.cli.follow import attempt_directory
from orch_tui.cli.narrate import counted
from orch_tui.cli.opening import command_hint
from orch_tui.cli.output import Output
from orch_tui.engine.lastlines import last_lines
from orch_tui.model.durations import show_duration
from orch_tui.model.runstate import PhaseState, RunState, TaskState
from orch_tui.model.status import Status
from orch_tui.model.text import safe_line

LINES = 20
_NAMES = 8


def first_failure(state: RunState) -> TaskState | None:
    """The task that failed first; the first one that was stopped by force when none failed by itself."""
    return state.tasks[state.first_failure] if state.first_failure is not None else None


def skipped_because(state: RunState, failed: TaskState) -> list[TaskState]:
    """Tasks of later phases that never ran because the phase of ``failed`` did not succeed."""
    phase = state.phases[failed.phase]
    wanted = f'phase "{phase.name}" failed'
    return [task for task in state.tasks.values() if task.status is Status.SKIPPED and task.reason == wanted]


def names_of(tasks: list[TaskState]) -> str:
    """Some names and how many more there are."""
    shown = "; ".join(safe_line(task.name, 80) for task in tasks[:_NAMES])
    return f"{shown}; and {len(tasks) - _NAMES} more" if len(tasks) > _NAMES else shown


def print_ending(out: Output, state: RunState, directory: Path, *, live: bool = False) -> None:
    """What a person wants to know when a run did not simply succeed. ``live``: it still goes on."""
    failed = first_failure(state)
    if failed is not None:
        _print_failure(out, state, failed, directory)
    warned = [task for task in state.tasks.values() if task.status is Status.WARNING]
    if warned:
        out.line(out.paint(f"In warning: {counted(len(warned), 'task')}", "yellow"))
        for task in warned[:LINES]:
            out.line(f"  {safe_line(task.name, 120)} ({task.id}): {safe_line(task.reason, 400)}")
        if len(warned) > LINES:
            out.line(f"  and {len(warned) - LINES} more: {command_hint('show', state.header.id)}")
    if not live and state.status not in (Status.SUCCESS, Status.WARNING):
        out.line(f"Go on with what is left: {command_hint('run', state.header.orchestration, '--rerun-failed')}")


def _print_failure(out: Output, state: RunState, task: TaskState, directory: Path) -> None:
    number, phase = _phase(state, task)
    place = f'phase {number} "{safe_line(phase.name, 120)}"'
    out.line(out.paint(f"First failure: {safe_line(task.name, 120)}", "red") + f" ({task.id}) in {place}")
    out.line(f"  {exit_in_words(task)}")
    attempt = task.attempt
    if attempt is not None:
        log = attempt_directory(directory, task.id, attempt.number) / "log"
        lines = last_lines(log, LINES)
        out.line(f"  its last {counted(len(lines), 'line')}:" if lines else "  it wrote nothing")
        for line in lines:
            out.line(f"  {'│' if out.unicode else '|'} {line}")
    if others := [t for t in state.tasks.values() if t.status is Status.ERROR and t is not task]:
        out.line(f"  failed as well: {names_of(others)}")
    if skipped := skipped_because(state, task):
        out.line(f"  skipped because of it: {counted(len(skipped), 'task')}: {names_of(skipped)}")
    if attempt is not None:
        out.line(f"  its whole log: {command_hint('logs', state.header.id, task.id)}")


def exit_in_words(task: TaskState) -> str:
    """``exit code 1: no such file, after 3.1 s, attempt 2 of 2``."""
    attempt = task.attempt
    parts = [safe_line(task.reason, 600) or task.status.value]
    if attempt is not None:
        if attempt.seconds is not None:
            parts.append(f"after {show_duration(attempt.seconds)}")
        if task.max_attempts > 1:
            parts.append(f"attempt {attempt.number} of {task.max_attempts}")
    return ", ".join(parts)


def _phase(state: RunState, task: TaskState) -> tuple[int, PhaseState]:
    for number, phase in enumerate(state.phases.values(), 1):
        if phase.id == task.phase:
            return number, phase
    raise KeyError(task.phase)
