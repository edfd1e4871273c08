"""What waits for people to answer: in one run, and in all runs of a project."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path

from orch_tui.model.dataclass import dataclass
from orch_tui.model.events.interventions import ANSWERS, Intervention
from orch_tui.model.orchestration.approval import AnswerField, Question
from orch_tui.model.run.runstate import RunState, TaskState
from orch_tui.model.texts.text import safe_line
from orch_tui.model.variables.values import text_of
from orch_tui.project.history import RunSummary, all_runs
from orch_tui.project.journal.file import BrokenJournal, read_run
from orch_tui.project.paths import ProjectPaths

_LOOK_BACK = 1000
"""Runs that are looked at; those that go on are among the newest."""


@dataclass(frozen=True, slots=True)
class OpenApproval:
    """``until`` is when it stops to wait, in seconds since the epoch. ``live``: some process executes its run.

    ``left`` is an answer that waits for whoever executes the run next.
    """

    state: RunState
    directory: Path
    task: TaskState
    question: Question
    asked: float
    until: float | None
    live: bool
    left: Intervention | None = None


def approvals_of(state: RunState, directory: Path, *, live: bool) -> list[OpenApproval]:
    """The questions of one run that nobody has answered yet."""
    if state.finished:
        return []
    left = {} if live else _answers_left(directory)
    return [
        OpenApproval(state, directory, task, question, task.attempts[-1].spawned, task.until, live, left.get(task.id))
        for task in state.asking
        if (question := task.question) is not None
    ]


def open_approvals(paths: ProjectPaths) -> Iterator[OpenApproval]:
    """Those of all runs that have not ended, the newest run first; runs that cannot be read are left out."""
    yield from approvals_among(islice(all_runs(paths), _LOOK_BACK))


def approvals_among(summaries: Iterable[RunSummary]) -> Iterator[OpenApproval]:
    """Those of some runs, in their order; runs that cannot be read are left out."""
    for summary in summaries:
        if summary.broken is None and not summary.status.final:
            try:
                state = read_run(summary.directory)
            except (OSError, BrokenJournal):
                # Its own list says what is wrong with it.
                continue
            yield from approvals_of(state, summary.directory, live=summary.live)


def _answers_left(directory: Path) -> dict[str, Intervention]:
    """The first answer to each task that somebody left for the next executor."""
    # Imports the engine: only for an interrupted run.
    from orch_tui.engine.requests.requests import pending

    answers: dict[str, Intervention] = {}
    for request in pending(directory):
        if isinstance(request, Intervention) and request.kind in ANSWERS and request.task is not None:
            answers.setdefault(request.task, request)
    return answers


def field_words(field: AnswerField) -> str:
    """``limit (integer, default 5): how many``, safe to show."""
    more = [field.type.value]
    if field.choices:
        more.append("one of " + ", ".join(map(text_of, field.choices)))
    if field.default is not None:
        more.append(f"default {text_of(field.default)}")
    about = f": {field.description}" if field.description else ""
    return safe_line(f"{field.name} ({', '.join(more)}){about}", 300)
