"""What people have asked of a run and its executor has not taken yet: who asks next is answered with that in mind."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from orch_tui.engine.record.run_clock import now_of
from orch_tui.engine.requests.requests import CancelRequest, Request, pending
from orch_tui.model.events import events
from orch_tui.model.events.interventions import Intervention
from orch_tui.model.run.intervening import refusal, too_late
from orch_tui.model.run.runstate import RunState
from orch_tui.project.journal.file import read_run


def expected(directory: Path, read: Callable[[], RunState]) -> RunState:
    """The state of a run as it is once the requests that wait were taken, in their order; without any, what ``read``
    gives, which is the state that the journal tells.

    Raises: what ``read`` raises; FileNotFoundError, BrokenJournal.
    """
    # The mailbox first: what is taken meanwhile is in the journal then, and is known by its id.
    wishes = pending(directory)
    state = read()
    if not wishes:
        return state
    # The state that was given may be shown: it is not changed.
    state = read_run(directory)
    for wish in wishes:
        _take(state, wish)
    return state


def refused(state: RunState, known: RunState, one: Intervention) -> str:
    """Why a wish cannot be carried out in the ``expected`` state, a sentence without a full stop; empty when it can.

    ``known`` is the state that the journal tells: where that says something else, the sentence says what is waited for.
    """
    why = refusal(state, one) or too_late(known, one, now_of(known))
    if why and state is not known and refusal(state, one) == why != refusal(known, one):
        return f"{why}; that was asked for, and waits for the process that executes the run"
    return why


def _take(state: RunState, wish: Request) -> None:
    """As its executor will: what is done already, or cannot be done, changes nothing."""
    now = now_of(state)
    if isinstance(wish, CancelRequest):
        if not state.finished and (wish.task is None or wish.task in state):
            state.apply(events.cancel(now, wish.by, now=wish.now, task=wish.task))
    elif wish.id not in state.interventions and not refusal(state, wish):
        state.apply(events.intervened(now, wish))
