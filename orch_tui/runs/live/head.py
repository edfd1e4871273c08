"""A run in one line: how it stands, how long it has taken and will take. Pure."""

from __future__ import annotations

from orch_tui.model.clocks.run_time import RunTime
from orch_tui.model.dataclass import dataclass
from orch_tui.model.status import Status
from orch_tui.runs.live.timeline import Timeline, time_left
from orch_tui.runs.live.view import RunModel
from orch_tui.runs.people.responding import NoAnswer
from orch_tui.runs.planning.estimates import LONGER
from orch_tui.runs.words.standing import Standing


@dataclass(frozen=True, slots=True)
class Head:
    """The run in one line; times are seconds.

    ``left`` is what earlier runs let expect, None when they tell nothing; ``longer``: it takes over 20 % longer than
    complete runs of the same tasks did on average. ``no_answer`` says that its executor does nothing for it.
    """

    status: Status
    standing: Standing
    done: int
    total: int
    elapsed: float
    left: float | None
    longer: bool
    no_answer: NoAnswer | None = None

    @property
    def word(self) -> str:
        """The word for its status, or another where that would not be honest."""
        return self.standing.value or self.status.value


def head_of(model: RunModel, now: RunTime, timeline: Timeline | None = None) -> Head:
    """``timeline`` is that of the model now, for who has it already."""
    state, usual = model.state, model.estimates.run_mean
    done = sum(number for status, number in state.counts.items() if status.final)
    elapsed = model.elapsed(now)
    longer = not state.header.partial and usual is not None and elapsed > usual * LONGER
    left = time_left(model, now, timeline)
    return Head(state.status, standing_of(model), done, len(state.tasks), elapsed, left, longer, model.no_answer)


def standing_of(model: RunModel) -> Standing:
    """How the run stands where its status does not tell."""
    if model.interrupted:
        return Standing.INTERRUPTED
    if model.finished or model.no_answer is None:
        return Standing.AS_ITS_STATUS
    return model.no_answer.standing
