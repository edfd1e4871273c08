"""What people did to a run, and what it waits for them to decide, in words. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from orch_tui.model.dataclass import dataclass
from orch_tui.model.events.interventions import Intervention, InterventionKind
from orch_tui.model.run.intervening import awaiting, refusal
from orch_tui.model.run.runstate import RunState
from orch_tui.model.texts.text import counted, safe_line
from orch_tui.runs.words.variables import variable_words

_NAMES = 3

_WORDS = {
    InterventionKind.HOLD: "{what} is held",
    InterventionKind.RELEASE: "{what} is released",
    InterventionKind.SKIP: "{what} is skipped",
    InterventionKind.RETRY: "{what} is tried again now",
    InterventionKind.MARK_DONE: "{what} is marked as done",
    InterventionKind.LIMIT: "{limit} of {what} at once from now on",
    InterventionKind.APPROVE: "{what} is approved",
    InterventionKind.REJECT: "{what} is rejected",
}


def words_of(one: Intervention, state: RunState) -> str:
    """``task a is held, by ann@host: the source is being repaired``."""
    what = "the run"
    if one.task is not None:
        what = f"task {one.task}"
    elif one.phase is not None:
        phase = state.phases.get(one.phase)
        what = f'phase "{safe_line(phase.name if phase is not None else one.phase, 80)}"'
    note = f": {safe_line(one.note, 300)}" if one.note else ""
    note += "".join(f", {variable_words(name, value)}" for name, value in one.given.items())
    done = _WORDS[one.kind].format(what=what, limit=counted(one.limit or 0, "task"))
    return f"{done}, by {safe_line(one.by, 200)}{note}"


def decision_words(state: RunState, *, brief: bool = False) -> str:
    """What somebody has to decide before the run goes on; empty when nothing. ``brief``: without how."""
    failed = awaiting(state)
    if not failed:
        return ""
    names = ", ".join(task.id for task in failed[:_NAMES])
    more = f" and {len(failed) - _NAMES} more" if len(failed) > _NAMES else ""
    if brief:
        return f"held: decide about {names}{more}"
    return f"it is held and waits for a decision about {names}{more}: try again, mark as done, or release"


@dataclass(frozen=True, slots=True)
class InterventionChoice:
    """Something that can be done to a run, or cannot now: ``refused`` is why, empty if it can. ``one`` lacks what only
    a person can say: who, why, and how many."""

    id: str
    key: str
    label: str
    detail: str
    one: Intervention
    refused: str


def choices_for(state: RunState, task: str | None, phase: str | None) -> list[InterventionChoice]:
    """What can be done to the run, and to the task and the phase under the cursor."""
    return list(_choices(state, task, phase))


def _choices(state: RunState, task: str | None, phase: str | None) -> Iterator[InterventionChoice]:
    def choice(name: str, key: str, label: str, detail: str, one: Intervention) -> InterventionChoice:
        return InterventionChoice(name, key, label, safe_line(detail, 80), one, refusal(state, one))

    def hold(name: str, key: str, what: str, phase: str | None = None, task: str | None = None) -> InterventionChoice:
        held = state.interventions.hold(phase=phase, task=task)
        kind = InterventionKind.HOLD if held is None else InterventionKind.RELEASE
        if held is None:
            detail = "It waits before it starts: a breakpoint" if task else "Nothing new starts; what runs goes on"
        else:
            detail = f"Held by {held.by}" + (f": {held.note}" if held.note else "")
        one = Intervention("", kind, "", task=task, phase=phase)
        return choice(name, key, f"{kind.value.capitalize()} {what}", detail, one)

    yield hold("hold-run", "h", "the run")
    if phase is not None:
        yield hold("hold-phase", "p", "the phase", phase=phase)
    if task is not None:
        name = state.task(task).name
        yield hold("hold-task", "b", "the task", task=task)
        if state.task(task).question is not None:
            for kind, key in ((InterventionKind.APPROVE, "a"), (InterventionKind.REJECT, "x")):
                one = Intervention("", kind, "", task=task)
                yield InterventionChoice(kind.value, key, kind.value.capitalize(), safe_line(name, 80), one, "")
        for kind, key, label, detail in _OF_TASKS:
            yield choice(kind.value, key, label, f"{name}: {detail}", Intervention("", kind, "", task=task))
    limit = max((one.max_parallel for one in state.phases.values() if not one.own_limit), default=1)
    one = Intervention("", InterventionKind.LIMIT, "", limit=limit)
    yield choice("limit", "n", "Tasks at once", f"Now {limit}; phases with a limit of their own keep it", one)


_OF_TASKS = (
    (InterventionKind.RETRY, "r", "Try again now", "within this run"),
    (InterventionKind.MARK_DONE, "d", "Mark as done", "the run goes on, and says so for ever"),
    (InterventionKind.SKIP, "s", "Skip", "the run goes on without it"),
)
