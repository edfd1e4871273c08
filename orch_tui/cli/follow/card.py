"""How a run ends on the terminal: the first failure with its last lines, or which tasks warned, and what to type."""

from __future__ import annotations

from pathlib import Path

from orch_tui.cli.shared.opening import command_hint
from orch_tui.cli.shared.output import Output
from orch_tui.engine.attempts.lastlines import last_lines
from orch_tui.model.run.runstate import RunState, TaskState
from orch_tui.model.status import Status
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
from orch_tui.runs.words.gates import Gate, gate_of, result_lines

LINES = 20


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
    over = not live and state.finished and state.status not in (Status.SUCCESS, Status.WARNING)
    if over and (go_on := how_to_go_on(state)) is not None:
        out.line(f"{go_on}: {command_hint('run', state.header.orchestration, '--rerun-failed')}")


def _print_gate(out: Output, gate: Gate) -> None:
    """What the checks expected and found, and what can be done."""
    for result in gate.refused_by[:LINES]:
        for line in result_lines(result):
            out.line(f"  {line}")
    if len(gate.refused_by) > LINES:
        out.line(f"  and {len(gate.refused_by) - LINES} more")
    if gate.decided is not None:
        out.line(f"  {gate.decided.words}")
    elif gate.candidate:
        out.line("  the tables are as before; what it wrote waits:")
        out.line(f"    publish it: {command_hint('gate', 'accept', gate.candidate, '--note', '…')}")
        out.line(f"    drop it:    {command_hint('gate', 'discard', gate.candidate)}")


def _print_failure(out: Output, state: RunState, task: TaskState, directory: Path) -> None:
    number, phase = phase_of(state, task)
    place = f'phase {number} "{safe_line(phase.name, 120)}"'
    out.line(out.paint(f"First failure: {safe_line(task.name, 120)}", "red") + f" ({task.id}) in {place}")
    out.line(f"  {exit_in_words(task)}")
    attempt = task.attempt
    gate = gate_of(directory, task)
    if gate is not None:
        _print_gate(out, gate)
    elif attempt is not None:
        log = log_file(attempt_directory(directory, task.id, attempt.number))
        lines = last_lines(log, LINES)
        out.line(f"  its last {counted(len(lines), 'line')}:" if lines else "  it wrote nothing")
        for line in lines:
            out.line(f"  {'│' if out.unicode else '|'} {line}")
    if others := failed_as_well(state, task):
        out.line(f"  failed as well: {names_of(others)}")
    if skipped := skipped_because(state, task):
        out.line(f"  skipped because of it: {counted(len(skipped), 'task')}: {names_of(skipped)}")
    if attempt is not None:
        out.line(f"  its whole log: {command_hint('logs', state.header.id, task.id)}")
        out.line(f"  what it ran, and how to start it by hand: {command_hint('show', state.header.id, task.id)}")
