"""Following a run on the terminal: lines that stay, and below them one status line that is rewritten in place."""

from __future__ import annotations

from collections.abc import Callable

from orch_tui.cli.follow.narrate import Narrator, clock
from orch_tui.cli.shared.output import Output, fit
from orch_tui.model.clocks.run_time import RunTime
from orch_tui.model.run.runstate import RunState
from orch_tui.model.run.waits import why
from orch_tui.model.status import UNDER_WAY
from orch_tui.model.texts import durations
from orch_tui.model.texts.text import safe_line
from orch_tui.runs.live.follower import Follower

_INTERVAL = 0.25
"""Seconds between two paintings of the status line, at least."""
_BATCH = 200
"""Lines that are written at once."""


class Display:
    """Writes what the narrator tells. ``live`` adds the status line; without it nothing is written in between.
    ``now`` is the clock of the run."""

    def __init__(
        self,
        out: Output,
        narrator: Narrator,
        *,
        live: bool,
        now: Callable[[], RunTime],
    ) -> None:
        self._out = out
        self._narrator = narrator
        self._live = live
        self._now = now
        self._shown = ""
        self._painted = float("-inf")

    def update(self, follower: Follower) -> bool:
        """Tell what is new; True when there was something."""
        lines: list[str] = []
        found = False
        while events := follower.poll():
            found = True
            for event in events:
                follower.state.apply(event)
                line = self._narrator.tell(event, follower.state)
                if line is not None:
                    lines.append(line)
                if len(lines) >= _BATCH:
                    self._print(lines)
                    lines = []
        if lines:
            self._print(lines)
        if self._live:
            self._paint(follower.state)
        return found

    def say(self, text: str) -> None:
        """A line that stays, about what no event tells."""
        self._print([f"{clock(self._now())} {safe_line(text, 600)}"])

    def _print(self, lines: list[str]) -> None:
        erase, self._shown = bool(self._shown), ""
        self._out.write("".join(f"{line}\n" for line in lines), erase=erase)

    def _paint(self, state: RunState) -> None:
        now = self._now()
        if state.finished or (self._shown and now - self._painted < _INTERVAL):
            return
        # One column stays free: a full line would wrap, and could not be rewritten any more.
        text = fit(status_line(state, now, unicode=self._out.unicode), self._out.width - 1)
        if text != self._shown:
            self._out.rewrite(text)
            self._shown, self._painted = text, now

    def clear(self) -> None:
        """Take the status line away."""
        if self._shown:
            self._out.write("", erase=True)
            self._shown = ""


def status_line(state: RunState, now: RunTime, *, unicode: bool) -> str:
    """``● 3/5  0:14  phase 2/4 "Transformation phase"  SQL · Campaign Performance +1``."""
    style = state.status.style
    done = sum(number for status, number in state.counts.items() if status.final)
    parts = [
        f"{style.glyph if unicode else style.ascii} {done}/{len(state.tasks)}",
        durations.clock(now - (state.started or now)),
    ]
    for number, phase in enumerate(state.phases.values(), 1):
        if phase.started is not None and phase.ended is None:
            parts.append(f'phase {number}/{len(state.phases)} "{safe_line(phase.name, 60)}"')
            running = [t for t in phase.tasks if state.tasks[t].status in UNDER_WAY]
            parts.append(_running(state, running) if running else _waits(state, phase.tasks, now))
            from orch_tui.runs.people.interventions import decision_words

            parts.append(decision_words(state))
            break
    return "  ".join(part for part in parts if part)


def _running(state: RunState, running: list[str]) -> str:
    more = f" +{len(running) - 1}" if len(running) > 1 else ""
    return safe_line(state.tasks[running[0]].name, 60) + more


def _waits(state: RunState, tasks: list[str], now: RunTime) -> str:
    for task in map(state.tasks.__getitem__, tasks):
        if not task.status.final:
            return f"{safe_line(task.name, 60)} waits: {safe_line(why(state, task, now), 120)}"
    return ""
