"""One run as text: all that the screen tells of it, with its nested runs in place."""

from __future__ import annotations

from collections.abc import Iterator

from orch_tui.cli.follow.card import print_ending
from orch_tui.cli.follow.marks import head_words
from orch_tui.cli.interventions.approve import approve_hint
from orch_tui.cli.shared.opening import command_hint
from orch_tui.cli.shared.output import Output, cells, local_time, pad
from orch_tui.cli.shared.rule_line import rule_line
from orch_tui.engine.runs.reconcile import inspect_run
from orch_tui.model.clocks.run_time import RunTime
from orch_tui.model.events.row_results import rows_words
from orch_tui.model.run.phase_state import PhaseState
from orch_tui.model.run.runstate import RunState, TaskState
from orch_tui.model.run.waits import why
from orch_tui.model.status import Status
from orch_tui.model.texts.durations import show_duration
from orch_tui.model.texts.text import counted, safe_line
from orch_tui.project.attempt_dir import attempt_directory
from orch_tui.project.history import continued_by
from orch_tui.project.paths import ProjectPaths
from orch_tui.runs.live.head import standing_of
from orch_tui.runs.live.view import RUNNING, RunModel
from orch_tui.runs.past.notes import read_notes
from orch_tui.runs.people.approvals import approvals_of
from orch_tui.runs.people.interventions import decision_words, words_of
from orch_tui.runs.words.ending import files_written, findings_told, tables_written
from orch_tui.runs.words.parts import array_words, part_words
from orch_tui.runs.words.rule_words import standings
from orch_tui.runs.words.variables import variable_words

_NESTED = "    "
_PARTS = 5
"""Parts of an array that are told one by one."""


def print_run(out: Output, paths: ProjectPaths, model: RunModel) -> None:
    """Print the run as it stands."""
    state, now = model.state, model.now()
    _print_header(out, paths, model, now)
    _print_phases(out, model, "")
    for one in state.interventions.all:
        out.line(f"{local_time(one.at)} {safe_line(words_of(one, state), 400)}")
    for at, level, text in state.notes:
        out.line(f"{local_time(at)} {safe_line(level, 20)}: {safe_line(text, 400)}")
    for note in read_notes(model.directory):
        out.line(f"{local_time(note.at)} note {note.number} by {safe_line(note.by, 100)}: {safe_line(note.text, 2000)}")
    if model.interrupted:
        _print_interrupted(out, model)
    if state.status is not Status.SUCCESS:
        print_ending(out, state, model.directory, live=model.live)


def _print_header(out: Output, paths: ProjectPaths, model: RunModel, now: RunTime) -> None:
    state, header = model.state, model.state.header
    word = out.paint("interrupted", "red") if model.interrupted else out.status(state.status)
    out.line(f'{out.bold(f"run {header.id}")} of "{safe_line(header.name, 120)}" ({header.orchestration})')
    out.line(f"  {word}  {head_words(model, now)}  {safe_line(state.reason, 600)}".rstrip())
    if (decision := decision_words(state)) and not model.interrupted:
        out.line(f"  {out.paint('held', 'yellow')}: {safe_line(decision, 400)}")
    for one in approvals_of(state, model.directory, live=model.live):
        out.line(f"  {out.paint('approval', 'yellow')}: {safe_line(one.question.text, 400)}")
        out.line(f"    {approve_hint(one)}")
    if (standing := standing_of(model)).unanswered and model.no_answer is not None:
        out.line(f"  {out.paint(standing.value, 'red')}: {model.no_answer.sentence}")
    out.line(f"  started {local_time(header.created)} by {safe_line(header.by, 200)}")
    if header.rerun_of:
        gone = "" if (model.directory.parent / header.rerun_of).is_dir() else ", whose files are deleted"
        out.line(f"  continues run {safe_line(header.rerun_of, 100)}{gone}: runs what did not succeed in it")
    elif header.partial:
        out.line("  a part of the orchestration")
    for later in continued_by(paths, header.orchestration, header.id):
        out.line(f"  continued by run {later.id}  {later.state}  {show_duration(later.seconds)}".rstrip())
    if header.parent:
        out.line(f"  nested in {safe_line(header.parent, 200)}")
    if header.variables:
        values = "  ".join(f"{name}={value}" for name, value in header.variables.items())
        out.line(f"  variables: {safe_line(values, 600)}")
    for line in values_set(state):
        out.line(f"  variable {line}")
    out.line(f"  directory {safe_line(str(model.directory))}")


def values_set(state: RunState) -> list[str]:
    """``rows = 12 (integer), set by load at 14:02:13`` for each variable that a task set."""
    lines = []
    for name, one in state.values.items():
        when = f"at {local_time(one.at)}" if one.at is not None else "in an earlier run"
        lines.append(f"{variable_words(name, one.value)}, set by {safe_line(one.task, 100)} {when}")
    return lines


def _print_phases(out: Output, model: RunModel, indent: str) -> None:
    # A nested run has a clock of its own.
    state, now = model.state, model.now()
    width = min(50, max((cells(safe_line(task.name)) for task in state.tasks.values()), default=0))
    names = {key: phase.name for key, phase in state.phases.items()}
    for number, phase in enumerate(state.phases.values(), 1):
        out.line(indent + _phase_line(out, number, phase))
        for task in map(state.tasks.__getitem__, phase.tasks):
            out.line(indent + _task_line(out, model, task, width, now))
            for line in _bad_parts(out, task):
                out.line(indent + line)
            child = model.children.get(task.id)
            if child is not None:
                out.line(f"{indent}{_NESTED}{out.bold(f'run {child.state.header.id}')}, nested")
                _print_phases(out, child, indent + _NESTED)
        for one in standings(phase):
            out.line(indent + rule_line(out, one, names))


def _phase_line(out: Output, number: int, phase: PhaseState) -> str:
    seconds = "" if phase.ended is None else show_duration(phase.ended - (phase.started or phase.ended))
    reason = f"  {safe_line(phase.reason, 200)}" if phase.reason else ""
    name = out.bold(f'phase {number} "{safe_line(phase.name, 120)}"')
    return f"{name}  {out.status(phase.status)}  {seconds}{reason}".rstrip()


def _task_line(out: Output, model: RunModel, task: TaskState, width: int, now: RunTime) -> str:
    last, running = task.attempt, task.status in RUNNING
    seconds = "" if running and model.interrupted else show_duration(model.seconds(task, now))
    parts = [seconds.rjust(8)]
    if len(task.attempts) > 1:
        parts.append(f"{len(task.attempts)} attempts")
    if last is not None and last.place:
        parts.append(safe_line(last.place, 120))
    if last is not None and task.parts is None:
        place = attempt_directory(model.directory, task.id, last.number)
        found = [*tables_written(place), *files_written(place)]
        parts += [f"{counted(rows, 'row')} in {name}" for name, rows in found]
        if last.rows:
            parts.append(rows_words(last.rows))
        parts += findings_told(place)
        parts += model.marks(task, now)
    waits = model.live and not task.status.final and not running
    told = array_words(task) if task.parts is not None else task.reason
    parts.append(safe_line(why(model.state, task, now) if waits else told, 400))
    said = "  ".join(part for part in parts if part)
    return f"  {out.status(task.status, width=13)} {pad(safe_line(task.name), width)} {said}".rstrip()


def _bad_parts(out: Output, task: TaskState) -> Iterator[str]:
    """The parts that did not succeed, the first of them."""
    bad = list(task.parts.bad()) if task.parts is not None else []
    for part in bad[:_PARTS]:
        yield f"    {out.status(part.status, width=11)} {safe_line(part.id, 120)}  {part_words(part)}"
    if len(bad) > _PARTS:
        yield f"    and {len(bad) - _PARTS} more; each is TASK@NUMBER"


def _print_interrupted(out: Output, model: RunModel) -> None:
    out.line(out.paint("Interrupted", "red") + ": the process that executed this run is gone and nobody went on.")
    for name, finding in inspect_run(model.directory, model.state).items():
        task = model.state.task(name)
        out.line(f"  {safe_line(task.name, 120)} ({task.id}) was running: {safe_line(finding.text, 400)}")
    resume = command_hint("run", "--resume", model.directory.name)
    out.line(f"Go on with {resume}, or stop what is left with orch-tui cancel.")
