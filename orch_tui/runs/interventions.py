"""What people did to a run, and what it waits for them to decide, in words. Pure."""

from __future__ import annotations

from orch_tui.model.intervening import awaiting
from orch_tui.model.interventions import Intervention, InterventionKind
from orch_tui.model.runstate import RunState
from orch_tui.model.text import safe_line

_NAMES = 3

_WORDS = {
    InterventionKind.HOLD: "{what} is held",
    InterventionKind.RELEASE: "{what} is released",
    InterventionKind.SKIP: "{what} is skipped",
    InterventionKind.RETRY: "{what} is tried again now",
    InterventionKind.MARK_DONE: "{what} is marked as done",
    InterventionKind.LIMIT: "of {what} {limit} may run at once",
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
    return f"{_WORDS[one.kind].format(what=what, limit=one.limit)}, by {safe_line(one.by, 200)}{note}"


def decision_words(state: RunState) -> str:
    """What somebody has to decide before the run goes on; empty when nothing."""
    failed = awaiting(state)
    if not failed:
        return ""
    names = ", ".join(task.id for task in failed[:_NAMES])
    more = f" and {len(failed) - _NAMES} more" if len(failed) > _NAMES else ""
    return f"it is held and waits for a decision about {names}{more}: try again, mark as done, or release"
