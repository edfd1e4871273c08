"""Where runs are played that do not happen: a pen that only folds, with a clock that somebody moves."""

from __future__ import annotations

from orch_tui.model.clocks.run_time import RunTime
from orch_tui.model.events.events import Event
from orch_tui.model.run.runstate import RunState


class Stage:
    """Takes the place of a journal: it only folds. Its clock stands still until it is moved."""

    def __init__(self, state: RunState, at: float) -> None:
        self.state = state
        self._at = at

    def now(self) -> RunTime:
        return RunTime(self._at)

    def move_to(self, at: float) -> None:
        self._at = max(self._at, at)

    def record(self, event: Event, *, durable: bool = False) -> None:
        self.state.apply(event)
