"""A run in one line: how it stands, how long it has taken and will take. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from orch_tui.model.run_time import RunTime
from orch_tui.model.status import Status
from orch_tui.runs.estimates import LONGER
from orch_tui.runs.timeline import LiveTimeline, time_left
from orch_tui.runs.view import RunModel


@dataclass(frozen=True, slots=True)
class Head:
    """The run in one line. ``word`` is ``interrupted`` where no status would be honest; times are seconds.

    ``left`` is what earlier runs let expect, None when they tell nothing; ``longer``: it takes over 20 % longer than
    complete runs of the same tasks did on average.
    """

    status: Status
    word: str
    done: int
    total: int
    elapsed: float
    left: float | None
    longer: bool


def head_of(model: RunModel, now: RunTime, timeline: LiveTimeline | None = None) -> Head:
    """``timeline`` is that of the model now, for who has it already."""
    state, usual = model.state, model.estimates.run_mean
    done = sum(number for status, number in state.counts.items() if status.final)
    elapsed = model.elapsed(now)
    longer = not state.header.partial and usual is not None and elapsed > usual * LONGER
    word = "interrupted" if model.interrupted else state.status.value
    return Head(state.status, word, done, len(state.tasks), elapsed, time_left(model, now, timeline), longer)
