"""How tasks, phases and problems of a run look as rows. Pure apart from the row types of the lists."""

from __future__ import annotations

from collections.abc import Sequence
from textwrap import wrap
from time import localtime, strftime

from orch_tui.model.durations import clock, show_duration
from orch_tui.model.phase_state import PhaseState
from orch_tui.model.plan import PlannedTask, RunPlan
from orch_tui.model.run_time import RunTime
from orch_tui.model.runstate import TaskState
from orch_tui.model.status import Status
from orch_tui.model.text import counted, safe_line
from orch_tui.model.waits import is_held
from orch_tui.project.history import clock_of
from orch_tui.runs.ending import exit_in_words
from orch_tui.runs.head import Head
from orch_tui.runs.interventions import decision_words, words_of
from orch_tui.runs.view import RUNNING, RunModel
from orch_tui.tui.status_look import DECISIONS, REUSED_GLYPH, REUSED_STYLE, look_of, style_of
from orch_tui.tui.widgets.line_tree import Part, Row
from orch_tui.tui.workbench.outline import NestedLine

_LONGER = "»"
_QUIET = "z"
_HELD = "‖"
_NESTED_ROWS = 200
_REASON = 22


def task_state(model: RunModel, task: TaskState, now: RunTime, *, wide: bool = False) -> tuple[Part, ...]:
    """What stands behind a task in the tree: marks, attempt, glyph, word, duration.

    Where there is not much room, the usual states are told by glyph and duration, and the word is in the panel.
    """
    style, look = style_of(task.status), task.status.style
    parts = []
    if task.status in RUNNING:
        if model.quiet(task, now) is not None:
            parts.append(Part(f"{_QUIET} quiet ", "warning"))
        elif model.longer(task, now):
            parts.append(Part(f"{_LONGER} long ", "warning"))
    if is_held(model.state, task):
        parts.append(Part(f"{_HELD} held ", "warning"))
    if len(task.attempts) > 1 or (task.attempts and task.max_attempts > 1):
        parts.append(Part(f"{task.attempts[-1].number}/{task.max_attempts} ", "dim"))
    if task.status in RUNNING and model.interrupted:
        parts.append(Part("? interrupted", "warning"))
    elif not wide and task.status in (Status.SUCCESS, Status.PROCESSING):
        parts.append(Part(look.glyph, style))
    elif task.reused:
        parts.append(Part(f"{REUSED_GLYPH} reused", REUSED_STYLE))
    else:
        parts.append(Part(f"{look.glyph} {look.word}", style))
    seconds = model.seconds(task, now)
    shown = "" if seconds is None else clock(seconds) if task.status in RUNNING else show_duration(seconds)
    parts.append(Part(f"{shown:>8}", "text" if task.status in RUNNING else "dim"))
    return tuple(parts)


def phase_state(model: RunModel, phase: PhaseState, now: RunTime) -> tuple[Part, ...]:
    """What stands behind a phase in the tree."""
    look, style = phase.status.style, style_of(phase.status)
    reached, holds = phase.started is not None or phase.status is not Status.CREATED, model.state.interventions
    hold = holds.hold_over(phase.id) if reached else holds.hold(phase=phase.id)
    held = (Part(f"{_HELD} held ", "warning"),) if hold is not None and not phase.status.final else ()
    if not reached:
        return *held, Part(" " * 8)
    word = look.glyph if phase.status in (Status.SUCCESS, Status.PROCESSING) else f"{look.glyph} {look.word}"
    end = phase.ended or (model.last_trace() if model.interrupted else now)
    shown = ""
    if phase.started is not None:
        shown = show_duration(end - phase.started) if phase.ended is not None else clock(end - phase.started)
    return *held, Part(word, style), Part(f"{shown:>8}", "dim")


def nested_lines(task: str, model: RunModel, *, wide: bool = False) -> list[NestedLine]:
    """The phases and tasks of a nested run, for below its task. It has a clock of its own."""
    now, lines = model.now(), list[NestedLine]()

    def add(key: str, left: tuple[Part, ...], right: tuple[Part, ...]) -> None:
        if len(lines) < _NESTED_ROWS:
            lines.append(NestedLine(f"{task}/{key}", Row(left, (*right, Part(" ")))))

    pad = " " * (6 + 2 * model.depth)
    for number, phase in enumerate(model.state.phases.values(), 1):
        name = safe_line(phase.name, 100)
        add(f"p{phase.id}", (Part(f"{pad}▾ ", "dim"), Part(f"{number} {name}", "dim")), phase_state(model, phase, now))
        for one in map(model.state.tasks.__getitem__, phase.tasks):
            left = (Part(f"{pad}  "), Part(safe_line(one.name, 120), "text"))
            add(f"t{one.id}", left, task_state(model, one, now, wide=wide))
            if one.id in model.children:
                lines.extend(nested_lines(f"{task}/t{one.id}", model.children[one.id], wide=wide))
    return lines


def planned_state(task: PlannedTask) -> tuple[Part, ...]:
    """What a run would do with a task, behind it in the tree."""
    glyph, style = DECISIONS[task.decision]
    # Which run is meant is said once, at the bottom.
    reason = safe_line(task.because.brief if task.because is not None else "", _REASON)
    parts = (Part(f"{glyph} {task.decision.value}", style),)
    return (Part(f"{reason}  ", "dim"), *parts) if reason and not reason.startswith(task.decision.value) else parts


def plan_states(plan: RunPlan) -> dict[str, tuple[Part, ...]]:
    """The preview of a run in the tree, by task id."""
    return {task.id: planned_state(task) for task in plan.tasks()}


def head_rows(head: Head, model: RunModel, width: int) -> list[Row]:
    """Three lines: how it stands, the bar, where it comes from."""
    glyph, style = look_of(head)
    left = [Part(f" {glyph} {head.word}  ", style), Part(f"{head.done}/{head.total}  ", "strong")]
    right = [Part(clock(head.elapsed), "strong")]
    if head.left is not None:
        right.append(Part(f"  ~{clock(head.left)} left" if width >= 44 else f" ~{clock(head.left)}", "dim"))
    right.append(Part(" "))
    room = max(4, width - 9)
    share = head.done / head.total if head.total else 0.0
    full = int(share * room)
    half = "╸" if full < room and not model.finished and share < 1 else ""
    bar = [
        Part(" " + "━" * full + half, style),
        Part("━" * (room - full - len(half)), "dim"),
        Part(f" {share:>5.0%} ", "dim"),
    ]
    facts = [strftime("%H:%M:%S", localtime(model.state.header.created)), f"by {model.state.header.by}"]
    header = model.state.header
    if header.rerun_of is not None:
        facts.insert(0, f"continues {clock_of(header.rerun_of, header.created)}")
    elif header.partial:
        facts.insert(0, "a part")
    third = [Part(f" {safe_line(' '.join(facts), 120)}", "dim")]
    if head.longer:
        third.insert(0, Part(f" {_LONGER} longer than usual ·", "warning"))
    if model.state.reason:
        third.insert(0, Part(f" {safe_line(model.state.reason, 200)}", "warning"))
    if (decision := decision_words(model.state, brief=True)) and not model.interrupted:
        third.insert(0, Part(f" {_HELD} {decision}", "warning"))
    if head.no_answer is not None:
        third.insert(0, Part(f" {head.no_answer.brief} ·", "error"))
    if model.continued is not None:
        # Before the reason, which the failure card has as well.
        words = f" continued {clock_of(model.continued.id, header.created)}: {model.continued.state};"
        third.insert(0, Part(words, "accent"))
    return [Row(tuple(left), tuple(right)), Row(tuple(bar)), Row(tuple(third))]


def wrapped(text: str, width: int, style: str = "text", indent: str = " ", limit: int = 6) -> list[Row]:
    """A sentence over several rows, at most ``limit``."""
    pieces = wrap(safe_line(text, 1200), max(10, width - len(indent) - 1)) or [""]
    if len(pieces) > limit:
        pieces = [*pieces[: limit - 1], pieces[limit - 1][: max(0, width - len(indent) - 2)] + "…"]
    return [Row((Part(f"{indent}{piece}", style),)) for piece in pieces]


def about_task(model: RunModel, task: TaskState, now: RunTime, width: int) -> list[Row]:
    """The task under the cursor: how it stands, and why."""
    look = task.status.style
    rows = [
        Row((Part(f" {look.glyph} {look.word}  ", style_of(task.status)), Part(safe_line(task.name, 200), "strong")))
    ]
    marks = model.marks(task, now)
    if marks:
        rows += wrapped("; ".join(marks), width, "warning", limit=2)
    if task.status.final and task.attempts and task.status is not Status.SUCCESS:
        rows += wrapped(exit_in_words(task), width, limit=4)
    else:
        why = model.why(task, now)
        if why:
            rows += wrapped(f"waits: {why}" if not task.status.final and not task.attempts else why, width, limit=4)
    return rows


def about_phase(model: RunModel, phase: PhaseState, width: int) -> list[Row]:
    """The phase under the cursor: how many of its tasks have ended, and what holds it."""
    look = phase.status.style
    tasks = [model.state.tasks[task] for task in phase.tasks]
    done = sum(task.status.final for task in tasks)
    head = Row(
        (Part(f" {look.glyph} {look.word}  ", style_of(phase.status)), Part(safe_line(phase.name, 200), "strong"))
    )
    at_once = f", {phase.max_parallel} at once" if len(tasks) > phase.max_parallel else ""
    rows = [head, *wrapped(f"{done} of {counted(len(tasks), 'task')} ended{at_once}", width, limit=1)]
    if phase.started is not None and phase.ended is None and (decision := decision_words(model.state)):
        rows += wrapped(decision, width, "warning", limit=3)
    return [*rows, *wrapped(phase.reason, width, limit=2)] if phase.reason else rows


def wait_rows(model: RunModel, now: RunTime, width: int, limit: int = 200) -> list[Row]:
    """Every task that waits or did not simply succeed with its reason, and what the run noted; before them, that its
    executor does nothing."""
    rows = wrapped(model.no_answer.sentence, width, "error", limit=8) if model.no_answer is not None else []
    for one in model.state.interventions.all[-20:]:
        rows += wrapped(words_of(one, model.state), width, "warning")
    for _, level, text in model.state.notes[-20:]:
        rows += wrapped(text, width, "error" if level == "error" else "warning" if level == "warning" else "dim")
    left = 0
    for task in _telling(model, now):
        if len(rows) >= limit:
            left += 1
            continue
        look = task.status.style
        rows.append(Row((Part(f" {look.glyph} ", style_of(task.status)), Part(safe_line(task.name, 200)))))
        for text in [*model.marks(task, now), model.why(task, now)]:
            if text:
                rows += wrapped(text, width, "dim", "   ", limit=3)
    if left:
        rows.append(Row((Part(f" and {left} more", "dim"),)))
    return rows


def _telling(model: RunModel, now: RunTime) -> Sequence[TaskState]:
    """Failures first, then what runs strangely, then what waits."""
    order = {Status.ERROR: 0, Status.TERMINATED: 0, Status.WARNING: 1, Status.TERMINATING: 2, Status.PROCESSING: 2}
    found = [
        task
        for task in model.state.tasks.values()
        if task.status is not Status.SUCCESS and (task.status is not Status.PROCESSING or model.marks(task, now))
    ]
    return sorted(found, key=lambda task: order.get(task.status, 4 if task.status.final else 3))
