"""What no event tells of a run that goes on: tasks that are quiet or take long, how long it will take, nested runs.

The same judgements as on the screen, by the same model; told in lines, each of them once.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from orch_tui.cli.shared.opening import command_hint
from orch_tui.model.clocks.machine_clock import MACHINE, MachineClock
from orch_tui.model.clocks.run_time import RunTime
from orch_tui.model.run.runstate import RunState
from orch_tui.model.texts.durations import show_duration
from orch_tui.model.texts.text import safe_line
from orch_tui.project.paths import ProjectPaths
from orch_tui.runs.live.feed import RunFeed
from orch_tui.runs.live.head import head_of
from orch_tui.runs.live.log_times import LogTimes
from orch_tui.runs.live.nested import NestedRuns
from orch_tui.runs.live.view import QUIET, RunModel
from orch_tui.runs.planning.estimates import Estimates, read_estimates, tasks_to_run

EVERY = 2.0
"""Seconds between two looks at the logs of running tasks."""


def model_of(paths: ProjectPaths, directory: Path) -> RunModel:
    """The run with its nested runs, its estimates and the times of its logs.

    Raises:
        FileNotFoundError: there is no such run (any more).
        BrokenJournal: the journal cannot be read.
    """
    feed = RunFeed(directory, paths)
    state, live = feed.open()
    estimates = read_estimates(paths, state.header.orchestration, before=directory.name, tasks=tasks_to_run(state))
    model = RunModel(directory, state, live=live, estimates=estimates)
    model.take(feed.read(model.running()))
    NestedRuns(paths).read(model, feed)
    return model


def head_words(model: RunModel, now: RunTime) -> str:
    """``14 s, about 9.0 s left``: how long it has taken, and what earlier runs let expect."""
    head = head_of(model, now)
    parts = [show_duration(head.elapsed)]
    if head.left is not None:
        parts.append(_left(head.left))
    if head.longer and model.estimates.run_mean is not None:
        parts.append(f"longer than usual ({show_duration(model.estimates.run_mean)})")
    return ", ".join(parts)


def _left(seconds: float) -> str:
    return f"about {show_duration(seconds)} left" if seconds > 0 else "about to end"


class MarkTeller:
    """For a run that is watched. ``say`` writes a line; a task's silence is told again each time it has doubled."""

    def __init__(
        self,
        directory: Path,
        state: RunState,
        paths: ProjectPaths,
        say: Callable[[str], None],
        machine: MachineClock = MACHINE,
    ) -> None:
        orchestration = state.header.orchestration
        self._estimates: Estimates = read_estimates(
            paths, orchestration, before=directory.name, tasks=tasks_to_run(state)
        )
        self._model = RunModel(directory, state, live=True, estimates=self._estimates, machine=machine)
        self._feed = RunFeed(directory, paths, machine)
        self._log_times = LogTimes(directory, machine)
        self._nested = NestedRuns(paths)
        self._say = say
        self._looked = float("-inf")
        self._told: set[object] = set()
        self._silence: dict[str, float] = {}

    def look(self, state: RunState, *, live: bool) -> None:
        """Tell what is new; every :data:`EVERY` seconds at most."""
        model = self._model
        model.state, model.live = state, live
        now, up = model.now(), model.machine.uptime()
        if state.finished or up - self._looked < EVERY:
            return
        self._looked = up
        if not live:
            return
        running = model.running()
        model.take_outputs(self._log_times.look(running))
        self._nested.read(model, self._feed)
        self._tell_of_the_run(now)
        for task, number in running:
            self._tell_of_a_task(task, number, now)

    def _once(self, key: object) -> bool:
        new = key not in self._told
        self._told.add(key)
        return new

    def _tell_of_the_run(self, now: RunTime) -> None:
        state = self._model.state
        current = next((p.id for p in state.phases.values() if p.started is not None and p.ended is None), None)
        head = head_of(self._model, now)
        usual = self._estimates.run_median
        if head.left is not None and self._once(("phase", current)):
            usually = f"; it usually takes {show_duration(usual)}" if usual is not None else ""
            self._say(f"{_left(head.left)}{usually}")
        if head.longer and self._once("longer"):
            self._say(f"the run takes longer than usual ({show_duration(self._estimates.run_mean)})")

    def _tell_of_a_task(self, task_id: str, number: int, now: RunTime) -> None:
        model = self._model
        task = model.state.tasks[task_id]
        name = safe_line(task.name, 120)
        if model.longer(task, now) and self._once(("longer", task_id, number)):
            self._say(f"{name} takes longer than usual ({show_duration(self._estimates.task_means[task_id])})")
        quiet = model.quiet(task, now)
        if quiet is None:
            self._silence.pop(task_id, None)
        elif quiet >= self._silence.get(task_id, QUIET):
            self._silence[task_id] = 2 * quiet
            self._say(f"{name} is quiet: it has written nothing for {show_duration(quiet)}")
        child = model.children.get(task_id)
        if child is not None and self._once(("nested", task_id, number)):
            self._say(f"{name} is a run of its own: {command_hint('watch', child.directory.name)}")
