"""``orch-tui show RUN TASK``: one task of a run, the text that it ran, and the command that starts it by hand."""

from __future__ import annotations

import sys
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING

from orch_tui.cli.shared.errors import SUCCESS, CliError
from orch_tui.cli.shared.opening import command_hint, find_task
from orch_tui.cli.shared.output import Output, local_time
from orch_tui.engine.attempts.attempt_text import NoText, attempt_text
from orch_tui.engine.attempts.reproduce import CannotReproduce, reproduce
from orch_tui.engine.record.run_clock import now_of
from orch_tui.model.checks.words import result_words
from orch_tui.model.orchestration.each import part_id
from orch_tui.model.run.waits import why
from orch_tui.model.status import UNDER_WAY
from orch_tui.model.texts.durations import show_duration
from orch_tui.model.texts.text import counted, safe_line
from orch_tui.project.attempt_dir import attempt_directory
from orch_tui.project.decided import read_decided
from orch_tui.runs.words.ending import counts_told, exit_in_words, files_written, findings_told, tables_written
from orch_tui.runs.words.parts import array_words, part_words
from orch_tui.runs.words.variables import variable_words

if TYPE_CHECKING:
    from orch_tui.model.run.attempt_state import AttemptState
    from orch_tui.model.run.phase_state import Parts
    from orch_tui.model.run.runstate import RunState, TaskState
    from orch_tui.project.project import Project

_PARTS = 50
"""Parts of an array that are listed."""


def attempt_number(task: TaskState, wanted: int | None, state: RunState) -> int:
    """The attempt that is meant, the last one for None. Raises: CliError when the task has none of that number."""
    if not task.attempts:
        reason = f": {safe_line(task.reason, 300)}" if task.reason else ""
        raise CliError(f"task {task.id} never began in run {state.header.id}, it is {task.status.value}{reason}")
    if wanted is None:
        return task.attempts[-1].number
    if wanted not in {attempt.number for attempt in task.attempts}:
        raise CliError(
            f"task {task.id} has {counted(len(task.attempts), 'attempt')} in run {state.header.id}, no {wanted}"
        )
    return wanted


def print_command(state: RunState, directory: Path, wanted: str, attempt: int | None) -> int:
    """The command on standard output, what to know of it on standard error. Raises: CliError."""
    task = find_task(state, wanted).telling
    try:
        found = reproduce(directory, task, attempt_number(task, attempt, state))
    except CannotReproduce as error:
        raise CliError(str(error)) from error
    notes = Output(sys.stderr)
    for note in found.notes:
        notes.line(safe_line(note))
    Output(sys.stdout).data(found.command)
    return SUCCESS


def print_text(project: Project, state: RunState, directory: Path, wanted: str, attempt: int | None) -> int:
    """The configuration as the attempt ran it, and below it what was edited since. Raises: CliError."""
    task = find_task(state, wanted).telling
    number = attempt_number(task, attempt, state)
    try:
        found = attempt_text(project, directory, state, task, number)
    except NoText as error:
        raise CliError(str(error)) from error
    out = Output(sys.stdout)
    out.line(out.bold(f"{safe_line(task.configuration, 200)} as attempt {number} ran it, {safe_line(found.now, 400)}"))
    for text in found.text.splitlines():
        out.line(f"  {safe_line(text)}")
    if found.difference:
        out.line(out.bold("from then to now:"))
    for text in found.difference:
        out.line("  " + out.paint(safe_line(text), {"+": "green", "-": "red", "@": "blue"}.get(text[:1], "")))
    return SUCCESS


def print_task(project: Project, state: RunState, directory: Path, wanted: str, *, all_parts: bool = False) -> int:
    """A task with all its attempts, an array with its parts: those that went wrong or run, or all of them. Raises:
    CliError."""
    task, out = find_task(state, wanted), Output(sys.stdout)
    phase = state.phases[task.phase]
    out.line(f'{out.bold(safe_line(task.name, 120))} ({task.id}) in phase "{safe_line(phase.name, 120)}"')
    if all_parts and task.parts is None:
        raise CliError(f"task {task.id} has no parts in run {state.header.id}; leave --parts out")
    if task.parts is not None:
        words = array_words(task)
    else:
        words = exit_in_words(task) if task.status.final and task.attempts else why(state, task, now_of(state))
    out.line(f"  {out.status(task.status)}  {safe_line(words, 600)}".rstrip())
    out.line(f"  runs {safe_line(task.configuration, 200)}")
    if task.parts is not None:
        _print_parts(out, state, task, task.parts, whole=all_parts)
        return SUCCESS
    for attempt in task.attempts:
        _print_attempt(out, project, state, directory, task, attempt)
    if task.attempts:
        run = state.header.id
        out.line(f"  its log: {command_hint('logs', run, task.id)}")
        out.line(f"  the text it ran: {command_hint('show', run, task.id, '--config')}")
        out.line(f"  to start it by hand: {command_hint('show', run, task.id, '--command')}")
    return SUCCESS


def _print_parts(out: Output, state: RunState, task: TaskState, parts: Parts, *, whole: bool) -> None:
    each = task.planned.each.text if task.planned.each is not None else ""
    out.line(f"  for each of {safe_line(each, 200)}")
    told = chain(parts.bad(), (part for part in parts.states if part.status in UNDER_WAY))
    shown = parts.states if whole else list(islice(told, _PARTS)) or parts.states[:_PARTS]
    for part in shown:
        last = show_duration(part.attempt.seconds) if part.attempt is not None else ""
        out.line(f"  {out.status(part.status, width=13)} {part.id}  {last}  {part_words(part)}".rstrip())
    if len(parts.states) > len(shown):
        out.line(f"  all {len(parts.states)} of them: {command_hint('show', state.header.id, task.id, '--parts')}")
    out.line(f"  one of them: {command_hint('show', state.header.id, part_id(task.id, 1))}")


def _print_attempt(
    out: Output, project: Project, state: RunState, directory: Path, task: TaskState, attempt: AttemptState
) -> None:
    place = attempt_directory(directory, task.id, attempt.number)
    try:
        text = attempt_text(project, directory, state, task, attempt.number).now
    except NoText as error:
        text = str(error)
    began = local_time(attempt.started or attempt.spawned)
    out.line(
        f"  attempt {attempt.number}  {out.status(attempt.status)}  {began}  {show_duration(attempt.seconds)}  "
        f"{safe_line(attempt.reason, 400)}".rstrip()
    )
    if attempt.backend:
        where = " · ".join(part for part in (attempt.backend, attempt.place) if part)
        out.line(f"    {'ran on' if attempt.node else 'sent to'} {safe_line(where, 200)}")
    if attempt.usage is not None:
        out.line(f"    used {attempt.usage.words}")
    out.line(f"    its text: {safe_line(text, 400)}")
    for name, rows in (*tables_written(place), *files_written(place)):
        out.line(f"    wrote {counted(rows, 'row')} in {name}")
    if counts := counts_told(place):
        out.line(f"    counted {counts}")
    for name, value in attempt.values.items():
        out.line(f"    set {variable_words(name, value)}")
    for row in attempt.rows:
        words = f"    row {safe_line(row.title, 160)}  {out.status(row.status)}  {show_duration(row.seconds)}"
        before = f"in attempt {row.attempt}" if row.attempt != attempt.number else ""
        out.line("  ".join(filter(None, (words, before, safe_line(row.reason, 400)))).rstrip())
    for result in attempt.checks:
        out.line(f"    check {result.verdict.value}: {safe_line(result_words(result), 400)}")
    if (decided := read_decided(place)) is not None:
        out.line(f"    {decided.words}")
    for finding in findings_told(place):
        out.line(f"    found: {finding}")
    out.line(f"    {safe_line(str(place))}")
