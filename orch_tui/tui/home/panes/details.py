"""The pane below the list: description, phases, schedule and problems of the orchestration under the cursor."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from textual.content import Content

from orch_tui.model.orchestration.starts import Schedule
from orch_tui.model.problem import Problem, Severity
from orch_tui.model.status import Status
from orch_tui.model.texts.durations import show_duration
from orch_tui.model.texts.text import safe_line
from orch_tui.tui import text
from orch_tui.tui.dates import show_when
from orch_tui.tui.home.state.model import Entry
from orch_tui.tui.status_look import look_of, status_color, status_text
from orch_tui.tui.widgets.fitted_text import FittedText

if TYPE_CHECKING:
    from orch_tui.keboola.kept import Origin
    from orch_tui.project.history import RunSummary
    from orch_tui.tui.home.state.live import Progress

INVITATION = (
    "An orchestration runs phases one after another; the tasks of a phase run in parallel. "
    "Press n to create one, or I to import what Keboola has."
)
"""Where there is no orchestration yet."""
NO_PHASES = "No phases yet: Enter opens it, a adds tasks"
"""Where an orchestration was just made."""
_SHOWN_PROBLEMS = 3
_SHOWN_PHASES = 12


class DetailsPane(FittedText):
    """Shows what it is given: an orchestration with its problems, or a hint."""

    def show_hint(self, hint: str) -> None:
        """There is nothing under the cursor."""
        self.border_title = self.border_subtitle = None
        self.update(Content.styled(hint, "$text-muted"), layout=False)

    def show(
        self,
        entry: Entry,
        file: str,
        now: float,
        problems: Sequence[Problem] | None,
        run: Content | None = None,
        origin: Origin | None = None,
    ) -> None:
        """``now`` is seconds since the epoch; ``problems`` are None as long as they are not known; ``run`` is a line
        on its last run, ``origin`` what it was in Keboola, if it came from there."""
        self.border_title = text.line(entry.name, limit=60)
        self.border_subtitle = text.line(file, limit=60)
        self.update(details(entry, now, problems, run, origin), layout=False)


def details(
    entry: Entry,
    now: float,
    problems: Sequence[Problem] | None = None,
    run: Content | None = None,
    origin: Origin | None = None,
) -> Content:
    """Description, phases, last run, origin and problems; the problems are not known yet when they are None."""
    description = entry.value.description if entry.value else "This file cannot be read as an orchestration."
    parts = [text.line(description, limit=300) if description else Content.styled("No description", "$text-muted")]
    if entry.value is not None:
        parts.append(_phases(entry))
        parts += _schedules(entry, now)
    if run is not None:
        parts.append(run)
    if origin is not None:
        parts += origin_lines(origin)
    if problems is not None and (problems or entry.tasks):
        parts += _problem_lines(problems)
    return Content("\n").join(parts)


def run_line(run: RunSummary, progress: Progress | None, now: float) -> Content:
    """``Last run: ✘ error 14:02, 5.0 s: task "bad" failed``; of one that goes on the tasks that run now."""
    color = "$text-warning" if run.interrupted or run.broken else status_color(run.status)
    glyph = "?" if run.interrupted or run.broken else run.status.style.glyph
    if progress is not None and progress.head.no_answer is not None:
        glyph, _ = look_of(progress.head)
        told = text.line(f"{glyph} {progress.head.word}: {progress.head.no_answer.sentence}", limit=500)
        return Content.assemble((told.plain, "$text-error"))
    if progress is not None:
        running = ", ".join(progress.running) or "no task"
        return Content.assemble(("Runs now: ", "$text-muted"), text.line(running, limit=300))
    took = f", {show_duration(run.seconds)}" if run.seconds is not None else ""
    why = text.line(f": {run.broken or run.reason}", limit=300) if run.broken or run.reason else Content("")
    when = f" {show_when(run.started, now)}{took}"
    return Content.assemble(("Last run: ", "$text-muted"), (f"{glyph} {run.state}", color), when, why)


def origin_lines(origin: Origin) -> list[Content]:
    """``From Keboola: keboola.flow 72``, and what is kept of it but not done here."""
    told = Content.assemble(("From Keboola: ", "$text-muted"), text.line(origin.words, limit=200))
    shown = [f"  kept, not done here: {one.message}" for one in origin.findings[:_SHOWN_PROBLEMS]]
    if len(origin.findings) > _SHOWN_PROBLEMS:
        shown.append(f"  and {len(origin.findings) - _SHOWN_PROBLEMS} more; an import tells all")
    return [told, *(Content.styled(text.line(one, limit=300).plain, "$text-warning") for one in shown)]


def _problem_lines(problems: Sequence[Problem]) -> list[Content]:
    if not problems:
        return [Content.assemble(status_text(Status.SUCCESS, word=False), (" No problems", "$text-muted"))]
    lines = []
    for problem in problems[:_SHOWN_PROBLEMS]:
        glyph = status_text(Status.ERROR if problem.severity is Severity.ERROR else Status.WARNING, word=False)
        place = f"{problem.place}: " if problem.place else ""
        remedy = f"; {problem.remedy}" if problem.remedy else ""
        lines.append(Content.assemble(glyph, " ", text.line(f"{place}{problem.message}{remedy}", limit=300)))
    if len(problems) > _SHOWN_PROBLEMS:
        more = f"  and {len(problems) - _SHOWN_PROBLEMS} more; the workbench lists them"
        lines.append(Content.styled(more, "$text-muted"))
    return lines


def _schedules(entry: Entry, now: float) -> list[Content]:
    """``Starts by itself next at Mon 05:30 (30 5 * * 1-5)``, if anything starts it."""
    following, pause = entry.next_start(now), entry.pause(now)
    told = []
    if pause is not None:
        from orch_tui.scheduling.words import pause_words

        words = pause_words(pause, show_when(pause.end, now))
        told.append(Content.styled(f"Schedules {safe_line(words, 200)}", "$text-warning"))
    if entry.value is None or following is None:
        return told
    crons = ", ".join(_cron(one, entry.timezone) for one in entry.value.schedules if one.enabled)
    when = show_when(following, now)
    return [*told, Content.assemble(("Scheduled next: ", "$text-muted"), when, (f"  {crons}", "$text-muted"))]


def _cron(schedule: Schedule, timezone: str) -> str:
    """``30 5 * * 1-5``, with the time zone where it is not the machine's: ``30 5 * * 1-5 Europe/Prague``."""
    return f"{schedule.cron} {schedule.timezone or timezone}".rstrip()


def _phases(entry: Entry) -> Content:
    """``1 Extractor phase (2) → 2 Transformation phase (1)``."""
    if entry.value is None or not entry.value.phases:
        return Content.styled(NO_PHASES if entry.value else "", "$text-muted")
    parts = []
    for number, phase in enumerate(entry.value.phases[:_SHOWN_PHASES], 1):
        tasks = Content.styled(f" ({len(phase.tasks)})", "$text-muted")
        parts.append(Content.assemble((f"{number} ", "$text-muted"), text.line(phase.name, limit=40), tasks))
    if len(entry.value.phases) > _SHOWN_PHASES:
        parts.append(Content(f"{len(entry.value.phases) - _SHOWN_PHASES} more"))
    return Content.assemble((" → ", "$text-muted")).join(parts)
