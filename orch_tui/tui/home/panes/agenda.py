"""Now and next: what runs, what failed since it was looked at, what a schedule starts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

from orch_tui.inbox.values import ItemKind
from orch_tui.model.dataclass import dataclass
from orch_tui.model.status import STYLES, Status
from orch_tui.model.texts.durations import clock
from orch_tui.model.texts.text import counted, safe_line
from orch_tui.tui.dates import show_when
from orch_tui.tui.home.state.board import Look
from orch_tui.tui.home.state.model import HomeModel
from orch_tui.tui.status_look import look_of, style_of
from orch_tui.tui.widgets.line_tree import LineList, Part, Row

if TYPE_CHECKING:
    from orch_tui.inbox.values import Item
    from orch_tui.project.history import RunSummary
    from orch_tui.scheduling.values import Pause

_SCHEDULED = "◷"
_MISSED = "!"


@dataclass(frozen=True, slots=True)
class Line:
    """One line: a row, and the orchestration that it is of."""

    orchestration: str
    row: Row


class Agenda(LineList):
    """Enter or a double click on a line goes to its orchestration."""

    shows_place = False

    HELP = "What runs now, what failed since you looked, and what the schedules start next. Enter goes to it."

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.lines: Sequence[Line] = ()
        self.border_title = "Now and next"

    def show(self, lines: Sequence[Line], scheduler: str = "") -> None:
        """Show these; only what is different is drawn. ``scheduler`` says whether one is at work."""
        if scheduler != (self.border_subtitle or ""):
            self.border_subtitle = scheduler
        self.empty_text = " Nothing runs, nothing is scheduled"
        if lines and lines == self.lines:
            return
        same = len(lines) == len(self.lines)
        self.lines = lines
        if same:
            self.refresh_changed()
        else:
            self.reload()

    def count(self) -> int:
        return len(self.lines)

    def row(self, index: int) -> Row:
        return self.lines[index].row


def agenda(look: Look, following: Sequence[tuple[float, str]], model: HomeModel) -> list[Line]:
    """``following`` says when a schedule starts which orchestration next, soonest first."""
    now, name = model.now(), model.known_name
    lines = [_running(run, name(run.orchestration), look) for run in look.running()]
    lines += [_failed(run, name(run.orchestration), now) for run in look.new_failures()]
    lines += [_waiting(item, name(item.orchestration), now) for item in look.waiting()]
    lines += _missed(look, model)
    paused = model.paused()
    lines += [_next(when, one, name(one), now, paused.pop(one, None)) for when, one in following]
    # Those of which nothing is started until somebody lifts the pause.
    return lines + [_next(None, one, name(one), now, pause) for one, pause in paused.items()]


def _running(run: RunSummary, name: str, look: Look) -> Line:
    progress = look.progress.get(run.orchestration)
    style = STYLES[run.status]
    right = Part(f"{style.word} ", "dim")
    if progress is not None:
        head = progress.head
        left = f"  ~{clock(head.left)} left" if head.left is not None else ""
        right = Part(f"{head.done}/{head.total}  {clock(head.elapsed)}{left} ", "text")
        if head.no_answer is not None:
            glyph, odd = look_of(head)
            told = (Part(f" {glyph} ", odd), Part(name, "strong"), Part(f"  {head.no_answer.brief}", "dim"))
            return Line(run.orchestration, Row(told, (Part(f"{head.word} ", odd),)))
    return Line(
        run.orchestration, Row((Part(f" {style.glyph} ", style_of(run.status)), Part(name, "strong")), (right,))
    )


def _failed(run: RunSummary, name: str, now: float) -> Line:
    status = Status.WARNING if run.interrupted else run.status
    glyph = "?" if run.interrupted else status.style.glyph
    reason = safe_line(run.broken or run.reason, 200)
    left = (Part(f" {glyph} ", style_of(status)), Part(name, "strong"), Part(f"  {reason}" if reason else "", "dim"))
    return Line(run.orchestration, Row(left, (Part(f"{run.state} {show_when(run.started, now)} ", style_of(status)),)))


def _waiting(item: Item, name: str, now: float) -> Line:
    """What people have seen, or cannot see elsewhere, and nobody takes care of."""
    failing = item.kind in (ItemKind.FAILING, ItemKind.INTERRUPTED, ItemKind.GIVEN_UP)
    well = item.kind is ItemKind.REPAIRED
    status = Status.ERROR if failing else Status.SUCCESS if well else None
    glyph, style = (STYLES[status].glyph, style_of(status)) if status is not None else (_MISSED, "warning")
    left = (Part(f" {glyph} ", style), Part(name or "The project"), Part(f"  {item.what}", "dim"))
    times = f" ×{item.count}" if item.count > 1 else ""
    word = "failing since " if failing else ""
    return Line(item.orchestration, Row(left, (Part(f"{word}{show_when(item.since, now)}{times} ", "dim"),)))


def _missed(look: Look, model: HomeModel) -> list[Line]:
    """Scheduled times that nothing was started at, and no run since."""
    lines = []
    for one, number in model.schedule_look.missed:
        from orch_tui.scheduling.words import why_words

        orchestration = one.watched.orchestration
        last = look.last.get(orchestration)
        if last is not None and last.started is not None and last.started > one.at:
            continue
        why = Part(f"  {safe_line(why_words(one.why, one.detail), 200)}", "dim")
        left = (Part(f" {_MISSED} ", "warning"), Part(model.known_name(orchestration), "strong"), why)
        count = f" ×{number}" if number > 1 else ""
        right = Part(f"missed {show_when(one.at, model.now())}{count} ", "warning")
        lines.append(Line(orchestration, Row(left, (right,))))
    return lines


def _next(when: float | None, orchestration: str, name: str, now: float, pause: Pause | None) -> Line:
    left = [Part(f" {_SCHEDULED} ", "dim"), Part(name)]
    if pause is not None:
        from orch_tui.scheduling.words import pause_words

        left.append(Part(f"  {safe_line(pause_words(pause, show_when(pause.end, now)), 200)}", "warning"))
    return Line(orchestration, Row(tuple(left), (Part(f"{show_when(when, now)} "),)))


def scheduler_words(model: HomeModel) -> str:
    """Whether the project's scheduler is at work; nothing where there never was one, since cron may start all."""
    look = model.schedule_look
    return "scheduler at work" if look.scheduler is not None else "the scheduler is gone" if look.gone else ""


def in_short(look: Look, following: Sequence[tuple[float, str]], model: HomeModel) -> str:
    """``● 1 now  ✘ 2 new failures  next Mon 05:30 Alpha``; empty when there is nothing to say."""
    running, failed = look.running(), look.new_failures()
    told = []
    if running:
        told.append(f"{STYLES[Status.PROCESSING].glyph} {len(running)} now")
    # Where there is no room for more, how to let it go on stands with the run.
    told += [f"! {name} {number}" for name, number in Counter(one.word for one in look.unanswered()).items()]
    if failed:
        told.append(f"{STYLES[Status.ERROR].glyph} {counted(len(failed), 'new failure')}")
    if waiting := look.waiting():
        told.append(f"{_MISSED} {len(waiting)} in the inbox")
    if missed := _missed(look, model):
        told.append(f"{_MISSED} {len(missed)} missed")
    if paused := model.paused():
        told.append(f"{len(paused)} paused")
    if following:
        when, orchestration = following[0]
        told.append(f"next {show_when(when, model.now())} {model.known_name(orchestration)}")
    return "  ".join(told)
