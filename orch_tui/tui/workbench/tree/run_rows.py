"""How tasks, phases and problems of a run look as rows. Pure apart from the row types of the lists."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from time import localtime, strftime

from rich.cells import cell_len

from orch_tui.model.clocks.run_time import RunTime
from orch_tui.model.orchestration.rules import rule_id
from orch_tui.model.run.may_run import what_is_needed
from orch_tui.model.run.phase_state import PhaseState
from orch_tui.model.run.plan import Decision, PlannedTask, RunPlan
from orch_tui.model.run.runstate import TaskState
from orch_tui.model.run.waits import is_held
from orch_tui.model.status import Status
from orch_tui.model.texts.durations import clock, show_duration
from orch_tui.model.texts.text import counted, safe_line
from orch_tui.project.history import clock_of
from orch_tui.runs.live.head import Head
from orch_tui.runs.live.timeline import Bar, Span, Timeline
from orch_tui.runs.live.view import RUNNING, RunModel
from orch_tui.runs.people.interventions import decision_words, words_of
from orch_tui.runs.words.ending import exit_in_words, first_failure
from orch_tui.runs.words.parts import array_words, parts_brief
from orch_tui.runs.words.rule_words import (
    MAY_RUN,
    RuleFate,
    RuleStanding,
    goal_of,
    label_of,
    may_run_words,
    seen_words,
    standings,
)
from orch_tui.tui.status_look import DECISIONS, REUSED_GLYPH, REUSED_STYLE, look_of, style_of
from orch_tui.tui.task_names import component_of, own_name
from orch_tui.tui.widgets.line_tree import Part, Row
from orch_tui.tui.widgets.sentence_rows import wrapped
from orch_tui.tui.workbench.tree.columns import TIME, WORD
from orch_tui.tui.workbench.tree.outline import NestedLine, PartRow
from orch_tui.tui.workbench.tree.states import RuleLook, TreeStates

_LONGER = "»"
_QUIET = "z"
_HELD = "‖"
_NESTED_ROWS = 200
_REASON = 22
_PERCENT, _LEAST_BAR, _MOST_BAR = 7, 12, 60
"""Columns of the progress in percent, and of its bar in the line of the head."""
_RULE_LOOKS = {
    RuleFate.OPEN: ("◇", "dim", "text", ""),
    RuleFate.TAKEN: ("◆", "success", "strong", "✔ taken"),
    RuleFate.NOT_HELD: ("◇", "dim", "dim", "– no"),
    RuleFate.NOT_ASKED: ("◇", "dim", "dim", "· not asked"),
    RuleFate.OTHER_OUTCOME: ("◇", "dim", "dim", "· not asked"),
    RuleFate.UNDECIDED: ("◆", "error", "error", "✘ undecided"),
}
"""Sign, its style, that of the text, and the word at the right."""
_PLACE = 24
_PLANNED = 13
"""Columns of a decision; reasons take them from the names where they need to."""


def task_state(model: RunModel, task: TaskState, now: RunTime, *, wide: bool = False) -> tuple[Part, ...]:
    """What stands behind a task in the tree: marks, attempt, glyph, word, duration.

    Where there is not much room, the usual states are told by glyph and duration, and the word is in the panel.
    """
    parts = []
    if task.status in RUNNING:
        if model.quiet(task, now) is not None:
            parts.append(Part(f"{_QUIET} quiet ", "warning"))
        elif model.longer(task, now):
            parts.append(Part(f"{_LONGER} long ", "warning"))
    if task.parts is not None:
        parts.append(Part(f"{parts_brief(task.parts)}  ", "error" if task.kind else "text"))
    if is_held(model.state, task):
        parts.append(Part(f"{_HELD} held ", "warning"))
    if len(task.attempts) > 1 or (task.attempts and task.max_attempts > 1):
        parts.append(Part(f"{task.attempts[-1].number}/{task.max_attempts} ", "dim"))
    if task.status in RUNNING and model.interrupted:
        parts.append(Part("? interrupted", "warning"))
    elif task.reused:
        parts.append(Part(f"{REUSED_GLYPH} reused", REUSED_STYLE))
    else:
        parts.append(_word(task.status, wide=wide))
    if wide:
        parts[-1] = parts[-1]._replace(text=f"{parts[-1].text:<{WORD}}")
        if (where := _where(task)) and not model.interrupted:
            parts.insert(0, Part(f"{where} ", "dim"))
    # How long a question waits is on its card.
    seconds = model.seconds(task, now) if task.question is None else None
    shown = "" if seconds is None else clock(seconds) if task.status in RUNNING else show_duration(seconds)
    parts.append(Part(f"{shown:>{TIME}}", "text" if task.status in RUNNING else "dim"))
    return tuple(parts)


def _where(task: TaskState) -> str:
    """The node of one that runs there, or ran; of one that waits in a queue, why."""
    if task.status is Status.QUEUED:
        return safe_line(task.reason.partition(":")[0], _PLACE)
    last = task.attempt
    ran = task.status in RUNNING or task.status.final
    return safe_line(last.node, _PLACE) if last is not None and ran else ""


def _word(status: Status, *, wide: bool) -> Part:
    """The usual states are told by their glyph where there is not much room."""
    usual = not wide and status in (Status.SUCCESS, Status.PROCESSING)
    return Part(status.style.glyph if usual else f"{status.style.glyph} {status.style.word}", style_of(status))


def phase_state(model: RunModel, phase: PhaseState, now: RunTime, *, wide: bool = False) -> tuple[Part, ...]:
    """What stands behind a phase in the tree."""
    reached, holds = phase.started is not None or phase.status is not Status.CREATED, model.state.interventions
    hold = holds.hold_over(phase.id) if reached else holds.hold(phase=phase.id)
    held = (Part(f"{_HELD} held ", "warning"),) if hold is not None and not phase.status.final else ()
    if not reached:
        return *held, Part(" " * (WORD + TIME if wide else TIME))
    # As its tasks: it was passed over because of what it gave before.
    reused = _all_reused(model, phase)
    word = Part(f"{REUSED_GLYPH} reused", REUSED_STYLE) if reused else _word(phase.status, wide=wide)
    end = phase.ended or (model.last_trace() if model.interrupted else now)
    shown = ""
    if phase.started is not None:
        shown = show_duration(end - phase.started) if phase.ended is not None else clock(end - phase.started)
    text = f"{word.text:<{WORD}}" if wide else word.text
    return *held, Part(text, word.style), Part(f"{shown:>{TIME}}", "dim")


def _all_reused(model: RunModel, phase: PhaseState) -> bool:
    """Whether it did not run since all of its tasks are those of an earlier run."""
    return phase.started is None and bool(phase.tasks) and all(model.state.tasks[one].reused for one in phase.tasks)


def phase_note(model: RunModel, phase: PhaseState) -> str:
    """Why it was passed over, beside its name; empty for one that was not, or whose tasks say it."""
    told = phase.started is None and phase.status.final and not _all_reused(model, phase)
    return safe_line(phase.reason, 200) if told else ""


def rule_looks(phase: PhaseState, *, wide: bool = False) -> dict[str, RuleLook]:
    """What became of each rule after a phase, by the ids of their rows."""
    return {rule_id(phase.id, number): _rule_look(one, wide) for number, one in enumerate(standings(phase))}


def _rule_look(one: RuleStanding, wide: bool) -> RuleLook:
    sign, sign_style, style, word = _RULE_LOOKS[one.fate]
    note = one.error or seen_words(one.seen, brief=True)
    word_style = sign_style if one.fate in (RuleFate.TAKEN, RuleFate.UNDECIDED) else "dim"
    # Below the words of the states; it took no time.
    behind = (Part(f"{word:<{WORD}}" if wide else word, word_style), Part(" " * TIME))
    return RuleLook(sign, sign_style, style, safe_line(note, 400), behind)


def nested_lines(task: str, model: RunModel, timeline: Timeline | None, *, wide: bool = False) -> list[NestedLine]:
    """The phases and tasks of a nested run, for below its task; ``timeline`` is its own. It has a clock of its own."""
    now, lines = model.now(), list[NestedLine]()
    timeline = timeline or Timeline()

    def add(key: str, left: tuple[Part, ...], right: tuple[Part, ...], bar: Bar | Span | None) -> None:
        if len(lines) < _NESTED_ROWS:
            lines.append(NestedLine(f"{task}/{key}", left, right, bar))

    pad = " " * (6 + 2 * model.depth)
    for number, phase in enumerate(model.state.phases.values(), 1):
        left = (Part(f"{pad}▾ ", "dim"), Part(f"{number} {safe_line(phase.name, 100)}", "dim"))
        add(f"p{phase.id}", left, phase_state(model, phase, now, wide=wide), timeline.phases.get(phase.id))
        for one in map(model.state.tasks.__getitem__, phase.tasks):
            name = own_name(one.name)
            state = task_state(model, one, now, wide=wide)
            add(f"t{one.id}", (Part(f"{pad}  "), Part(name, "text")), state, timeline.tasks.get(one.id))
            if one.id in model.children:
                inner = timeline.nested.get(one.id)
                lines.extend(nested_lines(f"{task}/t{one.id}", model.children[one.id], inner, wide=wide))
    return lines


def part_rows(task: TaskState) -> list[PartRow]:
    """The parts of an array as rows below it."""
    states = task.parts.states if task.parts is not None else ()
    width = len(str(len(states)))
    return [
        PartRow(part.id, task.id, f"{item.number:>{width}}", item.text)
        for part in states
        if (item := part.planned.item) is not None
    ]


def planned_state(task: PlannedTask, width: int = 80, *, sure: bool = True) -> tuple[Part, ...]:
    """What a run would do with a task, behind it in a tree of ``width`` columns; ``sure``: no rule may pass it over."""
    glyph, style = DECISIONS[task.decision]
    each = (Part("× n  ", "accent"),) if task.decision is Decision.RUN and task.each is not None else ()
    if task.decision is Decision.RUN and not sure:
        return (*each, Part(f"○ {MAY_RUN}", style))
    # Which run is meant is said once, at the bottom.
    reason = safe_line(task.because.brief if task.because is not None else "", max(_REASON, width // 5))
    parts = (*each, Part(f"{glyph} {task.decision.value}", style))
    return (Part(f"{reason}  ", "dim"), *parts) if reason and not reason.startswith(task.decision.value) else parts


def run_states(
    model: RunModel, tasks: Iterable[str], phases: Iterable[str], now: RunTime, *, wide: bool = False
) -> TreeStates:
    """What stands behind these tasks and phases of a run, and what became of their rules."""
    state, held = model.state, list(phases)
    return TreeStates(
        {key: task_state(model, state.tasks[key], now, wide=wide) for key in tasks},
        {key: phase_state(model, state.phases[key], now, wide=wide) for key in held},
        notes={key: note for key in held if (note := phase_note(model, state.phases[key]))},
        rules={row: look for key in held for row, look in rule_looks(state.phases[key], wide=wide).items()},
    )


def plan_states(plan: RunPlan, width: int) -> TreeStates:
    """The preview of a run in a tree of ``width`` columns."""
    needed = what_is_needed(plan.phases)
    tasks = {task.id: planned_state(task, width, sure=task.phase not in needed) for task in plan.tasks()}
    notes = {phase: may_run_words(one, plan.phases) for phase, one in needed.items()}
    return TreeStates(tasks, width=_PLANNED, notes=notes)


def head_rows(head: Head, model: RunModel, width: int, *, brief: bool = False) -> list[Row]:
    """How it stands, the bar, where it comes from: one line where they have room beside each other, else three.

    ``brief``: one line in any case, without where it comes from if need be.
    """
    glyph, style = look_of(head)
    left = [Part(f" {glyph} {head.word}  ", style), Part(f"{head.done}/{head.total}  ", "strong")]
    right = [Part(clock(head.elapsed), "strong")]
    if head.left is not None:
        right.append(Part(f"  ~{clock(head.left)} left" if width >= 44 else f" ~{clock(head.left)}", "dim"))
    right.append(Part(" "))
    facts = _facts(head, model)
    room = width - sum(len(part.text) for part in (*left, *right, *facts)) - _PERCENT - 4
    if room >= _LEAST_BAR:
        bar = _progress(head, model, style, min(room, _MOST_BAR))
        return [Row((*left, *bar, *right), (*facts, Part(" ")))]
    if brief:
        room = max(0, width - sum(len(part.text) for part in (*left, *right)) - _PERCENT - 2)
        return [Row((*left, *_progress(head, model, style, room)), tuple(right))]
    return [Row(tuple(left), tuple(right)), Row((Part(" "), *_progress(head, model, style, width - 8))), Row(facts)]


def _progress(head: Head, model: RunModel, style: str, room: int) -> tuple[Part, ...]:
    """The bar in ``room`` columns, and how much that is."""
    share = head.done / head.total if head.total else 0.0
    full = int(share * room)
    half = "╸" if full < room and not model.finished and share < 1 else ""
    return (
        Part("━" * full + half, style),
        Part("━" * (room - full - len(half)), "dim"),
        Part(f" {share:>5.0%} ", "dim"),
    )


def _facts(head: Head, model: RunModel) -> tuple[Part, ...]:
    """Where it comes from, and what there is to say of it."""
    header = model.state.header
    facts = [f"{strftime('%H:%M:%S', localtime(header.created))} by {header.by}"]
    if header.rerun_of is not None:
        facts.append(f"continues {clock_of(header.rerun_of, header.created)}")
    elif header.partial:
        facts.insert(0, "a part")
    parts = [Part(f" {safe_line(' · '.join(facts), 120)}", "dim")]
    if head.longer:
        parts.insert(0, Part(f" {_LONGER} longer than usual ·", "warning"))
    if model.state.reason and first_failure(model.state) is None:
        # Of a failure the card beside it tells.
        parts.insert(0, Part(f" {safe_line(model.state.reason, 200)}", "warning"))
    if (decision := decision_words(model.state, brief=True)) and not model.interrupted:
        parts.insert(0, Part(f" {_HELD} {decision}", "warning"))
    if head.no_answer is not None:
        parts.insert(0, Part(f" {head.no_answer.brief} ·", "error"))
    if model.continued is not None:
        words = f" continued {clock_of(model.continued.id, header.created)}: {model.continued.state};"
        parts.insert(0, Part(words, "accent"))
    return tuple(parts)


def about_task(model: RunModel, task: TaskState, now: RunTime, width: int) -> list[Row]:
    """The task under the cursor: how it stands, and why; in two lines at most."""
    look = task.status.style
    head = (
        Part(f" {look.glyph} {look.word}  ", style_of(task.status)),
        Part(own_name(task.name, 200), "strong"),
        Part(component_of(task.name), "dim"),
    )
    why, last = model.why(task, now), task.attempt
    if last is not None and last.backend:
        place = f"{last.backend} · {last.place}" if last.place else last.backend
        why = "; ".join(part for part in (place, why) if part)
    if task.status.final and task.attempts and task.status is not Status.SUCCESS:
        why = exit_in_words(task)
    elif why and not task.status.final and not task.attempts:
        why = f"waits: {why}"
    if task.parts is not None:
        why = array_words(task)
    usage = task.attempt.usage if task.attempt is not None and task.status.final else None
    used = (f"used {usage.words}" if usage is not None else "", "dim")
    return _beside_or_below(head, [("; ".join(model.marks(task, now)), "warning"), (why, "text"), used], width)


def about_phase(model: RunModel, phase: PhaseState, width: int) -> list[Row]:
    """The phase under the cursor: how many of its tasks have ended, and what holds it; in two lines at most."""
    look = phase.status.style
    tasks = [model.state.tasks[task] for task in phase.tasks]
    done = sum(task.status.final for task in tasks)
    word = Part(f" {look.glyph} {look.word}  ", style_of(phase.status))
    if _all_reused(model, phase):
        word = Part(f" {REUSED_GLYPH} reused  ", REUSED_STYLE)
    head = (word, Part(safe_line(phase.name, 200), "strong"))
    at_once = f", {phase.max_parallel} at once" if len(tasks) > phase.max_parallel else ""
    going = phase.started is not None and phase.ended is None
    facts = [(decision_words(model.state) or "" if going else "", "warning"), (phase.reason, "text")]
    return _beside_or_below(head, [*facts, (f"{done} of {counted(len(tasks), 'task')} ended{at_once}", "dim")], width)


def about_rule(model: RunModel, phase: PhaseState, number: int, width: int) -> list[Row]:
    """The rule under the cursor: what became of it, its condition, what that saw; in two lines at most."""
    one = standings(phase)[number]
    sign, style, _, _ = _RULE_LOOKS[one.fate]
    names = {key: other.name for key, other in model.state.phases.items()}
    title = f"{label_of(one.rule)} → {goal_of(one.rule, names)}"
    word = f" {sign} {one.word}  " if one.fate is not RuleFate.OPEN else f" {sign} "
    head = (Part(word, style), Part(safe_line(title, 200), "strong"))
    facts = [
        (one.error, "error"),
        (seen_words(one.seen), "text"),
        ((one.rule.when if one.rule.name else "") or "", "dim"),
    ]
    return _beside_or_below(head, facts, width)


def _beside_or_below(head: tuple[Part, ...], facts: Sequence[tuple[str, str]], width: int) -> list[Row]:
    """What there is to say behind the head where it fits, else below it, the first of it first."""
    parts = [Part(f"   {safe_line(text, 400)}", style) for text, style in facts if text]
    if sum(cell_len(part.text) for part in (*head, *parts)) < width:
        return [Row((*head, *parts))]
    first, *rest = parts or [Part("")]
    return [Row(head), Row((first._replace(text=first.text[2:]), *rest))]


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
        called = Part(own_name(task.name)), Part(component_of(task.name), "dim")
        rows.append(Row((Part(f" {look.glyph} ", style_of(task.status)), *called)))
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
